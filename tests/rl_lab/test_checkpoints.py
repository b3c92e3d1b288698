"""Checkpoints of a run, when the disk is full or the process killed at any step of writing one."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest

from agents.alphazero.config import AlphaZeroConfig
from agents.alphazero.model import load_model
from agents.alphazero.trainer import Trainer
from envs.errors import LabError
from rl_lab.runs.run import Run

TINY = AlphaZeroConfig(
    game="tic_tac_toe", blocks=1, channels=8, games=16, moves=3, simulations=4, batch_size=32, window_start=200
)


class Killed(BaseException):
    """The process ends here: no handler of errors sees it."""


class Faults:
    """Counts the steps of writing to the disk, and makes the n-th raise; with `lasting`, all that follow too.

    A deletion that fails has deleted something already.
    """

    STEPS: ClassVar = [(shutil, "rmtree"), (os, "fsync"), (Path, "rename"), (Path, "replace"), (Path, "mkdir")]

    def __init__(self, monkeypatch: pytest.MonkeyPatch, n: int, error: BaseException, lasting: bool) -> None:
        self.left, self.error, self.lasting, self.failed = n, error, lasting, False
        for owner, name in self.STEPS:
            monkeypatch.setattr(owner, name, self.step(getattr(owner, name), name == "rmtree"))

    def step(self, function: Callable[..., Any], deletes: bool) -> Callable[..., Any]:
        """The function, which fails in its turn."""

        def counted(target: Any, *arguments: Any, **options: Any) -> Any:
            self.left -= 1
            if not (self.left == 0 or (self.lasting and self.left < 0)):
                return function(target, *arguments, **options)
            self.failed = True
            for victim in sorted(Path(target).glob("*"))[:1] if deletes else ():
                victim.unlink()
            if options.get("ignore_errors") and isinstance(self.error, OSError):
                return None
            raise self.error

        return counted


@pytest.mark.parametrize("lasting", [False, True], ids=["once", "from then on"])
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), Killed()], ids=["full", "killed"])
def test_a_failure_at_any_step_of_saving_leaves_a_run_that_resumes(
    error: BaseException, lasting: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every named checkpoint is whole after it, the newest is no older than before, and the next saving tidies up."""
    trainer, reader = Trainer(TINY), Trainer(TINY)
    run = Run.create(tmp_path / "start", TINY.to_json())
    for _ in range(2):
        trainer.iterate()
        run.save_checkpoint(trainer.iteration, trainer.save)
    leftover = tmp_path / "start" / "checkpoints" / ".00000000.old.tmp"
    leftover.mkdir()
    (leftover / "model.json").write_text("{}")
    run.close()
    trainer.iterate()
    steps, reached = 0, set()
    while True:
        steps += 1
        folder = tmp_path / str(steps)
        shutil.copytree(tmp_path / "start", folder)
        run = Run.open(folder)
        with monkeypatch.context() as patch:
            faults = Faults(patch, steps, error, lasting)
            with contextlib.suppress(OSError, LabError, Killed):
                run.save_checkpoint(3, trainer.save)
        run.close()
        run = Run.open(folder)
        saved = run.checkpoints()
        for checkpoint in saved:
            reader.load(checkpoint)
            load_model(checkpoint)
            assert checkpoint.name == f"{reader.iteration:08d}"
        assert reader.iteration >= 2, f"the newest checkpoint was lost at step {steps}"
        reached.add(reader.iteration)
        run.save_checkpoint(4, trainer.save)
        assert [c.name for c in run.checkpoints()] == [f"{reader.iteration:08d}", "00000004"]
        assert sorted(p.name for p in (folder / "checkpoints").iterdir()) == [c.name for c in run.checkpoints()]
        run.close()
        if not faults.failed:
            break
    assert steps > 12 and reached == {2, 3}


def test_an_iteration_that_was_saved_is_not_saved_again(tmp_path: Path) -> None:
    """A resumed run that stops at once has nothing new to write, so nothing is risked."""
    run, trainer = Run.create(tmp_path, TINY.to_json()), Trainer(TINY)
    first = run.save_checkpoint(0, trainer.save)
    before = {path.name: (path.stat().st_ino, path.read_bytes()) for path in first.iterdir()}

    def write(folder: Path) -> None:
        raise AssertionError("nothing must be written")

    assert run.save_checkpoint(0, write) == first
    assert {path.name: (path.stat().st_ino, path.read_bytes()) for path in first.iterdir()} == before
    run.close()
