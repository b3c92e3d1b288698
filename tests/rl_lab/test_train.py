"""Runs that are killed, stopped, damaged or resumed."""

from __future__ import annotations

import dataclasses
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from rich.console import Console

from agents.alphazero.config import AlphaZeroConfig
from agents.alphazero.model import load_model
from agents.alphazero.player import AlphaZeroAgent
from agents.alphazero.trainer import Trainer
from envs.errors import LabError
from rl_lab.arena.statistics import Interval
from rl_lab.cli import main
from rl_lab.runs.alphazero import AlphaZeroTraining
from rl_lab.runs.anchors import scores_against
from rl_lab.runs.curves import draw_curves
from rl_lab.runs.display import TrainingDisplay
from rl_lab.runs.run import Run
from rl_lab.train import train
from tests.rl_lab.tiny import TINY

SILENT = Console(quiet=True)


def options(config: AlphaZeroConfig) -> list[str]:
    return [f"--{name.replace('_', '-')}={value}" for name, value in dataclasses.asdict(config).items()]


def command(folder: Path, config: AlphaZeroConfig) -> list[str]:
    resume = ["--resume"] if (folder / "config.json").exists() else []
    return [sys.executable, "scripts/train.py", "alphazero", f"--out={folder}", *resume, *options(config)]


def test_twenty_kills_at_random_moments_never_lose_the_run(tmp_path: Path) -> None:
    chance, reached, kills, patience = random.Random(0), 0, 0, 1.0
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import rl_lab.runs.alphazero"], check=True)
    imports = time.perf_counter() - began  # while they last, there is no run to kill
    while kills < 20 or (reached <= 20 and kills < 60):
        before = reached
        process = subprocess.Popen(command(tmp_path, TINY), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        time.sleep(imports + chance.uniform(0.0, patience))
        process.send_signal(signal.SIGKILL)
        kills += 1
        errors = process.communicate()[1]
        assert process.returncode == -signal.SIGKILL, f"the run ended by itself: {errors.decode()}"
        if (tmp_path / "config.json").exists():
            run, trainer = Run.open(tmp_path), Trainer(TINY)
            newest = run.checkpoints()[-1:]
            for checkpoint in newest:
                trainer.load(checkpoint)
                trainer.iterate()
                assert trainer.iteration > reached, "the run fell back behind an earlier checkpoint"
                reached = trainer.iteration - 1
            run.close()
        # On a busy machine a start takes longer than it did just now.
        patience = patience if reached > before else min(3.0, 1.3 * patience)
    assert reached > 20, "the kills must have hit a run at work"


def test_an_interrupted_run_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    """Ctrl-C, then --resume: the weights are bit for bit those of a run that was left alone."""
    config = dataclasses.replace(TINY, iterations=40, checkpoint_seconds=1e9)
    train(config, tmp_path / "straight", console=SILENT)
    process = subprocess.Popen(command(tmp_path / "broken", config), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while not (tmp_path / "broken" / "metrics.jsonl").exists() and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    output = process.communicate()[0].decode()
    assert process.returncode == 130
    assert f"rl-lab train alphazero --out {tmp_path / 'broken'} --resume" in output.replace("\n", " ")
    stopped_at = Run(tmp_path / "broken").metrics()[-1]["iteration"]
    assert 0 < stopped_at < 40
    train(config, tmp_path / "broken", resume=True, console=SILENT)
    for name in ("model.safetensors", "model.json"):
        finals = [Run(tmp_path / run).checkpoints()[-1] / name for run in ("straight", "broken")]
        assert finals[0].read_bytes() == finals[1].read_bytes()
    iterations = [m["iteration"] for m in Run(tmp_path / "broken").metrics() if m["kind"] == "training"]
    assert iterations == list(range(1, 41))


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    return train(dataclasses.replace(TINY, iterations=3), tmp_path / "run", console=SILENT)


def test_a_damaged_checkpoint_is_skipped(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    longer = dataclasses.replace(TINY, iterations=5, checkpoint_seconds=1e9)
    train(longer, finished, resume=True, console=SILENT)
    older, newest = Run(finished).checkpoints()
    assert (older.name, newest.name) == ("00000003", "00000005")
    (newest / "trainer.safetensors").write_bytes(b"rubbish")
    train(dataclasses.replace(TINY, iterations=6), finished, resume=True, console=Console(width=400))
    said = capsys.readouterr().out
    assert "Skipping a checkpoint" in said and "Resuming from iteration 3" in said
    assert Run(finished).checkpoints()[-1].name == "00000006"


def test_nothing_but_damaged_checkpoints_is_one_sentence(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for checkpoint in Run(finished).checkpoints():
        (checkpoint / "trainer.json").write_text("{")
    assert main(["train", "alphazero", "--out", str(finished), "--resume"]) == 2
    assert "None of the checkpoints" in capsys.readouterr().err


def test_a_resumed_run_keeps_its_settings_but_may_go_on_longer(finished: Path) -> None:
    train(AlphaZeroConfig(iterations=5), finished, resume=True, console=SILENT)
    newest = Run(finished).checkpoints()[-1]
    assert newest.name == "00000005" and '"channels": 8' in (newest / "model.json").read_text()
    assert AlphaZeroConfig.from_json(Run(finished).config) == dataclasses.replace(TINY, iterations=5)
    with pytest.raises(LabError, match="keeps channels 8"):
        train(AlphaZeroConfig(channels=64), finished, resume=True, console=SILENT)


def test_a_finished_run_is_left_alone(finished: Path) -> None:
    before = {path: path.read_bytes() for path in finished.rglob("*") if path.is_file()}
    train(AlphaZeroConfig(), finished, resume=True, console=SILENT)
    assert {path: path.read_bytes() for path in finished.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("text", ["{", "[]", '{"seed": "x"}', '{"colour": 1}'])
def test_damaged_settings_are_one_sentence(text: str, finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (finished / "config.json").write_text(text)
    assert main(["train", "alphazero", "--out", str(finished), "--resume"]) == 2
    assert "config.json is damaged" in capsys.readouterr().err


def test_the_live_panel_shows_all_its_rows() -> None:
    console = Console(width=80, record=True, force_terminal=True)
    training = AlphaZeroTraining(dataclasses.replace(TINY, iterations=4))
    with TrainingDisplay("alphazero: tic_tac_toe", console) as display:
        _, figures = training.iterate()
        display.training(figures, training.progress)
        display.evaluation([training.score_text("random", Interval(0.5, 0.4, 0.6))])
    text = console.export_text()
    for words in ("time", "of 60 min", "games", "evaluations/s", "loss policy", "score against random", "50%"):
        assert words in text


def test_a_run_may_start_from_another(finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = [o for o in options(TINY) if "iterations" not in o and "start-from" not in o]
    rest = ["--out", str(tmp_path / "second"), "--iterations", "2", "--freeze", "stem blocks"]
    assert main(["train", "alphazero", *settings, "--from", str(finished), *rest]) == 0
    config = AlphaZeroConfig.from_json(Run(tmp_path / "second").config)
    assert (config.start_from, config.freeze) == (str(finished), "stem blocks")
    finished.rename(tmp_path / "elsewhere")
    assert main(["train", "alphazero", "--out", str(tmp_path / "second"), "--resume", "--iterations", "3"]) == 0
    nets = [load_model(tmp_path / run)[0] for run in ("elsewhere", "second")]
    assert torch.equal(nets[0].stem.weight, nets[1].stem.weight)
    capsys.readouterr()
    assert main(["train", "alphazero", "--out", str(tmp_path / "second"), "--resume", "--from", "elsewhere"]) == 2
    assert "keeps start_from" in capsys.readouterr().err


def test_one_net_learns_two_sizes_of_hex() -> None:
    """16 simulations a move against random: an untrained net scores 0.72 and 0.6, this one 0.9 and 1."""
    config = AlphaZeroConfig(
        "hex", "3 4", blocks=2, channels=32, games=32, moves=6, simulations=12, batch_size=64, window_start=2000
    )
    trainer = Trainer(dataclasses.replace(config, workers=1))
    for _ in range(30):
        trainer.iterate()
    for board in trainer.boards:
        player = AlphaZeroAgent(board.game, trainer.learner.average, 16, "learned")
        assert scores_against(["random"], board.game, player, 0, lambda _: None)["random"].mean > 0.8, board.game.spec


def test_a_resumed_run_may_have_other_anchors(tmp_path: Path) -> None:
    config = dataclasses.replace(TINY, anchors="random", minutes=60, iterations=2)
    train(config, tmp_path / "run", console=Console(quiet=True))
    more = dataclasses.replace(config, anchors="greedy", iterations=4)
    train(more, tmp_path / "run", resume=True, console=Console(quiet=True))
    run = Run(tmp_path / "run")
    assert [list(m["scores"]) for m in run.metrics("evaluation")] == [["random"], ["greedy"]]
    assert (run.folder / "best").resolve().name == "00000004"  # not to be compared with what came before
    assert (run.folder / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_curves_are_drawn(finished: Path, tmp_path: Path) -> None:
    draw_curves(Run(finished), tmp_path / "curves.png")
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_a_second_process_may_not_train_the_same_run(finished: Path) -> None:
    run = Run.open(finished)
    with pytest.raises(LabError, match="Another process"):
        Run.open(finished)
    run.close()
    Run.open(finished).close()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--out", "{}/run"], "already holds a run"),
        (["--out", "{}/nothing", "--resume"], "no run"),
        (["--out", "/dev/null/run"], "cannot be written"),
        (["--out", "{}/new", "--game", "chess"], "no game 'chess'"),
        (["--out", "{}/new", "--game", "go:size=99"], "2 to 19"),
        (["--out", "{}/new", "--batch-size", "0"], "batch_size"),
        (["--out", "{}/new", "--games", f"1{'0' * 30}"], "games must be 1 to 1000000"),
        (["--out", "{}/new", "--window-max", f"1{'0' * 24}"], "window_max must be 1 to"),
        (["--out", "{}/new", "--channels", f"1{'0' * 22}"], "channels must be 1 to"),
        (["--out", "{}/new", "--device", "tpu"], "device"),
        (["--out", "{}/new", "--sizes", "5 six"], "sizes"),
        (["--out", "{}/new", "--game", "go", "--sizes", "5 99"], "2 to 19"),
        (["--out", "{}/new", "--freeze", "tail"], "freeze"),
        (["--out", "{}/new", "--from", "{}/nothing"], "There is no"),
        (["--out", "{}/new", "--from", "{}/run", "--start-from", "{}/other"], "give one of them"),
        (["--out", "{}/new", "--from", "{}/run"], "plays tic_tac_toe"),
        (["--out", "{}/new", "--surprise-weight", "2"], "surprise_weight"),
    ],
)
def test_bad_input(arguments: list[str], words: str, finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    filled = [a.format(finished.parent) for a in arguments]
    assert main(["train", "alphazero", *filled]) == 2
    message = capsys.readouterr().err
    assert words in message and len(message.splitlines()) == 1
    assert not (finished.parent / "new").exists()
