"""Episodes of a world in progress: what every face is made of, so that all faces agree.

Slot i of n has a stream of random states, set by a seed; each episode begun in the slot takes the next one. So the
k-th episode after a seed is the same in a single environment, in any slot of a vector one, and on any face.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from gymnasium import spaces
from gymnasium.error import InvalidAction, ResetNeeded
from numpy.typing import NDArray

from envs.chance import Seeds, choose, draw_seeds, seed_states
from envs.errors import IllegalAction, LabError
from envs.games.game import as_items
from envs.solo.world import World, is_over

IllegalMove = Literal["lose", "raise", "random"]
ILLEGAL_MOVES = ("lose", "raise", "random")


class Episodes:
    """n slots of `world`, each with an episode; every slot must be seeded and begun before `step`.

    `illegal` says what an action that the rules forbid does: "lose" ends the episode with reward -1, "raise" raises
    IllegalAction and changes nothing, "random" plays a random legal action instead. Episodes of `max_steps` steps are
    truncated, as Gymnasium's TimeLimit does it; None for the world's own limit alone.
    """

    def __init__(self, world: World, n: int, illegal: IllegalMove = "lose", max_steps: int | None = None) -> None:
        if n < 1:
            raise LabError(f"The number of environments must be at least 1, not {n}.")
        if illegal not in ILLEGAL_MOVES:
            raise LabError(f"illegal must be one of {', '.join(ILLEGAL_MOVES)}, not '{illegal}'.")
        if max_steps is not None and max_steps < 1:
            raise LabError(f"The step limit of episodes must be at least 1, not {max_steps}.")
        self.world = world
        self.illegal = illegal
        self.max_steps = max_steps
        self._action_space = world.action_space  # which a world makes anew at every call
        self.states = np.zeros(n, world.state_dtype)
        self._slots = np.arange(n)
        self._streams: Seeds = np.zeros(n, np.uint64)
        self._seeded = np.zeros(n, np.bool_)
        self._begun = np.zeros(n, np.bool_)
        self._broken = np.zeros(n, np.bool_)  # where the last action was illegal
        self._mask: NDArray[np.bool_] | None = None  # of the present states, once someone has asked

    def __len__(self) -> int:
        return len(self.states)

    def seed(self, seeds: Sequence[int | None]) -> None:
        """Sets the streams of the slots whose seed is not None; raises LabError for what is no seed."""
        if len(seeds) != len(self):
            raise LabError(f"{len(self)} seeds are needed, one for each environment, not {len(seeds)}.")
        given = np.array([seed is not None for seed in seeds])
        self._streams[given] = seed_states([seed_number(seed) for seed in seeds if seed is not None])
        self._seeded |= given

    def seed_rest(self, rng: np.random.Generator) -> None:
        """Gives a stream from `rng` to every slot that has none."""
        missing = ~self._seeded
        self._streams[missing] = rng.integers(2**64, size=int(missing.sum()), dtype=np.uint64)
        self._seeded[:] = True

    @property
    def is_seeded(self) -> bool:
        """Whether every slot has a stream."""
        return bool(self._seeded.all())

    @property
    def has_begun(self) -> bool:
        """Whether there is an episode in every slot."""
        return bool(self._begun.all())

    def begin(self, slots: NDArray[np.bool_]) -> None:
        """Begins a new episode in the slots that are True, from the next random state of their streams.

        If the world itself fails (an opponent does), all slots are without an episode, as after a failed step.
        """
        streams = self._streams[slots]
        try:
            fresh = self.world.init(draw_seeds(streams))
        except BaseException:
            self._begun[:] = False
            raise
        self._streams[slots] = streams
        as_items(self.states)[slots] = as_items(fresh)
        self._begun[slots], self._broken[slots] = True, False
        self._mask = None

    def step(self, actions: NDArray[Any]) -> None:
        """Does actions[i] in slot i; episodes that are over stay as they are, whatever their action.

        Raises ResetNeeded if a slot has no episode, and InvalidAction for actions of the wrong shape, kind or range;
        nothing has changed then. If the world itself fails (an opponent does, or Ctrl-C strikes), what was half done
        cannot be gone on with: all slots are then without an episode.
        """
        self.must_have_begun()
        over = self.over
        lawful = self._lawful(self._checked(actions, over), over)
        try:
            self.world.step(self.states, lawful)
        except BaseException:
            self._begun[:] = False
            raise
        finally:
            self._mask = None
        if self.max_steps is not None:
            # An action that loses is a step, though not one that the world has counted.
            self.states["truncated"] |= self.states["ply"] + (self._broken & (self.illegal == "lose")) >= self.max_steps

    def must_have_begun(self) -> None:
        """Raises ResetNeeded unless there is an episode in every slot."""
        if not self.has_begun:
            raise ResetNeeded("No episode has begun, or a step has failed half-way: call reset() first.")

    @property
    def mask(self) -> NDArray[np.bool_] | None:
        """The legal actions [n, A], not to be written to; None if the world forbids nothing."""
        if self._mask is None and self.world.masks_actions:
            self._mask = self.world.legal_mask(self.states)
            self._mask.flags.writeable = False
        return self._mask

    def observe(self) -> NDArray[Any]:
        """What is seen of all episodes [n, ...]; zeros where none has begun."""
        if self.has_begun:
            return self.world.observe(self.states)
        space = self.world.observation_space
        observations = np.zeros((len(self), *space.shape), space.dtype)
        observations[self._begun] = self.world.observe(self.states[self._begun])
        return observations

    @property
    def over(self) -> NDArray[np.bool_]:
        """Which episodes have ended. Shape [n]."""
        return is_over(self.states)

    def info(self) -> dict[str, NDArray[Any]]:
        """The world's own information, and if it forbids actions also

        "action_mask" [n, A]: the legal ones, int8 as Discrete.sample takes them; all 0 in an episode that is over;
        "illegal_action" [n]: whether the last action was none of those before it.
        """
        info = self.world.info(self.states)
        mask = self.mask
        if mask is not None:
            info["action_mask"] = mask.astype(np.int8)
            info["illegal_action"] = self._broken.copy()
        return info

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All that going on elsewhere needs, as plain arrays; see `restore`."""
        return {
            "states": as_items(self.states).view(np.uint8).reshape(len(self), -1).copy(),
            "streams": self._streams.copy(),
            "begun": self._begun.copy(),
            "world": np.frombuffer(self.world.spec.encode(), np.uint8),
        }

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Continues where the `arrays` of an equal world and number of slots were taken."""
        missing = {"states", "streams", "begun", "world"} - set(arrays)
        if missing:
            raise LabError(f"These are no saved episodes: {', '.join(sorted(missing))} is missing.")
        spec = bytes(arrays["world"]).decode(errors="replace")
        if spec != self.world.spec:
            raise LabError(f"The saved episodes are of the world {spec}, not of {self.world.spec}.")
        rows = np.ascontiguousarray(arrays["states"])
        if len(rows) != len(self):
            raise LabError(f"The saved episodes are of {len(rows)} environments, not of {len(self)}.")
        slots = (len(self),)
        is_whole = arrays["streams"].shape == slots and arrays["begun"].shape == slots and rows.dtype == np.uint8
        if not is_whole or rows.shape[1:] != (self.states.dtype.itemsize,):
            raise LabError("The saved episodes are damaged, or of another version of the lab.")
        self.states = rows.copy().view(self.states.dtype)[:, 0]
        self._streams, self._begun = arrays["streams"].astype(np.uint64), arrays["begun"].astype(np.bool_)
        self._seeded[:], self._broken[:] = True, False
        self._mask = None

    def _checked(self, actions: NDArray[Any], over: NDArray[np.bool_]) -> NDArray[Any]:
        """The actions as an array of the world's kind; raises InvalidAction if they are not in its action space."""
        actions, space = np.asarray(actions), self._action_space
        wanted = (len(self), *(space.shape or ()))
        if actions.shape != wanted:
            raise InvalidAction(f"Actions of shape {wanted} are needed, one for each environment, not {actions.shape}.")
        if isinstance(space, spaces.Discrete):
            last = int(space.n) - 1
            if actions.dtype.kind not in "iu":
                raise InvalidAction(f"Actions must be whole numbers from 0 to {last}, not of type {actions.dtype}.")
            # What is asked of an episode that is over does not matter, but it must not reach beyond an array.
            wrong = ((actions < 0) | (actions > last)) & ~over
            if wrong.any():
                raise InvalidAction(f"Actions are 0 to {last}; {int(actions[wrong.argmax()])} is none.")
            return np.where(over, 0, actions).astype(np.int64)
        if actions.dtype.kind not in "fiu" or not np.isfinite(actions).all():
            raise InvalidAction("Actions must be finite numbers; those beyond [-1, 1] count as the nearer end.")
        clipped: NDArray[np.float32] = np.clip(actions, -1, 1).astype(np.float32)
        return clipped

    def _lawful(self, actions: NDArray[Any], over: NDArray[np.bool_]) -> NDArray[Any]:
        """The actions, after what `illegal` says has been done about those that the rules forbid."""
        mask = self.mask
        if mask is None:
            return actions
        is_broken = ~(mask[self._slots, actions] | over)
        broken = np.flatnonzero(is_broken)
        if len(broken) and self.illegal == "raise":
            name = self.world.action_name(actions[broken[0]])
            raise IllegalAction(f"{name} is not legal here; info['action_mask'] says what is.")
        self._broken = is_broken
        if len(broken) == 0:
            return actions
        if self.illegal == "lose":
            self.world.forfeit(self.states, broken)
            return actions
        seeds = self.states["seed"][broken]
        actions[broken] = choose(mask[broken], seeds)
        self.states["seed"][broken] = seeds
        return actions


def seed_number(seed: Any) -> int:
    """The seed as an integer; any whole number from 0 on is one."""
    try:
        number = operator.index(seed)
    except TypeError:
        number = -1
    if number < 0:
        raise LabError(f"A seed must be a whole number, 0 or more, not {seed!r}.")
    return number


def info_of(infos: Mapping[str, NDArray[Any]], i: int) -> dict[str, Any]:
    """What Episodes.info tells of slot i; truth values as Python's, since Gymnasium's vector environments want them."""
    one = {key: values[i] for key, values in infos.items()}
    return {key: bool(value) if isinstance(value, np.bool_) else value for key, value in one.items()}
