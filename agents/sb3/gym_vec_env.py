"""Environments of other people, by their Gymnasium id, as a VecEnv whose episodes can be saved without pickles.

An episode of a deterministic environment is its seed and the actions since. So that is what is kept of it: to go on
from there, a fresh environment is reset with the seed and the actions are done again.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from functools import partial
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import DummyVecEnv

from agents.sb3.config import LearnerConfig
from agents.sb3.foreign import foreign_id
from agents.sb3.vec_env import WorldVecEnv
from envs.chance import draw_seeds, seed_states
from envs.errors import LabError
from envs.faces.seated import Seated
from envs.games.registry import GAMES
from envs.solo.registry import WORLDS, make_world
from envs.spec import Spec

MAX_SEED = 2**31  # some environments take no larger one


class Replayable(gym.Wrapper[Any, Any, Any, Any]):
    """Begins every episode with a seed from a stream of its own, and remembers it and the actions since.

    `reset(seed=...)` sets the stream; `reset()` takes the next seed from it.
    """

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        super().__init__(env)
        self.stream = seed_states([0])
        """The random state from which the seeds of the episodes to come are drawn, uint64[1]."""
        self.episode_seed = 0
        self.actions: list[NDArray[Any]] = []

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """See gymnasium.Env.reset."""
        if seed is not None:
            self.stream = seed_states([seed])
        return self._begin(int(draw_seeds(self.stream)[0] % MAX_SEED), options)

    def _begin(self, seed: int, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        self.episode_seed = seed
        self.actions.clear()
        return self.env.reset(seed=seed, options=options)

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """See gymnasium.Env.step."""
        self.actions.append(np.array(action))
        return self.env.step(action)

    def replay(self, stream: NDArray[np.uint64], seed: int, actions: NDArray[Any]) -> Any:
        """Does the episode with that seed again as far as these actions go, and returns the last observation."""
        self.stream = stream.copy()
        observation, _ = self._begin(seed)
        for action in actions:
            observation, *_ = self.step(action)
        return observation


class GymVecEnv(DummyVecEnv):
    """n environments of one Gymnasium id, one after the other, each in a Monitor.

    With an equal seed all see, earn and end as in any other such VecEnv, in this process or another.
    """

    def __init__(self, env_id: str, num_envs: int = 1) -> None:
        """Raises LabError for an id that does not exist, cannot be made, or has spaces that no policy here fits."""
        self.env_id = env_id
        self._slots = [single_env(env_id) for _ in range(num_envs)]
        super().__init__([partial(_same, slot) for slot in self._slots])
        self.seed()

    def save(self) -> dict[str, NDArray[Any]]:
        """All episodes and the random states of those to come, as plain arrays; `load` goes on from them."""
        space = self.action_space
        actions = [action for slot in self._slots for action in slot.actions]
        return {
            "streams": np.concatenate([slot.stream for slot in self._slots]),
            "seeds": np.array([slot.episode_seed for slot in self._slots]),
            "lengths": np.array([len(slot.actions) for slot in self._slots]),
            "actions": np.array(actions, space.dtype).reshape(len(actions), *(space.shape or ())),
            "observations": self._observations,
            "environment": np.frombuffer(self.env_id.encode(), np.uint8),
        }

    def load(self, arrays: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
        """Goes on from what `save` of an equal environment gave, and returns the present observations.

        Warns where the replay ends in other observations than were saved: that environment is not deterministic, and
        its present episodes begin anew as good as they can. Raises LabError for what another environment saved.
        """
        env_id, lengths = bytes(arrays["environment"]).decode(), arrays["lengths"]
        if env_id != self.env_id or len(lengths) != self.num_envs:
            raise LabError(f"What was saved are {len(lengths)} of {env_id}, not {self.num_envs} of {self.env_id}.")
        parts = np.split(arrays["actions"], np.cumsum(lengths)[:-1])
        for i, (slot, actions) in enumerate(zip(self._slots, parts, strict=True)):
            self._save_obs(i, slot.replay(arrays["streams"][i : i + 1], int(arrays["seeds"][i]), actions))
        self._reset_seeds()
        if not np.array_equal(self._observations, arrays["observations"]):
            warnings.warn(
                f"{env_id} is not deterministic, so the resumed run is not exactly the old one.", stacklevel=2
            )
        return self._observations

    @property
    def _observations(self) -> NDArray[Any]:
        """A copy of what the slots see now, which the parent class keeps under the one key of a space without any."""
        (observations,) = self.buf_obs.values()
        return observations.copy()


def _same(env: Replayable) -> Replayable:
    return env


def single_env(env_id: str, **options: Any) -> Replayable:
    """One environment as a GymVecEnv has n of; `options` are gymnasium.make's. LabError as above."""
    # The monitor is inside, so that what it has counted of an episode comes back with the replay.
    return Replayable(Monitor(_make(env_id, options)))


def _make(env_id: str, options: Mapping[str, Any]) -> gym.Env[Any, Any]:
    """The environment, if there is one that a policy of the lab can act in; observations of several parts are flat."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of versions and checks, which are not what the user asked about
            env: gym.Env[Any, Any] = gym.make(env_id, disable_env_checker=True, **options)
    except (gym.error.Error, ImportError, TypeError, ValueError) as error:
        raise LabError(f"Gymnasium cannot make '{env_id}': {error}") from None
    seen, done = env.observation_space, env.action_space
    if not seen.is_np_flattenable:
        raise LabError(
            f"The observations of {env_id} are {type(seen).__name__}s of no fixed size; policies here read numbers."
        )
    if not isinstance(seen, spaces.Box | spaces.Discrete):
        env = gym.wrappers.FlattenObservation(env)
    is_finite = isinstance(done, spaces.Box) and bool(np.isfinite([done.low, done.high]).all())
    if not (is_finite or (isinstance(done, spaces.Discrete) and done.start == 0)):
        raise LabError(f"The actions of {env_id} are {done}; policies here choose from Discrete(n) or a finite Box.")
    return env


def lab_spec(env: str) -> str:
    """The spec of a world or game of the lab, which may be given by its Gymnasium id; "" for any other environment."""
    env = env.removeprefix("rl_lab:")  # the module that registers the ids, as Gymnasium lets one write it
    if env.startswith("rl_lab/"):
        try:
            return str(gym.spec(env).kwargs["world"])
        except gym.error.Error as error:
            raise LabError(f"Gymnasium does not know '{env}': {error}") from None
    return env if Spec.parse(env).name in {**GAMES, **WORLDS} else ""


def env_for(config: LearnerConfig, table: Seated | None = None) -> WorldVecEnv | GymVecEnv:
    """`config.num_envs` environments of what `config.env` names.

    A world of the lab, by its spec or its id "rl_lab/..."; a board game of the lab, which is played at `table`; or any
    other Gymnasium id. Raises LabError for what does not exist.
    """
    if table:
        return WorldVecEnv(table, config.num_envs)
    if spec := lab_spec(config.env):
        return WorldVecEnv(make_world(spec), config.num_envs)
    return GymVecEnv(foreign_id(config.env), config.num_envs)
