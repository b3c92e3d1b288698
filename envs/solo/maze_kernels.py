"""The maze's rules on rows: how a level grows from its number, what a step does, what is seen.

Rooms are the squares of even row and even column, numbered row by row. `way` begins as the map of what is open and
ends as the direction of the shortest way. A maze is a tree, so a step along the way comes one nearer, any other step
goes one further, and the distance needs no search.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from envs.chance import mix, next_random
from envs.jit import kernel
from envs.solo.directions import COLUMN_STEP, ROW_STEP

HELD_OUT = 2**31  # the first held-out level; as many as there can be training levels follow
WALL, GOAL = 0, 5  # in `way`; 1 to 4 are directions + 1
STEP_COST = 0.01


@kernel
def _neighbour(place: int, direction: Any, side: int, stride: int) -> Any:
    """The place `stride` rows or columns on, on a square of side**2 places; -1 beyond the edge."""
    y = place // side + stride * ROW_STEP[direction]
    x = place % side + stride * COLUMN_STEP[direction]
    return y * side + x if 0 <= y < side and 0 <= x < side else -1


@kernel
def _carve(way: Any, random: Any, size: int, exits: Any) -> Any:
    """Opens the squares of a uniformly random spanning tree of the rooms (Wilson, 1996); the random state after it.

    From each room that is not in the tree yet a random walk goes on until it meets the tree, and only the last exit it
    took from each room counts, which leaves its loops out.
    """
    side = (size + 1) // 2
    way[:] = WALL
    way[0] = GOAL
    for first in range(1, side * side):
        room = first
        while way[2 * (room // side) * size + 2 * (room % side)] == WALL:
            random, draw = next_random(random, np.uint64(4))
            to = _neighbour(room, np.int64(draw), side, 1)
            if to >= 0:
                exits[room] = draw
                room = to
        square = 2 * (first // side) * size + 2 * (first % side)
        while way[square] == WALL:
            direction = exits[square // size // 2 * side + square % size // 2]
            way[square] = way[_neighbour(square, direction, size, 1)] = GOAL
            square = _neighbour(square, direction, size, 2)
    return random


@kernel
def _point_the_way(way: Any, goal: int, size: int, queue: Any, distances: Any) -> int:
    """Turns the open squares into directions to the goal, nearest first; how many squares are open.

    queue: the open squares by their distance; distances: those of the squares in the queue.
    """
    # Squares that are open and not reached yet hold GOAL; only the goal keeps it.
    queue[0], distances[0], count, done = goal, 0, 1, 0
    while done < count:
        for direction in range(4):
            to = _neighbour(queue[done], direction, size, 1)
            if to >= 0 and to != goal and way[to] == GOAL:
                way[to] = 1 + (direction + 2) % 4
                queue[count], distances[count] = to, distances[done] + 1
                count += 1
        done += 1
    return count


@kernel
def start_rows(states: Any, first: int, count: int, size: int, start: int, stop: int) -> None:
    """Draws each row's level from `count` levels, and makes it."""
    exits = np.empty(size * size, np.int64)
    queue, distances = np.empty(size * size, np.int64), np.empty(size * size, np.int64)
    for i in range(start, stop):
        row = states[i]
        row.seed, draw = next_random(row.seed, np.uint64(count))
        row.level = np.uint64(first) + draw
        random = _carve(row.way, mix(np.uint64(row.level)), size, exits)
        side = (size + 1) // 2
        random, draw = next_random(random, np.uint64(side * side))
        room = np.int64(draw)
        row.goal = 2 * (room // side) * size + 2 * (room % side)
        num_open = _point_the_way(row.way, row.goal, size, queue, distances)
        near = np.searchsorted(distances[:num_open], size - 1)
        random, draw = next_random(random, np.uint64(num_open - near))
        row.square = queue[near + np.int64(draw)]
        row.distance = row.optimal = distances[near + np.int64(draw)]


@kernel
def step_rows(states: Any, actions: Any, size: int, max_steps: int, start: int, stop: int) -> None:
    """Moves the agent of every row that is not over."""
    for i in range(start, stop):
        row = states[i]
        if row.terminated or row.truncated:
            continue
        row.ply += 1
        row.reward = -STEP_COST
        to = _neighbour(row.square, actions[i], size, 1)
        if to >= 0 and row.way[to] != WALL:
            row.distance += -1 if row.way[row.square] == actions[i] + 1 else 1
            row.square = to
            if to == row.goal:
                row.reward += 1
                row.terminated = True
                row.outcome = 1
        row.truncated = not row.terminated and row.ply == max_steps


@kernel
def _mark(row: Any, size: int) -> Any:
    """The square that the spurious cue marks: the next on the way in a training level, any in a held-out one."""
    if row.level < HELD_OUT:
        return _neighbour(row.square, row.way[row.square] - 1, size, 1)
    random = mix(np.uint64(row.level) * np.uint64(size * size) + np.uint64(row.square))
    while True:
        random, draw = next_random(random, np.uint64(4))
        to = _neighbour(row.square, np.int64(draw), size, 1)
        if to >= 0 and row.way[to] != WALL:
            return to


@kernel
def observe_rows(states: Any, planes: Any, size: int, start: int, stop: int) -> None:
    """Writes the planes [n, C, size * size]; a fourth one, if there is room for it, is the mark."""
    for i in range(start, stop):
        row = states[i]
        for square in range(size * size):
            planes[i, 0, square] = row.way[square] != WALL
        planes[i, 1:] = 0
        planes[i, 1, row.square] = 1
        planes[i, 2, row.goal] = 1
        if planes.shape[1] > 3 and row.square != row.goal:
            planes[i, 3, _mark(row, size)] = 1
