"""The measurements of a run, read back from its metrics.jsonl; lines that are none are left out."""

from __future__ import annotations

import json
from typing import Any

HUGE = 1e18
"""No measured number is as large."""


def read_measurements(data: bytes) -> list[dict[str, Any]]:
    """What the lines hold, but for those that a kill cut short or that are damaged in another way."""
    found = []
    for line in data.split(b"\n"):
        try:
            measurement = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if _is_whole(measurement):
            found.append(measurement)
    return found


def _is_whole(measurement: Any) -> bool:
    """Whether it has all that is read from a measurement of its kind."""
    match measurement:
        case {"kind": "training", "iteration": int(), "seconds": seconds, "steps": steps, "losses": dict(losses)}:
            return all(map(_is_number, (seconds, steps, *losses.values()))) and _has_progress(measurement)
        case {"kind": "evaluation", "iteration": int(), "seconds": seconds, "clock": clock, "scores": dict(scores)}:
            return (
                measurement.get("measure") in ("score", "return")
                and _is_number(seconds)
                and _is_number(clock)
                and bool(scores)
                and all(map(_is_score, scores.values()))
            )
        case {"kind": "trial", "trial": int()}:
            return True
    return False


def _has_progress(measurement: dict[str, Any]) -> bool:
    """Whether it has what only AlphaZero's measurements have, or what only those of DQN and PPO have."""
    match measurement:
        case {"games": games, "positions": positions}:
            return _is_number(games) and _is_number(positions)
        case {"episode_return": mean}:
            return mean is None or _is_number(mean)
    return False


def _is_score(score: Any) -> bool:
    return isinstance(score, dict) and all(_is_number(score.get(end)) for end in ("mean", "low", "high"))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -HUGE < value < HUGE
