"""Matches: the sequential test sees the pairs in the order of their openings, ends the match, and does not waver."""

from __future__ import annotations

import io
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from envs.errors import LabError
from envs.games.tic_tac_toe import TicTacToe
from rl_lab.arena import run, session
from rl_lab.arena.match import run_match
from rl_lab.arena.options import MatchOptions
from rl_lab.arena.pairs import pair_scores
from rl_lab.arena.play import Fixture, GameRecord, stream_games
from rl_lab.arena.sprt import Sprt
from rl_lab.arena.store import Store
from rl_lab.arena.tournament import Tournament


def play(out: Path, first: str = "greedy", second: str = "random", **options: object) -> tuple[Tournament, str]:
    text = io.StringIO()
    settings = MatchOptions(out=out, any_openings=True, **options)
    return run_match("connect_four", first, second, settings, Console(file=text, width=200)), text.getvalue()


def test_a_match_plays_its_games(tmp_path: Path) -> None:
    tournament, text = play(tmp_path, games=10)
    assert len(tournament.records) == 10
    assert "random is 0" in text and "Verdict" not in text


def test_a_test_stops_the_match_and_says_who_is_better(tmp_path: Path) -> None:
    tournament, text = play(tmp_path, sprt="0,100", games=2000, parallel_games=8)
    assert "H1, greedy against random is +100 Elo rather than +0" in text
    assert re.search(
        r"allowing for the early end, its Elo is \+\d+, 95% interval [+-](\d+|inf) to \+", text.replace("\n", " ")
    )
    assert len(tournament.records) < 400
    test = Sprt(0, 100)
    for score in pair_scores(tournament.records, "greedy", "random"):
        if test.verdict is None:
            test.add(score)
    assert test.verdict == "H1"
    again, later = play(tmp_path, sprt="0,100", games=2000, parallel_games=8)
    assert again.records == tournament.records
    assert text.splitlines()[1] == later.splitlines()[1], "the verdict stands"


def test_the_worse_agent_is_found_out(tmp_path: Path) -> None:
    _, text = play(tmp_path, "random", "greedy", sprt="0,100", games=2000, parallel_games=8)
    assert "H0, random against greedy is +0 Elo rather than +100" in text


def test_too_few_games_bring_no_verdict(tmp_path: Path) -> None:
    _, text = play(tmp_path, sprt="0,5", games=4)
    assert "No verdict after the first 2 pairs" in text


def test_a_test_without_a_number_of_games_takes_what_openings_there_are(tmp_path: Path) -> None:
    openings = tmp_path / "openings.txt"
    openings.write_text("1\n2\n3 4\n")
    tournament, text = play(tmp_path / "out", sprt="0,5", openings=openings)
    assert len(tournament.records) == 6
    assert "No verdict after the first 3 pairs" in text
    with pytest.raises(LabError, match="enough for 6 games"):
        play(tmp_path / "more", sprt="0,5", openings=openings, games=8)
    plan = run.openings(TicTacToe(), 10_000, MatchOptions(sprt="0,5"))
    assert 1000 < plan[2] < 2000
    with pytest.raises(LabError, match="different openings of 2 or more moves, not 10000"):
        run.openings(TicTacToe(), 10_000, MatchOptions(sprt="0,5", games=20_000))
    with pytest.raises(LabError, match="different openings of 50 or more moves"):
        run.openings(TicTacToe(), 10_000, MatchOptions(sprt="0,5", opening_plies=50))


def test_a_killed_match_may_have_played_later_openings_first(tmp_path: Path) -> None:
    """A pair counts only when all before it have been played."""
    whole, text = play(tmp_path / "whole", sprt="0,100", games=2000, parallel_games=8)
    out = tmp_path / "gap"
    play(out, sprt="0,100", games=2000, parallel_games=32)
    with Store(out) as store:
        store.connection.execute("DELETE FROM games WHERE opening < 3")
    again, text_again = play(out, sprt="0,100", games=2000, parallel_games=8)
    assert text.splitlines()[1] == text_again.splitlines()[1]
    first = {(r.agents, r.pair): r.actions for r in whole.records}
    assert first.items() <= {(r.agents, r.pair): r.actions for r in again.records}.items()


def test_the_games_of_another_process_can_end_a_match(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, _ = play(tmp_path / "theirs", sprt="0,100", games=2000, parallel_games=8)

    def stream(*arguments: Any) -> Iterator[list[tuple[Fixture, GameRecord]]]:
        for number, ended in enumerate(stream_games(*arguments)):
            if number == 0:  # as if somebody else had stored a whole match while our first games were played
                with closing(sqlite3.connect(tmp_path / "ours" / "games.sqlite")) as ours, ours:
                    ours.execute("ATTACH ? AS theirs", (str(tmp_path / "theirs" / "games.sqlite"),))
                    ours.execute("INSERT INTO games SELECT * FROM theirs.games")
            yield ended

    monkeypatch.setattr(session, "stream_games", stream)
    monkeypatch.setattr(session, "POLL_SECONDS", 0.0)
    shared, text = play(tmp_path / "ours", sprt="0,100", games=2000, parallel_games=8)
    assert "H1, greedy against random" in text
    assert len(shared.records) <= len(whole.records) + 8


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sprt": "10,0"}, "elo0 must be below elo1"),
        ({"sprt": "ten,20"}, "two numbers with a comma between"),
        ({"sprt": "1,2,3"}, "two numbers with a comma between"),
        ({"sprt": "nan,2"}, "elo0 must be below elo1"),
        ({"sprt": "0,10", "alpha": 0.7}, "alpha must be above 0 and below 0.5"),
        ({"sprt": "0,1e-300"}, "by 0.01 or more"),
        ({"beta": 0.1}, "--beta is of a test: give --sprt"),
        ({"games": 0}, "one game or more"),
    ],
)
def test_wrong_tests_are_one_sentence(options: dict[str, object], message: str, tmp_path: Path) -> None:
    with pytest.raises(LabError, match=message):
        play(tmp_path / "x", **options)
    assert not (tmp_path / "x").exists()
