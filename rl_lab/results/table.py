"""The rows of docs/results.md: each a command, what is measured of what it trained, and a goal."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rl_lab.commands import command
from rl_lab.results.measures import (
    Measure,
    final,
    games_lost_to,
    gym_return,
    mean_return,
    score_against,
    solved,
)

FOLDER = Path("runs/results")
_DASHED = str.maketrans(":,=", "---")


@dataclass(frozen=True)
class Figure:
    """One number that says how good an agent is."""

    name: str
    measure: Measure
    goal: float | None = None
    """What it should come to; None for a number that is shown for comparison."""
    at_most: bool = False
    """Whether the goal is a limit from above; else from below."""
    decimals: int = 3
    by_chance: bool = False
    """Whether the agent acts by chance, as it did when it learned; else it does what seems best."""

    def reached(self, value: float) -> bool:
        """Whether that is good enough."""
        return self.goal is None or (value <= self.goal if self.at_most else value >= self.goal)

    @property
    def goal_text(self) -> str:
        """Such as "at least 20", or a dash."""
        return "-" if self.goal is None else f"{'at most' if self.at_most else 'at least'} {self.goal:g}"


@dataclass(frozen=True)
class Row:
    """What one algorithm, with the settings that ship, learns in one environment."""

    learner: Literal["ppo", "dqn"]
    env: str
    figures: tuple[Figure, ...]
    steps: int | None = None
    """Fewer steps than the settings have, where it needs no more."""

    @property
    def name(self) -> str:
        """What a person calls it."""
        return f"{self.learner}-{self.env.translate(_DASHED)}"

    def folder(self, seed: int) -> Path:
        """Where the run is."""
        return FOLDER / f"{self.name}-{seed}"

    def agent(self, seed: int, by_chance: bool = False) -> str:
        """The spec of what was trained."""
        return f"{self.learner}:{self.folder(seed)}" + (",sample=true" if by_chance else "")

    def command(self, seed: int) -> str:
        """What trains it."""
        steps = [] if self.steps is None else ["--steps", self.steps]
        return command("train", self.learner, "--env", self.env, *steps, "--seed", seed, "--out", self.folder(seed))


_CART_POLE = (Figure("return", gym_return, 500, decimals=1),)
_CATCH = (Figure("return", mean_return, 1),)
_SNAKE = (Figure("length", final("length"), 20, decimals=1),)
_MAZE = (
    Figure("held-out levels solved, acting by chance", solved("held_out"), 0.95, by_chance=True),
    Figure("held-out levels solved", solved("held_out")),
)
_CUE = (
    Figure("training levels solved, by chance", solved("train"), by_chance=True),
    Figure("held-out levels solved, by chance", solved("held_out"), by_chance=True),
)
_TIC_TAC_TOE = (
    Figure(
        "games of 2,000 lost to perfect play", games_lost_to("alphabeta:depth=9", 1000), 0, at_most=True, decimals=0
    ),
)


def _height(of_adam: float) -> tuple[Figure, ...]:
    return (Figure("final height", final("height"), of_adam, at_most=True),)


def _scores(rollout: int) -> tuple[Figure, ...]:
    return (
        Figure("score against random", score_against("random"), 0.95),
        Figure(f"score against rollout:simulations={rollout}", score_against(f"rollout:simulations={rollout}"), 0.6),
    )


ROWS = (
    Row("dqn", "CartPole-v1", _CART_POLE),
    Row("ppo", "CartPole-v1", _CART_POLE),
    Row("dqn", "catch", _CATCH),
    Row("ppo", "catch", _CATCH),
    Row("ppo", "snake", _SNAKE),
    Row("ppo", "maze:levels=0", _MAZE),
    Row("ppo", "maze:levels=0,cue=spurious", _CUE, steps=1_500_000),
    Row("ppo", "skier:dims=2,actions=continuous", _height(0.128)),
    Row("ppo", "skier:dims=2", _height(0.216)),
    Row("dqn", "tic_tac_toe", _TIC_TAC_TOE),
    Row("ppo", "tic_tac_toe", _TIC_TAC_TOE),
    Row("ppo", "connect_four", _scores(200)),
    Row("ppo", "go:size=5", _scores(100)),
)
