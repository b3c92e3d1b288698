"""The numbers of an episode over its steps, as lanes for the timeline. No graphics."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rl_lab.viewer.canvas import number
from rl_lab.viewer.track import Numbers
from rl_lab.viewer.view import View

Points = list[tuple[int, float]]
"""(ply, number), in order."""


@dataclass(frozen=True)
class Lane:
    """One kind of number over time: what it is called, the range of its axis, and a line (or bars) for each seat."""

    title: str
    low: float
    high: float
    lines: tuple[Points, ...]
    ticks: tuple[str, str]
    """What is written at `low` and at `high`."""
    bars: bool = False


def lanes_of(view: View, columns: int) -> list[Lane]:
    """What there is to tell: in games the probability to win and the margin, elsewhere value, return and rewards.

    Lines have about `columns` points at most.
    """
    if view.is_game:
        lanes = [_winning(view, columns), _margin(view, columns)]
    else:
        lanes = [_value(view, columns), _return(view, columns), _reward(view, columns)]
    return [lane for lane in lanes if lane is not None]


def thinned(plies: NDArray[np.intp], numbers: Numbers, columns: int) -> Points:
    """At most about one point for each of so many columns of pixels: that furthest from 0, so that none is missed."""
    if len(plies) > columns:
        column = (plies - plies[0]) * (columns - 1) // max(1, plies[-1] - plies[0])
        begins = np.flatnonzero(np.diff(column, prepend=-1))
        peaks = np.maximum.reduceat(np.abs(numbers), begins)
        highest = np.flatnonzero(np.abs(numbers) == np.repeat(peaks, np.diff(begins, append=len(plies))))
        kept = highest[np.diff(column[highest], append=columns) > 0]
        plies, numbers = plies[kept], numbers[kept]
    return list(zip(plies.tolist(), numbers.tolist(), strict=True))


def round_up(value: float) -> float:
    """The next number with one digit, or with a 5 as its second: where an axis may end."""
    if value == 0 or not math.isfinite(value):
        return 0.0
    step = 10.0 ** max(-300, math.floor(math.log10(abs(value)))) / 2  # never 0
    return math.copysign(max(1, math.ceil(abs(value) / step - 1e-9)) * step, value)


def _winning(view: View, columns: int) -> Lane:
    """How likely each seat's agent thought player 0 to win (a draw counts half)."""
    told = []
    for seat in range(2):
        plies, values = view.track.values_of(seat)
        told.append(thinned(plies, (values + 1) / 2, columns) if values.any() else [])
    return Lane(view.stage.seats[0], 0, 1, tuple(told), ("0%", "100%"))


def _margin(view: View, columns: int) -> Lane | None:
    """The margin that each seat's agent expected, from player 0's side."""
    known = [view.track.margins_of(seat) for seat in range(2)]
    reach = max(float(np.abs(margins).max(initial=0.0)) for _, margins in known)
    if not view.revealed or not any(len(plies) for plies, _ in known):
        return None
    reach = round_up(reach) or 1.0
    ticks = f"−{number(reach)}", f"+{number(reach)}"
    return Lane("margin", -reach, reach, tuple(thinned(*margins, columns) for margins in known), ticks)


def _value(view: View, columns: int) -> Lane | None:
    """What the agent expected of the rest of the episode; None if it never had an opinion.

    The axis need not hold 0, or the changes of large values could not be seen.
    """
    plies, values = view.track.values_of(0)
    if not values.any():
        return None
    least, most = float(values.min()), float(values.max())
    step = round_up(max(most - least, 0.02 * max(abs(least), abs(most)))) / 2
    low, high = math.floor(least / step) * step, math.ceil(most / step) * step
    if low == high:
        low, high = low - step, high + step
    return Lane("value", low, high, (thinned(plies, values, columns),), (number(low), number(high)))


def _return(view: View, columns: int) -> Lane:
    """What has come together so far: sampled, since it is a sum and misses nothing."""
    last = len(view.frames) - 1
    plies = np.append(np.arange(0, last, max(1, last // columns)), last)
    return _lane("return", plies, view.track.returns[plies], columns)


def _reward(view: View, columns: int) -> Lane:
    plies = np.flatnonzero(view.track.rewards)
    return _lane("reward", plies, view.track.rewards[plies], columns, bars=True)


def _lane(title: str, plies: NDArray[np.intp], numbers: Numbers, columns: int, bars: bool = False) -> Lane:
    """A lane whose axis holds 0 and all the points."""
    finite = np.isfinite(numbers)
    plies, numbers = plies[finite], numbers[finite]
    least, most = float(numbers.min(initial=0.0)), float(numbers.max(initial=0.0))
    low, high = min(least, round_up(least)), max(most, round_up(most))  # which forgives a hair beyond a round number
    if low == high:
        high = 1.0
    return Lane(title, low, high, (thinned(plies, numbers, columns),), (number(low), number(high)), bars)
