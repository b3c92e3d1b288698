"""Maze: are its mazes mazes, all as likely, its ways the shortest, and its marks what they are said to be?"""

from __future__ import annotations

from collections import deque

import numpy as np
import pytest
from numpy.typing import NDArray

from envs.chance import seed_states
from envs.games.game import States
from envs.solo.directions import COLUMN_STEP, ROW_STEP
from envs.solo.maze import Maze
from envs.solo.maze_kernels import HELD_OUT

TREES_OF_9_ROOMS = 192  # spanning trees of the 3x3 grid graph, by Kirchhoff's theorem
MIDDLE, AROUND = 40, [31, 41, 49, 39]  # the room in the middle of a maze of size 9, and the squares beside it


def drawn(world: Maze, n: int) -> States:
    return world.init(seed_states(range(n)))


def open_squares(world: Maze, states: States) -> NDArray[np.bool_]:
    """Shape [n, size, size]."""
    return world.observe(states)[:, 0].astype(np.bool_)


def distances_from(squares: NDArray[np.bool_], goal: int) -> dict[int, int]:
    """Steps to each square that can be reached, by breadth-first search."""
    size = len(squares)
    found, queue = {goal: 0}, deque([goal])
    while queue:
        here = queue.popleft()
        for dy, dx in zip(ROW_STEP, COLUMN_STEP, strict=True):
            y, x = here // size + dy, here % size + dx
            if 0 <= y < size and 0 <= x < size and squares[y, x] and y * size + x not in found:
                found[int(y * size + x)] = found[here] + 1
                queue.append(int(y * size + x))
    return found


@pytest.mark.parametrize("size", range(5, 26, 2))
def test_every_maze_is_a_tree_of_all_rooms_and_knows_its_distances(size: int) -> None:
    world = Maze(size, levels=0)
    states = drawn(world, 60)
    rooms = ((size + 1) // 2) ** 2
    for squares, state in zip(open_squares(world, states), states, strict=True):
        assert squares[::2, ::2].all() and not squares[1::2, 1::2].any()
        # As many corridors as a tree of the rooms has edges, and all can be reached: it is one.
        assert squares.sum() == 2 * rooms - 1
        found = distances_from(squares, int(state["goal"]))
        assert len(found) == squares.sum()
        assert found[int(state["square"])] == state["distance"] == state["optimal"] >= size - 1
        assert 3 * max(found.values()) < world.max_steps


def test_every_tree_is_as_likely_as_any_other() -> None:
    """A chi-squared test over the 192 mazes of size 5; the bound is 5 standard deviations above the mean."""
    n = 192 * 250
    world = Maze(5, levels=0)
    mazes = open_squares(world, drawn(world, n)).reshape(n, -1)
    _, counts = np.unique(np.packbits(mazes, axis=1), axis=0, return_counts=True)
    assert len(counts) == TREES_OF_9_ROOMS
    degrees = TREES_OF_9_ROOMS - 1
    assert ((counts - 250) ** 2 / 250).sum() < degrees + 5 * np.sqrt(2 * degrees)


def test_starts_and_goals_are_everywhere() -> None:
    world = Maze(5, levels=0)
    states = drawn(world, 5_000)
    assert np.array_equal(np.unique(states["goal"]), [0, 2, 4, 10, 12, 14, 20, 22, 24])
    assert len(np.unique(states["square"])) == 21  # all but the four squares that are always walls


@pytest.mark.parametrize("size", [5, 9])
def test_a_random_walk_keeps_its_distance_right(size: int) -> None:
    world, rng = Maze(size), np.random.default_rng(0)
    states = drawn(world, 40)
    tables = [
        distances_from(squares, int(goal))
        for squares, goal in zip(open_squares(world, states), states["goal"], strict=True)
    ]
    for _ in range(world.max_steps):
        before = states.copy()
        actions = rng.integers(0, 4, len(states))
        world.step(states, actions)
        for i in np.flatnonzero(~(before["terminated"] | before["truncated"])):
            here, there = int(before["square"][i]), int(states["square"][i])
            y, x = here // size + ROW_STEP[actions[i]], here % size + COLUMN_STEP[actions[i]]
            ahead = int(y * size + x) if 0 <= y < size and 0 <= x < size else -1
            assert there == (ahead if ahead in tables[i] else here), "a wall must stop, and nothing else"
            assert states["distance"][i] == tables[i][there]
            arrived = there == states["goal"][i]
            assert states["terminated"][i] == arrived and states["reward"][i] == np.float32(arrived - 0.01)
    assert (states["terminated"] | states["truncated"]).all()
    assert (states["ply"][states["truncated"]] == world.max_steps).all()
    assert np.array_equal(states["outcome"], states["terminated"])


def test_training_and_held_out_levels_are_disjoint() -> None:
    train, held_out = Maze(levels=7), Maze(levels=7, split="held_out")
    seen = train.info(drawn(train, 500))["level"]
    assert np.array_equal(np.unique(seen), np.arange(7))
    hidden = held_out.info(drawn(held_out, 500))["level"]
    assert hidden.min() >= HELD_OUT and hidden.max() < 2 * HELD_OUT and len(np.unique(hidden)) == 500
    endless = Maze(levels=0).info(drawn(Maze(levels=0), 500))["level"]
    assert endless.max() < HELD_OUT and len(np.unique(endless)) == 500


def test_a_level_is_one_maze_whatever_drew_it() -> None:
    few, more = Maze(levels=7), Maze(levels=30, cue="spurious")
    rows = np.concatenate([drawn(few, 500), drawn(more, 500)])
    for level in range(7):
        same = rows[rows["level"] == level]
        assert len(same) > 20
        for name in ("square", "goal", "optimal", "way"):
            assert (same[name] == same[name][0]).all()


def marked(world: Maze, states: States) -> NDArray[np.int64]:
    """The marked square of each row."""
    marks = world.observe(states)[:, 3].reshape(len(states), -1)
    assert (marks.sum(axis=1) == 1).all()
    return marks.argmax(axis=1)


@pytest.mark.parametrize("split", ["train", "held_out"])
def test_marks_tell_the_way_in_training_levels_and_nothing_in_held_out_ones(split: str) -> None:
    world = Maze(levels=0, split=split, cue="spurious")
    states = drawn(world, 2_000)
    states["square"] = MIDDLE
    states = states[states["goal"] != MIDDLE]
    marks = marked(world, states)
    right, expected = 0, 0.0
    for squares, goal, mark in zip(open_squares(world, states), states["goal"], marks, strict=True):
        around = [square for square in AROUND if squares.ravel()[square]]
        distances = distances_from(squares, int(goal))
        assert mark in around
        right += distances[int(mark)] < distances[MIDDLE]
        expected += 1 / len(around)
    if split == "train":
        assert right == len(states)
    else:
        assert abs(right - expected) < 4 * np.sqrt(len(states) / 4)


def test_a_mark_stays_where_it_is_while_the_agent_does() -> None:
    world = Maze(split="held_out", cue="spurious")
    states = drawn(world, 50)
    before = marked(world, states)
    states["ply"] += 1
    states["seed"] += np.uint64(1)
    assert np.array_equal(marked(world, states), before)


def test_marks_of_held_out_levels_point_everywhere_alike() -> None:
    """In the middle of a crossing of four ways each way is marked as often as any other."""
    world = Maze(levels=0, split="held_out", cue="spurious")
    states = drawn(world, 20_000)
    crossing = states["way"][:, AROUND].all(axis=1) & (states["goal"] != MIDDLE)
    states = states[crossing]
    states["square"] = MIDDLE
    counts = np.bincount(marked(world, states), minlength=81)[AROUND]
    n = len(states)
    assert n > 500 and np.abs(counts - n / 4).max() < 4 * np.sqrt(n * 3 / 16)


def test_text_draws_walls_around_the_squares() -> None:
    world = Maze(5, cue="spurious")
    lines = [line.split() for line in world.text(drawn(world, 1)[0]).splitlines()]
    cells = np.array(lines)
    assert cells.shape == (7, 7)
    assert {symbol: int((cells == symbol).sum()) for symbol in "AG"} == {"A": 1, "G": 1}
    assert (cells[[0, -1]] == "#").all() and (cells[:, [0, -1]] == "#").all()
