"""Snake: eat, grow, and do not run into a wall or yourself.

Rules. The snake begins as one cell at a random place and moves one cell a step: up, right, down or left. The food
lies on a random free cell; eating it makes the snake one cell longer and puts new food on a random free cell. Moving
into a wall or a body cell ends the episode; the snake then stays where it is, so that what it ran into can be seen.
The end of the tail moves out of the way in the same step, so its cell may be entered. Turning back is no special
case: the snake runs into its neck, and dies; only one of length 1 or 2 can turn back, for lack of a neck.

Rewards: +1 for food, -1 for running into something, else 0. When the snake fills the board the episode ends well. No
return is higher than size**2 - 1; on boards of even size a player along a Hamiltonian cycle earns it every time
(agents/solo/snake.py). Boards of odd size have no such cycle.

An episode is truncated after 2 * size**2 steps without food (walking a Hamiltonian cycle needs fewer than size**2),
and after max_steps.

The body is kept as one number a cell: in how many steps it will be free if the snake eats nothing (1 at the end of
the tail, the snake's length at its head). The observation shows these numbers, so that a single picture says which
way the body lies, and is Markov. (A byte ends at 255: beyond 16x16, the cells of a longer snake look alike near its
head.)
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from envs.chance import Seeds, next_random
from envs.errors import LabError
from envs.games.game import States, row_dtype
from envs.games.scene import Box, Circle, Primitive, Scene
from envs.jit import kernel
from envs.parallel import for_slices
from envs.solo.directions import COLUMN_STEP, DIRECTIONS, ROW_STEP, dots, spots_around
from envs.solo.world import WORLD_FIELDS, World

MIN_SIZE, MAX_SIZE = 4, 20
NOWHERE = -1  # the food's place on a full board
LONGEST = 32_767
WALL = 0.2  # how thick the walls around the board are drawn


@lru_cache
def _state_dtype(size: int) -> np.dtype[np.void]:
    fields = [("head", "i2"), ("food", "i2"), ("length", "i2"), ("hunger", "i2"), ("left", "u2", (size * size,))]
    return row_dtype([*WORLD_FIELDS, *fields])


@kernel
def _place_food(row: Any, cells: int) -> None:
    """Puts the food on a random free cell; there must be one."""
    row.seed, skip = next_random(row.seed, np.uint64(cells - row.length))
    for cell in range(cells):
        if row.left[cell] == 0:
            if skip == 0:
                row.food = cell
                return
            skip -= np.uint64(1)


@kernel
def _start(states: Any, cells: int, start: int, stop: int) -> None:
    for i in range(start, stop):
        row = states[i]
        row.seed, row.head = next_random(row.seed, np.uint64(cells))
        row.left[row.head] = row.length = 1
        _place_food(row, cells)


@kernel
def _move(row: Any, to: int, cells: int) -> None:
    """Moves the head to a cell that is free, or is the end of the tail; eats what lies there."""
    if to == row.food:
        row.length += 1
        row.hunger = 0
        row.reward = 1
    else:
        for cell in range(cells):
            row.left[cell] -= row.left[cell] > 0
    row.left[to] = row.length
    row.head = to
    if row.length == cells:
        row.terminated = True
        row.outcome = 1
        row.food = NOWHERE
    elif to == row.food:
        _place_food(row, cells)


@kernel
def _step(states: Any, actions: Any, size: int, max_steps: int, start: int, stop: int) -> None:
    cells = size * size
    for i in range(start, stop):
        row = states[i]
        if row.terminated or row.truncated:
            continue
        row.ply += 1
        row.hunger += 1
        row.reward = 0
        y, x = row.head // size + ROW_STEP[actions[i]], row.head % size + COLUMN_STEP[actions[i]]
        if 0 <= y < size and 0 <= x < size and row.left[y * size + x] <= 1:
            _move(row, y * size + x, cells)
        else:
            row.terminated = True
            row.outcome = -1
            row.reward = -1
        row.truncated = not row.terminated and (row.hunger == 2 * cells or row.ply == max_steps)


@kernel
def _observe(states: Any, planes: Any, start: int, stop: int) -> None:
    for i in range(start, stop):
        row = states[i]
        for cell in range(planes.shape[2]):
            planes[i, 0, cell] = 0
            planes[i, 1, cell] = min(row.left[cell], 255)
            planes[i, 2, cell] = 0
        planes[i, 0, row.head] = 1
        if row.food != NOWHERE:
            planes[i, 2, row.food] = 1


@dataclass(frozen=True)
class Snake(World):
    """Snake on size x size cells, 4 to 20.

    State: WORLD_FIELDS, `head` and `food` (cells, row-major), `length`, `hunger` (steps since the last meal) and
    `left` (u2 for each cell: in how many steps it will be free).
    """

    size: int = 8

    name = "snake"

    def __post_init__(self) -> None:
        if not MIN_SIZE <= self.size <= MAX_SIZE:
            raise LabError(f"Snake's size is {MIN_SIZE} to {MAX_SIZE}, not {self.size}.")

    @property
    def state_dtype(self) -> np.dtype[np.void]:
        return _state_dtype(self.size)

    @property
    def action_space(self) -> spaces.Discrete:
        return spaces.Discrete(len(DIRECTIONS))

    @property
    def observation_space(self) -> spaces.Box:
        """Planes uint8 [3, size, size]; `high` says how far each plane goes, so that a net can scale by it."""
        high = np.ones((3, self.size, self.size), np.uint8)
        high[1] = min(self.size**2, 255)
        return spaces.Box(np.zeros_like(high), high, dtype=np.uint8)

    @property
    def observation_names(self) -> tuple[str, ...]:
        return ("head", "steps until the cell is free of the body, at most 255", "food")

    @property
    def max_steps(self) -> int:
        """size**4, the most a walk along a Hamiltonian cycle can take, but never more than 32,767."""
        return min(self.size**4, LONGEST)

    def init(self, seeds: Seeds) -> States:
        states = np.zeros(len(seeds), self.state_dtype)
        states["seed"] = seeds
        for_slices(lambda start, stop: _start(states, self.size**2, start, stop), len(states))
        return states

    def step(self, states: States, actions: NDArray[Any]) -> None:
        moves = np.ascontiguousarray(actions, np.int64)
        for_slices(lambda start, stop: _step(states, moves, self.size, self.max_steps, start, stop), len(states))

    def observe(self, states: States) -> NDArray[np.uint8]:
        planes = np.empty((len(states), 3, self.size**2), np.uint8)
        for_slices(lambda start, stop: _observe(states, planes, start, stop), len(states))
        return planes.reshape(-1, 3, self.size, self.size)

    def info(self, states: States) -> dict[str, NDArray[Any]]:
        """{"length": the snake's, int64[n]}."""
        return {"length": states["length"].astype(np.int64)}

    def action_name(self, action: Any) -> str:
        return DIRECTIONS[action]

    def text(self, state: np.void) -> str:
        """Rows from the top: '@' the head, 'o' the body, ',' the end of the tail, '*' the food."""
        cells = np.where(state["left"] == 1, ",", np.where(state["left"] > 0, "o", "."))
        cells[state["head"]] = "@"
        if state["food"] != NOWHERE:
            cells[state["food"]] = "*"
        return "\n".join(" ".join(row) for row in cells.reshape(self.size, self.size))

    def scene(self, state: np.void) -> Scene:
        """A snake with a round body; its head is marked when it has run into something."""
        size, side = self.size, self.size + 2 * WALL
        items: list[Primitive] = [Box(0, 0, side, side, "wall"), Box(WALL, WALL, size, size, "floor")]
        items += dots(WALL, WALL, size, size)
        if state["food"] != NOWHERE:
            items.append(Circle(*_middle(state["food"], size), 0.28, "goal"))
        body = [_middle(cell, size) for cell in _body(state)]
        items += [Circle(x, y, 0.36, "body") for x, y in body]
        items += [_joint(*a, *b) for a, b in pairwise(body)]
        spots = spots_around(body[0][0] - 0.5, body[0][1] - 0.5, side, side)
        return Scene(side, side, items + _face(state, body), spots)


def _middle(cell: int, size: int) -> tuple[float, float]:
    """Where in the scene a cell has its middle, as (x, y)."""
    return int(cell) % size + WALL + 0.5, int(cell) // size + WALL + 0.5


def _body(state: np.void) -> NDArray[np.int64]:
    """The cells of the snake from its head to the end of its tail. Shape [length]."""
    order = np.argsort(-state["left"].astype(np.int64), kind="stable")
    return order[: state["length"]]


def _joint(x0: float, y0: float, x1: float, y1: float) -> Box:
    """The piece of body between the middles of two neighbouring cells."""
    across, along = 0.36 * (x0 == x1), 0.36 * (y0 == y1)
    left, top = min(x0, x1) - across, min(y0, y1) - along
    return Box(left, top, abs(x1 - x0) + 2 * across, abs(y1 - y0) + 2 * along, "body")


def _face(state: np.void, body: list[tuple[float, float]]) -> list[Primitive]:
    """The head, with eyes that look away from the neck; upwards if there is none."""
    x, y = body[0]
    dx, dy = (x - body[1][0], y - body[1][1]) if len(body) > 1 else (0.0, -1.0)
    items: list[Primitive] = [Circle(x, y, 0.42, "mark" if state["outcome"] < 0 else "agent")]
    for side in (-0.19, 0.19):
        eye_x, eye_y = x + 0.13 * dx - side * dy, y + 0.13 * dy + side * dx
        items.append(Circle(eye_x, eye_y, 0.11, "floor"))
        items.append(Circle(eye_x + 0.04 * dx, eye_y + 0.04 * dy, 0.055, "ink"))
    return items
