"""A world as a VecEnv of stable-baselines3: n episodes in step, without a loop over environments."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from gymnasium import Wrapper, spaces
from numpy.typing import NDArray
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import VecEnv

from envs.errors import LabError
from envs.faces.episodes import Episodes, IllegalMove, info_of
from envs.faces.render import RENDER_FPS, RENDER_MODES, SlotRenderer
from envs.games.game import as_items
from envs.solo.world import World

Infos = list[dict[str, Any]]


class WorldVecEnv(VecEnv):
    """n episodes of `world`, for every algorithm of stable-baselines3 and for MaskablePPO of sb3-contrib.

    Slot i sees, earns and ends as the i-th WorldEnv of a DummyVecEnv does, each in a Monitor: no wrapper is needed to
    have rollout/ep_rew_mean logged. A finished episode is replaced at once; its info holds "terminal_observation",
    "TimeLimit.truncated", "episode" and what the world tells of its end. The infos of running episodes are empty.
    """

    def __init__(
        self, world: World, num_envs: int = 1, illegal: IllegalMove = "lose", render_mode: str | None = None
    ) -> None:
        """Raises LabError or UnsupportedMode for what is not to be had; `illegal` as for Episodes."""
        if not isinstance(world, World):
            raise LabError(f"WorldVecEnv takes a World, e.g. make_world('catch'), not {world!r}.")
        self.world = world
        self.render_mode = render_mode  # the base class asks for it
        self._episodes = Episodes(world, num_envs, illegal)
        self._renderer = SlotRenderer(render_mode, world, num_envs)
        super().__init__(num_envs, world.observation_space, world.action_space)
        self.metadata = dict[str, Any](render_modes=list(RENDER_MODES), render_fps=RENDER_FPS)
        self._returns = np.zeros(num_envs)
        self._lengths = np.zeros(num_envs, np.int64)
        self._started = time.time()

    def reset(self) -> NDArray[Any]:
        """Begins episodes in all slots, those of the last `seed` if there was one since. Observations [n, ...]."""
        if any(self._options):
            options = self._options
            self._reset_options()
            raise LabError(f"reset has no options here, but was given {options}.")
        if not self._episodes.is_seeded and None in self._seeds:
            self.seed()
        self._episodes.seed(self._seeds)
        self._reset_seeds()
        self._episodes.begin(np.ones(self.num_envs, np.bool_))
        self._returns[:] = self._lengths[:] = 0
        self._keep_reset_infos(range(self.num_envs))
        self._show()
        return self.world.observe(self._episodes.states)

    def step_async(self, actions: NDArray[Any]) -> None:
        """Keeps the actions for step_wait: all is done there."""
        self._actions = actions

    def step_wait(self) -> tuple[NDArray[Any], NDArray[np.float32], NDArray[np.bool_], Infos]:
        """(observations [n, ...], rewards [n], dones [n], infos).

        Raises InvalidAction, IllegalAction or ResetNeeded, with nothing changed, as a WorldEnv would.
        """
        episodes = self._episodes
        episodes.step(self._actions)
        rewards = episodes.states["reward"].copy()
        self._returns += rewards
        self._lengths += 1
        observations = self.world.observe(episodes.states)
        infos: Infos = [{} for _ in range(self.num_envs)]
        dones = episodes.over
        if dones.any():
            self._tell_ends(infos, np.flatnonzero(dones), observations)
            self._begin(dones, observations)
        self._show()
        return observations, rewards, dones, infos

    def action_masks(self) -> NDArray[np.bool_]:
        """The legal actions, bool[n, A]; MaskablePPO asks for them by this name, through env_method."""
        self._episodes.must_have_begun()
        mask = self._episodes.mask
        return self.world.legal_mask(self._episodes.states) if mask is None else mask.copy()

    def save(self) -> dict[str, NDArray[Any]]:
        """All episodes and the random states of those to come, as plain arrays; `load` goes on from them exactly."""
        return {**self._episodes.arrays(), "returns": self._returns.copy(), "lengths": self._lengths.copy()}

    def load(self, arrays: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
        """Goes on from what `save` of an equal environment gave, and returns the present observations."""
        for key in ("returns", "lengths"):
            if key not in arrays or arrays[key].shape != (self.num_envs,):
                raise LabError(
                    f"These are no saved episodes of {self.num_envs} environments: {key} is missing or damaged."
                )
        self._episodes.restore(arrays)
        self._returns, self._lengths = arrays["returns"].copy(), arrays["lengths"].copy()
        return self.world.observe(self._episodes.states)

    def get_images(self) -> Sequence[NDArray[np.uint8] | None]:
        """A picture uint8[H, W, 3] of each slot; None, and a warning, in all render modes but "rgb_array"."""
        if self.render_mode == "rgb_array":
            return self._draw()
        warnings.warn(f"Images need render_mode='rgb_array', not {self.render_mode!r}.", stacklevel=2)
        return [None] * self.num_envs

    def close(self) -> None:
        """Closes the windows, if any are open."""
        self._renderer.close()

    def get_attr(self, attr_name: str, indices: int | Iterable[int] | None = None) -> list[Any]:
        """What this environment has by that name, for each slot: the slots have nothing that differs."""
        if attr_name == "action_masks" and not isinstance(self.action_space, spaces.Discrete):
            raise AttributeError(f"The actions of {self.world.spec} are not discrete: there are no masks.")
        return [getattr(self, attr_name)] * len(self._slots(indices))

    def set_attr(self, attr_name: str, value: Any, indices: int | Iterable[int] | None = None) -> None:
        """Always raises AttributeError: the slots are rows of one array, and their world is fixed."""
        raise AttributeError(f"{attr_name} cannot be set: make another WorldVecEnv of the world that you want.")

    def env_method(
        self,
        method_name: str,
        *method_args: Any,
        indices: int | Iterable[int] | None = None,
        **method_kwargs: Any,
    ) -> list[Any]:
        """What a WorldEnv's "action_masks" or "render" would answer in each slot; AttributeError for other methods."""
        slots = self._slots(indices)
        if method_name == "action_masks":
            return list(self.action_masks()[slots])
        if method_name == "render":
            pictures = [None] * self.num_envs if self.render_mode in (None, "human") else self._draw()
            return [pictures[i] for i in slots]
        raise AttributeError(f"The slots of a WorldVecEnv have no method '{method_name}': action_masks, render.")

    def env_is_wrapped(
        self, wrapper_class: type[Wrapper[Any, Any, Any, Any]], indices: int | Iterable[int] | None = None
    ) -> list[bool]:
        """True for Monitor, whose work is done here, so that nobody warns of its absence; else False."""
        return [wrapper_class is Monitor] * len(self._slots(indices))

    def _tell_ends(self, infos: Infos, ended: NDArray[np.int64], observations: NDArray[Any]) -> None:
        """Writes into infos how the episodes in the slots `ended` ended."""
        told = self._episodes.info()
        states = self._episodes.states
        now = round(time.time() - self._started, 6)
        for i in ended.tolist():
            infos[i] = {
                **info_of(told, i),
                "TimeLimit.truncated": bool(states["truncated"][i] and not states["terminated"][i]),
                "terminal_observation": observations[i].copy(),
                "episode": {"r": round(float(self._returns[i]), 6), "l": int(self._lengths[i]), "t": now},
            }

    def _begin(self, slots: NDArray[np.bool_], observations: NDArray[Any]) -> None:
        """Begins the next episodes in the slots that are True, and writes their first observations."""
        self._episodes.begin(slots)
        states = self._episodes.states
        observations[slots] = self.world.observe(as_items(states)[slots].view(states.dtype))
        self._returns[slots] = self._lengths[slots] = 0
        self._keep_reset_infos(np.flatnonzero(slots).tolist())

    def _keep_reset_infos(self, slots: Iterable[int]) -> None:
        """What the world tells of episodes that have just begun, where stable-baselines3 keeps it."""
        told = self._episodes.info()
        for i in slots:
            self.reset_infos[i] = info_of(told, i)

    def _slots(self, indices: int | Iterable[int] | None) -> list[int]:
        return list(self._get_indices(indices))

    def _show(self) -> None:
        """The window follows by itself; all other modes draw when asked."""
        if self.render_mode == "human":
            self._draw()

    def _draw(self) -> list[Any]:
        self._episodes.must_have_begun()
        return self._renderer.draw(self._episodes.states)
