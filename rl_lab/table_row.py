"""Settings of DQN or PPO as a row of the table in agents/sb3/tuned.py."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from agents.sb3.config import LearnerConfig
from agents.sb3.gym_vec_env import lab_spec
from envs.spec import Spec
from rl_lab.runs.training import Scores

NOT_IN_A_ROW = ("env", "seed", "device", "checkpoint_seconds", "video")


def remark(scores: Scores, steps: int) -> str:
    """What the table says beside a row."""
    found = ", ".join(
        f"{score.mean:.3g} ({score.low:.3g} to {score.high:.3g}) {name}" for name, score in scores.items()
    )
    return f"{found}, after {steps:,} steps"


def table_row(config: LearnerConfig, comment: str) -> str:
    """Those settings that are not the defaults, as agents/sb3/tuned.py has them."""
    name = Spec.parse(lab_spec(config.env) or config.env).name
    lines = [
        f'        "{field.name}": {_literal(getattr(config, field.name))},'
        for field in dataclasses.fields(config)
        if field.name not in NOT_IN_A_ROW and getattr(config, field.name) != field.default
    ]
    return "\n".join([f'    "{name}": {{  # {comment}', *lines, "    },"])


def _literal(value: Any) -> str:
    """A value as Python writes it, in the style of the table."""
    if isinstance(value, str):
        return json.dumps(value)
    return f"{value:_}" if type(value) is int and value >= 10_000 else repr(value)
