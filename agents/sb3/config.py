"""Every setting of a DQN or PPO run, each with a sentence; tuned.py says what suits each world. No heavy imports."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import TypeVar

from envs.errors import LabError
from envs.spec import build

C = TypeVar("C", bound="LearnerConfig")


@dataclass(frozen=True)
class LearnerConfig:
    """What both algorithms have to be told."""

    env: str = "catch"
    """What to learn: a world or game of the lab as a spec ("snake:size=8"), or a Gymnasium id ("CartPole-v1")."""
    steps: int = 1_000_000
    """Steps in the environments, all of them together."""
    num_envs: int = 64
    """Environments side by side."""
    seed: int = 0
    """The seed of everything: same seed, same machine, same run."""
    opponents: str = "random greedy self"
    """Board games: who is played against, specs separated by blanks; "self" are past versions of the learner."""
    snapshots: int = 4
    """How many past versions of the learner there are; the oldest goes when a new one comes."""
    snapshot_steps: int = 100_000
    """Steps between two of them."""
    symmetries: bool = False
    """Whether each batch is seen through a random symmetry of the board (games that have some)."""
    blocks: int = 1
    """Planes: residual blocks of the net."""
    channels: int = 32
    """Planes: channels of the net."""
    stride: int = 1
    """Planes: the net keeps every stride-th cell of every stride-th row, and sees what is around it; 2 suits mazes."""
    repeats: int = 1
    """Planes: how often the blocks are passed, with the same weights, like steps of an algorithm."""
    hidden: int = 128
    """Units of the fully connected layers: the one after the planes, or the two of a vector."""
    learning_rate: float = 3e-4
    """Learning rate of Adam at the start."""
    final_learning_rate: float = 0.0
    """The learning rate at the end, as a share of that at the start; in between it falls along a straight line."""
    gamma: float = 0.99
    """Discount of a step."""
    max_grad_norm: float = 0.5
    """Gradients are scaled down to this norm."""
    checkpoint_seconds: float = 30.0
    """Training time between checkpoints."""
    evaluation_steps: int = 100_000
    """Steps between evaluations on held-out seeds or against fixed opponents."""
    video: bool = False
    """Whether each evaluation leaves a film of an episode in the run's folder videos/."""
    device: str = "auto"
    """"auto" (a GPU if there is one), "cpu" or "cuda"."""

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if isinstance(value, bool | str):
                continue
            if field.name in _MAY_BE_ZERO and not value >= 0:
                raise LabError(f"{field.name} must be 0 or more, not {value}.")
            if field.name not in _MAY_BE_ZERO and not value > 0:
                raise LabError(f"{field.name} must be above 0, not {value}.")
            if value == float("inf"):
                raise LabError(f"{field.name} must be finite.")
            if field.name in _MOST and not value <= _MOST[field.name]:
                raise LabError(f"{field.name} must be at most {_MOST[field.name]}, not {value}.")

    def to_json(self) -> str:
        """The settings as indented JSON."""
        return json.dumps(dataclasses.asdict(self), indent=1)


@dataclass(frozen=True)
class PPOConfig(LearnerConfig):
    """Proximal policy optimisation (Schulman et al., 2017); with masks where the world has illegal actions."""

    rollout_steps: int = 64
    """Steps of each environment before the net learns."""
    batch_size: int = 1024
    """Steps in a learning step."""
    epochs: int = 4
    """How often each step is learned from."""
    gae_lambda: float = 0.95
    """Decay of later surprises in the advantage (generalised advantage estimation; Schulman et al., 2016)."""
    clip_range: float = 0.2
    """How far the ratio of new to old probability may count."""
    entropy: float = 0.01
    """Weight of the policy's entropy, which keeps it exploring."""
    value_weight: float = 0.5
    """Weight of the value's loss."""


@dataclass(frozen=True)
class DQNConfig(LearnerConfig):
    """Deep Q-learning (Mnih et al., 2015); masked where the world has illegal actions."""

    buffer_size: int = 200_000
    """Steps that are remembered."""
    learning_starts: int = 5_000
    """Steps at random before the net learns."""
    train_every: int = 1
    """Steps of each environment before the net learns."""
    gradient_steps: int = 4
    """Learning steps each time."""
    batch_size: int = 256
    """Steps in a learning step."""
    target_steps: int = 5_000
    """Steps between two updates of the target net."""
    exploration: float = 0.05
    """The share of random actions in the end; it falls from 1 along a straight line."""
    exploration_share: float = 0.2
    """The share of the run in which it falls."""
    double: bool = True
    """Whether the net chooses the action that its target judges (van Hasselt et al., 2016)."""
    n_step: int = 1
    """Rewards that are added up before the value of a later state is believed."""


_MAY_BE_ZERO = {"seed", "final_learning_rate", "entropy", "exploration", "learning_starts", "blocks"}
_MOST = dict.fromkeys(("final_learning_rate", "gamma", "gae_lambda", "exploration", "exploration_share"), 1)
_MOST["repeats"] = 1000  # the nets of strangers are used too, and should answer


def config_from_json(kind: type[C], text: str) -> C:
    """The inverse of to_json; raises LabError for text that holds no such settings."""
    try:
        values = {
            key: value if isinstance(value, str) else json.dumps(value) for key, value in json.loads(text).items()
        }
        return build(kind, values, "the run")
    except (ValueError, AttributeError, RecursionError) as error:
        raise LabError(f"The run's config.json is damaged: it holds no settings ({error}).") from None
    except LabError as error:
        raise LabError(f"The run's config.json is damaged. {error}") from None
