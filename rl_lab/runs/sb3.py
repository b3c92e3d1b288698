"""A DQN or PPO run as the loop sees it: steps in the environments, returns on held-out episodes."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from agents.sb3.config import DQNConfig, PPOConfig
from agents.sb3.gym_vec_env import lab_spec
from agents.sb3.policy import policy_of
from agents.sb3.trainer import Iteration, Sb3Trainer
from envs.games.registry import GAMES, make_game
from envs.spec import Spec
from rl_lab.film import Film, film_kind, write_film
from rl_lab.runs.policy_scores import HELD_OUT, policy_scores
from rl_lab.runs.training import Check, Figures, Measure, Scores, Training
from rl_lab.runs.video import policy_film

SHOWN = ("loss", "policy_gradient_loss", "value_loss", "entropy_loss", "explained_variance", "exploration_rate")
"""Of what the algorithms tell of their learning, that which a person watches; the log has all."""


class Sb3Training(Training):
    """DQN or PPO under way."""

    adjustable = ("steps", "device", "checkpoint_seconds", "evaluation_steps", "video")
    limit = "steps"

    config: PPOConfig | DQNConfig
    trainer: Sb3Trainer

    def __init__(self, config: PPOConfig | DQNConfig) -> None:
        self.config, self.trainer = config, Sb3Trainer(config)
        self.learner = "dqn" if isinstance(config, DQNConfig) else "ppo"
        spec = lab_spec(config.env)
        self._game = make_game(spec) if Spec.parse(spec).name in GAMES else None
        if config.video:
            self._film()  # which draws its first picture, or says why there can be none

    @property
    def subject(self) -> str:
        return self.config.env

    @property
    def measure(self) -> Measure:
        return "score" if self._game else "return"

    @property
    def progress(self) -> float:
        return self.trainer.steps / self.config.steps

    @property
    def step(self) -> int:
        return self.trainer.steps

    @property
    def clock(self) -> float:
        return self.trainer.steps

    @property
    def evaluation_interval(self) -> float:
        return self.config.evaluation_steps

    def iterate(self) -> tuple[dict[str, Any], Figures]:
        measured = self.trainer.iterate()
        return asdict(measured), self._figures(measured)

    def _figures(self, m: Iteration) -> Figures:
        config, seconds = self.config, self.trainer.seconds
        left = seconds * max(config.steps / m.steps - 1, 0)
        learning = m.learn_seconds / (m.learn_seconds + m.collect_seconds)
        shown = [name for name in SHOWN if name in m.losses]
        return [
            ("steps", f"{m.steps:,} of {config.steps:,} ({m.steps / seconds:,.0f}/s, {learning:.0%} of it learning)"),
            ("time", f"{duration(seconds)}, {duration(left)} left"),
            ("return", "-" if m.episode_return is None else f"{m.episode_return:.3f}"),
            ("length", "-" if m.episode_length is None else f"{m.episode_length:.1f}"),
            ("learning steps", f"{m.updates:,}"),
            *((name.replace("_", " "), f"{m.losses[name]:.3f}") for name in shown),
        ]

    def evaluate(self, check: Check) -> Scores:
        """The policy at its best, without chance: scores against the anchors, or its return on held-out episodes."""
        seed = self.config.seed if self.measure == "score" else HELD_OUT
        return policy_scores(policy_of(self.trainer.model), self.config, seed, check)

    def changed_since(self, old: PPOConfig | DQNConfig) -> str:
        done, planned, now = self.trainer.steps, old.steps, self.config.steps
        if planned == now or not done:
            return ""
        follow = "Learning rate and exploration follow" if self.learner == "dqn" else "The learning rate follows"
        return (
            f"{follow} the share of the run that is done, which is {done / now:.0%} of {now:,} steps now, and was "
            f"{done / planned:.0%} of {planned:,}."
        )

    def film(self, folder: Path) -> None:
        if self.config.video:
            write_film(self._film(), folder / f"{self.trainer.steps:09d}{film_kind()}")

    def _film(self) -> Film:
        return policy_film(policy_of(self.trainer.model), self.config, HELD_OUT)

    def save_player(self, folder: Path) -> None:
        self.trainer.save_player(folder)


def duration(seconds: float) -> str:
    """Such as "45 s", "3:20 min" or "2:05 h"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02d} min"
    return f"{whole // 3600}:{whole % 3600 // 60:02d} h"
