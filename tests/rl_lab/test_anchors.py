"""Whom learners are measured against, and that these are closed again."""

from dataclasses import replace
from pathlib import Path

import pytest

from agents.agent import Agent
from agents.registry import make_agent
from agents.scripted import RandomAgent
from envs.errors import LabError
from envs.games.registry import make_game
from rl_lab.runs import anchors
from rl_lab.runs.alphazero import AlphaZeroTraining
from rl_lab.train import train
from rl_lab.zoo import nets
from tests.rl_lab.tiny import TINY


def test_what_is_there_is_played_against(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(nets, "NETS", tmp_path)  # a zoo without nets
    monkeypatch.setattr(anchors, "find_gnugo", lambda: None)
    go, hex_game = make_game("go:size=5"), make_game("hex:size=5")
    assert anchors.anchors_of(go) == anchors.anchors_of(hex_game) == ["random", "rollout:simulations=200"]
    monkeypatch.setattr(anchors, "find_gnugo", lambda: "/usr/games/gnugo")
    assert anchors.anchors_of(go)[2:] == ["gnugo:level=10"] and len(anchors.anchors_of(hex_game)) == 2
    monkeypatch.setattr(anchors, "net_for", lambda game: game)
    assert anchors.anchors_of(hex_game)[2:] == ["zoo:simulations=64"]


def test_opponents_are_closed_and_slow_ones_play_fewer_games(monkeypatch: pytest.MonkeyPatch) -> None:
    game, closed, told = make_game("tic_tac_toe"), list[str](), list[str]()

    def make(spec: str, game: object) -> Agent:
        agent = make_agent("greedy", game)
        agent.name = spec
        agent.close = lambda: closed.append(spec)
        return agent

    monkeypatch.setattr(anchors, "make_agent", make)
    specs = ["greedy", "gnugo:level=1"]
    scores = anchors.scores_against(specs, game, RandomAgent(game), 0, told.append)
    assert closed == specs == list(scores)
    assert [text for text in told if text] == [
        "Playing 40 games against greedy ...",
        "Playing 10 games against gnugo:level=1 ...",
    ]


def test_an_anchor_that_is_none_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="rollout"):
        train(replace(TINY, anchors="random rolout"), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_an_evaluation_is_a_twentieth_of_a_long_run_apart() -> None:
    apart = {
        minutes: AlphaZeroTraining(replace(TINY, minutes=minutes, evaluation_seconds=0)).evaluation_interval
        for minutes in (3, 60)
    }
    assert apart == {3: 45, 60: 180}
    assert AlphaZeroTraining(replace(TINY, evaluation_seconds=7)).evaluation_interval == 7
