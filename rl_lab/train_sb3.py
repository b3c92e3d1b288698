"""What `rl-lab train ppo` and `rl-lab train dqn` were told, as the settings of a run."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from agents.sb3.config import DQNConfig, PPOConfig
from agents.sb3.tuned import config_for
from envs.errors import LabError
from envs.spec import build
from rl_lab.runs.run import Run
from rl_lab.train import settings_of, train

KINDS: dict[str, type[PPOConfig] | type[DQNConfig]] = {"ppo": PPOConfig, "dqn": DQNConfig}


def start(
    learner: Literal["ppo", "dqn"],
    options: Mapping[str, str | None],
    settings: Iterable[str],
    out: Path | None,
    resume: bool,
) -> None:
    """Trains: `options` are settings with a flag of their own, None where it was not given; `settings` are KEY=VALUE.

    Raises LabError, with what would be right, for all that is missing, unknown, given twice or out of range.
    """
    given = given_settings(options, settings)
    kind: Any = KINDS[learner]
    env = given.get("env", "")
    if not env and not (resume and out):
        raise LabError(f"Say which run to resume: --resume --out runs/{learner}-snake." if resume else NO_ENV)
    out = out or usual_folder(f"{learner}-{env}")
    train(_resumed(learner, given, out) if resume else config_for(kind, env, given), out, resume)


def given_settings(options: Mapping[str, str | None], settings: Iterable[str]) -> dict[str, str]:
    """Both kinds of settings as `start` takes them, by name; raises LabError for one without a value or given twice."""
    given = {name: text for name, text in options.items() if text is not None}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals:
            raise LabError(f"--set takes KEY=VALUE, e.g. learning_rate=0.001, not '{setting}'.")
        if name in given:
            raise LabError(f"{name} is given twice; give each setting once.")
        given[name] = text
    return given


def usual_folder(name: str) -> Path:
    """Where a run of that name goes if nobody says where."""
    return Path("runs") / re.sub(r"[^\w.]+", "-", name).strip("-")


NO_ENV = "Say what to learn: --env snake, --env go:size=5, --env CartPole-v1, ..."


def _resumed(learner: str, given: Mapping[str, str], folder: Path) -> PPOConfig | DQNConfig:
    """The settings of the run in `folder`, with those given."""
    kind, run = KINDS[learner], Run.open(folder)
    try:
        old = {name: str(value) for name, value in dataclasses.asdict(settings_of(run, kind)).items()}
    finally:
        run.close()
    return build(kind, {**old, **given}, f"learner '{learner}'")
