"""Catch: a ball falls one row a step, a paddle at the bottom moves to be under it.

The smallest task that is seen as a picture: one reward, at the end, +1 for a ball that is caught and -1 for one that
is missed. Played as in Mnih et al., "Recurrent models of visual attention" (2014), bsuite (Osband et al., 2020) and
OpenSpiel: the ball starts in the top row in a random column, the paddle in the middle of the bottom row, and the ball
comes down straight.

Every ball can be caught: no column is further than columns // 2 from the paddle's, the ball takes rows - 1 steps to
come down, and a world with fewer steps than that is refused. The best return is therefore +1, whatever the seed.
"""

from __future__ import annotations

from dataclasses import dataclass
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
from envs.solo.directions import dots
from envs.solo.world import WORLD_FIELDS, World

# `ball` and `paddle` are columns; the ball's row is `ply`.
STATE = row_dtype([*WORLD_FIELDS, ("ball", "i2"), ("paddle", "i2")])
ACTIONS = ("left", "stay", "right")
MAX_SIDE = 64


@kernel
def _start(states: Any, columns: int, start: int, stop: int) -> None:
    for i in range(start, stop):
        row = states[i]
        row.seed, row.ball = next_random(row.seed, np.uint64(columns))
        row.paddle = columns // 2


@kernel
def _step(states: Any, actions: Any, rows: int, columns: int, start: int, stop: int) -> None:
    for i in range(start, stop):
        row = states[i]
        if row.terminated:
            continue
        row.paddle = min(max(row.paddle + actions[i] - 1, 0), columns - 1)
        row.ply += 1
        if row.ply == rows - 1:
            row.terminated = True
            row.outcome = 1 if row.ball == row.paddle else -1
            row.reward = row.outcome


@kernel
def _observe(states: Any, planes: Any, start: int, stop: int) -> None:
    bottom = planes.shape[2] - 1
    planes[start:stop] = 0
    for i in range(start, stop):
        planes[i, 0, states[i].ply, states[i].ball] = 1
        planes[i, 1, bottom, states[i].paddle] = 1


@dataclass(frozen=True)
class Catch(World):
    """Catch on `rows` x `columns` cells, each 2 to 64. State: WORLD_FIELDS and the columns of ball and paddle."""

    rows: int = 10
    columns: int = 5

    name = "catch"

    def __post_init__(self) -> None:
        for what, side in (("rows", self.rows), ("columns", self.columns)):
            if not 2 <= side <= MAX_SIDE:
                raise LabError(f"Catch has 2 to {MAX_SIDE} {what}, not {side}.")
        if self.columns // 2 > self.rows - 1:
            raise LabError(
                f"With {self.rows} rows and {self.columns} columns some balls cannot be caught; "
                f"rows must be at least {self.columns // 2 + 1}."
            )

    @property
    def state_dtype(self) -> np.dtype[np.void]:
        return STATE

    @property
    def action_space(self) -> spaces.Discrete:
        return spaces.Discrete(len(ACTIONS))

    @property
    def observation_space(self) -> spaces.Box:
        return spaces.Box(0, 1, (len(self.observation_names), self.rows, self.columns), np.uint8)

    @property
    def observation_names(self) -> tuple[str, ...]:
        return ("ball", "paddle")

    @property
    def max_steps(self) -> int:
        """rows - 1: every episode has exactly this many steps, and none is truncated."""
        return self.rows - 1

    def init(self, seeds: Seeds) -> States:
        states = np.zeros(len(seeds), STATE)
        states["seed"] = seeds
        for_slices(lambda start, stop: _start(states, self.columns, start, stop), len(states))
        return states

    def step(self, states: States, actions: NDArray[Any]) -> None:
        moves = np.ascontiguousarray(actions, np.int64)
        for_slices(lambda start, stop: _step(states, moves, self.rows, self.columns, start, stop), len(states))

    def observe(self, states: States) -> NDArray[np.uint8]:
        planes = np.empty((len(states), 2, self.rows, self.columns), np.uint8)
        for_slices(lambda start, stop: _observe(states, planes, start, stop), len(states))
        return planes

    def action_name(self, action: Any) -> str:
        return ACTIONS[action]

    def text(self, state: np.void) -> str:
        """Rows from the top: 'o' the ball, '=' the paddle, '@' the ball on the paddle."""
        cells = np.full((self.rows, self.columns), ".")
        cells[-1, state["paddle"]] = "="
        ball = (state["ply"], state["ball"])
        cells[ball] = "@" if cells[ball] == "=" else "o"
        return "\n".join(" ".join(row) for row in cells)

    def scene(self, state: np.void) -> Scene:
        rows, columns = self.rows, self.columns
        paddle, ball, depth = int(state["paddle"]), int(state["ball"]), int(state["ply"])
        items: list[Primitive] = [Box(0, 0, columns, rows, "floor"), *dots(0, 0, columns, rows)]
        items.append(Box(paddle, rows - 0.3, 1, 0.3, "agent"))
        # In the last row the ball lies on the paddle, or beside it.
        y = depth + (0.4 if depth == rows - 1 else 0.5)
        items.append(Circle(ball + 0.5, y, 0.3, "mark" if state["outcome"] < 0 else "goal"))
        beside = range(max(paddle - 1, 0), min(paddle + 2, columns))
        spots = {1 + column - paddle: (float(column), rows - 1.0, 1.0, 1.0) for column in beside}
        return Scene(columns, rows, items, spots)
