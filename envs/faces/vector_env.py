"""A world as a Gymnasium vector environment: n episodes in step, without a loop over environments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from gymnasium.error import ResetNeeded
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from envs.errors import LabError
from envs.faces.episodes import Episodes, IllegalMove, seed_number
from envs.faces.render import RENDER_FPS, RENDER_MODES, SlotRenderer
from envs.solo.world import World

Infos = dict[str, Any]
StepResult = tuple[NDArray[Any], NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], Infos]


class WorldVectorEnv(VectorEnv[NDArray[Any], NDArray[Any], NDArray[Any]]):
    """n episodes of `world`. Slot i behaves as a WorldEnv that was reset with seed + i, in every autoreset mode.

    Infos are arrays over the slots: each key comes with "_key", bool[n], which says for which slots it tells something.
    With AutoresetMode.SAME_STEP the last observation and info of an episode are in "final_obs" and "final_info".
    """

    def __init__(
        self,
        world: World,
        num_envs: int = 1,
        illegal: IllegalMove = "lose",
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        render_mode: str | None = None,
        max_episode_steps: int | None = None,
    ) -> None:
        modes = [mode.value for mode in AutoresetMode]
        if not isinstance(autoreset_mode, AutoresetMode) and autoreset_mode not in modes:
            raise LabError(f"autoreset_mode must be one of {', '.join(modes)}, not '{autoreset_mode}'.")
        self._episodes = Episodes(world, num_envs, illegal, max_episode_steps)
        self.world = world
        self.num_envs = num_envs
        self.render_mode = render_mode
        self.autoreset_mode = AutoresetMode(autoreset_mode)
        self.metadata = {
            "render_modes": list(RENDER_MODES),
            "render_fps": RENDER_FPS,
            "autoreset_mode": self.autoreset_mode,
        }
        self.single_action_space = world.action_space
        self.single_observation_space = world.observation_space
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self._renderer = SlotRenderer(render_mode, world, num_envs)

    def reset(
        self, *, seed: int | Sequence[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[Any], Infos]:
        """Begins episodes in all slots, or where options["reset_mask"] (bool[n]) is True.

        An integer seeds slot i with seed + i; a sequence has a seed or None for each slot.
        """
        slots = self._slots_to_reset(options)
        self._seed(seed, slots)
        self._episodes.begin(slots)
        self._show()
        return self._observe(), self._infos(slots)

    def step(self, actions: NDArray[Any]) -> StepResult:
        """(observations, rewards [n], terminations [n], truncations [n], infos).

        Raises InvalidAction, IllegalAction or ResetNeeded, with nothing changed, as a WorldEnv would; and if an
        opponent fails, no episode can be gone on with.
        """
        ended = self._episodes.over
        if self.autoreset_mode == AutoresetMode.DISABLED and self._episodes.has_begun and ended.any():
            raise ResetNeeded("An episode is over: call reset(), with the option 'reset_mask' for some slots only.")
        self._episodes.step(actions)
        if self.autoreset_mode == AutoresetMode.NEXT_STEP and ended.any():
            self._episodes.begin(ended)
        states = self._episodes.states
        result = states["reward"].astype(np.float64), states["terminated"].copy(), states["truncated"].copy()
        finals = self._begin_where_over() if self.autoreset_mode == AutoresetMode.SAME_STEP else {}
        self._show()
        return (self._observe(), *result, {**finals, **self._infos(np.ones(self.num_envs, np.bool_))})

    def action_masks(self) -> NDArray[np.bool_]:
        """The legal actions, bool[n, A]."""
        self._episodes.must_have_begun()
        return self.world.legal_mask(self._episodes.states)

    def render(self) -> tuple[Any, ...] | None:
        """What each slot looks like, as WorldEnv.render; None in mode "human", whose window follows the first slot."""
        return None if self.render_mode in (None, "human") else tuple(self._draw())

    def close_extras(self, **kwargs: Any) -> None:
        """Closes the windows."""
        self._renderer.close()

    def save(self) -> dict[str, NDArray[Any]]:
        """All episodes and the random states of those to come, as plain arrays; `load` goes on from them exactly."""
        return self._episodes.arrays()

    def load(self, arrays: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
        """Goes on from what `save` of an equal environment gave, and returns the present observations."""
        self._episodes.restore(arrays)
        return self._observe()

    def _slots_to_reset(self, options: dict[str, Any] | None) -> NDArray[np.bool_]:
        options = dict(options or {})
        slots = options.pop("reset_mask", None)
        if options:
            raise LabError(f"reset knows the option 'reset_mask' only, but was given {', '.join(map(str, options))}.")
        if slots is None:
            return np.ones(self.num_envs, np.bool_)
        if not (isinstance(slots, np.ndarray) and slots.dtype == np.bool_ and slots.shape == (self.num_envs,)):
            raise LabError(f"reset_mask must be a boolean array of shape ({self.num_envs},).")
        if not slots.any():
            raise LabError("reset_mask must be True for at least one environment.")
        return slots

    def _seed(self, seed: int | Sequence[int | None] | None, slots: NDArray[np.bool_]) -> None:
        """Seeds the streams of `slots` as asked, and any that has never had a seed."""
        seeds: list[int | None]
        if seed is None:
            seeds = [None] * self.num_envs
        elif np.asarray(seed, object).ndim == 0:
            first = seed_number(seed)
            super().reset(seed=first)
            seeds = [first + i for i in range(self.num_envs)]
        else:
            seeds = list(seed)  # type: ignore[arg-type]  # a sequence, since it has a dimension
            if len(seeds) != self.num_envs:
                raise LabError(f"{self.num_envs} seeds are needed, one for each environment, not {len(seeds)}.")
        self._episodes.seed([s if wanted else None for s, wanted in zip(seeds, slots, strict=True)])
        if not self._episodes.is_seeded:
            self._episodes.seed_rest(self.np_random)

    def _begin_where_over(self) -> Infos:
        """Begins the next episode wherever one has just ended; the infos that tell how those ended."""
        ended = self._episodes.over
        if not ended.any():
            return {}
        observations = self._observe()
        last = np.full(self.num_envs, None, object)
        for i in np.flatnonzero(ended):
            last[i] = observations[i]
        finals = {"final_obs": last, "_final_obs": ended, "final_info": self._infos(ended), "_final_info": ended.copy()}
        self._episodes.begin(ended)
        return finals

    def _observe(self) -> NDArray[Any]:
        return self._episodes.observe()

    def _infos(self, slots: NDArray[np.bool_]) -> Infos:
        """The infos of `slots`; zeros for the others, as Gymnasium's own vector environments have it."""
        infos: Infos = {}
        others = None if slots.all() else ~slots
        for key, values in self._episodes.info().items():
            if others is not None:
                values[others] = 0
            infos[key], infos[f"_{key}"] = values, slots.copy()
        return infos

    def _show(self) -> None:
        if self.render_mode == "human":
            self._draw()

    def _draw(self) -> list[Any]:
        self._episodes.must_have_begun()
        return self._renderer.draw(self._episodes.states)
