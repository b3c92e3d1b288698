"""What suits each world: the settings of DQN and PPO that differ from the defaults. `rl-lab tune` prints such rows."""

from __future__ import annotations

from typing import Any, TypeVar

from agents.sb3.config import DQNConfig, LearnerConfig, PPOConfig
from agents.sb3.gym_vec_env import lab_spec
from envs.spec import Spec, build

C = TypeVar("C", bound=LearnerConfig)

# docs/results.md has what each reaches. The worlds of one name share a row, whatever their options.
_PPO: dict[str, dict[str, Any]] = {
    "catch": {
        "steps": 60_000,
        "blocks": 0,
        "channels": 16,
        "hidden": 64,
        "rollout_steps": 16,
        "batch_size": 256,
        "learning_rate": 1e-3,
        "evaluation_steps": 10_000,
    },
    "snake": {
        "steps": 2_000_000,
        "num_envs": 128,
        "channels": 16,
        "rollout_steps": 32,
        "batch_size": 512,
        "epochs": 2,
        "learning_rate": 2.5e-3,
        "gamma": 0.98,
    },
    "tic_tac_toe": {
        "num_envs": 128,
        "opponents": "random self self",
        "snapshots": 8,
        "snapshot_steps": 20_000,
        "symmetries": True,
        "blocks": 0,
        "hidden": 256,
        "rollout_steps": 16,
        "batch_size": 512,
        "learning_rate": 2e-3,
        "gamma": 1.0,
        "entropy": 0.08,
    },
    "maze": {  # the net takes steps from room to room, each the same: the blocks are passed again and again
        "steps": 3_000_000,
        "num_envs": 256,
        "blocks": 2,
        "stride": 2,
        "repeats": 4,
        "rollout_steps": 32,
        "batch_size": 512,
        "epochs": 2,
        "learning_rate": 1e-3,
        "gamma": 0.97,
        "gae_lambda": 0.9,
        "entropy": 0.005,
        "value_weight": 20.0,
        "max_grad_norm": 2.0,
        "evaluation_steps": 300_000,
    },
    "skier": {
        "steps": 3_000_000,
        "num_envs": 256,
        "rollout_steps": 50,
        "batch_size": 800,
        "epochs": 6,
        "learning_rate": 1e-3,
        "gamma": 1.0,
        "gae_lambda": 0.98,
        "entropy": 0.0005,
        "evaluation_steps": 300_000,
    },
    "connect_four": {
        "steps": 3_000_000,
        "num_envs": 128,
        "opponents": "self self self rollout:simulations=100 rollout:simulations=100 rollout:simulations=100",
        "snapshots": 8,
        "symmetries": True,
        "hidden": 256,
        "rollout_steps": 32,
        "batch_size": 512,
        "epochs": 3,
        "learning_rate": 1e-3,
        "gamma": 0.997,
        "entropy": 0.05,
        "evaluation_steps": 500_000,
    },
    "go": {
        "steps": 1_250_000,
        "num_envs": 128,
        "opponents": "greedy self self self rollout:simulations=50 rollout:simulations=50",
        "snapshots": 8,
        "symmetries": True,
        "hidden": 256,
        "rollout_steps": 32,
        "batch_size": 512,
        "epochs": 3,
        "learning_rate": 1e-3,
        "gamma": 0.997,
        "entropy": 0.03,
        "evaluation_steps": 250_000,
    },
    "CartPole-v1": {  # after rl-zoo3
        "steps": 100_000,
        "num_envs": 8,
        "hidden": 64,
        "rollout_steps": 32,
        "batch_size": 256,
        "epochs": 20,
        "learning_rate": 1e-3,
        "gamma": 0.98,
        "gae_lambda": 0.8,
        "entropy": 0.0,
        "evaluation_steps": 10_000,
    },
}
_DQN: dict[str, dict[str, Any]] = {
    "catch": {
        "steps": 80_000,
        "blocks": 0,
        "channels": 16,
        "hidden": 64,
        "learning_starts": 1000,
        "gradient_steps": 2,
        "batch_size": 128,
        "target_steps": 1000,
        "learning_rate": 1e-3,
        "evaluation_steps": 10_000,
    },
    "snake": {
        "steps": 800_000,
        "blocks": 0,
        "hidden": 256,
        "gradient_steps": 1,
        "learning_rate": 1e-3,
        "gamma": 0.95,
        "n_step": 3,
        "exploration": 0.01,
        "exploration_share": 0.1,
        "buffer_size": 100_000,
    },
    "tic_tac_toe": {
        "steps": 600_000,
        "opponents": "random self",
        "snapshot_steps": 50_000,
        "symmetries": True,
        "blocks": 0,
        "learning_starts": 2000,
        "gradient_steps": 2,
        "target_steps": 2000,
        "learning_rate": 1e-3,
        "gamma": 1.0,
        "exploration": 0.25,
        "buffer_size": 100_000,
    },
    "CartPole-v1": {  # after rl-zoo3
        "steps": 50_000,
        "num_envs": 8,
        "learning_starts": 1000,
        "train_every": 16,
        "gradient_steps": 64,
        "batch_size": 128,
        "target_steps": 256,
        "n_step": 3,
        "learning_rate": 2e-3,
        "max_grad_norm": 10.0,
        "exploration": 0.04,
        "exploration_share": 0.16,
        "buffer_size": 50_000,
        "evaluation_steps": 10_000,
    },
}
TUNED: dict[type[LearnerConfig], dict[str, dict[str, Any]]] = {PPOConfig: _PPO, DQNConfig: _DQN}
"""What suits each world, by its name: the settings that differ from the defaults."""


def config_for(kind: type[C], env: str, given: dict[str, str]) -> C:
    """The settings that suit `env`, with those `given` as texts; raises LabError for unknown ones or bad values."""
    name = Spec.parse(lab_spec(env) or env).name
    tuned = {key: str(value) for key, value in TUNED[kind].get(name, {}).items()}
    return build(kind, {**tuned, **given, "env": env}, f"learner '{kind.__name__.removesuffix('Config').lower()}'")
