"""The page on tournaments: its commands run as they stand, one after the other."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from rl_lab.arena.openings import BAND, JUDGE_SIMULATIONS, LEAST_SHARE
from rl_lab.arena.options import DEFAULT_GAMES, DEFAULT_PLIES, MatchOptions
from rl_lab.cli import main

PAGE = Path(__file__).parents[2] / "docs" / "tournaments.md"
SMALLER = {"match": "--games 20"}  # what makes a command of the page fit for a test; a later option wins


def commands() -> list[str]:
    blocks = re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


def test_the_commands_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    assert len(commands()) >= 9
    for line in commands():
        program, command, *rest = shlex.split(line)
        assert program == "rl-lab"
        assert main([command, *rest, *SMALLER.get(command, "").split()]) == 0, f"{line}: {capsys.readouterr().err}"
    assert {path.name for path in (tmp_path / "runs" / "first").iterdir()} >= {
        *("games.sqlite", "results.json", "report.html", "games.json", "games"),
    }


def test_the_numbers_are_those_of_the_code() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert f"between -{BAND} and\n+{BAND}" in text
    assert f"rollout:simulations={JUDGE_SIMULATIONS}" in text
    assert LEAST_SHARE == 8 and "one\nposition in eight" in text
    assert f"`--opening-plies`, {DEFAULT_PLIES} by default" in text
    assert MatchOptions().alpha == MatchOptions().beta == 0.05 and "(0.05 each by default)" in text
    assert DEFAULT_GAMES == 40


def test_links_lead_somewhere() -> None:
    for path in re.findall(r"`(rl_lab/[a-z_/.]+)`", PAGE.read_text(encoding="utf-8")):
        assert (PAGE.parents[1] / path).exists()
