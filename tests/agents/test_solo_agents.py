"""The reference players earn what the worlds say is the best there is; and the mark misleads who follows it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from agents.agent import Agent
from agents.solo.catch import PerfectCatcher
from agents.solo.maze import MarkFollower, ShortestPathAgent
from agents.solo.snake import HamiltonianAgent, hamiltonian_cycle
from envs.chance import seed_states
from envs.errors import LabError
from envs.games.game import States
from envs.solo.catch import Catch
from envs.solo.maze import Maze
from envs.solo.snake import Snake
from envs.solo.world import World, is_over


def play(world: World, agent: Agent, episodes: int) -> tuple[States, States, NDArray[np.float64]]:
    """Episodes from start to end: the states at both, and the returns [n]."""
    states, seeds = world.init(seed_states(range(episodes))), seed_states(range(episodes, 2 * episodes))
    starts, returns = states.copy(), np.zeros(episodes)
    while not is_over(states).all():
        running = np.flatnonzero(~is_over(states))
        rows, drawn = states[running], seeds[running]
        decision = agent.act(rows, drawn)
        chosen = decision.policy[np.arange(len(rows)), decision.action]
        assert (chosen == 1).all() and (decision.policy.sum(axis=1) == 1).all()
        world.step(rows, decision.action)
        states[running], seeds[running] = rows, drawn
        returns[running] += rows["reward"]
    return starts, states, returns


@pytest.mark.parametrize("world", [Catch(), Catch(4, 6), Catch(3, 5), Catch(20, 2)], ids=lambda world: world.spec)
def test_the_perfect_catcher_catches_every_ball(world: Catch) -> None:
    starts, _, returns = play(world, PerfectCatcher(world), 200)
    assert len(np.unique(starts["ball"])) == world.columns
    assert (returns == 1).all()


def test_the_perfect_catcher_knows_which_balls_are_lost() -> None:
    """In every position, against the end of the episode played from there."""
    world = Catch(4, 7)
    agent = PerfectCatcher(world)
    states = np.repeat(world.init(seed_states([0])), 3 * 49)
    plies, balls, paddles = np.indices((3, 7, 7)).reshape(3, -1)
    states["ply"], states["ball"], states["paddle"] = plies, balls, paddles
    values = agent.act(states, seed_states(range(len(states)))).value
    while not is_over(states).all():
        world.step(states, agent.act(states, seed_states(range(len(states)))).action)
    assert np.array_equal(values, states["reward"]) and set(values) == {-1.0, 1.0}


@pytest.mark.parametrize(("size", "episodes"), [(4, 40), (6, 20), (8, 10)])
def test_the_hamiltonian_agent_fills_every_board(size: int, episodes: int) -> None:
    world = Snake(size)
    _, ends, returns = play(world, HamiltonianAgent(world), episodes)
    assert (returns == size**2 - 1).all() and (ends["outcome"] == 1).all()
    assert (ends["ply"] < world.max_steps).all()


@pytest.mark.parametrize("size", range(4, 21, 2))
def test_the_cycle_passes_every_cell_once(size: int) -> None:
    actions, cell, seen = hamiltonian_cycle(size), 0, []
    for _ in range(size * size):
        seen.append(cell)
        cell += (-size, 1, size, -1)[actions[cell]]
    assert cell == 0 and sorted(seen) == list(range(size * size))


def test_the_hamiltonian_agent_expects_the_food_that_is_to_come() -> None:
    world = Snake(4)
    states = world.init(seed_states(range(3)))
    assert HamiltonianAgent(world).act(states, seed_states(range(3))).value.tolist() == [15, 15, 15]


def test_the_hamiltonian_agent_refuses_a_board_without_a_cycle() -> None:
    with pytest.raises(LabError, match="needs a board of even size: no cycle passes all cells of snake:size=7"):
        HamiltonianAgent(Snake(7))


@pytest.mark.parametrize("split", ["train", "held_out"])
@pytest.mark.parametrize("cue", ["none", "spurious"])
def test_the_shortest_path_agent_earns_the_best_return_in_every_level(split: str, cue: str) -> None:
    world = Maze(levels=50, split=split, cue=cue)
    agent = ShortestPathAgent(world)
    starts, ends, returns = play(world, agent, 100)
    assert (ends["outcome"] == 1).all()
    assert np.array_equal(ends["ply"], starts["optimal"])
    assert np.allclose(returns, 1 - 0.01 * starts["optimal"], atol=1e-5)
    assert np.allclose(agent.act(starts, seed_states(range(100))).value, returns, atol=1e-5)


@pytest.mark.parametrize("size", [5, 25])
def test_the_shortest_path_agent_solves_mazes_of_every_size(size: int) -> None:
    world = Maze(size, levels=0)
    starts, ends, _ = play(world, ShortestPathAgent(world), 10)
    assert np.array_equal(ends["ply"], starts["optimal"])


def test_following_the_mark_solves_training_levels_and_fails_on_held_out_ones() -> None:
    """The lesson of the snow and the husky, in figures; the shortest path above solves both."""
    train = Maze(cue="spurious")
    starts, ends, _ = play(train, MarkFollower(train), 300)
    assert (ends["outcome"] == 1).all() and np.array_equal(ends["ply"], starts["optimal"])
    held_out = Maze(cue="spurious", split="held_out")
    _, ends, _ = play(held_out, MarkFollower(held_out), 300)
    assert (ends["outcome"] == 1).mean() < 0.05


def test_a_mark_follower_needs_marks() -> None:
    with pytest.raises(LabError, match="needs a maze with marks"):
        MarkFollower(Maze())
