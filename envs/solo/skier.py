"""Skier: a skier on an unknown landscape, in one or two dimensions, wants to end at its lowest point.

The skier knows where it is, its height and the slope under its skis, how it moved last and how much time is left; every
step it chooses a direction and how far to go. That is what an optimiser of a loss function knows and does, so gradient
descent, momentum and Adam play this game (agents/solo/optimizers.py), and a learner that plays it is a learned
optimiser (Andrychowicz et al., 2016, "Learning to learn by gradient descent by gradient descent"; Li and Malik, 2017,
"Learning to optimize"). Heights run from 0, the lowest point of the landscape, to 1, the highest; so a skier who stands
at 0.3 knows that there is a lower place, which gradient descent does not use. The landscape itself is hidden.

The reward of a step is the height it lost, so without discounting the return is the height at the start minus that at
the end. The number of steps is part of the task, not a limit that cuts it short: how good a place is depends on the
time left, the observation says how much that is, and after the last step the score is final. The episode is therefore
`terminated`, never `truncated` (Pardo et al., 2018, "Time limits in reinforcement learning").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from envs.chance import Seeds, random_below, random_unit
from envs.errors import LabError
from envs.games.game import States, row_dtype
from envs.games.scene import Scene
from envs.jit import kernel
from envs.parallel import for_slices
from envs.solo import landscape, skier_scene
from envs.solo.world import WORLD_FIELDS, World

TRACE = 16  # the places remembered for the picture
MAX_SLOPE = 10.0  # steeper slopes are observed as this
GOAL_HEIGHT = 0.05  # who ends at or below it has reached the valley
NUM_STARTS = 4  # the skier begins at the highest of so many random places

# Landscapes for training have the numbers below, those held out the numbers from here on.
FIRST_HELD_OUT = 2**31

# The discrete actions, in units of max_step: to stay, to shuffle or to glide, along one axis.
SHUFFLE = 0.2
MOVES = (
    np.array([[-1, 0], [-SHUFFLE, 0], [0, 0], [SHUFFLE, 0], [1, 0]]),
    np.array([[-1, 0], [-SHUFFLE, 0], [0, -1], [0, -SHUFFLE], [0, 0], [0, SHUFFLE], [0, 1], [SHUFFLE, 0], [1, 0]]),
)

STATE = row_dtype(
    [
        *WORLD_FIELDS,
        ("steps", "i2"),
        ("max_step", "f8"),
        ("position", "f8", (2,)),
        ("velocity", "f8", (2,)),
        ("slope", "f8", (2,)),
        ("height", "f8"),
        ("trace", "f4", (TRACE, 2)),
        *landscape.FIELDS,
    ]
)


@kernel
def _look(row: Any) -> None:
    """Notes the height and slope under the skier, and the place."""
    x, y = row.position[0], row.position[1]
    height, row.slope[0], row.slope[1] = landscape.height_and_slope(row, x, y)
    row.height = min(max(height, 0.0), 1.0)
    if row.dims == 1:
        row.slope[1] = 0.0
    row.trace[row.ply % TRACE, 0], row.trace[row.ply % TRACE, 1] = x, y


@kernel
def _init(states: Any, first: np.uint64, count: int, scratch: Any, start: int, stop: int) -> None:
    for i in range(start, stop):
        row = states[i]
        number = first + np.uint64(random_below(states.seed, i, count))
        landscape.draw_landscape(row, number, scratch)
        best = -np.inf
        for _ in range(NUM_STARTS):
            x = 2.0 * random_unit(states.seed, i) - 1.0
            y = 2.0 * random_unit(states.seed, i) - 1.0 if row.dims == 2 else 0.0
            height, _, _ = landscape.height_and_slope(row, x, y)
            if height > best:
                best, row.position[0], row.position[1] = height, x, y
        _look(row)


@kernel
def _step(states: Any, moves: Any, start: int, stop: int) -> None:
    for i in range(start, stop):
        row = states[i]
        if row.terminated:
            continue
        for d in range(row.dims):
            move = min(max(moves[i, d], -1.0), 1.0)
            place = row.position[d] + move * row.max_step
            # The fence at the border stops the skier.
            row.position[d] = min(max(place, -1.0), 1.0)
            row.velocity[d] = move if row.position[d] == place else 0.0
        before = row.height
        row.ply += 1
        _look(row)
        row.reward = before - row.height
        if row.ply == row.steps:
            row.terminated = True
            row.outcome = 1 if row.height <= GOAL_HEIGHT else 0


@kernel
def _observe(states: Any, out: Any, start: int, stop: int) -> None:
    for i in range(start, stop):
        row = states[i]
        dims = row.dims
        for d in range(dims):
            out[i, d] = row.position[d]
            out[i, dims + 1 + d] = min(max(row.slope[d], -MAX_SLOPE), MAX_SLOPE)
            out[i, 2 * dims + 1 + d] = row.velocity[d]
        out[i, dims] = row.height
        out[i, 3 * dims + 1] = (row.steps - row.ply) / row.steps


@dataclass(frozen=True)
class Skier(World):
    """A skier on a landscape; the module's docstring has the rules.

    State: WORLD_FIELDS, `steps` and `max_step` (the options), `position`, `velocity`, `slope`, `height`, `trace` (the
    place at ply p in entry p % TRACE), and the landscape (FIELDS of envs/solo/landscape.py). On a line, all y are 0.
    """

    name = "skier"

    dims: int = 1
    """1 or 2."""
    actions: str = "discrete"
    """"discrete", one of MOVES, or "continuous", numbers in [-1, 1] for each dimension; times max_step."""
    split: str = "train"
    """Which landscapes: "train" or "held_out"."""
    landscapes: int = 0
    """How many landscapes there are to train on, numbers 0 and up; 0 for all 2,147,483,648."""
    steps: int = 50
    """How many steps an episode has, 1 to 32,767."""
    max_step: float = 0.1
    """How far a step goes at most in each dimension, above 0, at most 1."""

    def __post_init__(self) -> None:
        if self.dims not in (1, 2):
            raise LabError(f"dims of world 'skier' must be 1 or 2, not {self.dims}.")
        if self.actions not in ("discrete", "continuous"):
            raise LabError(f"actions of world 'skier' must be discrete or continuous, not '{self.actions}'.")
        if self.split not in ("train", "held_out"):
            raise LabError(f"split of world 'skier' must be train or held_out, not '{self.split}'.")
        if not 0 <= self.landscapes <= FIRST_HELD_OUT:
            raise LabError(
                f"landscapes of world 'skier' must be 1 to {FIRST_HELD_OUT}, or 0 for all of these, "
                f"not {self.landscapes}."
            )
        if not 1 <= self.steps <= 32_767:
            raise LabError(f"steps of world 'skier' must be 1 to 32767, not {self.steps}.")
        if not 0 < self.max_step <= 1:
            raise LabError(f"max_step of world 'skier' must be above 0 and at most 1, not {self.max_step}.")

    @property
    def state_dtype(self) -> np.dtype[np.void]:
        return STATE

    @property
    def action_space(self) -> spaces.Discrete | spaces.Box:
        if self.actions == "discrete":
            return spaces.Discrete(len(self.moves))
        return spaces.Box(-1.0, 1.0, (self.dims,), np.float32)

    @property
    def moves(self) -> NDArray[np.float64]:
        """What each discrete action does, in units of max_step. Shape [A, 2]; the second column is 0 on a line."""
        return MOVES[self.dims - 1]

    @property
    def observation_space(self) -> spaces.Box:
        high = np.array([1] * self.dims + [1] + [MAX_SLOPE] * self.dims + [1] * self.dims + [1], np.float32)
        low = -high
        low[[self.dims, -1]] = 0
        return spaces.Box(low, high, dtype=np.float32)

    @property
    def vector_offset_scale(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        offset, scale = super().vector_offset_scale
        scale[self.dims + 1 : 2 * self.dims + 1] = 1  # slopes are about 1; MAX_SLOPE is for the rare cliff
        return offset, scale

    @property
    def observation_names(self) -> tuple[str, ...]:
        axes = "xy"[: self.dims]
        return (
            *(f"position, {axis}" for axis in axes),
            "height, 0 at the lowest point of the landscape and 1 at the highest",
            *(
                f"slope along {axis}, the exact derivative of the height, at most {MAX_SLOPE:g} each way"
                for axis in axes
            ),
            *(f"velocity along {axis}, the last move in units of max_step; 0 at the fence" for axis in axes),
            "time left, from 1 to 0",
        )

    @property
    def max_steps(self) -> int:
        return self.steps

    def init(self, seeds: Seeds) -> States:
        states = np.zeros(len(seeds), STATE)
        states["seed"], states["dims"], states["steps"], states["max_step"] = (
            seeds,
            self.dims,
            self.steps,
            self.max_step,
        )
        first = np.uint64(0 if self.split == "train" else FIRST_HELD_OUT)
        count = self.landscapes if self.split == "train" and self.landscapes else FIRST_HELD_OUT
        for_slices(lambda a, b: _init(states, first, count, landscape.new_scratch(), a, b), len(states), min_rows=8)
        return states

    def step(self, states: States, actions: NDArray[Any]) -> None:
        if self.actions == "discrete":
            # A finished row may come with any number.
            moves = self.moves.take(actions, axis=0, mode="clip")
        else:
            moves = np.asarray(actions, np.float64).reshape(len(states), self.dims)
        for_slices(lambda start, stop: _step(states, moves, start, stop), len(states))

    def observe(self, states: States) -> NDArray[np.float32]:
        out = np.empty((len(states), 3 * self.dims + 2), np.float32)
        for_slices(lambda start, stop: _observe(states, out, start, stop), len(states))
        return out

    def info(self, states: States) -> dict[str, NDArray[Any]]:
        """The height, the position [n, dims], and the number of the landscape."""
        return {
            "height": states["height"].copy(),
            "position": states["position"][:, : self.dims].copy(),
            "landscape": states["landscape"].copy(),
        }

    def action_name(self, action: Any) -> str:
        """The move in units of max_step, such as "left 1.00", "right 0.35, down 0.10", "stay"."""
        return skier_scene.move_name(self.moves[action] if self.actions == "discrete" else np.ravel(action))

    def text(self, state: np.void) -> str:
        return skier_scene.text(state)

    def scene(self, state: np.void) -> Scene:
        return skier_scene.scene(state)
