"""The report of many agents with awkward names: nothing is cut off in 80 columns, and nothing in a name is markup."""

from __future__ import annotations

import io
import json
from itertools import combinations
from pathlib import Path

import pytest
from rich.console import Console

from envs.errors import LabError
from envs.games.tic_tac_toe import TicTacToe
from rl_lab.arena.openings import open_game
from rl_lab.arena.options import TournamentOptions
from rl_lab.arena.page import write_page
from rl_lab.arena.play import GameRecord
from rl_lab.arena.report import folded, print_report, write_report
from rl_lab.arena.run import run_tournament
from rl_lab.arena.solo import run_comparison
from rl_lab.arena.statistics import head_to_head
from rl_lab.arena.tournament import Tournament

NAMES = ["<script>alert(1)</script>", "[/x] & [bold]", *(f"rollout:simulations={i}" for i in range(13))]


def tournament(names: list[str], pairs: int) -> Tournament:
    """Every second opening is won by the agent named first, the others are split."""
    records = [
        GameRecord((a, b), pair, 0, [pair % 9], [None], 1 if a == one or pair % 2 else -1, "X wins")
        for one, other in combinations(names, 2)
        for pair in range(pairs)
        for a, b in ((one, other), (other, one))
    ]
    return Tournament(TicTacToe(), names, 0, records)


def printed(played: Tournament) -> str:
    text = io.StringIO()
    print_report(played, Console(file=text, width=80))
    return text.getvalue()


def test_a_wide_cross_table_keeps_names_and_intervals() -> None:
    played = tournament(NAMES, 6)
    text = printed(played)
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= 80
    crossed = text.partition("Row against column")[2]
    assert crossed.count("[/x] & [bold]") == 3  # one in each of three parts
    score = head_to_head(played.records, NAMES[0], NAMES[1])
    assert crossed.count(f"{100 * score.low:.0f}-{100 * score.high:.0f}") == len(NAMES) * (len(NAMES) - 1) // 2


@pytest.mark.parametrize("pairs", [1, 40])
def test_names_are_text_on_the_page(pairs: int, tmp_path: Path) -> None:
    played = tournament(NAMES[:2], pairs)
    ratings = print_report(played, Console(file=io.StringIO()))
    write_report(played, ratings, tmp_path, {"openings": "<img src=x>"})
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "&lt;script&gt;alert" in page
    assert json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))["agents"] == NAMES[:2]


def test_a_folder_may_have_the_name_of_a_tag(tmp_path: Path) -> None:
    text = io.StringIO()
    console, games, episodes = Console(file=text, width=300), tmp_path / "[/games]", tmp_path / "[/episodes]"
    run_tournament("tic_tac_toe", ["random", "greedy"], TournamentOptions(games=2, out=games), console)
    run_comparison("snake:size=6", ["random", "hamiltonian"], TournamentOptions(games=2, out=episodes), console)
    assert all(f"are in {folder}." in text.getvalue().replace("\n", "") for folder in (games, episodes))


def test_the_report_tells_the_depth_of_the_openings_that_were_played(tmp_path: Path) -> None:
    options = TournamentOptions(games=40, opening_plies=1, any_openings=True, out=tmp_path)
    run_tournament("tic_tac_toe", ["random", "greedy"], options, Console(file=io.StringIO()))
    settings = json.loads((tmp_path / "results.json").read_text())["settings"]
    assert settings["openings"] == "any random positions of 1 moves; those played have 2 moves"


def test_openings_that_are_symmetric_are_told_in_the_report(tmp_path: Path) -> None:
    text = io.StringIO()
    options = TournamentOptions(games=18, opening_plies=1, any_openings=True, out=tmp_path)
    run_tournament("tic_tac_toe", ["random", "greedy"], options, Console(file=text, width=300))
    told = "The 9 openings are only 3 but for rotations and reflections of the board"
    assert told in text.getvalue()
    assert told in (tmp_path / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("action", [-1, 9, 10**6])
def test_actions_that_the_game_does_not_have_are_one_sentence(action: int, tmp_path: Path) -> None:
    """A file may be damaged: a kernel that stepped by such an action would write outside of its arrays."""
    played = tournament(NAMES[:2], 1)
    ratings = print_report(played, Console(file=io.StringIO()))
    played.records[0].actions[0] = action
    with pytest.raises(LabError, match=f"{action} is no action of tic_tac_toe"):
        write_page(played.game, played.records, played.agents, ratings, tmp_path / "page.html", "", {})
    with pytest.raises(LabError, match=f"{action} is no action of tic_tac_toe"):
        open_game(played.game, [(action,)])


def test_long_names_break_between_their_parts() -> None:
    assert folded("rollout:simulations=50", 16) == "rollout:\nsimulations=50"
    assert folded("rollout:simulations=50", 22) == "rollout:simulations=50"
    assert folded("alphazero:runs/mine,simulations=8", 16) == "alphazero:runs/\nmine,\nsimulations=8"
    assert folded("a" * 30, 12) == "a" * 30
    assert folded("", 12) == ""
