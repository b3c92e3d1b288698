"""Skier: its landscapes against a second reading of the formula, its rules, its pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from envs.chance import seed_states
from envs.errors import LabError
from envs.games.scene import Box, Circle, Line
from envs.solo.conformance import check_world
from envs.solo.landscape import heights_of
from envs.solo.registry import make_world
from envs.solo.skier import FIRST_HELD_OUT, GOAL_HEIGHT, MAX_SLOPE, MOVES, TRACE, Skier
from envs.solo.skier_scene import EDGE

SPECS = [
    "skier",
    "skier:dims=2",
    "skier:actions=continuous",
    "skier:dims=2,actions=continuous,split=held_out,landscapes=3,steps=7,max_step=0.5",
]


def start(spec: str, n: int) -> tuple[Skier, NDArray[Any]]:
    world = make_world(spec)
    assert isinstance(world, Skier)
    return world, world.init(seed_states(range(n)))


def formula(state: np.void, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The heights at points [m, 2], as the documentation has them."""
    squares = ((points[:, None] - state["centre"]) ** 2).sum(axis=2)
    hills = (state["amplitude"] * np.exp(-state["sharpness"] * squares / 2)).sum(axis=1)
    return np.asarray(state["base"] + state["bowl"] * (points**2).sum(axis=1) + hills)


@pytest.mark.parametrize("spec", SPECS)
def test_keeps_the_contract_of_worlds(spec: str) -> None:
    check_world(make_world(spec))


@pytest.mark.parametrize("dims", [1, 2])
def test_heights_and_slopes_are_those_of_the_formula(dims: int) -> None:
    world, states = start(f"skier:dims={dims}", 200)
    heights = np.array([formula(state, state["position"][None])[0] for state in states])
    assert np.allclose(states["height"], heights, atol=1e-12)
    for axis in range(dims):
        shift = np.eye(2)[axis] * 1e-6
        rise = [formula(s, (s["position"] + shift)[None]) - formula(s, (s["position"] - shift)[None]) for s in states]
        assert np.allclose(states["slope"][:, axis], np.ravel(rise) / 2e-6, rtol=1e-5, atol=1e-6)
    observed = world.observe(states)
    assert np.allclose(observed[:, dims], heights, atol=1e-6)
    slopes = np.clip(states["slope"][:, :dims], -MAX_SLOPE, MAX_SLOPE)
    assert np.allclose(observed[:, dims + 1 : 2 * dims + 1], slopes, atol=1e-5)


@pytest.mark.parametrize(("dims", "landscapes", "points"), [(1, 500, 1001), (2, 150, 81)])
def test_the_lowest_point_is_the_lowest_and_the_highest_has_height_one(dims: int, landscapes: int, points: int) -> None:
    """Nothing on a dense grid, nor on the finer grids around its lowest and its highest point, lies beyond 0 and 1."""
    _, states = start(f"skier:dims={dims}", landscapes)
    line = np.linspace(-1, 1, points)
    grid = np.stack(np.meshgrid(line, line if dims == 2 else [0.0]), axis=-1).reshape(-1, 2)
    for state in states:
        assert formula(state, state["lowest"][None])[0] == pytest.approx(0, abs=1e-9)
        heights = formula(state, grid)
        assert heights.min() > -1e-7
        assert heights.max() < 1 + 1e-7
        near = grid * 2 / points
        low, high = (np.clip(grid[k] + near, -1, 1) for k in (heights.argmin(), heights.argmax()))
        assert formula(state, low).min() == pytest.approx(0, abs=1e-4)
        assert formula(state, high).max() == pytest.approx(1, abs=1e-4)


def test_landscapes_have_several_valleys() -> None:
    line = np.stack([np.linspace(-1, 1, 2001), np.zeros(2001)], axis=1)
    _, states = start("skier", 200)
    heights = np.array([heights_of(state, line) for state in states])
    inner = (heights[:, 1:-1] < heights[:, :-2]) & (heights[:, 1:-1] < heights[:, 2:])
    assert inner.sum(axis=1).mean() > 2.5


def test_a_landscape_is_its_number() -> None:
    parts = ["base", "bowl", "amplitude", "sharpness", "centre", "lowest"]
    _, states = start("skier:dims=2,landscapes=3", 60)
    assert set(states["landscape"]) == {0, 1, 2}
    for number in range(3):
        rows = states[states["landscape"] == number]
        assert len(np.unique(rows[parts])) == 1
        assert len(np.unique(rows["position"], axis=0)) == len(rows)
    assert len(np.unique(states[parts])) == 3


def test_held_out_landscapes_are_never_trained_on() -> None:
    train = start("skier", 2000)[1]["landscape"]
    held_out = start("skier:split=held_out", 2000)[1]["landscape"]
    assert train.max() < FIRST_HELD_OUT <= held_out.min()
    assert len(set(train)) == len(set(held_out)) == 2000


@pytest.mark.parametrize("dims", [1, 2])
def test_the_return_is_the_height_lost_and_the_end_is_no_truncation(dims: int) -> None:
    world, states = start(f"skier:dims={dims},actions=continuous,steps=30", 64)
    rng, returns, before = np.random.default_rng(0), np.zeros(64), states.copy()
    for ply in range(30):
        assert not states["terminated"].any()
        assert np.allclose(world.observe(states)[:, -1], 1 - ply / 30)
        world.step(states, rng.uniform(-1, 1, (64, dims)).astype(np.float32))
        returns += states["reward"]
    assert states["terminated"].all()
    assert not states["truncated"].any()
    assert np.allclose(returns, before["height"] - states["height"], atol=1e-5)
    assert np.array_equal(states["outcome"], states["height"] <= GOAL_HEIGHT)
    after = states.copy()
    world.step(states, np.ones((64, dims), np.float32))
    assert np.array_equal(states, after)


@pytest.mark.parametrize("dims", [1, 2])
def test_discrete_actions_move_as_the_table_says(dims: int) -> None:
    world, states = start(f"skier:dims={dims},max_step=0.01", 1)
    states["position"][0, :dims] = 0.5
    moves = MOVES[dims - 1]
    after = np.repeat(states, len(moves))
    world.step(after, np.arange(len(moves)))
    assert np.allclose(after["position"] - states["position"], 0.01 * moves)
    assert np.array_equal(world.observe(after)[:, 2 * dims + 1 : 3 * dims + 1], moves[:, :dims].astype(np.float32))
    assert world.action_name(0) == "left 1.00"
    assert world.action_name(len(moves) // 2) == "stay"


def test_more_than_a_full_step_is_a_full_step_and_the_fence_stops() -> None:
    world, states = start("skier:dims=2,actions=continuous", 1)
    states["position"][0] = 0.0, 0.95
    world.step(states, np.array([[-7.0, 0.8]], np.float32))
    assert np.allclose(states["position"][0], [-0.1, 1.0])
    assert np.allclose(states["velocity"][0], [-1.0, 0.0])


@pytest.mark.parametrize("dims", [1, 2])
def test_the_pictures_show_skier_flag_and_trace(dims: int) -> None:
    world, states = start(f"skier:dims={dims},actions=continuous", 1)
    places = [states["position"][0].copy()]
    for _ in range(TRACE + 4):
        world.step(states, np.full((1, dims), 0.3, np.float32))
        places.append(states["position"][0].copy())
    scene = world.scene(states[0])
    marks = [item for item in scene.items if isinstance(item, Circle) and item.color == "mark"]
    assert len(marks) == TRACE - 1
    middle, across = scene.width / 2, scene.width / 2 - EDGE
    assert np.allclose([(mark.x - middle) / across for mark in marks], [p[0] for p in places[-TRACE:-1]], atol=1e-6)
    (flag,) = (item for item in scene.items if isinstance(item, Box) and item.color == "goal")
    assert (flag.x - middle) / across == pytest.approx(states["lowest"][0, 0])
    skis = [item for item in scene.items if isinstance(item, Line) and item.color == "ink"]
    assert len(skis) == 2 if dims == 1 else 3  # and the flag's pole
    text = world.text(states[0])
    assert text.count("@") == 1
    assert text.count("*") == 1
    assert f"step {TRACE + 4} of 50" in text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("dims=3", "dims of world 'skier' must be 1 or 2, not 3"),
        ("actions=both", "must be discrete or continuous, not 'both'"),
        ("split=test", "must be train or held_out, not 'test'"),
        ("landscapes=-1", "landscapes of world 'skier' must be 1 to 2147483648, or 0 for all of these, not -1"),
        ("steps=0", "must be 1 to 32767, not 0"),
        ("max_step=0", "must be above 0 and at most 1, not 0.0"),
        ("max_step=nan", "must be above 0 and at most 1, not nan"),
    ],
)
def test_a_wrong_option_says_what_would_be_right(options: str, message: str) -> None:
    with pytest.raises(LabError) as error:
        make_world(f"skier:{options}")
    assert message in str(error.value)
