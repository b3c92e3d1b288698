"""The command line: help, exit codes, and one sentence for whatever a user gets wrong."""

from __future__ import annotations

import dataclasses
import re
import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from rl_lab import cli, cli_train, cli_tune

ROOT = Path(__file__).parents[2]
COMMANDS = {
    "train alphazero": cli_train.TrainAlphaZero,
    "train ppo": cli_train.TrainPPO,
    "train dqn": cli_train.TrainDQN,
    "tune": cli_tune.Tune,
    "tournament": cli.Tournament,
    "evaluate": cli.Evaluate,
    "play": cli.Play,
    "watch": cli.Watch,
    "replay": cli.Replay,
    "bench": cli.Bench,
    "demo": cli.Demo,
}
Output = pytest.CaptureFixture[str]


def exit_code(arguments: list[str]) -> int:
    try:
        return cli.main(arguments)
    except SystemExit as exit:
        return int(exit.code or 0)


def test_help_names_every_command(capsys: Output) -> None:
    assert exit_code(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(f"• {name.split()[0]}" in out for name in COMMANDS)


def test_help_on_training_names_every_learner(capsys: Output) -> None:
    assert exit_code(["train", "--help"]) == 0
    out = capsys.readouterr().out
    assert all(f"• {name}" in out for name in cli_train.LEARNERS["train"])


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_every_option(name: str, capsys: Output) -> None:
    assert exit_code([*name.split(), "--help"]) == 0
    out = capsys.readouterr().out
    for field in dataclasses.fields(COMMANDS[name]):
        if field.default is not dataclasses.MISSING:
            named = re.search(r"name=[\'\"]([\w-]+)", str(field.type))
            option = f"--{named[1] if named else field.name.replace('_', '-')} "
            assert (field.name.upper() if "Positional" in str(field.type) else option) in out


def test_help_waits_for_nothing_heavy() -> None:
    code = "import sys, rl_lab.cli; print([m for m in ('numba', 'torch', 'pygame', 'rich') if m in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


@pytest.mark.parametrize("name", ["train", *COMMANDS])
def test_scripts_are_the_commands(name: str, capsys: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    exit_code([*name.split(), "--help"])
    expected = capsys.readouterr().out
    script, *words = ["train", "alphazero"] if name == "train alphazero" else [name.replace(" ", "_")]
    monkeypatch.setattr(sys, "argv", [f"{script}.py", *words, "--help"])
    with pytest.raises(SystemExit) as exit:
        runpy.run_path(str(ROOT / "scripts" / f"{script}.py"), run_name="__main__")
    assert exit.value.code == 0
    assert capsys.readouterr().out == expected


BAD = {
    "unknown game": ("tournament chess random greedy", "There is no game or world 'chess'; there are: "),
    "nearly a game": ("tournament connect_for random greedy", "Did you mean 'connect_four'?"),
    "size out of range": ("tournament go:size=50 random greedy", "size must be 2 to 19, not 50"),
    "size that is no number": ("tournament go:size=big random greedy", "must be a whole number, not 'big'"),
    "unknown option of a game": ("tournament go:sice=5 random greedy", "Did you mean 'size'?"),
    "option of a game twice": ("tournament go:size=5,size=7 random greedy", "gives size twice"),
    "unknown agent": ("tournament go:size=5 random gredy", "Did you mean 'greedy'?"),
    "option out of range": ("tournament go:size=5 random rollout:simulations=0", "must be 1 to"),
    "agent that needs a path": ("tournament go:size=5 random alphazero", "needs a path"),
    "path that is not there": ("tournament go:size=5 random alphazero:no/such/run", "no/such/run"),
    "person in a tournament": ("tournament go:size=5 random human", "rl-lab play"),
    "one agent": ("tournament go:size=5 random", "two agents or more, not 1"),
    "no agents": ("tournament go:size=5", "two agents or more, not 0"),
    "agent twice": ("tournament go:size=5 random random", "given twice"),
    "no games": ("tournament tic_tac_toe random greedy --games 0", "one game or more"),
    "no threads to train with": ("train ppo --env catch --threads 0", "one thread or more"),
    "too many threads": ("train alphazero --threads 100000000000", "at most 1,024"),
    "no threads": ("tournament tic_tac_toe random greedy --threads 0", "one thread or more"),
    "too many openings": ("tournament tic_tac_toe random greedy --games 10000", "ask for fewer games"),
    "folder that cannot be": ("tournament tic_tac_toe random greedy --out {file}/x", "Cannot write into the folder"),
    "no learner": ("train", "Name what should learn"),
    "unknown learner": ("train pp0", "Did you mean 'ppo'?"),
    "learner after its options": ("train --seed 3 ppo", "Name what should learn"),
    "unknown game to learn": ("train alphazero --game chess --out {tmp}/run", "There is no game 'chess'"),
    "unknown seat": ("play go:size=5 --opponent greedy --seat blue", "black or white"),
    "unknown game to play": ("play chess", "There is no environment 'chess'"),
    "handicap on a small board": ("play go:size=5 --handicap 2", "the board must be 7x7 or larger"),
    "handicap in another game": ("watch hex --handicap 2 --headless --record {tmp}/x.png", "A handicap is for Go"),
    "clock that is none": ("play go:size=5 --clock soon", "e.g. 10:00+5"),
    "clock in a world": ("play snake --clock 5:00", "A clock is for games between two"),
    "agent to compare with": ("watch snake --agent random --against greedy", "plays board games, not snake"),
    "person to compare with": ("watch snake --agent random --against human", "cannot be watched"),
    "recording of nothing": ("watch --headless --record {tmp}/x.png", "rl-lab watch ENV"),
    "no file to show": ("replay {tmp}/x.sgf", "No such file"),
    "file of another kind": ("replay {file}", "is no record"),
    "recording of another kind": ("watch tic_tac_toe --agent random --headless --record {tmp}/x.bmp", ".gif"),
    "unknown benchmark": ("bench --only chess", "There is no benchmark 'chess'"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_said_in_one_sentence(name: str, tmp_path: Path, capsys: Output) -> None:
    command, message = BAD[name]
    (tmp_path / "file").write_text("")
    arguments = [part.format(tmp=tmp_path, file=tmp_path / "file") for part in command.split()]
    assert exit_code(arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.startswith("rl-lab: ")
    assert error.count("\n") == 1


USAGE = {
    "no command": ("", "Expected one of"),
    "unknown command": ("turnament", "turnament"),
    "unknown option": ("tournament go:size=5 random greedy --gamse 4", "--gamse"),
    "text for a number": ("tournament go:size=5 random greedy --games many", "--games"),
    "option without value": ("tournament go:size=5 random greedy --games", "--games"),
    "no game": ("tournament", "GAME"),
    "unknown theme": ("watch go:size=5 --agent random --theme pink", "--theme"),
}


@pytest.mark.parametrize("name", USAGE)
def test_wrong_usage_is_one_message(name: str, capsys: Output) -> None:
    command, message = USAGE[name]
    assert exit_code(command.split()) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error


def raising(problem: BaseException) -> Callable[[cli.Bench], None]:
    def start(self: cli.Bench) -> None:
        raise problem

    return start


def import_interrupted() -> ImportError:
    """As pybind11 says it."""
    error = ImportError("initialization failed")
    error.__cause__ = KeyboardInterrupt()
    return error


@pytest.mark.parametrize(
    ("problem", "code", "message"),
    [
        (KeyboardInterrupt(), 130, "\nStopped.\n"),
        (import_interrupted(), 130, "\nStopped.\n"),
        (PermissionError(13, "Permission denied", "runs/x"), 2, "rl-lab: Cannot use runs/x: Permission denied.\n"),
        (OSError(28, "No space left on device"), 2, "rl-lab: Cannot use a file: No space left on device.\n"),
    ],
)
def test_interruptions_and_broken_disks(
    problem: BaseException, code: int, message: str, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    monkeypatch.setattr(cli.Bench, "start", raising(problem))
    assert cli.main(["bench"]) == code
    assert capsys.readouterr().err == message


def test_a_reader_that_goes_away_is_no_traceback(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "rl_lab.cli", "tournament", "tic_tac_toe", "random", "greedy"]
    process = subprocess.Popen(
        [*command, "--games", "2", "--out", str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    error = process.stderr.read()
    assert process.wait() == 1
    assert error == b""


def test_a_tournament_from_the_command_line(tmp_path: Path, capsys: Output) -> None:
    out = tmp_path / "t"
    assert cli.main(["tournament", "go:size=5", "random", "greedy", "--games", "4", "--out", str(out)]) == 0
    assert "Standings: go:size=5" in capsys.readouterr().out
    assert {"games.sqlite", "report.html", "results.json"} <= {p.name for p in out.iterdir()}
