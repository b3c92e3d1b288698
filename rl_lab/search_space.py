"""Which settings `rl-lab tune` searches, and between which bounds: the one place that says so.

Wide enough to hold the settings of rl-zoo3 and of our own table, narrow enough for some dozens of trials. Settings that
do not appear here are those of agents/sb3/tuned.py, or the defaults. `--set` fixes any of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from agents.sb3.config import DQNConfig, LearnerConfig, PPOConfig

Value = bool | int | float


class Trial(Protocol):
    """The part of optuna.Trial that is needed here."""

    def suggest_categorical(self, name: str, choices: Any) -> Any:
        """One of the choices."""

    def suggest_float(self, name: str, low: float, high: float, *, log: bool) -> float:
        """A number between the bounds, both included."""


@dataclass(frozen=True)
class OneOf:
    """Any of these."""

    values: tuple[Value, ...]

    def draw(self, trial: Trial, name: str) -> Value:
        """What the trial tries."""
        value: Value = trial.suggest_categorical(name, self.values)
        return value


@dataclass(frozen=True)
class Between:
    """Any number from `low` to `high`, evenly in its logarithm, with three digits."""

    low: float
    high: float

    def draw(self, trial: Trial, name: str) -> Value:
        """What the trial tries."""
        return float(f"{trial.suggest_float(name, self.low, self.high, log=True):.2e}")


Space = dict[str, OneOf | Between]

BOTH: Space = {
    "learning_rate": Between(1e-4, 5e-3),
    "gamma": OneOf((0.9, 0.95, 0.98, 0.99, 0.995, 1.0)),
    "hidden": OneOf((64, 128, 256)),
    "max_grad_norm": OneOf((0.5, 1.0, 10.0)),
}
PLANES: Space = {"blocks": OneOf((0, 1, 2)), "channels": OneOf((16, 32))}
"""Of nets that see planes."""
PPO: Space = {
    "num_envs": OneOf((32, 64, 128, 256)),
    "rollout_steps": OneOf((16, 32, 64, 128)),
    "batch_size": OneOf((128, 256, 512, 1024, 2048)),
    "epochs": OneOf((1, 2, 4, 8)),
    "gae_lambda": OneOf((0.8, 0.9, 0.95, 0.98, 1.0)),
    "clip_range": OneOf((0.1, 0.2, 0.3)),
    "entropy": Between(1e-4, 0.1),
}
DQN: Space = {
    "num_envs": OneOf((8, 32, 64)),
    "train_every": OneOf((1, 4, 16)),
    "gradient_steps": OneOf((1, 2, 4, 8)),
    "batch_size": OneOf((64, 128, 256, 512)),
    "target_steps": OneOf((500, 1000, 2000, 5000, 10_000)),
    "exploration": Between(0.01, 0.2),
    "exploration_share": OneOf((0.1, 0.2, 0.3, 0.5)),
    "n_step": OneOf((1, 3, 5)),
}


def space_of(kind: type[LearnerConfig], sees_planes: bool) -> Space:
    """What is searched for that algorithm, by the names of its settings."""
    own = {PPOConfig: PPO, DQNConfig: DQN}[kind]
    return {**BOTH, **(PLANES if sees_planes else {}), **own}
