"""Analysis over GTP: what a net tells, searches without end, and agents that fail."""

from __future__ import annotations

import re
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from gtp_lines import KATA, LZ, answer, engine
from numpy.typing import NDArray

from agents.alphazero.model import save_model
from agents.alphazero.network import NetConfig, PolicyValueNet
from agents.alphazero.player import AlphaZeroAgent
from agents.search import Search, SearchConfig
from agents.search.player import SearchAgent
from envs.chance import Seeds
from envs.games.game import States
from envs.games.go.game import Go


def test_with_a_net_scores_and_ownership_are_its_own_and_every_move_has_its_line(tmp_path: Path) -> None:
    game = Go(5)
    torch.manual_seed(3)
    save_model(tmp_path, PolicyValueNet(game, NetConfig(blocks=1, channels=8)), game, {})
    gtp = engine(f"alphazero:{tmp_path},simulations=200")
    agent = gtp.session.player.agent
    assert isinstance(agent, AlphaZeroAgent)
    _, line, _ = answer(gtp, "play b c3", "kata-genmove_analyze w rootInfo true ownership true")
    told = agent.territory(gtp.session.board._rows[1])
    assert told is not None
    root, _, ownership = line.partition(" rootInfo ")[2].partition(" ownership ")
    np.testing.assert_allclose([float(v) for v in ownership.split()], told.ownership[0].ravel(), atol=1e-5)
    assert float(re.findall(r"scoreLead (\S+)", root)[0]) == pytest.approx(float(told.score[0]), abs=1e-5)
    moves = KATA.findall(line)
    assert all(pv.split()[0] == move for move, *_, pv in moves)
    assert sum(len(pv.split()) > 1 for *_, pv in moves) > 3
    states = gtp.session.board._rows[1].copy()
    game.step(states, np.array([game.parse_action(moves[0][0])]))
    after = agent.territory(states)
    assert after is not None
    assert float(moves[0][3]) == pytest.approx(-float(after.score[0]), abs=1e-4)


def test_an_analysis_outgrows_the_agents_own_budget_and_forgets_nothing_of_the_agent() -> None:
    gtp = engine("rollout:simulations=8", lines=1)
    before = answer(engine("rollout:simulations=8"), "genmove b")
    visits: list[int] = []
    gtp.session.new_input = lambda: bool(visits) and visits[-1] > 500
    for line in gtp.respond(b"lz-analyze b 1"):
        visits.append(sum(int(found[1]) for found in LZ.findall(line)))
    assert max(visits) > 500
    assert answer(gtp, "genmove b") == before


class Broken(SearchAgent):
    """A search whose evaluator fails after some positions."""

    def __init__(self, calls: int) -> None:
        self.calls = calls
        super().__init__("broken", Search(Go(5), self.judge, SearchConfig(num_simulations=50)))

    def judge(self, states: States, seeds: Seeds) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        self.calls -= len(states)
        if self.calls < 0:
            raise RuntimeError("out of order")
        return np.zeros((len(states), 26), np.float32), np.zeros(len(states), np.float32)


@pytest.mark.parametrize("calls", [0, 20])
def test_an_agent_that_fails_in_an_analysis_does_not_end_the_engine(
    calls: int, capsys: pytest.CaptureFixture[str]
) -> None:
    gtp = engine("random")
    gtp.session.player.agent = Broken(calls)
    until = time.monotonic() + 60
    gtp.session.new_input = lambda: time.monotonic() > until
    text = "".join(gtp.respond(b"3 lz-analyze b 10"))
    assert time.monotonic() < until  # it does not wait for more of an agent that will say no more
    assert "RuntimeError: out of order" in capsys.readouterr().err
    assert text.endswith("\n\n") and text.startswith("?3 internal error: RuntimeError" if calls == 0 else "=3\ninfo")
    assert answer(gtp, "4 protocol_version") == ["=4 2"]


def test_a_clock_stops_alpha_beta_too() -> None:
    gtp = engine("alphabeta:depth=64")
    answer(gtp, "time_settings 0 1 2", "genmove b")
    begin = time.monotonic()
    sign, line, move = answer(gtp, "lz-genmove_analyze w")
    assert (sign, move[:5]) == ("=", "play ") and line.startswith("info move")
    assert time.monotonic() - begin < 10  # without a clock it would not end today


def test_alpha_beta_can_be_looked_at_and_ends_when_there_is_input() -> None:
    gtp = engine("alphabeta:depth=64")
    begin = time.monotonic()
    assert len(answer(gtp, "lz-analyze b 5")) == 2
    assert time.monotonic() - begin < 20


def test_pondering_makes_the_tree_of_the_next_move_larger(tmp_path: Path) -> None:
    game = Go(5)
    torch.manual_seed(3)
    save_model(tmp_path, PolicyValueNet(game, NetConfig(blocks=1, channels=8)), game, {})

    def visits_of_second_move(ponders: bool, reply: str = "") -> tuple[int, str]:
        gtp = engine(f"alphazero:{tmp_path},simulations=100", ponders=ponders)
        gtp.session.new_input = lambda: False
        agent = gtp.session.player.agent
        assert isinstance(agent, SearchAgent)
        answer(gtp, "genmove b")
        gtp.ponder()
        if ponders:
            found = agent.search.found()
            assert found.visits.sum() >= 100
            reply = game.action_name(int(found.action[0]))
            gtp.ponder()
            assert (agent.search.found().visits == found.visits).all(), "once for each move of its own"
        answer(gtp, f"play w {reply}")
        gtp.ponder()
        answer(gtp, "genmove b")
        return int(agent.search.found().visits.sum()), reply

    with_it, reply = visits_of_second_move(True)
    without, _ = visits_of_second_move(False, reply)
    assert with_it >= without + 10


def test_pondering_ends_when_something_comes_in_and_a_failure_in_it_is_not_the_games(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    game = Go(5)
    save_model(tmp_path, PolicyValueNet(game, NetConfig(blocks=1, channels=8)), game, {})
    gtp = engine(f"alphazero:{tmp_path},simulations=100000", ponders=True)
    agent = gtp.session.player.agent
    assert isinstance(agent, SearchAgent)
    gtp.session.new_input = lambda: True
    gtp.session.commit(0, 12)
    start = time.monotonic()
    gtp.ponder()
    assert time.monotonic() - start < 5
    assert agent.search.found().visits.sum() < 1000

    def fail() -> bool:
        raise RuntimeError("nobody knows")

    gtp.session.commit(1, 13)
    gtp.session.new_input = fail
    gtp.ponder()
    assert "nobody knows" in capsys.readouterr().err
    gtp.session.new_input = lambda: True
    assert answer(gtp, "name")[0].startswith("= rl-lab")
