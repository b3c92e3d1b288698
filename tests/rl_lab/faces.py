"""Every face of a world that steps, for tests that hold for all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode

from agents.sb3.vec_env import WorldVecEnv
from envs.faces.gym_env import WorldEnv
from envs.faces.vector_env import WorldVectorEnv

NUM_ENVS = 3
MODES = list(AutoresetMode)
FACES: dict[str, Callable[..., Any]] = {
    "gym": lambda world, **options: WorldEnv(world, **options),
    "sb3": lambda world, **options: WorldVecEnv(world, NUM_ENVS, **options),
    **{
        mode.value: lambda world, mode=mode, **options: WorldVectorEnv(world, NUM_ENVS, autoreset_mode=mode, **options)
        for mode in MODES
    },
}


def reset(env: Any, seed: int) -> None:
    """The first episodes of that seed in every slot."""
    if isinstance(env, WorldVecEnv):
        env.seed(seed)
        env.reset()
    else:
        env.reset(seed=seed)


def step(env: Any) -> None:
    """The first legal action in every slot; in mode "disabled" and in a single environment also the resets."""
    masks = np.atleast_2d(env.action_masks())
    result = env.step(masks.argmax(1) if not isinstance(env, WorldEnv) else int(masks[0].argmax()))
    if isinstance(env, WorldEnv) and result[2]:
        env.reset()
    if isinstance(env, WorldVectorEnv) and env.autoreset_mode == AutoresetMode.DISABLED and result[2].any():
        env.reset(options={"reset_mask": result[2]})


def act_blindly(env: Any) -> None:
    env.step(0 if isinstance(env, WorldEnv) else np.zeros(NUM_ENVS, np.int64))
