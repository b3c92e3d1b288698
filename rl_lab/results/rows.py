"""What a line of docs/results.md is made of: what is trained by which command, what is measured of it, and a goal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from rich.console import Console

from agents.alphazero.config import AlphaZeroConfig
from agents.sb3.player import CONFIGS
from agents.sb3.tuned import config_for
from envs.errors import LabError
from envs.spec import build
from rl_lab.commands import command
from rl_lab.results.measures import Measure
from rl_lab.runs.run import Run
from rl_lab.train import Config, train

SEEDS = (6, 7, 8)
"""Settings were chosen with others (0 to 5, and 10)."""
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
class Training:
    """What a run has taken."""

    minutes: float
    """Without the evaluations on the way."""
    experience: int
    """Steps of the environments, all of them together; of AlphaZero, positions played."""


@dataclass(frozen=True)
class Row:
    """What one algorithm learns in one environment, with the settings that ship but for those given."""

    learner: Literal["ppo", "dqn", "alphazero"]
    env: str
    figures: tuple[Figure, ...]
    given: Mapping[str, Any] = field(default_factory=dict)
    """Settings by their names."""
    seeds: tuple[int, ...] = SEEDS
    label: str = ""
    """Tells rows of one algorithm and environment apart."""
    start: Row | None = None
    """Whose net, of the same seed, it starts from; that is trained first."""

    @property
    def name(self) -> str:
        """What a person calls it."""
        return "-".join(filter(None, (self.learner, self.env.translate(_DASHED), self.label)))

    def folder(self, seed: int) -> Path:
        """Where the run is."""
        return FOLDER / f"{self.name}-{seed}"

    def agent(self, seed: int, by_chance: bool = False) -> str:
        """The spec of what was trained."""
        return f"{self.learner}:{self.folder(seed)}" + (",sample=true" if by_chance else "")

    def command(self, seed: int) -> str:
        """What trains it."""
        subject = "--game" if self.learner == "alphazero" else "--env"
        given = [word for key, value in self._given(seed).items() for word in (f"--{key.replace('_', '-')}", value)]
        return command("train", self.learner, subject, self.env, *given, "--seed", seed, "--out", self.folder(seed))

    def settings(self, seed: int) -> Config:
        """All settings of that training."""
        given = {key: str(value) for key, value in {**self._given(seed), "seed": seed}.items()}
        if self.learner == "alphazero":
            return build(AlphaZeroConfig, {**given, "game": self.env}, "learner 'alphazero'")
        kind: Any = CONFIGS[self.learner]
        settings: Config = config_for(kind, self.env, given)
        return settings

    def train(self, seed: int) -> Training:
        """Trains it, and first what it starts from, if that is not done yet."""
        folder = self.folder(seed)
        if self.start:
            self.start.train(seed)
        train(self.settings(seed), folder, resume=folder.exists(), console=Console(stderr=True))
        run = Run.open(folder)
        try:
            measured = run.metrics("training")
        finally:
            run.close()
        if not measured:
            raise LabError(f"The run in '{folder}' has no measurements of its training; delete it to train anew.")
        last = measured[-1]
        return Training(float(last["seconds"]) / 60, int(last["positions" if self.learner == "alphazero" else "steps"]))

    def _given(self, seed: int) -> dict[str, Any]:
        return {**self.given, **({"start_from": str(self.start.folder(seed))} if self.start else {})}
