"""What a run measures, and where it goes: the file, TensorBoard, the screen; and the best player so far."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from rich.console import Console

from envs.errors import LabError
from rl_lab.runs.display import TrainingDisplay
from rl_lab.runs.run import Run
from rl_lab.runs.tensorboard import TensorBoard
from rl_lab.runs.training import Figures, Training, is_no_worse, logged_scores, mean_score

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
        alike = [m["scores"] for m in evaluations if m["scores"].keys() == evaluations[-1]["scores"].keys()]
        self._highest = max(alike, key=mean_score, default=None)

    def __enter__(self) -> RunLog:
        self.display.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.display.__exit__(kind, error, trace)
        try:
            self._tensorboard.close()
        except OSError:
            if error is None:  # what ended the run matters more
                raise

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
        """Evaluates, and keeps the player if none before it was better; gives up, with no trace, if `stop` is filled.

        A player with a lower score than one before it is not worse for that: the highest of many scores was lucky, and
        who has learned for longer knows more. It is worse if its score is below the interval of the highest.
        """
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
        self._film()
        self.display.evaluation([training.score_text(name, score) for name, score in scores.items()])
        logged = logged_scores(scores)
        # Scores against others than before cannot be compared with these.
        highest = self._highest if self._highest and self._highest.keys() == logged.keys() else None
        if highest is None or is_no_worse(logged, highest):
            self.run.save_best(training.trainer.iteration, training.save_player)
        self._highest = max(filter(None, (highest, logged)), key=mean_score)
        position = {"iteration": training.trainer.iteration, "clock": training.clock}
        self._evaluated = position
        seconds = training.trainer.seconds
        self._write(
            {"kind": "evaluation", "seconds": seconds, **position, "measure": training.measure, "scores": logged}
        )

    def _film(self) -> None:
        try:
            self.training.film(self.run.folder / "videos")
        except LabError as error:  # a full disk, say: no reason to stop learning
            self.display.console.print(f"There is no film of this evaluation: {error}", style="yellow", soft_wrap=True)

    def _write(self, measurement: dict[str, Any]) -> None:
        self.run.log(measurement)
        self._tensorboard.write(measurement, self.training.step)


class _Stopped(Exception):
    """An evaluation was given up."""
