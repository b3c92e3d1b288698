"""Thoughts that somebody looks at: the same answer as `act`, reports on the way, and an end at any time."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from agents.agent import Agent, Decision, Reports
from agents.alpha_beta import AlphaBetaAgent
from agents.alphazero.network import NetConfig, PolicyValueNet
from agents.alphazero.player import AlphaZeroAgent
from agents.rollout import RolloutAgent
from agents.scripted import GreedyAgent
from agents.search import Search, SearchConfig
from agents.search.player import SearchAgent, most_simulations
from envs.chance import Seeds, seed_states
from envs.games.connect_four import ConnectFour
from envs.games.game import Game, States
from envs.games.go.game import Go
from envs.games.tic_tac_toe import TicTacToe


def net_agent(game: Game, simulations: int = 30, **options: float) -> AlphaZeroAgent:
    torch.manual_seed(1)
    net = PolicyValueNet(game, NetConfig(blocks=1, channels=8))
    return AlphaZeroAgent(game, net, simulations, "net", "cpu", **options)


AGENTS: dict[str, Callable[[Game], Agent]] = {
    "rollout": lambda game: RolloutAgent(game, 50),
    "alphazero": net_agent,
    "alphabeta": lambda game: AlphaBetaAgent(game, 4),
    "greedy": GreedyAgent,
}
GAMES = [ConnectFour(), Go(3)]


def assert_same(one: Decision, other: Decision) -> None:
    for field in dataclasses.fields(Decision):
        a, b = getattr(one, field.name), getattr(other, field.name)
        np.testing.assert_array_equal(a, b) if isinstance(a, np.ndarray) else None
        assert isinstance(a, np.ndarray) or a == b, field.name


def played(game: Game, plies: int) -> States:
    states, seeds = game.init(3), seed_states([1, 2, 3])
    for _ in range(plies):
        game.step(states, game.random_actions(states, seeds))
    return states


@pytest.mark.parametrize("game", GAMES, ids=lambda game: game.name)
@pytest.mark.parametrize("kind", AGENTS)
def test_a_thought_that_nobody_stops_is_what_act_returns_bit_by_bit(kind: str, game: Game) -> None:
    states, before = played(game, 2), played(game, 2)
    acted, thought = AGENTS[kind](game), AGENTS[kind](game)
    reports: list[Decision] = []

    def watch(decision: Decision) -> bool:
        reports.append(decision)
        return True

    for _ in range(2):  # with what the first leaves in memory
        seeds, others = seed_states([4, 5, 6]), seed_states([4, 5, 6])
        assert_same(acted.act(states, seeds), thought.think(states, others, watch, 0.0))
        np.testing.assert_array_equal(seeds, others)
    np.testing.assert_array_equal(states, before)
    assert len(reports) >= 6 or kind == "greedy"


@pytest.mark.parametrize("game", GAMES, ids=lambda game: game.name)
@pytest.mark.parametrize("kind", AGENTS)
def test_a_thought_that_is_stopped_at_once_has_legal_actions_and_takes_the_same_chance(kind: str, game: Game) -> None:
    states, seeds, free = played(game, 3), seed_states([7, 8, 9]), seed_states([7, 8, 9])
    agent = AGENTS[kind](game)
    decision = agent.think(states, seeds, lambda _: False)
    assert game.legal_mask(states)[np.arange(3), decision.action].all()
    np.testing.assert_allclose(decision.policy.sum(axis=1), 1, rtol=1e-5)
    assert np.isfinite(decision.value).all()
    AGENTS[kind](game).act(states, free)
    np.testing.assert_array_equal(seeds, free)
    after = agent.act(states, seed_states([7, 8, 9]))  # and nothing is left half done
    assert game.legal_mask(states)[np.arange(3), after.action].all()


@pytest.mark.parametrize("kind", ["rollout", "alphazero"])
def test_reports_tell_of_a_growing_tree(kind: str) -> None:
    game, visits = Go(3), []

    def watch(decision: Decision) -> bool:
        assert decision.visits is not None and decision.q is not None
        visits.append(int(decision.visits.sum()))
        tried = np.flatnonzero(decision.visits[0])
        assert set(decision.lines[0]) == set(tried.tolist())
        assert decision.variations[0] == decision.lines[0][int(decision.action[0])]
        assert np.isfinite(decision.q[0, tried]).all()
        return len(visits) < 4

    decision = AGENTS[kind](game).think(game.init(1), seed_states([0]), watch, 0.0)
    assert len(visits) == 4 and visits == sorted(set(visits))
    assert decision.visits is not None and decision.visits.sum() == visits[-1]


def test_lines_are_legal_play_and_begin_with_their_actions() -> None:
    game = ConnectFour()
    states = game.init(2)
    decision = RolloutAgent(game, 400).act(states, seed_states([0, 1]))
    for b, lines in enumerate(decision.lines):
        assert sum(len(line) for line in lines.values()) > 2 * len(lines)
        for action, line in lines.items():
            assert line[0] == action
            state = states[b : b + 1].copy()
            for move in line:
                assert game.legal_mask(state)[0, move]
                game.step(state, np.array([move]))


@pytest.mark.parametrize("kind", ["rollout", "alphazero", "alphabeta"])
def test_what_a_watch_raises_comes_through_and_the_agent_lives_on(kind: str) -> None:
    game = ConnectFour()
    agent = AGENTS[kind](game)

    def watch(decision: Decision) -> bool:
        raise KeyError("closed")

    with pytest.raises(KeyError, match="closed"):
        agent.think(game.init(2), seed_states([0, 1]), watch)
    fresh = AGENTS[kind](game)
    seeds = seed_states([2, 3])
    assert_same(agent.act(game.init(2), seeds), fresh.act(game.init(2), seed_states([2, 3])))


class Failing:
    """An evaluator that fails once, in the middle of a search."""

    def __init__(self, game: Game, calls: int) -> None:
        self.game, self.calls = game, calls

    def __call__(self, states: States, seeds: Seeds) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        self.calls -= 1
        if self.calls == 0:
            raise RuntimeError("the device is gone")
        return np.zeros((len(states), self.game.num_actions), np.float32), np.zeros(len(states), np.float32)


@pytest.mark.parametrize("calls", [1, 2, 7])
def test_an_evaluator_that_fails_leaves_no_half_a_tree(calls: int) -> None:
    game = ConnectFour()
    config = SearchConfig(num_simulations=20)
    agent = SearchAgent("failing", Search(game, Failing(game, calls), config, reuse=True))
    healthy = SearchAgent("healthy", Search(game, Failing(game, 0), config, reuse=True))
    with pytest.raises(RuntimeError, match="device is gone"):
        agent.think(game.init(2), seed_states([0, 1]), lambda _: True, 0.0)
    assert agent.search.tree is None
    assert_same(agent.act(game.init(2), seed_states([2, 3])), healthy.act(game.init(2), seed_states([2, 3])))


def test_a_watch_is_told_at_once_and_then_every_so_often() -> None:
    told: list[float] = []
    agent, game = RolloutAgent(Go(9), 10_000_000), Go(9)
    agent.think(game.init(1), seed_states([0]), lambda _: False)  # compiles

    def watch(decision: Decision) -> bool:
        told.append(time.monotonic())
        return told[-1] - told[0] < 1

    begin = time.monotonic()
    agent.think(game.init(1), seed_states([0]), watch)
    assert 3 <= len(told) <= 12  # ten, if the machine has nothing else to do
    assert told[-1] - begin < 5


def test_reports_pace_themselves_by_the_clock() -> None:
    told: list[int] = []
    reports = Reports(lambda decision: bool(told.append(1)) or len(told) < 2, 0.0)
    decision = GreedyAgent(ConnectFour()).act(ConnectFour().init(1), seed_states([0]))
    assert reports.go_on(lambda: decision) and not reports.go_on(lambda: decision)
    patient = Reports(lambda _: False, 1000.0)
    assert not patient.go_on(lambda: decision)
    assert patient.go_on(lambda: pytest.fail("a report before its time"))


def test_a_tree_that_outgrows_its_room_is_the_same_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    game, found = Go(3), []
    for room in (4096, 2):
        monkeypatch.setattr("agents.search.search.FIRST_CAPACITY", room)
        agent = RolloutAgent(game, 300)
        agent.search.reuse = True
        states, seeds = game.init(3), seed_states([0, 1, 2])
        first = agent.act(states, seeds)
        game.step(states, first.action)
        found.append((first, agent.act(states, seeds), agent.act(states[:2], seeds[:2])))
    for small, large in zip(*found, strict=True):
        assert_same(small, large)


def test_an_endless_agent_thinks_on_and_leaves_out_what_is_forbidden() -> None:
    game = ConnectFour()
    root, visits = game.init(1), 0

    def watch(decision: Decision) -> bool:
        nonlocal visits
        assert decision.visits is not None and decision.forfeits is None
        visits = int(decision.visits.sum())
        return visits < 2000

    agent = net_agent(game, 8, seconds=0.001, resign_below=0.0)
    decision = agent.endless([0, 3]).think(root, seed_states([0]), watch, 0.0)
    assert visits >= 2000
    assert decision.visits is not None and not decision.visits[0, [0, 3]].any()
    free = net_agent(game, 64).act(root, seed_states([0])).visits
    assert free is not None and free[0, [0, 3]].all()


def test_what_is_forbidden_is_not_tried_even_if_it_wins_and_nothing_else_does() -> None:
    game = TicTacToe()
    root = game.parse_text("X X .\nO O .\n. . .\nX to play")
    assert RolloutAgent(game, 400).act(root, seed_states([0])).action[0] == 2  # wins at once
    for allowed in ([8], [5, 8]):
        forbidden = [a for a in np.flatnonzero(game.legal_mask(root)[0]).tolist() if a not in allowed]
        agent = RolloutAgent(game, 400).endless(forbidden)
        decision = agent.think(root, seed_states([0]), lambda now: int(np.sum(now.visits)) < 400, 0.0)
        assert decision.visits is not None and np.flatnonzero(decision.visits[0]).tolist() == allowed
        assert decision.value[0] < 0.2


@pytest.mark.parametrize("name", AGENTS)
def test_choosing_without_telling_why_is_the_same_choice(name: str) -> None:
    game = Go(5)
    states, first, second = game.init(3), seed_states(range(3)), seed_states(range(3))
    told, bare = AGENTS[name](game).act(states, first), AGENTS[name](game).choose(states, second)
    assert (told.action == bare.action).all() and (first == second).all()


def test_many_games_on_a_clock_share_the_memory_of_one_search(monkeypatch: pytest.MonkeyPatch) -> None:
    game = TicTacToe()
    agent = RolloutAgent(game, simulations=10**6)
    agent.seconds = 60.0
    monkeypatch.setattr("agents.search.player.ENDLESS_BYTES", 1 << 20)
    agent.act(game.init(8), seed_states(range(8)))
    tree = agent.search.tree
    assert tree is not None and most_simulations(game) <= tree.used < most_simulations(game) + 8 * 8 + 8
