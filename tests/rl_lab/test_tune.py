"""rl-lab tune: it finds what is better, survives kills, and prints a row that makes the settings it found."""

from __future__ import annotations

import ast
import dataclasses
import json
import signal
import sqlite3
import subprocess
import sys
import time
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from agents.registry import make_agent
from agents.sb3 import tuned
from agents.sb3.config import DQNConfig, PPOConfig
from agents.sb3.tuned import config_for
from envs.solo.registry import make_world
from rl_lab import tune as tuning
from rl_lab.cli import main
from rl_lab.runs.run import Run
from rl_lab.search_space import Between, OneOf, space_of
from rl_lab.study import Study
from rl_lab.table_row import NOT_IN_A_ROW, table_row
from rl_lab.tune import tune

SMALL = ["blocks=0", "channels=4", "hidden=16", "num_envs=16", "rollout_steps=16", "batch_size=128", "epochs=1"]
FIXED = [*SMALL, "gamma=0.99", "gae_lambda=0.95", "clip_range=0.2", "max_grad_norm=0.5", "entropy=0.01"]
"""All but the learning rate, so that a trial is quick."""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuning, "REPORT_EPISODES", 40)


def search(folder: Path, trials: int, **more: Any) -> str:
    """Tunes the learning rate of PPO on Catch; what it said."""
    console = Console(width=300, file=StringIO(), record=True)
    options = {"env": "catch", "steps": "1500"} if not more.get("resume") else {}
    tune("ppo", options, [] if more.get("resume") else FIXED, trials, out=folder, console=console, **more)
    return console.export_text()


def trials_of(folder: Path) -> list[dict[str, Any]]:
    return Run(folder).metrics("trial")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("tune") / "catch"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tuning, "REPORT_EPISODES", 40)
        return folder, search(folder, 8)


def test_the_first_trial_is_of_the_settings_as_they_are(finished: tuple[Path, str]) -> None:
    trials = trials_of(finished[0])
    assert len(trials) == 8 and [t["trial"] for t in trials] == list(range(8))
    assert trials[0]["settings"] == {}
    assert all(set(t["settings"]) == {"learning_rate"} for t in trials[1:])
    assert len({t["settings"]["learning_rate"] for t in trials[1:]}) == 7


def test_the_row_makes_the_settings_of_the_best_trial(
    finished: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, said = finished
    best = max((t for t in trials_of(folder) if t["state"] == "done"), key=lambda t: t["score"])
    row = said[said.index('    "catch": {') :]
    table = ast.literal_eval("{" + row + "}")
    assert "held-out return: " in said and "no part in the choice" in said
    monkeypatch.setitem(tuned.TUNED, PPOConfig, table)
    given = dict(text.split("=", 1) for text in FIXED)
    with_row = config_for(PPOConfig, "catch", {})
    monkeypatch.undo()
    expected = dataclasses.replace(config_for(PPOConfig, "catch", {**given, "steps": "1500"}), **best["settings"])
    assert with_row == expected


def test_what_a_trial_has_learned_is_an_agent(finished: tuple[Path, str]) -> None:
    done = [t["trial"] for t in trials_of(finished[0]) if t["state"] == "done"]
    world = make_world("catch")
    for number in done:
        assert make_agent(f"ppo:{finished[0]}/trials/{number:08d}", world)


def test_a_search_that_was_killed_goes_on(tmp_path: Path) -> None:
    """The trial under way is tried again with its settings, and those that had ended count."""
    folder = tmp_path / "killed"
    words = ["tune", "ppo", "--env", "catch", "--steps", "1500", "--trials", "40", "--out", str(folder)]
    process = subprocess.Popen([sys.executable, "-m", "rl_lab.cli", *words, "--set", *FIXED], stdout=subprocess.DEVNULL)
    while process.poll() is None and len(trials_of(folder)) < 2:
        time.sleep(0.02)
    time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = trials_of(folder)
    with sqlite3.connect(folder / "study.db") as database:
        open_ones = database.execute("SELECT number FROM trials WHERE state = 'RUNNING'").fetchall()
        tried = database.execute("SELECT param_value FROM trial_params ORDER BY param_id DESC").fetchall()
    search(folder, len(before) + 2, resume=True)
    after = trials_of(folder)
    assert after[: len(before)] == before and len(after) == len(before) + 2
    if open_ones and len(tried) == len(before):  # it had drawn its settings
        again = after[len(before)]["settings"]["learning_rate"]
        assert again == pytest.approx(tried[0][0], rel=0.01)


def test_a_search_that_is_complete_only_reports(finished: tuple[Path, str]) -> None:
    before = trials_of(finished[0])
    said = search(finished[0], 8, resume=True)
    assert trials_of(finished[0]) == before
    assert said.splitlines()[-12:] == finished[1].splitlines()[-12:]


def test_what_is_worse_than_most_is_pruned(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", "{}")
    study = Study(run, {"gamma": OneOf((0.9, 0.95))}, 0)
    for score in range(8):
        trial = study.ask()
        assert not trial.is_hopeless(score, 1)
        assert not trial.is_hopeless(score, 2)
        trial.done(score, 1.0, lambda folder: None)
    poor = study.ask()
    poor.is_hopeless(0.5, 1)
    assert poor.is_hopeless(0.5, 2)
    poor.prune(0.5, 1.0)
    assert (study.finished, study.pruned, [t.score for t in study.ranking()][:2]) == (9, 1, [7.0, 6.0])
    run.close()


def test_a_trial_whose_learning_fails_is_noted_and_the_search_goes_on(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", "{}")
    study = Study(run, {}, 0)
    study.ask().failed("The net's weights are no longer finite.", 1.0)
    assert study.finished == 1 and study.ranking() == []
    assert run.metrics("trial")[0]["fault"].startswith("The net's")
    run.close()
    assert Study(Run(tmp_path / "run"), {}, 0).finished == 1


@pytest.mark.parametrize("kind", [PPOConfig, DQNConfig])
def test_every_setting_that_is_searched_is_one(kind: Any) -> None:
    """And all its values are accepted; a row may be made of them."""
    for name, among in space_of(kind, True).items():
        ends = among.values if isinstance(among, OneOf) else (among.low, among.high)
        assert isinstance(among, OneOf | Between)
        for value in ends:
            config = kind(env="snake:size=6", **{name: value})
            assert type(value) is type(getattr(kind(), name))
            row = ast.literal_eval("{" + table_row(config, "") + "}")["snake"]
            assert row == ({} if value == getattr(kind(), name) else {name: value})
    assert "blocks" not in space_of(kind, False)
    assert {field.name for field in dataclasses.fields(kind)} >= set(NOT_IN_A_ROW)


BAD = {
    "no learner": ("", "Name what should learn, e.g. rl-lab tune ppo"),
    "unknown learner": ("pop --env catch", "Did you mean 'ppo'?"),
    "no environment": ("ppo", "Say what to learn"),
    "unknown environment": ("ppo --env snale --out {new}", "Did you mean 'snake'?"),
    "no trials": ("ppo --env catch --trials 0 --out {new}", "one trial or more, not 0"),
    "negative minutes": ("ppo --env catch --minutes -1 --out {new}", "above 0 and finite, not -1"),
    "no number of minutes": ("ppo --env catch --minutes nan --out {new}", "above 0 and finite, not nan"),
    "no steps": ("ppo --env catch --steps 0 --out {new}", "steps must be above 0, not 0"),
    "unknown setting": ("ppo --env catch --set gama=1 --out {new}", "Did you mean 'gamma'?"),
    "continuous actions": ("dqn --env skier:actions=continuous --out {new}", "are continuous: take ppo"),
    "search that is there": ("ppo --env catch --out {done}", "already holds a run"),
    "search that is not": ("ppo --resume --out {new}", "There is no run in"),
    "none named": ("ppo --resume", "Say which search to resume"),
    "search of another learner": ("dqn --resume --out {done}", "of ppo: rl-lab tune ppo --out"),
    "another environment": ("ppo --resume --env snake --out {done}", "keeps env catch"),
    "another setting": ("ppo --resume --set double=1 --out {done}", "keeps no double of its own"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_said_in_one_sentence(
    name: str, finished: tuple[Path, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words, message = BAD[name]
    assert main(["tune", *words.format(new=tmp_path / "new", done=finished[0]).split()]) == 2
    error = capsys.readouterr().err
    assert message in error and error.startswith("rl-lab: ") and error.count("\n") == 1
    assert not (tmp_path / "new").exists()


def test_a_damaged_study_is_said_to_be(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    job = {"learner": "ppo", "given": {"env": "catch", "steps": "1500"}}
    Run.create(tmp_path / "run", json.dumps({"tune": job})).close()
    (tmp_path / "run" / "study.db").write_bytes(b"rubbish" * 1000)
    assert main(["tune", "ppo", "--resume", "--out", str(tmp_path / "run")]) == 2
    assert "study.db' cannot be read" in capsys.readouterr().err
    (tmp_path / "run" / "config.json").write_text("[1]")
    assert main(["tune", "ppo", "--resume", "--out", str(tmp_path / "run")]) == 2
    assert "holds no search for settings" in capsys.readouterr().err


def test_a_search_is_no_run_to_train(finished: tuple[Path, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "ppo", "--resume", "--out", str(finished[0])]) == 2
    assert "is a search for settings, not a run" in capsys.readouterr().err


def test_without_optuna_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    assert main(["tune", "ppo", "--env", "catch", "--out", str(tmp_path / "new")]) == 2
    assert "pip install 'rl-lab[tune]'" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_minutes_end_a_search_and_lose_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["tune", "ppo", "--env", "catch", "--steps", "100000000", "--minutes", "0.03", "--out"]
    assert main([*words, str(tmp_path / "run"), "--set", *FIXED]) == 2
    assert "No trial has come to its end" in capsys.readouterr().err
    assert trials_of(tmp_path / "run") == []
