"""Ratings over training steps: agents that are checkpoints of one run, found by their spec strings, as a line chart."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from envs.errors import LabError
from envs.spec import Spec
from rl_lab.arena.page.axis import Axis
from rl_lab.arena.ratings import Ratings

STEP = re.compile(r"(?P<before>.*?)(?P<step>\d+)(?P<after>\D*)")
WIDTH, HEIGHT = 920, 380
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 16, 44
SERIES_COLORS = 6  # as many as the style sheet has; further series begin again, with another mark
MARKS = ("circle", "square", "diamond")


@dataclass(frozen=True)
class Series:
    """The checkpoints of one run among the agents."""

    name: str
    steps: list[int]
    """Rising."""
    agents: list[int]
    """The agents' numbers."""


def find_series(names: Sequence[str]) -> list[Series]:
    """The runs of which two or more checkpoints are among the agents, in the order of their first.

    A checkpoint is an agent with a path whose last part holds a number, its step: runs/go/checkpoints/00000042. Agents
    whose specs differ in that number alone are of one run.
    """
    groups: dict[tuple[object, ...], dict[int, int]] = defaultdict(dict)
    for number, name in enumerate(names):
        try:
            spec = Spec.parse(name)
        except LabError:  # an outside engine may have any name
            continue
        folder, slash, last = spec.path.rstrip("/").rpartition("/")
        match = STEP.fullmatch(last)
        if match:
            label = f"{spec.name}:{folder}{slash}{match['before']}…{match['after']}"
            groups[label, spec.options].setdefault(int(match["step"]), number)
    return [_series(key, steps) for key, steps in groups.items() if len(steps) > 1]


def steps_chart(ratings: Ratings, series: Sequence[Series]) -> str:
    """The ratings of the series over their steps with intervals; the other agents as level lines. An SVG element."""
    members = {agent for one in series for agent in one.agents}
    others = [i for i in ratings.order if i not in members]
    x = Axis.over([step for one in series for step in one.steps], LEFT, WIDTH - RIGHT)
    shown = [*ratings.low[list(members)], *ratings.high[list(members)], *ratings.elo[others]]
    y = Axis.over([float(value) for value in shown], HEIGHT - BOTTOM, TOP)
    parts = [*_frame(x, y)]
    for i in others:
        at = y.place(float(ratings.elo[i]))
        parts.append(f'<line class="level" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>')
        parts.append(f'<text class="level" x="{WIDTH - RIGHT}" y="{at - 5:.1f}">{escape(ratings.names[i])}</text>')
    for number, one in enumerate(series):
        parts += _line(ratings, one, x, y, number)
    return (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="Rating over training steps">'
        + "".join(parts)
        + "</svg>"
    )


def legend(series: Sequence[Series]) -> str:
    """Which line is which run, as a list."""
    rows = (
        f'<li class="series-{number % SERIES_COLORS}"><svg viewBox="0 0 16 16">{_mark(number, 8, 8)}</svg>'
        f"{escape(one.name)}</li>"
        for number, one in enumerate(series)
    )
    return f'<ul class="legend">{"".join(rows)}</ul>'


def _series(key: tuple[object, ...], steps: dict[int, int]) -> Series:
    label, options = key
    assert isinstance(options, tuple)
    name = ", ".join([str(label), *(f"{option}={value}" for option, value in options)])
    order = sorted(steps)
    return Series(name, order, [steps[step] for step in order])


def _frame(x: Axis, y: Axis) -> list[str]:
    parts = []
    for tick in y.ticks:
        at = f"{y.place(tick):.1f}"
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at}" y2="{at}"/>')
        parts.append(f'<text class="tick y" x="{LEFT - 10}" y="{at}">{tick:g}</text>')
    for tick in x.ticks:
        parts.append(f'<text class="tick x" x="{x.place(tick):.1f}" y="{HEIGHT - BOTTOM + 18}">{tick:,g}</text>')
    parts.append(
        f'<text class="tick x" x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 6}">step of the checkpoint</text>'
    )
    parts.append(f'<text class="tick y" x="{LEFT - 10}" y="{TOP - 4}">Elo</text>')
    return parts


def _line(ratings: Ratings, one: Series, x: Axis, y: Axis, number: int) -> list[str]:
    places = [
        (x.place(step), *(y.place(float(v[i])) for v in (ratings.elo, ratings.low, ratings.high)))
        for step, i in zip(one.steps, one.agents, strict=True)
    ]
    points = " ".join(f"{at:.1f},{middle:.1f}" for at, middle, _, _ in places)
    parts = [f'<g class="series-{number % SERIES_COLORS}"><polyline points="{points}"/>']
    for (at, middle, low, high), i in zip(places, one.agents, strict=True):
        told = f"{ratings.names[i]}: {ratings.elo[i]:+.0f} ({ratings.low[i]:+.0f} to {ratings.high[i]:+.0f})"
        parts.append(f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{low:.1f}" y2="{high:.1f}"/>')
        parts.append(f"<g>{_mark(number, at, middle)}<title>{escape(told)}</title></g>")
    return [*parts, "</g>"]


def _mark(number: int, x: float, y: float) -> str:
    mark = MARKS[number // SERIES_COLORS % len(MARKS)]
    if mark == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5"/>'
    turn = f' transform="rotate(45 {x:.1f} {y:.1f})"' if mark == "diamond" else ""
    return f'<rect x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8"{turn}/>'
