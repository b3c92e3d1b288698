"""Small DQN models in the middle of a run, and what they went through."""

from typing import Any

from stable_baselines3.common.logger import Logger

from agents.sb3.config import DQNConfig
from agents.sb3.dqn import LabDQN, make_dqn
from agents.sb3.gym_vec_env import env_for
from agents.sb3.vec_env import WorldVecEnv
from agents.scripted import RandomAgent
from envs.faces.seated import Seated
from envs.games.registry import make_game

SMALL: dict[str, Any] = {
    "blocks": 0,
    "channels": 8,
    "hidden": 16,
    "batch_size": 64,
    "learning_starts": 50,
    "gradient_steps": 1,
}


def begun(spec: str, n: int, **settings: Any) -> LabDQN:
    """A small model about to take its first step."""
    config = DQNConfig(env=spec, num_envs=n, **{**SMALL, **settings})
    if spec in ("tic_tac_toe", "go:size=3"):
        game = make_game(spec)
        model = make_dqn(config, WorldVecEnv(Seated(game, (RandomAgent(game),)), n))
    else:
        model = make_dqn(config, env_for(config))
    model.set_logger(Logger(None, []))
    model._setup_learn(10_000)
    return model


def collect(model: LabDQN, steps: int) -> list[tuple[Any, ...]]:
    """Steps in the environments; (observations, actions, rewards, terminated, truncated, next observations) of each."""
    told: list[tuple[Any, ...]] = []
    inner = model.replay_buffer.add

    def spy(*step: Any) -> None:
        told.append(tuple(None if part is None else part.copy() for part in step))
        inner(*step)

    model.replay_buffer.add = spy
    model.learn(steps * model.n_envs, reset_num_timesteps=False)
    del model.replay_buffer.add
    return told
