"""Resuming from files that are whole but not the run's own: a sentence, and the older checkpoint if it is good."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from agents.alphazero.model import find_model
from agents.alphazero.trainer import Trainer
from agents.files import load_arrays, save_arrays
from rl_lab.cli import main
from rl_lab.runs.run import Run
from rl_lab.train import train
from tests.rl_lab import tiny

TINY = dataclasses.replace(tiny.TINY, checkpoint_seconds=1e9)
SILENT = Console(quiet=True)
Output = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def twice_saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with checkpoints of the iterations 6 and 9; the replay and the optimizer have something in them."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    train(dataclasses.replace(TINY, iterations=6), folder, console=SILENT)
    return train(dataclasses.replace(TINY, iterations=9), folder, resume=True, console=SILENT)


@pytest.fixture
def run(twice_saved: Path, tmp_path: Path) -> Path:
    shutil.copytree(twice_saved, tmp_path / "run", symlinks=True)
    return tmp_path / "run"


def rewritten(change: Callable[[dict[str, Any], dict[str, Any]], object]) -> Callable[[Path], None]:
    """Damage to a checkpoint's arrays and description that its sha256 does not show."""

    def damage(checkpoint: Path) -> None:
        arrays, description = load_arrays(checkpoint / "trainer")
        change(arrays, description)
        save_arrays(checkpoint / "trainer", arrays, description)

    return damage


MISFITS = {
    "no steps": rewritten(lambda _, described: described.pop("steps")),
    "seconds that are a word": rewritten(lambda _, described: described.update(seconds="long")),
    "seconds that are huge": rewritten(lambda _, described: described.update(seconds=10**400)),
    "an iteration below 0": rewritten(lambda _, described: described.update(iteration=-1)),
    "no chance": rewritten(lambda _, described: described.update(learner_rng={})),
    "a number for chance": rewritten(lambda _, described: described.update(learner_rng=5)),
    "no worker": rewritten(lambda arrays, _: [arrays.pop(n) for n in list(arrays) if n.startswith("worker1/")]),
    "one worker more": rewritten(lambda arrays, _: arrays.update({"worker2/rng": arrays["worker1/rng"]})),
    "no lengths of games": rewritten(lambda arrays, _: arrays.pop("worker1/0/length")),
    "a game less": rewritten(lambda arrays, _: arrays.update({"worker1/0/length": arrays["worker1/0/length"][1:]})),
    "weights missing": rewritten(lambda arrays, _: arrays.pop("learner/average/stem.weight")),
    "moments missing": rewritten(lambda arrays, _: arrays.pop("learner/optimizer/0/exp_avg")),
    "endings of another shape": rewritten(
        lambda arrays, _: arrays.update({"resigning/endings": arrays["replay0/total"]})
    ),
    "no JSON, but brackets": lambda checkpoint: (checkpoint / "trainer.json").write_text("[" * 200_000),
}


@pytest.mark.parametrize("misfit", MISFITS)
def test_a_checkpoint_that_does_not_fit_is_skipped_and_leaves_no_trace(misfit: str, run: Path, capsys: Output) -> None:
    older, newest = Run(run).checkpoints()
    MISFITS[misfit](newest)
    train(dataclasses.replace(TINY, iterations=9), run, resume=True, console=Console(width=1000))
    said = capsys.readouterr().out
    assert "Skipping a checkpoint" in said and "Resuming from iteration 6" in said
    names = [c.name for c in Run(run).checkpoints()]
    assert names == [older.name, newest.name], "it has been learned again"
    assert "Traceback" not in said


def test_what_is_learned_after_a_misfit_is_what_would_have_been(run: Path, twice_saved: Path) -> None:
    MISFITS["no chance"](Run(run).checkpoints()[-1])
    train(dataclasses.replace(TINY, iterations=9), run, resume=True, console=SILENT)
    weights = [(Run(folder).checkpoints()[-1] / "model.safetensors").read_bytes() for folder in (run, twice_saved)]
    assert weights[0] == weights[1]


@pytest.mark.parametrize(
    "edit",
    [
        {"games": 32},
        {"games": 8, "workers": 1},
        {"channels": 16},
        {"blocks": 2},
        {"workers": 3},
        {"game": "go:size=4"},
        {"method": "klent"},
    ],
    ids=str,
)
def test_settings_that_were_edited_are_one_sentence(edit: dict[str, Any], run: Path, capsys: Output) -> None:
    """Nothing is lost: with the settings as they were it goes on."""
    settings = json.loads((run / "config.json").read_text())
    (run / "config.json").write_text(json.dumps({**settings, **edit}))
    assert main(["train", "alphazero", "--out", str(run), "--resume"]) == 2
    out, err = capsys.readouterr()
    assert "does not fit the settings in the run's config.json" in " ".join(out.split())
    assert "None of the checkpoints" in err and len(err.splitlines()) == 1
    (run / "config.json").write_text(json.dumps(settings))
    assert [c.name for c in Run(run).checkpoints()] == ["00000006", "00000009"]
    Trainer(TINY).load(Run(run).checkpoints()[-1])


@pytest.mark.parametrize("text", ["[" * 200_000, '{"minutes": 1' + "0" * 400 + "}"], ids=["brackets", "huge number"])
def test_settings_that_python_cannot_hold_are_one_sentence(text: str, run: Path, capsys: Output) -> None:
    (run / "config.json").write_text(text)
    assert main(["train", "alphazero", "--out", str(run), "--resume"]) == 2
    assert "config.json is damaged" in capsys.readouterr().err


BAD_LINES = [
    b"{}",
    b"5",
    b"\xff",
    b"[" * 200_000,
    b'{"kind": "evaluation", "iteration": 9, "seconds": 1}',
    b'{"kind": "evaluation", "iteration": 9, "seconds": 1, "clock": 1, "measure": "score", "scores": {}}',
    b'{"kind": "evaluation", "iteration": 9, "seconds": 1, "clock": 1, "measure": "score", "scores": {"random": 1}}',
    b'{"kind": "training", "iteration": "9"}',
    b'{"kind": "training", "iteration": 9, "seconds": 1' + b"0" * 400 + b', "steps": 1, "losses": {}, "games": 1}',
    b'{"kind": []}',
]


def test_damaged_lines_of_a_log_are_skipped(run: Path) -> None:
    log = run / "metrics.jsonl"
    good = Run(run).metrics()
    assert {m["kind"] for m in good} == {"training", "evaluation"}
    log.write_bytes(b"\n".join([*BAD_LINES, log.read_bytes(), *BAD_LINES]))
    assert Run(run).metrics() == good
    train(dataclasses.replace(TINY, iterations=10), run, resume=True, console=SILENT)
    assert (run / "curves.png").exists() and Run(run).metrics("training")[-1]["iteration"] == 10


def test_folders_of_a_persons_own_are_neither_checkpoints_nor_deleted(run: Path) -> None:
    names = ["1-good", "6", "99", "9999999x", "00000009 copy", "٠٠٠٠٠٠٩٩", ".mine.tmp"]
    for name in names:
        shutil.copytree(run / "checkpoints" / "00000006", run / "checkpoints" / name)
    assert [c.name for c in Run(run).checkpoints()] == ["00000006", "00000009"]
    assert find_model(run).name == "00000009"
    train(dataclasses.replace(TINY, iterations=10), run, resume=True, console=SILENT)
    assert [c.name for c in Run(run).checkpoints()] == ["00000009", "00000010"]
    assert all((run / "checkpoints" / name / "model.json").exists() for name in names)
    shutil.move(run / "checkpoints" / "00000010", run / "checkpoints" / "100000000")
    assert find_model(run).name == "100000000"
