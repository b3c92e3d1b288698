"""A single-agent environment as arrays: a batch of episodes is a 1-D structured array, one element is one whole state.

Every state dtype begins with the header of the games (envs/games/game.py) and goes on with WORLD_FIELDS:

    field        type   meaning
    to_play      i1     the player to move; always 0 where there is one player
    terminated   ?      the episode is over: nothing that happens after it could be worth anything
    outcome      i1     how it ended: +1 as wished, -1 badly, 0 neither; valid only when over
    spare        u1     always 0
    ply          i2     steps made so far
    truncated    ?      the episode was cut short by its step limit, not by what happened in it; never with terminated
    reward       f4     what the last step earned; 0 before the first
    seed         u8     the row's random state: all that happens by chance in the rest of the episode (envs/chance.py)

An episode therefore depends on the seed it began with and on the actions alone, not on the rows beside it. The faces
(envs/faces) turn a World into a Gymnasium environment, a vector environment and a VecEnv of stable-baselines3.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from envs.chance import Seeds, choose
from envs.games.game import States
from envs.games.scene import Scene

WORLD_FIELDS: list[tuple[str, str]] = [("truncated", "?"), ("reward", "f4"), ("seed", "u8")]


class World(ABC):
    """The rules of a single-agent environment.

    Subclasses are frozen dataclasses of their options (hashable, comparable), and hold no episode in progress.
    """

    name: ClassVar[str]
    """The name in spec strings, e.g. "snake"."""

    @property
    def spec(self) -> str:
        """The spec string that makes an equal world, e.g. "snake:size=6": the options that are not at their default."""
        options = [
            f"{field.name}={getattr(self, field.name)}"
            for field in dataclasses.fields(self)  # type: ignore[arg-type]  # every World is a dataclass
            if getattr(self, field.name) != field.default
        ]
        return f"{self.name}:{','.join(options)}" if options else self.name

    @property
    @abstractmethod
    def state_dtype(self) -> np.dtype[np.void]:
        """The structured dtype of one state: row_dtype([*WORLD_FIELDS, ...])."""

    @property
    @abstractmethod
    def action_space(self) -> spaces.Discrete | spaces.Box:
        """The actions of one step: Discrete(A), or a Box of numbers in [-1, 1]."""

    @property
    @abstractmethod
    def observation_space(self) -> spaces.Box:
        """What one observation is: planes uint8 [C, H, W], or a vector float32 [D]; its bounds are finite and honest.

        A net may divide by `high`.
        """

    @property
    @abstractmethod
    def observation_names(self) -> tuple[str, ...]:
        """One line of meaning for each plane or each number of an observation."""

    @property
    def vector_offset_scale(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Of a vector, two arrays of shape [D]: a net should see (observation - offset) * scale.

        By default the bounds become -1 and 1. A world says better where they are much wider than what is usually seen.
        """
        low, high = self.observation_space.low, self.observation_space.high
        return (low + high) / np.float32(2), np.float32(2) / np.maximum(high - low, np.float32(1e-6))

    @property
    @abstractmethod
    def max_steps(self) -> int:
        """No episode is longer than this many steps; 1 to 32,767."""

    @abstractmethod
    def init(self, seeds: Seeds) -> States:
        """Episodes at their start, one for each seed; the seeds are left as they are. Shape [n]."""

    @abstractmethod
    def step(self, states: States, actions: NDArray[Any]) -> None:
        """Does actions[i] in states[i], in place, and writes the reward. Finished rows stay as they are.

        actions: integers [n] for a Discrete action space, else float32 [n, k]; legality is not checked here, but for
        worlds that say so, and numbers beyond [-1, 1] count as the nearer end.
        """

    @abstractmethod
    def observe(self, states: States) -> NDArray[Any]:
        """What the agent sees, [n, *observation_space.shape], a new array; never the random state."""

    def legal_mask(self, states: States) -> NDArray[np.bool_]:
        """The legal actions, bool[n, A], of a Discrete action space; by default all. All False in a finished row."""
        assert isinstance(self.action_space, spaces.Discrete), "a Box of actions has no mask"
        over = states["terminated"] | states["truncated"]
        return np.repeat(~over[:, None], int(self.action_space.n), axis=1)

    def random_actions(self, states: States, seeds: Seeds) -> NDArray[np.int64]:
        """A uniformly random legal action for each running row; `seeds` (uint64[n]) are advanced. Shape [n]."""
        return choose(self.legal_mask(states), seeds)

    @property
    def masks_actions(self) -> bool:
        """Whether some actions are illegal in some states."""
        return False

    def forfeit(self, states: States, rows: NDArray[np.int64]) -> None:
        """Ends the running episodes `rows` (indices), in place, as lost by an illegal action: reward -1."""
        states["terminated"][rows] = True
        states["outcome"][rows] = -1
        states["reward"][rows] = -1

    def info(self, states: States) -> dict[str, NDArray[Any]]:
        """What is worth knowing beside the observation, e.g. {"length": int[n]}; the same keys always."""
        return {}

    @abstractmethod
    def action_name(self, action: Any) -> str:
        """An action in words, e.g. "left"."""

    @abstractmethod
    def text(self, state: np.void) -> str:
        """The state as a picture in characters."""

    @abstractmethod
    def scene(self, state: np.void) -> Scene:
        """The state as drawing primitives."""


def is_over(states: States) -> NDArray[np.bool_]:
    """Which episodes have ended, by their nature or by the step limit. Shape [n]."""
    over: NDArray[np.bool_] = states["terminated"] | states["truncated"]
    return over
