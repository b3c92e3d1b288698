"""Maze: find the way to the goal, in mazes that were trained on and in mazes that were not.

A maze of size 9 has 9x9 squares. Every second square of every second row is a room (5x5 rooms), the squares between
two neighbouring rooms are open where there is a corridor, and all other squares, and all beyond the edge, are walls.
The corridors are a random spanning tree of the rooms, each tree as likely as any other (Wilson, 1996), so that there
is exactly one way between any two squares. The goal is a random room, the start a random open square from which the
way is size - 1 steps long or longer; every maze has one, whatever its goal.

A level is a number, and decides everything; an episode draws its level at its start. Training levels are the numbers
from 0 to levels - 1 (or to 2**31 - 1), held-out levels those from 2**31 on: a level is never both. (Small mazes can
still look alike: of size 5 there are only 192 trees.)

Rewards: -0.01 for every step, and +1 for the one that reaches the goal and ends the episode; a step into a wall goes
nowhere. The best return is 1 - 0.01 * the length of the shortest way. An episode is truncated after 2 * size**2
steps, more than three times the longest shortest way that size can have.

`cue=spurious` adds a mark on a square beside the agent, the husky's snow. In training levels it lies on the shortest
way; in held-out levels on an open neighbour that was drawn at random, once for each square, so that it says nothing.
A player that has learned to follow the mark solves every training level and hardly any held-out one; a player that
has learned to read the maze solves both. (Geirhos et al., "Shortcut learning in deep neural networks", 2020; the
husky is from Ribeiro et al., "Why should I trust you?", 2016.)
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from envs.chance import Seeds
from envs.errors import LabError
from envs.games.game import States, row_dtype
from envs.games.scene import Box, Circle, Line, Primitive, Scene
from envs.parallel import for_slices
from envs.solo import maze_kernels as kernels
from envs.solo.directions import DIRECTIONS, spots_around
from envs.solo.maze_kernels import HELD_OUT
from envs.solo.world import WORLD_FIELDS, World

SIZES = range(5, 26, 2)
TARGET = ((0.34, "goal"), (0.2, "floor"), (0.1, "goal"))  # radius and colour of the discs the goal is drawn with


@lru_cache
def _state_dtype(size: int) -> np.dtype[np.void]:
    places = [("square", "i2"), ("goal", "i2"), ("distance", "i2"), ("optimal", "i2")]
    return row_dtype([*WORLD_FIELDS, ("level", "u4"), *places, ("way", "u1", (size * size,))])


@dataclass(frozen=True)
class Maze(World):
    """Mazes of size x size squares (odd, 5 to 25); `levels` training levels, 0 for as many as there are.

    split: "train" or "held_out"; cue: "none" or "spurious".
    State: WORLD_FIELDS, `level`, `square` (the agent's, row-major), `goal`, `distance` (steps from the square to the
    goal), `optimal` (the same from the start) and `way` (u1 for each square: 0 a wall, else 1 + the direction of the
    shortest way to the goal, 5 at the goal).
    """

    size: int = 9
    levels: int = 200
    split: str = "train"
    cue: str = "none"

    name = "maze"

    def __post_init__(self) -> None:
        if self.size not in SIZES:
            raise LabError(f"A maze's size is an odd number, {SIZES[0]} to {SIZES[-1]}, not {self.size}.")
        if not 0 <= self.levels <= HELD_OUT:
            raise LabError(f"levels of a maze is 1 to {HELD_OUT}, or 0 for all of these, not {self.levels}.")
        if self.split not in ("train", "held_out"):
            raise LabError(f"split of a maze is train or held_out, not '{self.split}'.")
        if self.cue not in ("none", "spurious"):
            raise LabError(f"cue of a maze is none or spurious, not '{self.cue}'.")

    @property
    def state_dtype(self) -> np.dtype[np.void]:
        return _state_dtype(self.size)

    @property
    def action_space(self) -> spaces.Discrete:
        return spaces.Discrete(len(DIRECTIONS))

    @property
    def observation_space(self) -> spaces.Box:
        return spaces.Box(0, 1, (len(self.observation_names), self.size, self.size), np.uint8)

    @property
    def observation_names(self) -> tuple[str, ...]:
        """The first plane is 1 where the maze is open: a net that pads with zeros sees walls beyond the edge."""
        names = ("open squares", "agent", "goal")
        return (*names, "mark") if self.cue == "spurious" else names

    @property
    def max_steps(self) -> int:
        return 2 * self.size**2

    def init(self, seeds: Seeds) -> States:
        states = np.zeros(len(seeds), self.state_dtype)
        states["seed"] = seeds
        held_out = self.split == "held_out"
        first = HELD_OUT if held_out else 0
        count = HELD_OUT if held_out or self.levels == 0 else self.levels
        for_slices(lambda start, stop: kernels.start_rows(states, first, count, self.size, start, stop), len(states))
        return states

    def step(self, states: States, actions: NDArray[Any]) -> None:
        moves = np.ascontiguousarray(actions, np.int64)
        max_steps = self.max_steps
        for_slices(lambda start, stop: kernels.step_rows(states, moves, self.size, max_steps, start, stop), len(states))

    def observe(self, states: States) -> NDArray[np.uint8]:
        planes = np.empty((len(states), len(self.observation_names), self.size**2), np.uint8)
        for_slices(lambda start, stop: kernels.observe_rows(states, planes, self.size, start, stop), len(states))
        return planes.reshape(-1, planes.shape[1], self.size, self.size)

    def info(self, states: States) -> dict[str, NDArray[Any]]:
        """{"level", "distance" (steps to the goal), "optimal" (the same from the start)}, each int64[n]."""
        return {name: states[name].astype(np.int64) for name in ("level", "distance", "optimal")}

    def action_name(self, action: Any) -> str:
        return DIRECTIONS[action]

    def _look(self, state: np.void) -> NDArray[np.uint8]:
        """What the agent sees in one state. Shape [C, size, size]."""
        planes: NDArray[np.uint8] = self.observe(np.array([state], self.state_dtype))[0]
        return planes

    def text(self, state: np.void) -> str:
        """Rows from the top, the edge drawn as walls: '#' a wall, 'A' the agent, 'G' the goal, '+' the mark."""
        planes = self._look(state)
        cells = np.where(planes[0], ".", "#")
        for plane, symbol in zip((*planes[3:], planes[2], planes[1]), "+GA"[4 - len(planes) :], strict=True):
            cells[plane == 1] = symbol
        return "\n".join(" ".join(row) for row in np.pad(cells, 1, constant_values="#"))

    def scene(self, state: np.void) -> Scene:
        planes, side = self._look(state), self.size + 1.0
        items: list[Primitive] = [Box(0, 0, side, side, "wall")]
        items += [Box(x + 0.5, y + 0.5, 1, 1, "floor") for y, x in np.argwhere(planes[0]).tolist()]
        (x, y), (goal_x, goal_y) = _middle(planes[1]), _middle(planes[2])
        items += [Circle(goal_x, goal_y, radius, color) for radius, color in TARGET]
        items.append(Circle(x, y, 0.34, "agent"))
        if len(planes) == 4 and planes[3].any():
            mark_x, mark_y = _middle(planes[3])
            items += _arrow(mark_x, mark_y, mark_x - x, mark_y - y)
        return Scene(side, side, items, spots_around(x - 0.5, y - 0.5, side, side))


def _middle(plane: NDArray[np.uint8]) -> tuple[float, float]:
    """Where in the scene the one square of a plane has its middle, as (x, y)."""
    row, column = np.argwhere(plane)[0].tolist()
    return column + 1.0, row + 1.0


def _arrow(x: float, y: float, dx: float, dy: float) -> list[Primitive]:
    """The mark on the square at (x, y): an arrowhead in the direction (dx, dy)."""
    tip_x, tip_y, back_x, back_y = x + 0.15 * dx, y + 0.15 * dy, x - 0.15 * dx, y - 0.15 * dy
    return [Line(back_x + s * dy, back_y + s * dx, tip_x, tip_y, "cue", 0.14) for s in (0.28, -0.28)]
