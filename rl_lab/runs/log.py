"""What a run measures, and where it goes: the file, TensorBoard, the screen; and the best player so far."""

from __future__ import annotations

import math
from types import TracebackType
from typing import Any

from rich.console import Console

from rl_lab.runs.display import TrainingDisplay
from rl_lab.runs.run import Run
from rl_lab.runs.tensorboard import TensorBoard
from rl_lab.runs.training import Figures, Training, logged_scores, mean_score

NO_TENSORBOARD = "There are no files for TensorBoard, since it is not installed: pip install 'rl-lab[tensorboard]'."


class RunLog:
    """Takes in what a run measures, and knows what earlier processes have measured of it; a context manager."""

    def __init__(self, training: Training, run: Run, console: Console) -> None:
        self.training, self.run = training, run
        self.display = TrainingDisplay(f"{training.learner}: {training.subject}  {run.folder}", console)
        self._tensorboard = TensorBoard(run.folder / "tensorboard", training.step)
        if not self._tensorboard.is_there:
            console.print(NO_TENSORBOARD, soft_wrap=True, markup=False)
        evaluations = run.metrics("evaluation")
        self._evaluated = evaluations[-1] if evaluations else {"iteration": -1, "clock": 0}
        self._best = max((mean_score(m["scores"]) for m in evaluations), default=-math.inf)

    def __enter__(self) -> RunLog:
        self.display.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.display.__exit__(kind, error, trace)
        self._tensorboard.close()

    def iteration(self, measured: dict[str, Any], figures: Figures) -> None:
        """Takes in an iteration."""
        self._write({"kind": "training", "seconds": self.training.trainer.seconds, **measured})
        self.display.training(figures, self.training.progress)

    @property
    def evaluation_is_due(self) -> bool:
        """Whether the clock of evaluations has struck since the last one, also if that was in a process now dead.

        It strikes at multiples of the interval, wherever the run was stopped: a resumed run has the same evaluations.
        """
        interval = self.training.evaluation_interval
        return self.training.clock // interval > self._evaluated["clock"] // interval

    @property
    def is_evaluated(self) -> bool:
        """Whether the last evaluation was of the present iteration."""
        return bool(self._evaluated["iteration"] == self.training.trainer.iteration)

    def evaluate(self, stop: list[int]) -> None:
        """Evaluates, and keeps the player if it is the best yet; gives up, with no trace, once `stop` is filled."""
        training = self.training

        def check(news: str) -> None:
            if stop:
                raise _Stopped
            if news:
                self.display.status(news)

        try:
            scores = training.evaluate(check)
        except _Stopped:
            return
        self.display.evaluation([training.score_text(name, score) for name, score in scores.items()])
        logged = logged_scores(scores)
        if mean_score(logged) > self._best:
            self._best = mean_score(logged)
            self.run.save_best(training.trainer.iteration, training.save_player)
        position = {"iteration": training.trainer.iteration, "clock": training.clock}
        self._evaluated = position
        seconds = training.trainer.seconds
        self._write(
            {"kind": "evaluation", "seconds": seconds, **position, "measure": training.measure, "scores": logged}
        )

    def _write(self, measurement: dict[str, Any]) -> None:
        self.run.log(measurement)
        self._tensorboard.write(measurement, self.training.step)


class _Stopped(Exception):
    """An evaluation was given up."""
