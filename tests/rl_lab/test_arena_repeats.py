"""Games that repeat: openings of different lengths lead players without chance into the same game again."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from agents.agent import Agent, Decision, uniform_policy
from envs.chance import Seeds
from envs.games.game import Game, States
from rl_lab.arena import run
from rl_lab.arena.match import run_match
from rl_lab.arena.options import MatchOptions, TournamentOptions
from rl_lab.arena.ratings import rate
from rl_lab.arena.run import run_tournament
from rl_lab.arena.tournament import Tournament


class Passer(Agent):
    """Always passes."""

    def act(self, states: States, seeds: Seeds) -> Decision:
        policy = uniform_policy(self.game.legal_mask(states))
        return Decision(np.full(len(states), 9), policy, np.zeros(len(states), np.float32))


def passer(spec: str, game: Game) -> Agent:
    agent = Passer(spec)
    agent.game = game
    return agent


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Tournament, str]]:
    monkeypatch.setattr(run, "make_agent", passer)
    openings = tmp_path / "openings.txt"
    openings.write_text("C3\nC3 pass\nC3 B2\nB2\nB2 pass\n")

    def run_it(runner: Callable[..., Tournament], *arguments: Any) -> tuple[Tournament, str]:
        text = io.StringIO()
        *rest, options = arguments
        settings = options(games=10, openings=openings, out=tmp_path / "out")
        return runner(*rest, settings, Console(file=text, width=250)), text.getvalue()

    return run_it


def test_a_repeated_game_is_rated_once_and_the_report_says_so(play: Callable[..., tuple[Tournament, str]]) -> None:
    tournament, text = play(run_tournament, "go:size=3", ["a", "b"], TournamentOptions)
    assert len(tournament.records) == 10
    assert rate(tournament.records, tournament.agents).games == 6
    assert "4 games repeat an earlier one" in text
    assert "the ratings count each once, but the scores count all" in text


def test_a_repeated_pair_is_no_evidence_in_a_test(play: Callable[..., tuple[Tournament, str]]) -> None:
    def options(**settings: Any) -> MatchOptions:
        return MatchOptions(sprt="0,5", **settings)

    _, text = play(run_match, "go:size=3", "a", "b", options)
    assert "after the first 5 pairs of games (2 of which repeat games and do not count)" in text
