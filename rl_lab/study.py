"""A search for settings, as optuna keeps it: trials in a SQLite file of the run's folder, which a kill cannot harm.

A trial that a kill or Ctrl-C interrupted counts for nothing, and its settings are tried again first. What each finished
trial has learned stays beside the study, as an agent of the lab.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from envs.chance import seed_of
from envs.errors import LabError
from rl_lab.runs.run import Run
from rl_lab.search_space import Space

TRIALS = "trials"
STARTUP_TRIALS = 5
"""Trials that are drawn at random, and before which none is pruned; the first is of the settings as they are."""
SETTINGS, FAULT = "settings", "fault"  # what we note of a trial, by optuna's name for such notes


@dataclass(frozen=True)
class Found:
    """A finished trial."""

    number: int
    settings: dict[str, Any]
    """What it tried, without what all trials have in common."""
    score: float


class Study:
    """The trials of one search: ask for settings, tell of scores."""

    def __init__(self, run: Run, space: Space, seed: int) -> None:
        """Raises LabError if optuna is not installed, or the file in the run's folder is damaged."""
        self._optuna = import_optuna()
        self.run, self.space = run, space
        try:
            self._study = self._optuna.create_study(
                storage=f"sqlite:///{(run.folder / 'study.db').resolve()}",
                study_name="settings",
                direction="maximize",
                load_if_exists=True,
            )
            trials = self._study.get_trials(deepcopy=False)
        except Exception as error:  # of the database, whose kinds are not optuna's to promise
            raise LabError(f"'{run.folder / 'study.db'}' cannot be read: {str(error).splitlines()[0]}") from None
        # Each process draws other numbers, or a resumed study would try the same settings again.
        chance = seed_of(seed, len(trials)) % 2**32
        self._study.sampler = self._optuna.samplers.TPESampler(seed=chance, n_startup_trials=STARTUP_TRIALS)
        self._study.pruner = self._optuna.pruners.MedianPruner(n_startup_trials=STARTUP_TRIALS, n_warmup_steps=1)
        self._retry_interrupted()

    def _retry_interrupted(self) -> None:
        state = self._optuna.trial.TrialState
        for trial in self._study.get_trials(states=(state.RUNNING,)):
            self._study.tell(trial.number, state=state.FAIL)
            if trial.params:
                self._study.enqueue_trial(trial.params)

    @property
    def finished(self) -> int:
        """Trials that came to an end: with a score, pruned, or because learning failed."""
        state = self._optuna.trial.TrialState
        trials = self._study.get_trials(deepcopy=False)
        return sum(t.state in (state.COMPLETE, state.PRUNED) or FAULT in t.user_attrs for t in trials)

    @property
    def pruned(self) -> int:
        """Trials that were given up because they were worse than most."""
        return len(self._study.get_trials(deepcopy=False, states=(self._optuna.trial.TrialState.PRUNED,)))

    def ask(self) -> OpenTrial:
        """The next trial; the first is of no other settings than those that all have in common."""
        is_first = self.finished == 0
        trial = self._study.ask()
        settings = {} if is_first else {name: among.draw(trial, name) for name, among in self.space.items()}
        trial.set_user_attr(SETTINGS, settings)
        return OpenTrial(self, trial, settings)

    def ranking(self) -> list[Found]:
        """The trials with a score, the best first."""
        complete = self._study.get_trials(deepcopy=False, states=(self._optuna.trial.TrialState.COMPLETE,))
        found = [Found(t.number, t.user_attrs[SETTINGS], float(t.value)) for t in complete]
        return sorted(found, key=lambda trial: -trial.score)

    def player(self, trial: Found) -> Path:
        """The folder of what that trial has learned."""
        return self.run.folder / TRIALS / f"{trial.number:08d}"


class OpenTrial:
    """A trial under way. It must end with `done`, `prune` or `failed`, or it counts as interrupted."""

    def __init__(self, study: Study, trial: Any, settings: dict[str, Any]) -> None:
        self._study, self._trial, self.settings = study, trial, settings
        self.number: int = trial.number

    def is_hopeless(self, score: float, check: int) -> bool:
        """Takes in the score at the `check`-th look; whether it is below the median of the trials before."""
        self._trial.report(score, check)
        return bool(self._trial.should_prune())

    def done(self, score: float, seconds: float, save_player: Callable[[Path], None]) -> None:
        """It has come to its end with that score."""
        self._study.run.save(TRIALS, self.number, save_player)
        self._study._study.tell(self._trial, score)
        self._log("done", seconds, score)

    def prune(self, score: float, seconds: float) -> None:
        """It was given up."""
        self._study._study.tell(self._trial, state=self._study._optuna.trial.TrialState.PRUNED)
        self._log("pruned", seconds, score)

    def failed(self, fault: str, seconds: float) -> None:
        """Learning failed, as it does with too high a learning rate."""
        self._trial.set_user_attr(FAULT, fault)
        self._study._study.tell(self._trial, state=self._study._optuna.trial.TrialState.FAIL)
        self._log("failed", seconds, None, fault=fault)

    def _log(self, state: str, seconds: float, score: float | None, **more: str) -> None:
        told = {"trial": self.number, "state": state, "score": score, "seconds": seconds, "settings": self.settings}
        self._study.run.log({"kind": "trial", **told, **more})


def import_optuna() -> Any:
    """The package, silenced; raises LabError if it is not installed."""
    try:
        import optuna
    except ImportError:
        raise LabError("rl-lab tune needs optuna: pip install 'rl-lab[tune]'.") from None
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna


def settings_text(settings: dict[str, Any]) -> str:
    """Such as "gamma=0.99 learning_rate=0.001"."""
    return " ".join(f"{name}={json.dumps(value)}" for name, value in sorted(settings.items())) or "settings as they are"
