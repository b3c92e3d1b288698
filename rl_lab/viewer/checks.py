"""What a stranger's agent may tell: only what can be drawn and done reaches the window, which must not fall over it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from agents.agent import Decision, Forfeit


def check_decision(decision: Decision, num_actions: int) -> None:
    """Raises TypeError unless this is a decision about one state that can be drawn and done.

    `num_actions` is 0 where actions are continuous. Whether the action is legal is for the environment to say.
    """
    if not isinstance(decision, Decision):
        raise TypeError(f"it answered with {type(decision).__name__}, not with a Decision")
    if decision.forfeits and decision.forfeits[0]:
        if not isinstance(decision.forfeits[0], Forfeit):
            raise TypeError(f"its forfeit must be a Forfeit, not {decision.forfeits[0]!r}")
        return
    _check_action(decision.action, num_actions)
    _check_one("value", decision.value)
    if decision.score is not None:
        _check_one("score", decision.score)
    if decision.ownership is not None and (np.ndim(decision.ownership) != 3 or not _are_finite(decision.ownership)):
        raise TypeError("its ownership must be finite numbers for the rows and columns of the board")
    if num_actions:
        _check_alternatives(decision, num_actions)


def _check_action(action: Any, num_actions: int) -> None:
    found = np.asarray(action)
    if not num_actions:
        if found.ndim != 2 or len(found) != 1 or not _are_finite(found):
            raise TypeError(f"its action must be a row of numbers, not {found!r}")
    elif found.shape != (1,) or found.dtype.kind not in "iu":
        raise TypeError(f"its action must be a whole number, not {found!r}")
    elif not 0 <= found[0] < num_actions:
        raise TypeError(f"its action must be 0 to {num_actions - 1}, not {found[0]}")


def _check_one(name: str, number: Any) -> None:
    if np.shape(number) != (1,) or not _are_finite(number):
        raise TypeError(f"its {name} must be one finite number, not {number!r}")


def _check_alternatives(decision: Decision, num_actions: int) -> None:
    """What it tells of each action; only a value may be unknown, as NaN."""
    told: dict[str, Any] = {"policy": decision.policy, "prior": decision.prior, "visits": decision.visits}
    for name, numbers in told.items():
        missing = numbers is None and name != "policy"
        if not missing and not (np.shape(numbers) == (1, num_actions) and _are_finite(numbers)):
            raise TypeError(f"its {name} must be {num_actions} finite numbers")
    q = decision.q
    if q is not None and (np.shape(q) != (1, num_actions) or np.asarray(q).dtype.kind not in "iuf"):
        raise TypeError(f"its q must be {num_actions} numbers")
    if not isinstance(decision.lines, Sequence) or any(not isinstance(lines, dict) for lines in decision.lines):
        raise TypeError("its lines must be a list with one dictionary")
    for lines in decision.lines:
        if not all(_is_action(at, num_actions) for first, line in lines.items() for at in (first, *line)):
            raise TypeError("its lines hold what is no action")


def _is_action(at: Any, num_actions: int) -> bool:
    return isinstance(at, int | np.integer) and 0 <= int(at) < num_actions


def _are_finite(numbers: Any) -> bool:
    """Whether these are numbers, and none of them infinite or undefined."""
    array = np.asarray(numbers)
    return array.dtype.kind in "iufb" and bool(np.isfinite(array).all())
