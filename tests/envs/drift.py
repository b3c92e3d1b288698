"""The smallest world with numbers for actions, a vector for an observation, and chance in every step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from gymnasium import spaces

from envs.chance import uniform
from envs.games.game import States, row_dtype
from envs.games.scene import Box, Scene
from envs.solo.world import WORLD_FIELDS, World, is_over


@dataclass(frozen=True)
class Drift(World):
    """A place on a line, moved by the action and pushed by chance; the nearer to 0 the better."""

    name = "drift"
    state_dtype = row_dtype([*WORLD_FIELDS, ("x", "f4")])
    action_space = spaces.Box(-1, 1, (1,), np.float32)
    observation_space = spaces.Box(-20, 20, (1,), np.float32)
    observation_names = ("place",)
    max_steps = 8

    def init(self, seeds: Any) -> States:
        states = np.zeros(len(seeds), self.state_dtype)
        states["seed"] = seeds
        return states

    def step(self, states: States, actions: Any) -> None:
        running = ~is_over(states)
        seeds = states["seed"][running]
        noise = uniform(seeds, 1)[:, 0]
        states["seed"][running] = seeds
        states["x"][running] += np.clip(actions[running, 0], -1, 1) + noise
        states["reward"][running] = -np.abs(states["x"][running])
        states["ply"] += running
        states["truncated"] = states["ply"] == self.max_steps

    def observe(self, states: States) -> Any:
        return states["x"][:, None].copy()

    def action_name(self, action: Any) -> str:
        return f"go {action[0]:+.1f}"

    def text(self, state: np.void) -> str:
        return f"x = {state['x']:.3f}"

    def scene(self, state: np.void) -> Scene:
        return Scene(1, 1, [Box(0, 0, 1, 1, "agent")])
