"""The numbers of an episode over its steps, as lanes for the timeline. No graphics."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rl_lab.viewer.canvas import number
from rl_lab.viewer.view import View, sign

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


def thinned(points: Points, columns: int) -> Points:
    """At most about one point for each of so many columns of pixels: that furthest from 0, so that none is missed."""
    if len(points) <= columns:
        return points
    first, last = points[0][0], points[-1][0]
    kept: dict[int, tuple[int, float]] = {}
    for ply, value in points:
        column = (ply - first) * (columns - 1) // max(1, last - first)
        if column not in kept or abs(value) >= abs(kept[column][1]):
            kept[column] = ply, value
    return list(kept.values())


def round_up(value: float) -> float:
    """The next number with one digit, or with a 5 as its second: where an axis may end."""
    if value == 0 or not math.isfinite(value):
        return 0.0
    step = 10.0 ** math.floor(math.log10(abs(value))) / 2
    return math.copysign(math.ceil(abs(value) / step - 1e-9) * step, value)


def _winning(view: View, columns: int) -> Lane | None:
    """How likely each seat's agent thought player 0 to win (a draw counts half)."""
    lines = tuple(
        thinned(
            [(ply, (value + 1) / 2) for ply, seat, value in view.values if seat == who and math.isfinite(value)],
            columns,
        )
        for who in range(2)
    )
    told = tuple(line if any(share != 0.5 for _, share in line) else [] for line in lines)
    return Lane(view.stage.seats[0], 0, 1, told, ("0%", "100%"))


def _margin(view: View, columns: int) -> Lane | None:
    """The margin that each seat's agent expected, from player 0's side."""
    lines: tuple[Points, Points] = ([], [])
    for ply, frame in enumerate(view.frames):
        decision = view.frames[ply + 1].decision if ply + 1 < len(view.frames) else None
        if view.thought is not None and view.on_board and ply == view.index:
            decision = view.thought.decision
        if decision is not None and decision.score is not None and math.isfinite(decision.score[0]):
            lines[frame.to_play].append((ply, sign(frame.to_play) * float(decision.score[0])))
    if not any(lines):
        return None
    reach = round_up(max(abs(value) for line in lines for _, value in line)) or 1.0
    ticks = f"−{number(reach)}", f"+{number(reach)}"
    return Lane("margin", -reach, reach, (thinned(lines[0], columns), thinned(lines[1], columns)), ticks)


def _value(view: View, columns: int) -> Lane | None:
    """What the agent expected of the rest of the episode; None if it never had an opinion.

    The axis need not hold 0, or the changes of large values could not be seen.
    """
    points = [(ply, value) for ply, _, value in view.values if math.isfinite(value)]
    if not any(value for _, value in points):
        return None
    least, most = min(value for _, value in points), max(value for _, value in points)
    step = round_up(max(most - least, 0.02 * max(abs(least), abs(most)))) / 2
    low, high = math.floor(least / step) * step, math.ceil(most / step) * step
    if low == high:
        low, high = low - step, high + step
    return Lane("value", low, high, (thinned(points, columns),), (number(low), number(high)))


def _return(view: View, columns: int) -> Lane:
    """What has come together so far: sampled, since it is a sum and misses nothing."""
    stride = max(1, len(view.frames) // columns)
    plies = [*range(0, len(view.frames) - 1, stride), len(view.frames) - 1]
    return _lane("return", [(ply, view.frames[ply].returns[0]) for ply in plies], columns)


def _reward(view: View, columns: int) -> Lane:
    points = [(ply, reward) for ply, frame in enumerate(view.frames) if (reward := frame.rewards[0])]
    return _lane("reward", points, columns, bars=True)


def _lane(title: str, points: Sequence[tuple[int, float]], columns: int, bars: bool = False) -> Lane:
    """A lane whose axis holds 0 and all the points."""
    known = [(ply, value) for ply, value in points if math.isfinite(value)]
    low = round_up(min(0.0, *(value for _, value in known), 0.0))
    high = round_up(max(0.0, *(value for _, value in known), 0.0))
    if low == high:
        high = 1.0
    return Lane(title, low, high, (thinned(known, columns),), (number(low), number(high)), bars)
