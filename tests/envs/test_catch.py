"""Catch: every way to play it, its pictures, and OpenSpiel's Catch."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from envs.chance import seed_states
from envs.games.game import States
from envs.solo.catch import Catch


def with_balls(world: Catch, balls: list[int]) -> States:
    """Episodes at their start, with the balls in these columns."""
    states = world.init(seed_states(range(len(balls))))
    states["ball"] = balls
    return states


@pytest.mark.parametrize(("rows", "columns"), [(10, 5), (4, 6), (3, 5), (2, 2), (6, 2)])
def test_every_ball_can_be_caught_and_every_ball_missed(rows: int, columns: int) -> None:
    """All that can happen, by following every paddle that can be reached under every ball."""
    world = Catch(rows, columns)
    states = with_balls(world, list(range(columns)))
    for _ in range(rows - 1):
        assert not states["terminated"].any()
        after = np.repeat(states, 3)
        world.step(after, np.tile([0, 1, 2], len(states)))
        _, kept = np.unique(after[["ball", "paddle"]], return_index=True)
        states = after[kept]
    assert states["terminated"].all()
    assert np.array_equal(states["reward"], np.where(states["ball"] == states["paddle"], 1, -1))
    for ball in range(columns):
        assert set(states["reward"][states["ball"] == ball]) == {-1.0, 1.0}


def test_a_wider_world_could_not_be_won_everywhere() -> None:
    """One row fewer than the world asks for: the ball in the first column is out of reach, if only just."""
    world = Catch(4, 6)
    states = with_balls(world, [0])
    for _ in range(2):
        world.step(states, np.array([0]))
    assert states["paddle"] == 1


def test_the_planes_show_ball_and_paddle_and_nothing_else() -> None:
    world = Catch(4, 3)
    states = with_balls(world, [2])
    world.step(states, np.array([0]))
    ball, paddle = world.observe(states)[0]
    assert np.argwhere(ball).tolist() == [[1, 2]] and np.argwhere(paddle).tolist() == [[3, 0]]
    assert world.text(states[0]) == ". . .\n. . o\n. . .\n= . ."


def test_the_end_is_drawn() -> None:
    world = Catch(2, 3)
    states = with_balls(world, [1, 0])
    world.step(states, np.array([1, 1]))
    assert [world.text(state) for state in states] == [". . .\n. @ .", ". . .\no = ."]
    assert [world.scene(state).items[-1].color for state in states] == ["goal", "mark"]


def test_balls_start_in_every_column_alike() -> None:
    columns = Catch().init(seed_states(range(20_000)))["ball"]
    assert np.abs(np.bincount(columns, minlength=5) / 20_000 - 0.2).max() < 0.01  # 3.5 standard deviations


@pytest.mark.parametrize(("rows", "columns"), [(10, 5), (4, 3)])
def test_is_the_catch_of_open_spiel(rows: int, columns: int) -> None:
    pyspiel = pytest.importorskip("pyspiel", reason="OpenSpiel (the `peers` extra) is not installed")
    game = pyspiel.load_game("catch", {"rows": rows, "columns": columns})
    world = Catch(rows, columns)
    rng = np.random.default_rng(0)
    for ball, _ in product(range(columns), range(20)):
        states, theirs = with_balls(world, [ball]), game.new_initial_state()
        theirs.apply_action(ball)
        while not theirs.is_terminal():
            # Their picture is one plane: the ball, and the paddle in the last row.
            picture = np.array(theirs.observation_tensor()).reshape(rows, columns)
            assert np.array_equal(picture, world.observe(states)[0].max(axis=0))
            action = int(rng.integers(3))
            theirs.apply_action(action)
            world.step(states, np.array([action]))
        assert states["terminated"] and states["reward"] == theirs.returns()[0]
