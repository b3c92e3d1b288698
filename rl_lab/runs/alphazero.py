"""An AlphaZero run as the loop sees it: minutes of training time, games against fixed anchors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

from agents.alphazero.config import AlphaZeroConfig
from agents.alphazero.memory import is_out_of_memory
from agents.alphazero.model import save_model
from agents.alphazero.player import AlphaZeroAgent
from agents.alphazero.trainer import Iteration, Trainer
from agents.registry import make_agent
from envs.errors import LabError
from envs.games.game import TerritoryGame
from rl_lab.runs.anchors import anchors_of, scores_against
from rl_lab.runs.training import Check, Figures, Measure, Scores, Training

EVALUATION_SIMULATIONS = 64
EVALUATIONS = 20
LEAST_EVALUATION_SECONDS = 45.0


class AlphaZeroTraining(Training):
    """AlphaZero under way."""

    # no iteration differs
    adjustable = ("minutes", "iterations", "device", "checkpoint_seconds", "evaluation_seconds", "anchors")
    limit = "minutes"
    learner = "alphazero"

    config: AlphaZeroConfig
    trainer: Trainer

    def __init__(self, config: AlphaZeroConfig, is_resumed: bool = False) -> None:
        with _failures_in_words():
            self.config, self.trainer = config, Trainer(config, is_resumed)
        for anchor in config.anchors.split():  # a wrong one is to be refused now, not in the first evaluation
            make_agent(anchor, self.trainer.game).close()

    @classmethod
    def resumed(cls, config: AlphaZeroConfig) -> Self:
        return cls(config, is_resumed=True)

    @property
    def subject(self) -> str:
        return self.trainer.game.spec  # the largest board, if it learns several

    @property
    def measure(self) -> Measure:
        return "score"

    @property
    def progress(self) -> float:
        done = self.trainer.seconds / (60 * self.config.minutes)
        return max(done, self.trainer.iteration / self.config.iterations) if self.config.iterations else done

    @property
    def step(self) -> int:
        return self.trainer.positions

    @property
    def clock(self) -> float:
        return self.trainer.seconds

    @property
    def evaluation_interval(self) -> float:
        given = self.config.evaluation_seconds
        return given or max(LEAST_EVALUATION_SECONDS, 60 * self.config.minutes / EVALUATIONS)

    def iterate(self) -> tuple[dict[str, Any], Figures]:
        with _failures_in_words():
            measured = self.trainer.iterate()
        return asdict(measured), self._figures(measured)

    def _figures(self, m: Iteration) -> Figures:
        seconds, learned = self.trainer.seconds, any(vars(m.losses).values())  # an iteration may learn nothing
        return [
            ("time", f"{seconds / 60:.1f} of {self.config.minutes:g} min"),
            ("games", f"{m.games:,}"),
            ("positions", f"{m.positions:,} ({m.positions / seconds:,.0f}/s), window {m.window:,}"),
            ("evaluations/s", f"{m.evaluations_this_iteration / m.play_seconds:,.0f} in self-play"),
            ("learning steps", f"{m.steps:,}"),
            *((f"loss {name}", f"{getattr(m.losses, name):.3f}" if learned else "-") for name in self._losses),
            *([("memory", m.memory)] if m.memory else []),
        ]

    @property
    def _losses(self) -> list[str]:
        """The losses that this run has."""
        names = ["policy", "value"]
        if isinstance(self.trainer.game, TerritoryGame):
            names += ["ownership", "margin"]
        return [*names, "action_value"] if self.config.method == "klent" else names

    def evaluate(self, check: Check) -> Scores:
        """The averaged net's scores against the fixed anchors."""
        trainer = self.trainer
        player = AlphaZeroAgent(
            trainer.game, trainer.learner.average, EVALUATION_SIMULATIONS, "alphazero", self.config.device
        )
        with _failures_in_words():
            anchors = self.config.anchors.split() or anchors_of(trainer.game)
            return scores_against(anchors, trainer.game, player, self.config.seed, check)

    def save_player(self, folder: Path) -> None:
        save_model(folder, self.trainer.learner.average, self.trainer.game, self.trainer.trained)


@contextmanager
def _failures_in_words() -> Iterator[None]:
    """Says in a sentence that memory has run out where no smaller batch helps, or that a device has failed."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        why = f"{type(error).__name__}: {' '.join(str(error).split())}".rstrip(".")
        raise LabError(
            "There is not enough memory for this run: ask for fewer games, blocks or channels, or a smaller window_max."
            if is_out_of_memory(error)
            else f"Training failed with {why}; the run stays at its last checkpoint."
        ) from error
