"""Replay buffers on disk: whole in every checkpoint, written only where they are new, not believed when damaged."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from agents.sb3 import segments
from agents.sb3.config import DQNConfig
from agents.sb3.segments import load_segments, save_segments
from agents.sb3.trainer import Sb3Trainer
from envs.errors import LabError
from rl_lab.runs.run import Run

ROWS = 1000
CONFIG = DQNConfig(
    env="catch", steps=20_000, blocks=0, channels=4, hidden=16, num_envs=20, buffer_size=6_000, learning_starts=200
)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Segments of 50 rows of the arrays below."""
    monkeypatch.setattr(segments, "SEGMENT_BYTES", 50 * (12 + 8))


def arrays(seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {
        "replay/planes": rng.integers(0, 255, (ROWS, 3, 4)).astype(np.uint8),
        "replay/rewards": rng.random((ROWS, 2)).astype(np.float32),
        "replay/masks": np.zeros((ROWS, 2, 0), np.uint8),
    }


def folder(tmp_path: Path, name: str) -> Path:
    (tmp_path / name).mkdir()
    return tmp_path / name


@pytest.mark.parametrize("length", [0, 1, 49, 50, 51, ROWS])
def test_what_is_saved_is_loaded(length: int, tmp_path: Path) -> None:
    saved = {name: array[:length] for name, array in arrays().items()}
    names = save_segments(tmp_path, saved)
    assert len(names) == -(-length // 50)
    loaded = load_segments(tmp_path, names)
    assert loaded.keys() == (saved.keys() if length else set())
    for name in loaded:
        assert loaded[name].dtype == saved[name].dtype and np.array_equal(loaded[name], saved[name])


def test_only_what_is_new_is_written(tmp_path: Path) -> None:
    first, second, present = folder(tmp_path, "00000001"), folder(tmp_path, ".00000002.tmp"), arrays()
    names = save_segments(first, present)
    present["replay/planes"][120:160] += 1  # rows of the segments 2 and 3
    again = save_segments(second, present)
    assert [i for i, (old, new) in enumerate(zip(names, again, strict=True)) if old != new] == [2, 3]
    shared = [name for name in again if (first / name).exists() and (first / name).samefile(second / name)]
    assert len(shared) == 18
    shutil.rmtree(first)
    loaded = load_segments(second, again)
    assert all(np.array_equal(loaded[name], present[name]) for name in present), "each checkpoint is whole by itself"


def test_where_files_cannot_be_linked_they_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    first, second = folder(tmp_path, "00000001"), folder(tmp_path, "00000002")
    names = [save_segments(each, arrays()) for each in (first, second)]
    assert names[0] == names[1]
    assert not (first / names[0][0]).samefile(second / names[0][0])
    assert np.array_equal(load_segments(second, names[1])["replay/planes"], arrays()["replay/planes"])


def test_a_file_that_was_cut_short_is_not_taken_over(tmp_path: Path) -> None:
    first, second = folder(tmp_path, "00000001"), folder(tmp_path, "00000002")
    names = save_segments(first, arrays())
    (first / names[3]).write_bytes(b"")
    save_segments(second, arrays())
    load_segments(second, names)
    with pytest.raises(LabError, match="is damaged"):
        load_segments(first, names)
    (first / names[3]).unlink()
    with pytest.raises(LabError, match="cannot be read"):
        load_segments(first, names)


def test_checkpoints_of_a_run_share_what_has_not_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the newest goes on bit for bit, whatever becomes of the older one."""
    monkeypatch.setattr(segments, "SEGMENT_BYTES", 30_000)
    run, trainer = Run.create(tmp_path / "run", CONFIG.to_json()), Sb3Trainer(CONFIG)
    written = []
    for _ in range(4):
        trainer.iterate()
        checkpoint = run.save_checkpoint(trainer.iteration, trainer.save)
        files = [path.stat() for path in checkpoint.iterdir() if len(path.stem) == 64]
        written.append((sum(file.st_size for file in files), sum(f.st_size for f in files if f.st_nlink == 1)))
    assert written[1][0] > 1.7 * written[0][0], "the buffer was filling"
    assert all(new < 0.7 * whole for whole, new in written[1:])
    run.delete_checkpoint(run.checkpoints()[0])
    resumed = Sb3Trainer(CONFIG)
    resumed.load(run.checkpoints()[-1])
    for one in (trainer, resumed):
        one.iterate()
    for ours, theirs in zip(trainer.model.policy.parameters(), resumed.model.policy.parameters(), strict=True):
        assert bool((ours == theirs).all())
    run.close()
