"""DQN and PPO runs that are killed, stopped, resumed, extended and measured."""

from __future__ import annotations

import dataclasses
import json
import random
import shutil
import signal
import subprocess
import sys
import time
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from agents.registry import make_agent
from agents.sb3.config import DQNConfig, PPOConfig
from agents.sb3.trainer import Iteration, Sb3Trainer
from envs.chance import seed_of, seed_states
from envs.solo.registry import make_world
from rl_lab.cli import main
from rl_lab.evaluate import evaluate
from rl_lab.runs.policy_scores import EVALUATION_EPISODES, HELD_OUT
from rl_lab.runs.run import Run
from rl_lab.runs.sb3 import duration
from rl_lab.train import train

Config = PPOConfig | DQNConfig

SILENT = Console(quiet=True)
SMALL: dict[str, Any] = {"steps": 6_000, "blocks": 1, "channels": 4, "hidden": 16, "num_envs": 10, "seed": 5}
PPO = PPOConfig(env="catch", rollout_steps=20, batch_size=100, epochs=2, evaluation_steps=2_000, **SMALL)
DQN = DQNConfig(
    env="CartPole-v1", buffer_size=2_000, learning_starts=500, batch_size=16, evaluation_steps=2_500, **SMALL
)
MASKED = dataclasses.replace(PPO, env="tic_tac_toe", opponents="random self", snapshots=2, snapshot_steps=1_000)


def command(folder: Path, config: Config) -> list[str]:
    """The command that starts the run, or goes on with it."""
    script = [
        sys.executable,
        f"scripts/train_{'dqn' if isinstance(config, DQNConfig) else 'ppo'}.py",
        f"--out={folder}",
    ]
    if (folder / "config.json").exists():
        return [*script, "--resume"]
    settings = {name: value for name, value in dataclasses.asdict(config).items() if name not in ("env", "steps")}
    texts = [f"{name}={value}" for name, value in settings.items()]
    return [*script, f"--env={config.env}", f"--steps={config.steps}", "--set", *texts]


def timeless(measurements: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What was measured, but for the clock's time."""
    return [{name: value for name, value in m.items() if "seconds" not in name} for m in measurements]


def assert_same_end(one: Path, other: Path) -> None:
    """Both runs have measured, learned and kept the same, bit for bit."""
    assert timeless(Run(one).metrics()) == timeless(Run(other).metrics())
    for first, second in zip(*([Run(run).checkpoints()[-1], run / "best"] for run in (one, other)), strict=True):
        assert (first / "policy.safetensors").read_bytes() == (second / "policy.safetensors").read_bytes()
        told = [json.loads((folder / "policy.json").read_text()) for folder in (first, second)]
        assert told[0]["trained"] == told[1]["trained"]


@pytest.mark.parametrize("config", [PPO, DQN, MASKED], ids=["ppo", "dqn", "masked ppo"])
def test_a_run_killed_at_any_moment_ends_as_if_it_had_not_been(config: Config, tmp_path: Path) -> None:
    straight, broken, chance = tmp_path / "straight", tmp_path / "broken", random.Random(config.env)
    train(config, straight, console=SILENT)
    often, metrics, reached = dataclasses.replace(config, checkpoint_seconds=0.01), broken / "metrics.jsonl", []
    for _ in range(3):
        size = metrics.stat().st_size if metrics.exists() else 0
        process = subprocess.Popen(command(broken, often), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        while process.poll() is None and (not metrics.exists() or metrics.stat().st_size <= size):
            time.sleep(0.002)  # until it is at work
        time.sleep(chance.uniform(0.0, 0.2))
        process.send_signal(signal.SIGKILL)
        errors = process.communicate()[1].decode()
        assert process.returncode in (-signal.SIGKILL, 0), errors
        reached.append(len(Run(broken).metrics("training")))
    assert 0 < reached[0] < len(Run(straight).metrics("training")), "the kills must have hit a run at work"
    train(often, broken, resume=True, console=SILENT)
    assert_same_end(straight, broken)


@pytest.mark.parametrize("iteration", [1, 10, 30])
def test_a_run_stopped_at_any_iteration_ends_as_if_it_had_not_been(
    iteration: int, finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when an evaluation was due just then (10), and when the run was over (30)."""
    stopped, iterate = tmp_path / "stopped", Sb3Trainer.iterate

    def iterate_and_stop(trainer: Sb3Trainer) -> Iteration:
        measured = iterate(trainer)
        if trainer.iteration == iteration:
            signal.raise_signal(signal.SIGINT)
        return measured

    console = Console(width=300, record=True, quiet=False, file=StringIO())
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Sb3Trainer, "iterate", iterate_and_stop)
        train(PPO, stopped, console=console)
    assert f"rl-lab train ppo --out {stopped} --resume" in console.export_text()
    assert Run(stopped).metrics("training")[-1]["iteration"] == iteration
    train(PPO, stopped, resume=True, console=SILENT)
    assert_same_end(finished, stopped)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of PPO that has come to its end; not to be changed."""
    return train(PPO, tmp_path_factory.mktemp("runs") / "ppo", console=SILENT)


@pytest.fixture
def copied(finished: Path, tmp_path: Path) -> Path:
    """The same, to do anything with."""
    return Path(shutil.copytree(finished, tmp_path / "copied", symlinks=True))


def test_evaluations_come_at_multiples_of_the_interval_and_at_the_end(finished: Path) -> None:
    run = Run(finished)
    steps = [m["steps"] for m in run.metrics("training")]
    assert steps == list(range(200, 6_001, 200))
    assert [m["clock"] for m in run.metrics("evaluation")] == [2_000, 4_000, 6_000]


def test_the_best_player_is_kept(finished: Path) -> None:
    """And it is an agent of the lab, which plays as well as it was measured to."""
    returns_of = [m["scores"]["return"] for m in Run(finished).metrics("evaluation")]
    highest = [max(returns_of[: i + 1], key=lambda score: score["mean"]) for i in range(len(returns_of))]
    kept_ones = [score["mean"] >= bar["low"] for score, bar in zip(returns_of, highest, strict=True)]
    best = [m for m, is_kept in zip(Run(finished).metrics("evaluation"), kept_ones, strict=True) if is_kept][-1]
    kept = json.loads((finished / "best" / "policy.json").read_text())
    assert kept["trained"]["steps"] == best["clock"]
    world = make_world("catch")
    seeds = seed_states(seed_of(HELD_OUT, episode) for episode in range(EVALUATION_EPISODES))
    returns = evaluate(world, make_agent(f"ppo:{finished}", world), seeds).returns
    assert returns.mean() == best["scores"]["return"]["mean"]
    assert sorted(path.name for path in finished.iterdir()) == [
        *(".best", "best", "checkpoints", "config.json", "curves.png", "lock", "metrics.jsonl", "tensorboard")
    ]
    assert len(list((finished / ".best").iterdir())) == 1


def test_tensorboard_has_what_the_file_has(finished: Path) -> None:
    accumulator = EventAccumulator(str(finished / "tensorboard")).Reload()
    run = Run(finished)
    for name, kind, read in (
        ("episode_length", "training", lambda m: m["episode_length"]),
        ("losses/value_loss", "training", lambda m: m["losses"]["value_loss"]),
        ("scores/return/mean", "evaluation", lambda m: m["scores"]["return"]["mean"]),
    ):
        expected = [(m.get("steps", m.get("clock")), read(m)) for m in run.metrics(kind)]
        found = [(event.step, event.value) for event in accumulator.Scalars(name)]
        assert found == [(step, pytest.approx(value)) for step, value in expected]


def test_without_tensorboard_a_run_says_so_and_trains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    console = Console(width=300, record=True, file=StringIO())
    train(dataclasses.replace(PPO, steps=200), tmp_path / "run", console=console)
    assert "pip install 'rl-lab[tensorboard]'" in console.export_text()
    assert not (tmp_path / "run" / "tensorboard").exists()


def test_a_log_file_has_all_a_person_watches(tmp_path: Path) -> None:
    console = Console(width=300, record=True, file=StringIO())
    train(dataclasses.replace(PPO, steps=2_000), tmp_path / "run", console=console)
    text = console.export_text()
    for words in ("steps 200 of 2,000", "/s, ", "left", "return ", "length 9.0", "value loss", "explained variance"):
        assert words in text
    assert "held-out return: " in text and "95% interval" in text


def test_times_as_people_read_them() -> None:
    assert [duration(s) for s in (0.4, 59.4, 59.6, 200, 7_500)] == ["0 s", "59 s", "1:00 min", "3:20 min", "2:05 h"]


def test_a_finished_run_is_left_alone(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: path.read_bytes() for path in copied.rglob("*") if path.is_file()}
    assert main(["train", "ppo", "--out", str(copied), "--resume"]) == 0
    assert "--resume with more steps goes on" in capsys.readouterr().out
    assert {path: path.read_bytes() for path in copied.rglob("*") if path.is_file()} == before


def test_a_resumed_run_may_go_on_longer_but_keeps_its_settings(
    copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "ppo", "--out", str(copied), "--resume", "--steps", "6400"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "done, which is 94% of 6,400 steps now, and was 100% of 6,000." in said
    rates = [m["losses"]["learning_rate"] for m in Run(copied).metrics("training")]
    assert rates[-3:] == [pytest.approx(rate) for rate in (0, 3e-4 * 200 / 6_400, 0)]
    assert Run(copied).metrics("training")[-1]["steps"] == 6_400
    assert Run(copied).metrics("evaluation")[-1]["clock"] == 6_400
    config = json.loads(Run(copied).config)
    assert (config["steps"], config["env"], config["channels"]) == (6_400, "catch", 4)


def test_a_damaged_checkpoint_is_skipped(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "ppo", "--out", str(copied), "--resume", "--steps", "6400"]) == 0
    older, newest = Run(copied).checkpoints()
    (newest / "trainer.safetensors").write_bytes(b"rubbish")
    assert main(["train", "ppo", "--out", str(copied), "--resume"]) == 0
    said = capsys.readouterr().out
    assert "Skipping a checkpoint" in said and f"Resuming from iteration {int(older.name)}" in said


def test_a_learner_that_diverges_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "run")
    arguments = ["--env", "CartPole-v1", "--steps", "20000", "--set", "learning_rate=1e30", "--out", out]
    assert main(["train", "ppo", *arguments]) == 2
    said = capsys.readouterr()
    assert "take a lower learning_rate" in said.err and "--resume" not in said.out


@pytest.mark.parametrize("missing", ["numbers", "segments", "seconds"])
def test_a_checkpoint_without_a_part_is_skipped(missing: str, copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "ppo", "--out", str(copied), "--resume", "--steps", "6400"]) == 0
    older, newest = Run(copied).checkpoints()
    description = json.loads((newest / "trainer.json").read_text())
    del description[missing]
    (newest / "trainer.json").write_text(json.dumps(description))
    assert main(["train", "ppo", "--out", str(copied), "--resume"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "is damaged, or does not fit" in said and f"Resuming from iteration {int(older.name)}" in said


BAD = {
    "no environment": ("ppo", "Say what to learn: --env snake"),
    "unknown environment": ("ppo --env snale --out {new}", "Did you mean 'snake'?"),
    "unknown option of the environment": ("ppo --env snake:sice=5 --out {new}", "Did you mean 'size'?"),
    "unknown setting": ("ppo --env snake --set gama=1 --out {new}", "Did you mean 'gamma'?"),
    "setting of the other learner": ("dqn --env snake --set epochs=1 --out {new}", "has no option 'epochs'"),
    "setting without a value": ("dqn --env snake --set gamma --out {new}", "--set takes KEY=VALUE"),
    "setting twice": ("dqn --env snake --set gamma=1 gamma=0.9 --out {new}", "gamma is given twice"),
    "no steps": ("ppo --env snake --steps 0 --out {new}", "steps must be above 0, not 0"),
    "negative numbers": ("dqn --env snake --set num_envs=-3 --out {new}", "num_envs must be above 0, not -3"),
    "text for a number": ("dqn --env snake --steps many --out {new}", "must be a whole number, not 'many'"),
    "continuous actions": ("dqn --env skier:actions=continuous --out {new}", "are continuous: take ppo"),
    "unknown opponent": ("ppo --env go:size=5 --set opponents=gredy --out {new}", "Did you mean 'greedy'?"),
    "unknown device": ("ppo --env snake --device tpu --out {new}", "not 'tpu'"),
    "run that is there": ("ppo --env catch --out {run}", "already holds a run"),
    "run that is not": ("ppo --resume --out {new}", "There is no run in"),
    "no run named": ("ppo --resume", "Say which run to resume"),
    "run of another learner": ("dqn --resume --out {run}", "is a run of ppo: rl-lab train ppo --out"),
    "run of a third learner": ("alphazero --resume --out {run}", "is a run of ppo: rl-lab train ppo --out"),
    "another environment": ("ppo --resume --env snake --out {run}", "A resumed run keeps env catch"),
    "another net": ("ppo --resume --set channels=64 --out {run}", "A resumed run keeps channels 4"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_said_in_one_sentence(
    name: str, finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words, message = BAD[name]
    before = (finished / "config.json").read_bytes()
    assert main(["train", *words.format(new=tmp_path / "new", run=finished).split()]) == 2
    error = capsys.readouterr().err
    assert message in error and error.startswith("rl-lab: ") and error.count("\n") == 1
    assert not (tmp_path / "new").exists() and (finished / "config.json").read_bytes() == before
