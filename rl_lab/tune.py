"""`rl-lab tune`: searches for settings of PPO or DQN on a budget, and prints the row for agents/sb3/tuned.py.

A trial is a whole run with fewer steps. At each of CHECKS looks its policy is scored on episodes that no training sees,
and it is pruned if it is worse than most trials were then. The winner, which luck may have helped, is scored anew on
episodes that had no part in the choice.
"""

from __future__ import annotations

import dataclasses
import json
import math
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from agents.sb3.player import load_policy
from agents.sb3.policy import Config, policy_of
from agents.sb3.tuned import config_for
from envs.errors import LabError
from envs.spec import unknown_name
from rl_lab.commands import command
from rl_lab.runs.display import TrainingDisplay
from rl_lab.runs.policy_scores import HELD_OUT, env_of, policy_scores
from rl_lab.runs.run import Run
from rl_lab.runs.sb3 import Sb3Training
from rl_lab.runs.training import logged_scores, mean_score
from rl_lab.search_space import space_of
from rl_lab.study import OpenTrial, Study, import_optuna, settings_text
from rl_lab.table_row import remark, table_row
from rl_lab.train_sb3 import KINDS, NO_ENV, given_settings, usual_folder

CHECKS = 5
"""Looks at a trial, the last at its end."""
TRIALS = 20
"""If no budget is given."""
SHARE = 5
"""A trial has this part of a whole run's steps, if nothing else is said."""
SELECTION = HELD_OUT + 1
"""The seed of the episodes that choose between trials."""
SELECTION_EPISODES, SELECTION_GAMES = 100, 40
REPORT_EPISODES, REPORT_GAMES = 500, 200


@dataclass(frozen=True)
class Job:
    """What is searched for; the same for all trials of a folder."""

    learner: str
    given: dict[str, str]
    """The settings that a person fixed, as texts; `env` and `steps` are among them."""

    @property
    def config(self) -> Config:
        """The settings that all trials have in common, and the first trial's; raises LabError for wrong ones."""
        kind: Any = KINDS[self.learner]
        config: Config = config_for(kind, self.given["env"], self.given)
        if "steps" in self.given:
            return config
        return dataclasses.replace(config, steps=max(1, config.steps // SHARE))

    def to_json(self) -> str:
        """As text, which `of` reads."""
        return json.dumps({"tune": dataclasses.asdict(self)}, indent=1)

    @staticmethod
    def of(run: Run) -> Job:
        """The job of a folder; raises LabError if it is damaged or another kind of run's."""
        try:
            job = Job(**json.loads(run.config)["tune"])
            if job.learner in KINDS and isinstance(job.given["env"], str):
                return job
        except (ValueError, KeyError, TypeError):
            pass
        raise LabError(f"'{run.folder}' holds no search for settings that could be resumed.")


def tune(
    learner: str,
    options: Mapping[str, str | None],
    settings: Iterable[str],
    trials: int | None = None,
    minutes: float | None = None,
    out: Path | None = None,
    resume: bool = False,
    console: Console | None = None,
) -> Path:
    """Searches until there are `trials` finished trials in the folder, or for so many minutes; returns the folder.

    `options` and `settings` are what is fixed, as for rl_lab.train_sb3.start. Raises LabError for all that is missing,
    unknown or out of range, and KeyboardInterrupt after Ctrl-C; a search goes on with `resume` after that or a kill.
    """
    console = console or Console()
    _check_budget(learner, trials, minutes)
    given = given_settings(options, settings)
    if not given.get("env") and not (resume and out):
        raise LabError(f"Say which search to resume: --resume --out runs/tune-{learner}-snake." if resume else NO_ENV)
    folder = out or usual_folder(f"tune-{learner}-{given['env']}")
    if resume:
        run = Run.open(folder)
        job = _same_job(Job.of(run), Job(learner, given), folder)
    else:
        job = Job(learner, given)
        import_optuna()
        Sb3Training(job.config)  # before the folder: bad settings leave nothing behind
        run = Run.create(folder, job.to_json())
    try:
        _Search(job, run, console).go(TRIALS if trials is None and minutes is None else trials, minutes)
    except KeyboardInterrupt:
        console.print(f"\nTo go on: {command('tune', learner, '--out', folder, '--resume')}", soft_wrap=True)
        raise
    finally:
        run.close()
    return folder


def _check_budget(learner: str, trials: int | None, minutes: float | None) -> None:
    if learner not in KINDS:
        raise unknown_name("learner to tune", learner, KINDS)
    if trials is not None and trials < 1:
        raise LabError(f"There must be one trial or more, not {trials}.")
    if minutes is not None and not 0 < minutes < math.inf:
        raise LabError(f"The minutes must be above 0 and finite, not {minutes:g}.")


def _same_job(old: Job, given: Job, folder: Path) -> Job:
    """The job of a folder; raises LabError if what was given is another."""
    if old.learner != given.learner:
        again = command("tune", old.learner, "--out", folder, "--resume")
        raise LabError(f"'{folder}' is a search for settings of {old.learner}: {again}")
    for name, text in given.given.items():
        if old.given.get(name) != text:
            kept = f"{name} {old.given[name]}" if name in old.given else f"no {name} of its own"
            raise LabError(f"A resumed search keeps {kept}: leave {name} out, or take another --out.")
    return old


class _OutOfTime(Exception):
    """The budget's minutes are over."""


class _Search:
    """The trials of one process."""

    def __init__(self, job: Job, run: Run, console: Console) -> None:
        self.job, self.run, self.config = job, run, job.config
        training = Sb3Training(self.config)
        space = training.trainer.env.observation_space
        sees_planes = space.dtype == np.uint8 and len(space.shape or ()) == 3
        searched = space_of(type(self.config), sees_planes)
        self.study = Study(
            run, {name: among for name, among in searched.items() if name not in job.given}, self.config.seed
        )
        self.display = TrainingDisplay(f"tune {job.learner}: {self.config.env}  {run.folder}", console)
        self.console = console
        self.score_text = training.score_text

    def go(self, trials: int | None, minutes: float | None) -> None:
        """Tries until the budget is spent, then reports."""
        self.trials, self.deadline = trials, math.inf if minutes is None else time.monotonic() + 60 * minutes
        self.begin = time.monotonic()
        with self.display:
            while (trials is None or self.study.finished < trials) and time.monotonic() < self.deadline:
                try:
                    self._try(self.study.ask())
                except _OutOfTime:
                    break
        self._report()

    def _try(self, trial: OpenTrial) -> None:
        start, told = time.monotonic(), settings_text(trial.settings)
        self.display.status(f"Trial {trial.number}: {told}")
        config = dataclasses.replace(self.config, **trial.settings)
        score = -math.inf
        try:
            training = Sb3Training(config)
            training.trainer.warm_up()
            for check in range(1, CHECKS + 1):
                score = self._score_after(training, check, trial)
                if trial.is_hopeless(score, check) and check < CHECKS:
                    trial.prune(score, time.monotonic() - start)
                    return self._say(f"trial {trial.number} pruned at {score:.3f} ({check} of {CHECKS}): {told}")
        except LabError as error:
            trial.failed(str(error), time.monotonic() - start)
            return self._say(f"trial {trial.number} failed: {told}: {error}")
        trial.done(score, time.monotonic() - start, training.save_player)
        self._say(f"trial {trial.number} reached {score:.3f} in {time.monotonic() - start:.0f} s: {told}")

    def _score_after(self, training: Sb3Training, check: int, trial: OpenTrial) -> float:
        """Trains up to the `check`-th look; the score then."""
        while training.progress < check / CHECKS:
            if time.monotonic() >= self.deadline:
                raise _OutOfTime
            _, figures = training.iterate()
            self.display.training([("trial", self._progress_text()), *figures], self._progress(training.progress))
        policy = policy_of(training.trainer.model)
        scores = policy_scores(policy, training.config, SELECTION, lambda _: None, SELECTION_EPISODES, SELECTION_GAMES)
        return mean_score(logged_scores(scores))

    def _progress(self, of_trial: float) -> float:
        """The share of the budget that is spent."""
        by_time = (time.monotonic() - self.begin) / max(self.deadline - self.begin, 1e-9)
        return max(by_time, (self.study.finished + min(of_trial, 1)) / self.trials if self.trials else 0)

    def _progress_text(self) -> str:
        finished, of = self.study.finished, f" of {self.trials}" if self.trials else ""
        best = self.study.ranking()[:1]
        return f"{finished + 1}{of}, {self.study.pruned} pruned" + (f", best {best[0].score:.3f}" if best else "")

    def _say(self, line: str) -> None:
        self.display.console.print(line, soft_wrap=True, markup=False, highlight=False)

    def _report(self) -> None:
        """The best trial, its score on new episodes, and the row to paste."""
        ranking = self.study.ranking()
        if not ranking:
            raise LabError("No trial has come to its end: give more minutes or fewer --steps, and --resume.")
        best = ranking[0]
        config = dataclasses.replace(self.config, **best.settings)
        policy = load_policy(self.study.player(best), self.job.learner, env_of(config.env))
        scores = policy_scores(policy, config, HELD_OUT, self.display.status, REPORT_EPISODES, REPORT_GAMES)
        self._say(f"Best of {self.study.finished}: trial {best.number}, {settings_text(best.settings)}")
        texts = [self.score_text(name, score) for name, score in scores.items()]
        for name, text in texts:
            self._say(f"{name}: {text}, on episodes that had no part in the choice")
        self._say(f"The row for agents/sb3/tuned.py, among those of {self.job.learner}:")
        self._say(table_row(config, remark(scores, config.steps)))
