"""A world as a Gymnasium environment."""

from __future__ import annotations

from functools import partial
from typing import Any

import gymnasium
import numpy as np
from gymnasium.error import InvalidAction, ResetNeeded
from numpy.typing import NDArray

from envs.errors import LabError
from envs.faces.episodes import Episodes, IllegalMove, info_of
from envs.faces.render import RENDER_FPS, RENDER_MODES, Renderer
from envs.solo.world import World

ONE = np.ones(1, np.bool_)


class WorldEnv(gymnasium.Env[NDArray[Any], Any]):
    """One episode of `world` at a time: a batch of one of the rows that the vector environment has n of.

    `info` holds what World.info tells and, where actions can be illegal, "action_mask": int8[A], 1 for a legal one,
    as `action_space.sample(mask)` takes it. `illegal` says what an illegal action does; see Episodes.
    """

    metadata = {"render_modes": list(RENDER_MODES), "render_fps": RENDER_FPS}  # noqa: RUF012 - as Env has it

    def __init__(self, world: World, render_mode: str | None = None, illegal: IllegalMove = "lose") -> None:
        self.world = world
        self.action_space = world.action_space
        self.observation_space = world.observation_space
        self.render_mode = render_mode
        self._episodes = Episodes(world, 1, illegal)
        self._renderer = Renderer(render_mode, world.spec)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[Any], dict[str, Any]]:
        """Begins the next episode, or with `seed` (an integer >= 0) the first of that seed; there are no `options`."""
        super().reset(seed=seed)
        if options:
            raise LabError(f"reset has no options here, but was given {', '.join(map(str, options))}.")
        if seed is not None:
            self._episodes.seed([seed])
        elif not self._episodes.is_seeded:
            self._episodes.seed_rest(self.np_random)
        self._episodes.begin(ONE)
        self._show()
        return self._observation(), self._info()

    def step(self, action: Any) -> tuple[NDArray[Any], float, bool, bool, dict[str, Any]]:
        """(observation, reward, terminated, truncated, info).

        Raises InvalidAction for what is not in the action space (but numbers beyond a Box count as its nearer end),
        IllegalAction if `illegal` says so, and ResetNeeded before the first reset and after the end of an episode. In
        each case nothing has changed. If the opponent of a board game fails, its error comes through, and the episode
        cannot be gone on with.
        """
        self._episodes.must_have_begun()
        if self._episodes.over[0]:
            raise ResetNeeded("The episode is over: call reset() before step().")
        action = np.asarray(action)
        if action.shape != self.action_space.shape:
            raise InvalidAction(f"An action has shape {self.action_space.shape} here, not {action.shape}.")
        self._episodes.step(action[None])
        self._show()
        row = self._episodes.states[0]
        return (
            self._observation(),
            float(row["reward"]),
            bool(row["terminated"]),
            bool(row["truncated"]),
            self._info(),
        )

    def action_masks(self) -> NDArray[np.bool_]:
        """The legal actions, bool[A]; MaskablePPO of sb3-contrib asks for them by this name."""
        self._episodes.must_have_begun()
        mask: NDArray[np.bool_] = self.world.legal_mask(self._episodes.states)[0]
        return mask

    def render(self) -> Any:
        """By render_mode: an image uint8[H, W, 3], text ("ansi", "svg"), or None for a window that shows every step."""
        return None if self.render_mode == "human" else self._draw()

    def close(self) -> None:
        """Closes the window, if one is open; the environment can still be used."""
        self._renderer.close()

    @property
    def state(self) -> np.void:
        """The state; a copy."""
        row: np.void = self._episodes.states.copy()[0]
        return row

    def _observation(self) -> NDArray[Any]:
        observation: NDArray[Any] = self.world.observe(self._episodes.states)[0]
        return observation

    def _info(self) -> dict[str, Any]:
        return info_of(self._episodes.info(), 0)

    def _show(self) -> None:
        """The window follows by itself; all other modes draw when asked."""
        if self.render_mode == "human":
            self._draw()

    def _draw(self) -> Any:
        self._episodes.must_have_begun()
        row = self._episodes.states[0]
        return self._renderer.draw(partial(self.world.scene, row), partial(self.world.text, row))
