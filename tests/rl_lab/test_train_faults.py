"""Faults in the middle of a run: numbers that are none, memory, disk and threads that fail."""

from __future__ import annotations

import dataclasses
import errno
import io
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from rich.console import Console
from tensorboard.summary.writer.record_writer import RecordWriter

from agents.alphazero.evaluator import NetEvaluator
from agents.alphazero.learner import Learner
from agents.alphazero.memory import BatchLimit, FrugalEvaluator, is_out_of_memory
from agents.alphazero.model import load_model
from agents.alphazero.self_play import SelfPlay
from agents.alphazero.trainer import Trainer, WorkerDied
from envs.errors import LabError, NotFinite
from rl_lab.cli import main
from rl_lab.runs.run import Run
from rl_lab.runs.tensorboard import TensorBoard
from rl_lab.train import train
from tests.rl_lab import tiny

TINY = dataclasses.replace(tiny.TINY, iterations=8, checkpoint_seconds=1e-9)
CPU_MESSAGE = (
    "[enforce fail at alloc_cpu.cpp:118] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"
)
MEMORY_MESSAGES = [
    "CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported",
    "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
    "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
    "std::bad_alloc",
    "could not create a memory object",
]
OUT_OF_MEMORY = [torch.OutOfMemoryError("CUDA out of memory."), RuntimeError(CPU_MESSAGE), MemoryError()]


def console() -> Console:
    return Console(file=io.StringIO(), width=400)


def said(of: Console) -> str:
    assert isinstance(of.file, io.StringIO)
    return of.file.getvalue()


def from_call(n: int, error: BaseException, method: Callable[..., Any]) -> Callable[..., Any]:
    """The method, which raises from its n-th call on."""
    calls = iter(range(1, 10**9))

    def counted(*args: Any, **kwargs: Any) -> Any:
        if next(calls) >= n:
            raise error
        return method(*args, **kwargs)

    return counted


def weights(net: torch.nn.Module) -> bytes:
    return b"".join(t.numpy().tobytes() for t in net.state_dict().values())


def assert_goes_on_as_if_nothing_had_been(folder: Path, tmp_path: Path) -> None:
    """The run, resumed without its fault, ends bit for bit as one that never met it."""
    train(TINY, folder, resume=True, console=console())
    train(TINY, tmp_path / "straight", console=console())
    finals = [load_model(run)[0] for run in (folder, tmp_path / "straight")]
    assert weights(finals[0]) == weights(finals[1])


@pytest.mark.parametrize("what", ["loss", "gradient"])
def test_what_is_not_finite_ends_the_run_at_its_last_checkpoint(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Learner._losses

    def losses(self: Learner, batch: Any) -> Any:
        found = real(self, batch)
        if self.steps >= 5 and what == "loss":
            found["value"] = found["value"] * float("inf")
        elif self.steps >= 5:
            found["value"].register_hook(lambda gradient: gradient * float("nan"))
        return found

    out = console()
    with monkeypatch.context() as patch:
        patch.setattr(Learner, "_losses", losses)
        with pytest.raises(NotFinite, match=f"{what} became (inf|nan).*last checkpoint"):
            train(TINY, tmp_path / "run", console=out)
    assert "--resume" not in said(out)  # it would fail again
    net, _, _ = load_model(tmp_path / "run")
    assert all(torch.isfinite(t).all() for t in net.state_dict().values())
    assert_goes_on_as_if_nothing_had_been(tmp_path / "run", tmp_path)


@pytest.mark.parametrize("error", OUT_OF_MEMORY, ids=["gpu", "cpu", "numpy"])
def test_a_net_call_that_is_too_large_is_made_smaller(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    real, sizes = NetEvaluator.__call__, []

    def judge(self: NetEvaluator, states: Any, seeds: Any) -> Any:
        sizes.append(len(states))
        if len(states) > 3:
            raise error
        return real(self, states, seeds)

    usual = Trainer(dataclasses.replace(TINY, workers=1))
    monkeypatch.setattr(NetEvaluator, "__call__", judge)
    small = Trainer(dataclasses.replace(TINY, workers=1))
    iteration = small.iterate()
    assert sizes[:3] == [16, 8, 4] and max(sizes[3:]) == 2
    assert "Memory ran out in self-play: at most 2 positions" in iteration.memory
    monkeypatch.setattr(NetEvaluator, "__call__", real)
    assert usual.iterate().memory == ""
    games = [t.workers[0].tables[0].games for t in (usual, small)]
    np.testing.assert_array_equal(*(play.states["ply"] for play in games))


@pytest.mark.parametrize("error", OUT_OF_MEMORY, ids=["gpu", "cpu", "numpy"])
def test_a_learning_step_that_is_too_large_is_made_smaller(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    real, sizes = Learner._losses, []

    def losses(self: Learner, batch: Any) -> Any:
        sizes.append(len(batch))
        if len(batch) > 8:
            raise error
        return real(self, batch)

    usual, small = Trainer(TINY), Trainer(TINY)
    while not usual.iterate().steps:
        pass
    monkeypatch.setattr(Learner, "_losses", losses)
    while not (last := small.iterate()).steps:
        pass
    assert sizes[:7] == [32, 16, 8, 8, 8, 8, 8] and max(sizes[2:]) == 8
    assert last.memory == "Memory ran out in learning: at most 8 positions go through the net at once now."
    assert usual.iteration == small.iteration
    for a, b in zip(usual.learner.net.parameters(), small.learner.net.parameters(), strict=True):
        torch.testing.assert_close(a, b, atol=1e-2, rtol=1e-1)


def test_a_single_position_that_is_too_large_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NetEvaluator, "__call__", from_call(20, OUT_OF_MEMORY[0], NetEvaluator.__call__))
    with pytest.raises(LabError, match="Memory ran out in self-play with a single position"):
        train(TINY, tmp_path / "run", console=console())


def test_memory_that_no_smaller_batch_saves_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Learner, "_step", from_call(3, OUT_OF_MEMORY[0], Learner._step))
    with pytest.raises(LabError, match="not enough memory for this run"):
        train(TINY, tmp_path / "run", console=console())
    assert Run(tmp_path / "run").checkpoints()
    monkeypatch.setattr(Trainer, "__init__", from_call(1, OUT_OF_MEMORY[1], Trainer.__init__))
    with pytest.raises(LabError, match="not enough memory for this run"):
        train(TINY, tmp_path / "large", console=console())


@pytest.mark.parametrize("message", MEMORY_MESSAGES)
def test_memory_has_many_ways_to_run_out(message: str) -> None:
    assert is_out_of_memory(RuntimeError(message))


def test_an_error_of_torchs_ends_the_run_with_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, out = tmp_path / "run", console()
    error = RuntimeError("CUDA error: an illegal memory access\nwas encountered")
    with monkeypatch.context() as patch:
        patch.setattr(Learner, "_step", from_call(3, error, Learner._step))
        with pytest.raises(LabError, match="RuntimeError: CUDA error: an illegal memory access was encount") as caught:
            train(TINY, folder, console=out)
    assert str(caught.value).endswith("; the run stays at its last checkpoint.") and "--resume" in said(out)
    assert_goes_on_as_if_nothing_had_been(folder, tmp_path)


@pytest.mark.parametrize("method", ["write", "flush"])
def test_a_disk_that_is_full_for_tensorboard_is_one_sentence(
    method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its thread does not print a traceback of its own."""
    full, printed = OSError(errno.ENOSPC, "No space left on device"), []
    monkeypatch.setattr(threading, "excepthook", printed.append)
    hook = threading.excepthook
    with monkeypatch.context() as patch:
        patch.setattr(RecordWriter, method, from_call(3, full, getattr(RecordWriter, method)))
        with pytest.raises(LabError, match=r"No space left on device.*intact"):
            train(TINY, tmp_path / "run", console=console())
    assert not printed and threading.excepthook is hook


def test_what_ended_a_run_is_not_hidden_by_tensorboards_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    monkeypatch.setattr(TensorBoard, "close", from_call(1, full, TensorBoard.close))
    monkeypatch.setattr(Learner, "_step", from_call(3, OUT_OF_MEMORY[0], Learner._step))
    with pytest.raises(LabError, match="not enough memory for this run"):
        train(TINY, tmp_path / "run", console=console())


def test_other_errors_are_not_taken_for_memory() -> None:
    def broken(states: Any, seeds: Any) -> Any:
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    limit = BatchLimit("self-play")
    with pytest.raises(RuntimeError, match="shapes"):
        FrugalEvaluator(broken, limit)(np.zeros(4), np.zeros(4, np.uint64))
    assert limit.most is None and limit.news == ""


def test_what_became_of_memory_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Learner._losses

    def losses(self: Learner, batch: Any) -> Any:
        if len(batch) > 16:
            raise OUT_OF_MEMORY[1]
        return real(self, batch)

    monkeypatch.setattr(Learner, "_losses", losses)
    monkeypatch.setattr("rl_lab.runs.display.LOG_SECONDS", 0)
    out = console()
    train(TINY, tmp_path / "run", console=out)
    assert "memory Memory ran out in learning: at most 16 positions" in said(out)
    assert any("16 positions" in m["memory"] for m in Run(tmp_path / "run").metrics("training"))


@pytest.mark.parametrize("where", ["checkpoint", "log", "best"])
def test_a_full_disk_leaves_the_run_as_it_was(where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = OSError(errno.ENOSPC, "No space left on device", "somewhere")
    out, folder = console(), tmp_path / "run"
    with monkeypatch.context() as patch:
        if where == "checkpoint":
            patch.setattr("agents.files.os.fsync", from_call(16, full, os.fsync))
        elif where == "log":
            patch.setattr(Run, "log", from_call(4, full, Run.log))
        else:
            patch.setattr(Run, "save_best", from_call(1, full, Run.save_best))
        with pytest.raises(LabError, match=r"No space left on device.*intact") as caught:
            train(TINY, folder, console=out)
    assert "\n" not in str(caught.value) and "--resume" in said(out)
    saved = Run(folder).checkpoints()
    for checkpoint in saved:
        Trainer(TINY).load(checkpoint)
    assert saved
    assert_goes_on_as_if_nothing_had_been(folder, tmp_path)


def test_a_worker_that_dies_ends_the_run_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real, calls = SelfPlay.step, iter(range(1, 10**9))

    def step(self: SelfPlay, player: Any) -> Any:
        if next(calls) > 20 and threading.current_thread() is not threading.main_thread():
            raise IndexError("index 82 is out of bounds\nfor axis 1")
        return real(self, player)

    folder = tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr(SelfPlay, "step", step)
        with pytest.raises(
            WorkerDied, match=r"Worker [01] of self-play died of IndexError: index 82 is out of bounds for"
        ):
            train(TINY, folder, console=console())
        assert main(["train", "alphazero", "--out", str(folder), "--resume"]) == 2
        message = capsys.readouterr().err
        assert "died of IndexError" in message and len(message.splitlines()) == 1
    assert_goes_on_as_if_nothing_had_been(folder, tmp_path)


def test_a_checkpoint_of_another_version_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = train(TINY, tmp_path / "run", console=console())
    for checkpoint in Run(folder).checkpoints():
        text = (checkpoint / "trainer.json").read_text()
        (checkpoint / "trainer.json").write_text(text.replace("version 2", "version 1"))
    assert main(["train", "alphazero", "--out", str(folder), "--resume", "--iterations", "9"]) == 2
    output = capsys.readouterr()
    assert "None of the checkpoints" in output.err and "another version of the lab" in output.out
