"""What the loop of a run has to know of a learner; one subclass for each kind."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, Self

from rl_lab.arena.statistics import Interval

Figures = list[tuple[str, str]]
"""(name, value) as a person reads them."""
Scores = dict[str, Interval]
"""What an evaluation found, by the name of the opponent or of the measure."""

Measure = Literal["score", "return"]
"""The share of games won, in [0, 1]; or the sum of an episode's rewards."""
Check = Callable[[str], None]
"""Is told now and then, in a sentence, what an evaluation is doing ("" for no news), and may raise to end it."""


class Trainer(Protocol):
    """The part of a learner that all kinds have in common."""

    iteration: int
    """Iterations so far."""
    seconds: float
    """Training time so far, summed over resumes."""

    def warm_up(self) -> None:
        """Compiles what an iteration uses; the run itself does not change."""

    def save(self, folder: Path) -> None:
        """Writes all that `load` needs to go on exactly."""

    def load(self, folder: Path) -> None:
        """Takes over what `save` wrote; raises LabError if it is damaged."""


class Config(Protocol):
    """The part of the settings that all kinds have in common."""

    @property
    def checkpoint_seconds(self) -> float:
        """Training time between checkpoints."""

    def to_json(self) -> str:
        """All settings, as text."""


class Training(ABC):
    """A learner under way."""

    adjustable: ClassVar[tuple[str, ...]]
    """Settings that a resumed run may change."""
    limit: ClassVar[str]
    """The setting that ends a run."""

    learner: str
    """Its name on the command line."""
    config: Config
    trainer: Trainer

    @abstractmethod
    def __init__(self, config: Any) -> None:
        """Begins a run with settings of the learner's own kind; raises LabError if they will not do."""

    @classmethod
    def resumed(cls, config: Any) -> Self:
        """As the constructor, for a run that has checkpoints, one of which `trainer.load` takes over next."""
        return cls(config)

    @property
    @abstractmethod
    def subject(self) -> str:
        """What is learned: the spec of a game or a world, or a Gymnasium id."""

    @property
    @abstractmethod
    def measure(self) -> Measure:
        """What an evaluation measures."""

    @property
    @abstractmethod
    def progress(self) -> float:
        """The share of the run that is done; 1 or more when it is over."""

    @property
    @abstractmethod
    def step(self) -> int:
        """How far it is, in the unit of a curve's horizontal axis."""

    @property
    @abstractmethod
    def clock(self) -> float:
        """What evaluations go by: steps or seconds."""

    @property
    @abstractmethod
    def evaluation_interval(self) -> float:
        """How much of `clock` there is between two evaluations."""

    @abstractmethod
    def iterate(self) -> tuple[dict[str, Any], Figures]:
        """Does one iteration; what it came to, for the log and for a person."""

    @abstractmethod
    def evaluate(self, check: Check) -> Scores:
        """Measures the agent as it plays now; nothing that learns changes."""

    @abstractmethod
    def save_player(self, folder: Path) -> None:
        """Writes what an agent of the lab needs to play."""

    def changed_since(self, old: Any) -> str:
        """What a person should know of a run that goes on with other settings than `old`; "" if nothing."""
        return ""

    def film(self, folder: Path) -> None:  # noqa: B027 - nothing, unless the settings can ask for it
        """Writes a film of an episode of the agent as it plays now into `folder`, if the settings ask for films.

        Raises LabError if it cannot be written.
        """

    def score_text(self, name: str, score: Interval) -> tuple[str, str]:
        """A score as a person reads it: what it is, and how much."""
        if self.measure == "score":
            interval = f"{100 * score.low:.0f} to {100 * score.high:.0f}"
            return f"score against {name}", f"{100 * score.mean:.0f}%  (95% interval {interval})"
        return f"held-out {name}", f"{score.mean:.3f}  (95% interval {score.low:.3f} to {score.high:.3f})"


def logged_scores(scores: Scores) -> dict[str, dict[str, float]]:
    """The scores as JSON holds them."""
    return {name: asdict(score) for name, score in scores.items()}


def mean_score(scores: dict[str, dict[str, float]]) -> float:
    """The one number by which evaluations of a run are compared, from their logged scores."""
    return sum(score["mean"] for score in scores.values()) / len(scores)


def is_no_worse(scores: dict[str, dict[str, float]], highest: dict[str, dict[str, float]]) -> bool:
    """Whether logged scores are not clearly below the highest so far: not below the lower ends of its intervals."""
    return mean_score(scores) >= sum(score["low"] for score in highest.values()) / len(highest)
