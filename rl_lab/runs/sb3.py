"""A DQN or PPO run as the loop sees it: steps in the environments, returns on held-out episodes."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from agents.sb3.config import DQNConfig, PPOConfig
from agents.sb3.gym_vec_env import lab_spec
from agents.sb3.player import PolicyAgent
from agents.sb3.policy import policy_of
from agents.sb3.trainer import Iteration, Sb3Trainer
from envs.chance import seed_of, seed_states
from envs.games.registry import GAMES, make_game
from envs.spec import Spec
from rl_lab.arena.statistics import Interval
from rl_lab.evaluate import ANCHORS, bootstrap_interval, evaluate, evaluation_world
from rl_lab.evaluate_gym import evaluate_gym
from rl_lab.runs.anchors import scores_against
from rl_lab.runs.training import Check, Figures, Measure, Scores, Training

EVALUATION_EPISODES = 100
HELD_OUT = 2**40
"""The seed of the episodes that evaluations play; no run is given one as large."""
SHOWN = ("loss", "policy_gradient_loss", "value_loss", "entropy_loss", "explained_variance", "exploration_rate")
"""Of what the algorithms tell of their learning, that which a person watches; the log has all."""


class Sb3Training(Training):
    """DQN or PPO under way."""

    adjustable = ("steps", "device", "checkpoint_seconds", "evaluation_steps")
    limit = "steps"

    config: PPOConfig | DQNConfig
    trainer: Sb3Trainer

    def __init__(self, config: PPOConfig | DQNConfig) -> None:
        self.config, self.trainer = config, Sb3Trainer(config)
        self.learner = "dqn" if isinstance(config, DQNConfig) else "ppo"
        spec = lab_spec(config.env)
        self._game = make_game(spec) if Spec.parse(spec).name in GAMES else None

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
        policy, env = policy_of(self.trainer.model), self.config.env
        if self._game:
            player = PolicyAgent(self._game, policy, self.learner)
            return scores_against(ANCHORS, self._game, player, self.config.seed, check)
        check(f"Playing {EVALUATION_EPISODES} held-out episodes ...")
        if spec := lab_spec(env):
            world = evaluation_world(spec)
            seeds = seed_states(seed_of(HELD_OUT, episode) for episode in range(EVALUATION_EPISODES))
            returns = evaluate(world, PolicyAgent(world, policy, self.learner), seeds).returns
        else:
            returns = evaluate_gym(env, policy, EVALUATION_EPISODES, HELD_OUT).returns
        return {"return": Interval(float(returns.mean()), *bootstrap_interval(returns))}

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
