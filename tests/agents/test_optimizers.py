"""Optimisers that ski: their steps against the textbook's formulas, their memory, and who may play what."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from agents.agent import Agent
from agents.registry import AGENTS, make_agent
from envs.chance import seed_states
from envs.errors import LabError
from envs.games.tic_tac_toe import TicTacToe
from envs.solo.registry import make_world
from envs.solo.skier import MOVES, Skier

NAMES = ["gd", "sgd_noise", "momentum", "adam", "optimum", "random"]


def ski(world: Skier, agent: Agent, states: NDArray[Any], steps: int, seed: int = 0) -> NDArray[np.float64]:
    """The positions after each step, [steps, n, dims]; states are left as they end."""
    seeds = seed_states(range(seed, seed + len(states)))
    track = []
    for _ in range(steps):
        world.step(states, agent.act(states, seeds).action)
        track.append(states["position"][:, : world.dims].copy())
    return np.array(track)


def episodes(world: Skier, n: int = 16) -> NDArray[Any]:
    return world.init(seed_states(range(n)))


class Textbook:
    """The three formulas, one skier at a time, in float64."""

    def __init__(self, name: str, dims: int) -> None:
        self.name, self.mean, self.square, self.t = name, np.zeros(dims), np.zeros(dims), 0

    def displacement(self, slope: NDArray[np.float64]) -> NDArray[np.float64]:
        self.t += 1
        if self.name == "gd:lr=0.03":
            return -0.03 * slope
        if self.name == "momentum:lr=0.02,momentum=0.8":
            self.mean = 0.8 * self.mean + slope
            return -0.02 * self.mean
        assert self.name == "adam:lr=0.05,beta1=0.7"
        self.mean = 0.7 * self.mean + 0.3 * slope
        self.square = 0.999 * self.square + 0.001 * slope**2
        mean, square = self.mean / (1 - 0.7**self.t), self.square / (1 - 0.999**self.t)
        return -0.05 * mean / (np.sqrt(square) + 1e-8)


@pytest.mark.parametrize("dims", [1, 2])
@pytest.mark.parametrize("name", ["gd:lr=0.03", "momentum:lr=0.02,momentum=0.8", "adam:lr=0.05,beta1=0.7"])
def test_steps_are_those_of_the_textbook_clipped_to_max_step(name: str, dims: int) -> None:
    world = Skier(dims=dims, actions="continuous", max_step=0.04)
    states = episodes(world)
    agent, books = make_agent(name, world), [Textbook(name, dims) for _ in states]
    seeds = seed_states(range(len(states)))
    clipped = 0
    for _ in range(world.steps):
        wanted = np.array([book.displacement(s["slope"][:dims]) for book, s in zip(books, states, strict=True)])
        action = agent.act(states, seeds).action
        assert np.allclose(action, np.clip(wanted / world.max_step, -1, 1), atol=2e-4)
        clipped += int((np.abs(wanted) > world.max_step).sum())
        world.step(states, action)
    assert clipped > 0


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("actions", ["continuous", "discrete"])
def test_a_skier_depends_on_its_row_alone(name: str, actions: str) -> None:
    world = Skier(dims=2, actions=actions)
    together = ski(world, make_agent(name, world), episodes(world), 20)
    for row in (0, 7, 15):
        alone = ski(world, make_agent(name, world), episodes(world)[row : row + 1], 20, seed=row)
        assert np.array_equal(alone[:, 0], together[:, row])


@pytest.mark.parametrize("name", ["momentum", "adam"])
def test_a_slot_that_begins_another_episode_remembers_nothing(name: str) -> None:
    world = Skier(dims=2, actions="continuous")
    agent, states = make_agent(name, world), episodes(world, 3)
    ski(world, agent, states, 6)
    fresh = world.init(seed_states([100]))
    expected = ski(world, make_agent(name, world), fresh.copy(), 10)
    undisturbed = ski(world, make_agent(name, world), episodes(world, 3), 16)
    states[1] = fresh[0]
    track = ski(world, agent, states, 10)
    assert np.array_equal(track[:, 1], expected[:, 0])
    assert np.array_equal(track[:, [0, 2]], undisturbed[6:, [0, 2]])


def test_reset_forgets() -> None:
    world = Skier(actions="continuous")
    agent, states = make_agent("momentum", world), episodes(world)
    ski(world, agent, states, 6)
    seeds = seed_states(range(len(states)))
    first = make_agent("momentum", world).act(states, seeds).action
    assert not np.array_equal(agent.act(states.copy(), seeds).action, first)
    agent.reset()
    assert np.array_equal(agent.act(states, seeds).action, first)


def test_where_actions_are_discrete_the_nearest_is_taken() -> None:
    world = Skier(dims=2)
    states = episodes(world, 64)
    decision = make_agent("gd:lr=0.05", world).act(states, seed_states(range(64)))
    wanted = np.clip(-0.05 * states["slope"] / world.max_step, -1, 1)
    for action, want, policy in zip(decision.action, wanted, decision.policy, strict=True):
        distances = np.linalg.norm(MOVES[1] - want, axis=1)
        assert distances[action] == pytest.approx(distances.min(), abs=1e-6)
        assert policy[action] == policy.sum() == 1
    assert len(set(decision.action)) > 4


def test_noise_is_normal_and_comes_from_the_seeds() -> None:
    world = Skier(actions="continuous", max_step=1.0)
    states = np.repeat(episodes(world, 1), 4000)
    agent = make_agent("sgd_noise:lr=0.1,noise=0.5", world)
    moves = agent.act(states, seed_states(range(4000))).action[:, 0] / -0.1
    assert moves.mean() == pytest.approx(states["slope"][0, 0], abs=0.03)
    assert moves.std() == pytest.approx(0.5, rel=0.05)
    assert np.mean(np.abs(moves - moves.mean()) < 0.5) == pytest.approx(0.683, abs=0.03)


@pytest.mark.parametrize("spec", ["skier", "skier:dims=2", "skier:dims=2,actions=continuous"])
def test_the_optimum_is_reached_and_the_order_is_as_documented(spec: str) -> None:
    world = make_world(f"{spec}{',' if ':' in spec else ':'}split=held_out")
    assert isinstance(world, Skier)
    final = {}
    for name in NAMES:
        states = episodes(world, 300)
        ski(world, make_agent(name, world), states, world.steps)
        final[name] = states["height"].mean()
    assert final["optimum"] < 0.005 < final["adam"] < final["gd"] < final["random"]
    assert final["momentum"] < final["gd"]


@pytest.mark.parametrize("name", ["gd", "sgd_noise", "momentum", "adam", "optimum"])
def test_the_usage_shows_the_defaults(name: str) -> None:
    assert make_agent(name, Skier()).name == AGENTS[name].usage


@pytest.mark.parametrize(
    ("world", "agent", "sentence"),
    [
        ("snake", "adam", "Agent 'adam' plays skier, not snake."),
        ("skier", "hamiltonian", "Agent 'hamiltonian' plays snake, not skier."),
        ("skier", "greedy", "Agent 'greedy' plays board games, not skier."),
        ("skier", "adm", "Did you mean 'adam'?"),
        ("skier", "adam:lr=-1", "lr of agent 'adam' must be 0 to 100, not -1"),
        ("skier", "adam:beta1=1", "beta1 of agent 'adam' must be 0 to 0.9999, not 1"),
        ("skier", "sgd_noise:noise=nan", "noise of agent 'sgd_noise' must be 0 to 1000, not nan"),
        ("skier", "momentum:momentum=2", "momentum of agent 'momentum' must be 0 to 1, not 2"),
        ("skier", "gd:momentum=0.9", "Agent 'gd' has no option 'momentum'; it has: lr"),
        ("skier", "optimum:lr=1", "'optimum:lr=1' gives agent 'optimum' what it does not take"),
    ],
)
def test_a_wrong_pairing_or_option_is_one_sentence(world: str, agent: str, sentence: str) -> None:
    with pytest.raises(LabError) as error:
        make_agent(agent, make_world(world))
    assert sentence in str(error.value)


def test_an_agent_of_a_world_plays_no_board_game() -> None:
    with pytest.raises(LabError, match="Agent 'adam' plays skier, not tic_tac_toe"):
        make_agent("adam", TicTacToe())


def test_an_agent_without_torch_does_not_wait_for_it() -> None:
    code = (
        "import sys; from agents.registry import make_agent; from envs.solo.registry import make_world;"
        "make_agent('random', make_world('skier')); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
