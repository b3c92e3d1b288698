"""Environments that misbehave, for the tests of the window; `bad_envs:Raises-v0` and so on are their ids."""

from __future__ import annotations

import os
import sys
import time
import warnings
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces


class Bad(gym.Env[Any, Any]):
    """Behaves until the third step; its picture is as bright as the step's number."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 30}  # noqa: RUF012 - Gymnasium's own way

    def __init__(self, how: str = "", render_mode: str | None = None) -> None:
        self.how, self.render_mode, self.steps = how, render_mode, 0
        self.observation_space = spaces.Box(-1, 1, (2,), np.float32)
        self.action_space = spaces.Discrete(2)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        if self.how == "unborn":
            raise ValueError("not today")
        self.steps = 0
        return np.zeros(2, np.float32), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self.steps += 1
        if self.steps == 3:
            self._misbehave()
        return np.zeros(2, np.float32), float(action), self.steps >= 6, False, {}

    def render(self) -> Any:
        if self.how == "flat":
            return np.zeros((4, 4), np.uint8)
        return np.full((8, 8, 3), self.steps, np.uint8)

    def _misbehave(self) -> None:
        if self.how == "raises":
            raise RuntimeError("out of order")
        if self.how == "dies":
            os._exit(3)
        if self.how == "exits":
            sys.exit("enough")
        if self.how == "hangs":
            time.sleep(1000)
        if self.how == "warns":
            warnings.warn("a warning that nobody asked for", stacklevel=1)
            gym.logger.warn("another one")


for how in ("raises", "dies", "exits", "hangs", "warns", "unborn", "flat"):
    gym.register(f"{how.capitalize()}-v0", entry_point=Bad, kwargs={"how": how})
