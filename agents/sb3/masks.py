"""The legal actions of a VecEnv: one call a step for the lab's own, one a slot for those of other people."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sb3_contrib.common.maskable.utils import get_action_masks, is_masking_supported
from stable_baselines3.common.vec_env import VecEnv, VecEnvWrapper

from agents.sb3.vec_env import WorldVecEnv


def masks_actions(env: VecEnv) -> bool:
    """Whether some actions are illegal in some states."""
    world_env = _world_env(env)
    if world_env is not None:
        return world_env.world.masks_actions
    return bool(is_masking_supported(env))


def action_masks(env: VecEnv) -> NDArray[np.bool_]:
    """The legal actions, bool[n, A], of an environment that has any illegal ones."""
    world_env = _world_env(env)
    if world_env is not None:
        return world_env.action_masks()
    masks: NDArray[Any] = get_action_masks(env)
    return masks.astype(np.bool_)


def _world_env(env: VecEnv) -> WorldVecEnv | None:
    """The environment itself, out of any wrappers, if it is one of the lab."""
    while isinstance(env, VecEnvWrapper):
        env = env.venv
    return env if isinstance(env, WorldVecEnv) else None
