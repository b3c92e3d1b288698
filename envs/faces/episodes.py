"""Episodes of a world in progress: what every face is made of, so that all faces agree.

Slot i of n has a stream of random states, set by a seed; each episode begun in the slot takes the next one. So the
k-th episode after a seed is the same in a single environment, in any slot of a vector one, and on any face.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from gymnasium import spaces
from gymnasium.error import InvalidAction
from numpy.typing import NDArray

from envs.chance import Seeds, choose, draw_seeds, seed_states
from envs.errors import IllegalAction, LabError
from envs.games.game import as_items
from envs.solo.world import World, is_over

IllegalMove = Literal["lose", "raise", "random"]
ILLEGAL_MOVES = ("lose", "raise", "random")


class Episodes:
    """n slots of `world`, each with an episode; `begin` must be called before `step`.

    `illegal` says what an action that the rules forbid does: "lose" ends the episode with reward -1, "raise" raises
    IllegalAction and changes nothing, "random" plays a random legal action instead.
    """

    def __init__(self, world: World, n: int, illegal: IllegalMove = "lose") -> None:
        if n < 1:
            raise LabError(f"The number of environments must be at least 1, not {n}.")
        if illegal not in ILLEGAL_MOVES:
            raise LabError(f"illegal must be one of {', '.join(ILLEGAL_MOVES)}, not '{illegal}'.")
        self.world = world
        self.illegal = illegal
        self._action_space = world.action_space  # which a world makes anew at every call
        self.streams: Seeds = np.zeros(n, np.uint64)
        self.states = np.zeros(n, world.state_dtype)
        self._mask: NDArray[np.bool_] | None = None  # of the present states, once someone has asked

    def __len__(self) -> int:
        return len(self.states)

    def seed(self, seeds: Sequence[int | None]) -> None:
        """Sets the streams of the slots whose seed is not None; any whole number is a seed."""
        given = np.array([seed is not None for seed in seeds])
        numbers = [seed % 2**64 for seed in seeds if seed is not None]
        self.streams[given] = seed_states(np.array(numbers, np.uint64))

    def begin(self, slots: NDArray[np.bool_]) -> None:
        """Begins a new episode in the slots that are True, from the next random state of their streams."""
        streams = self.streams[slots]
        fresh = self.world.init(draw_seeds(streams))
        self.streams[slots] = streams
        as_items(self.states)[slots] = as_items(fresh)
        self._mask = None

    def step(self, actions: NDArray[Any]) -> None:
        """Does actions[i] in slot i; episodes that are over stay as they are, whatever their action.

        Raises InvalidAction, with nothing changed, for actions of the wrong shape, kind or range.
        """
        actions = self._checked(actions)
        self.world.step(self.states, self._lawful(actions))
        self._mask = None

    @property
    def mask(self) -> NDArray[np.bool_] | None:
        """The legal actions [n, A]; None if the world forbids nothing."""
        if self._mask is None and self.world.masks_actions:
            self._mask = self.world.legal_mask(self.states)
        return self._mask

    @property
    def over(self) -> NDArray[np.bool_]:
        """Which episodes have ended. Shape [n]."""
        return is_over(self.states)

    def info(self) -> dict[str, NDArray[Any]]:
        """The world's own information, and the legal actions (int8, as Discrete.sample takes them) if it has a mask."""
        info = self.world.info(self.states)
        mask = self.mask
        if mask is not None:
            info["action_mask"] = mask.astype(np.int8)
        return info

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All that going on elsewhere needs, as plain arrays; see `restore`."""
        return {
            "states": as_items(self.states).view(np.uint8).reshape(len(self), -1).copy(),
            "streams": self.streams.copy(),
            "world": np.frombuffer(self.world.spec.encode(), np.uint8),
        }

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Continues where the `arrays` of an equal world and number of slots were taken."""
        rows, streams, spec = np.ascontiguousarray(arrays["states"]), arrays["streams"], bytes(arrays["world"]).decode()
        if spec != self.world.spec or rows.shape[1:] != (self.states.dtype.itemsize,):
            raise LabError(f"The saved episodes are of the world {spec}, not of {self.world.spec}.")
        if not len(rows) == len(streams) == len(self):
            raise LabError(f"The saved episodes are of {len(rows)} environments, not of {len(self)}.")
        self.states = rows.copy().view(self.states.dtype)[:, 0]
        self.streams = streams.astype(np.uint64)
        self._mask = None

    def _checked(self, actions: NDArray[Any]) -> NDArray[Any]:
        """The actions as an array of the world's kind; raises InvalidAction if they are not in its action space."""
        actions, space = np.asarray(actions), self._action_space
        wanted = (len(self), *(space.shape or ()))
        if actions.shape != wanted:
            raise InvalidAction(f"Actions of shape {wanted} are needed, one for each environment, not {actions.shape}.")
        if isinstance(space, spaces.Discrete):
            running = ~self.over
            if actions.dtype.kind not in "iu" or not _within(actions[running], 0, int(space.n) - 1):
                raise InvalidAction(
                    f"Actions must be whole numbers from 0 to {int(space.n) - 1}, not {_some(actions)}."
                )
            # What is asked of an episode that is over does not matter, but it must not reach beyond an array.
            return np.where(running, actions, 0).astype(np.int64)
        if actions.dtype.kind != "f" or not np.isfinite(actions).all():
            raise InvalidAction(f"Actions must be finite decimal numbers in [-1, 1], not {_some(actions)}.")
        clipped: NDArray[np.float32] = np.clip(actions, -1, 1).astype(np.float32)
        return clipped

    def _lawful(self, actions: NDArray[Any]) -> NDArray[Any]:
        """The actions, after what `illegal` says has been done about those that the rules forbid."""
        mask = self.mask
        if mask is None:
            return actions
        broken = np.flatnonzero(~mask[np.arange(len(self)), actions] & ~self.over)
        if len(broken) == 0:
            return actions
        if self.illegal == "raise":
            name = self.world.action_name(actions[broken[0]])
            raise IllegalAction(f"{name} is not legal here; info['action_mask'] says what is.")
        if self.illegal == "lose":
            self.world.forfeit(self.states, broken)
            return actions
        seeds = self.states["seed"][broken]
        actions[broken] = choose(mask[broken], seeds)
        self.states["seed"][broken] = seeds
        return actions


def _within(numbers: NDArray[Any], low: int, high: int) -> bool:
    return len(numbers) == 0 or (int(numbers.min()) >= low and int(numbers.max()) <= high)


def _some(actions: NDArray[Any]) -> str:
    """The first few actions, for a message."""
    values = np.ravel(actions)[:4].tolist()
    return ", ".join(map(str, values)) + (", ..." if actions.size > 4 else "")
