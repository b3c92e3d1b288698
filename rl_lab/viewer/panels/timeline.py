"""Time: what was expected and what was received at every step, in lanes above each other. A click goes to that step."""

from __future__ import annotations

from rl_lab.viewer.canvas import Canvas
from rl_lab.viewer.layout import Rect
from rl_lab.viewer.panels.series import Lane, Points, lanes_of
from rl_lab.viewer.view import View

MIN_PLIES = 20  # the axis is at least this long, so that a young game does not jump about
LEFT, TOP, RIGHT, BOTTOM = 104, 30, 12, 11  # margins of the plot, in units
TICKS = 40  # of the left margin for the numbers of the axis
GAP = 5  # between lanes
DOTTED = 7  # units between points from which on each has a dot


def draw(canvas: Canvas, rect: Rect, view: View) -> None:
    """The lanes, and a cursor through all of them at the step shown."""
    plot = plot_rect(canvas.unit, rect)
    lanes = lanes_of(view, plot.w)
    told = " AND MARGIN" if len(lanes) > 1 else ""
    inner = canvas.panel(rect, f"WIN PROBABILITY{told} OVER TIME" if view.is_game else "VALUE AND REWARD OVER TIME")
    canvas.text(_caption(view), inner.right, rect.y + canvas.px(17), "small", "faint", align="right")
    gap = canvas.px(GAP)
    height = (plot.h - gap * (len(lanes) - 1)) // max(1, len(lanes))
    for k, lane in enumerate(lanes):
        place = Rect(plot.x, plot.y + k * (height + gap), plot.w, height)
        _draw_axis(canvas, inner.x, place, lane, view)
        if view.revealed or lane.title in ("return", "reward"):
            _draw_lane(canvas, plot, place, lane, view)
    x = _x(plot, view, view.index)
    canvas.line([(x, plot.y), (x, plot.bottom - 1)], "live", 2)


def plot_rect(unit: float, rect: Rect) -> Rect:
    """Where the lanes are drawn inside the panel."""
    left, top, right, bottom = (round(units * unit) for units in (LEFT, TOP, RIGHT, BOTTOM))
    return Rect(rect.x + left, rect.y + top, max(1, rect.w - left - right), max(1, rect.h - top - bottom))


def ply_at(unit: float, rect: Rect, num_plies: int, x: float, y: float) -> int | None:
    """The ply under a pixel, or None outside the plot; `num_plies` have been played."""
    plot = plot_rect(unit, rect)
    if not plot.contains(x, y):
        return None
    margin = _margin(plot)
    share = (x - plot.x - margin) / max(1, plot.w - 2 * margin)
    return min(num_plies, max(0, round(share * max(MIN_PLIES, num_plies))))


def _caption(view: View) -> str:
    if not view.revealed and view.is_game:
        return "hidden while you play" if view.stage.has_human else "hidden · V shows"
    return f"{'ply' if view.is_game else 'step'} {view.index} of {len(view.frames) - 1}"


def _margin(plot: Rect) -> int:
    return max(4, plot.h // 10)


def _x(plot: Rect, view: View, ply: int) -> float:
    margin = _margin(plot)
    span = max(MIN_PLIES, len(view.frames) - 1)
    return plot.x + margin + (plot.w - 2 * margin) * ply / span


def _y(place: Rect, lane: Lane, value: float) -> float:
    """The height of a number: the range ends a little inside the lane."""
    inset = max(2.0, place.h * 0.08)
    share = min(1.0, max(0.0, (value - lane.low) / (lane.high - lane.low)))
    return place.bottom - 1 - inset - share * (place.h - 1 - 2 * inset)


def _draw_axis(canvas: Canvas, left: int, place: Rect, lane: Lane, view: View) -> None:
    """The lane's ground, its name, the ends of its axis, and a rule at 0 or at even chances if that is between them."""
    canvas.box(place, "plot" if view.is_game else "trough", radius=3)
    rule = 0.5 if lane.ticks[1] == "100%" else 0.0
    if lane.low <= rule <= lane.high:
        y = _y(place, lane, rule)
        canvas.line([(place.x, y), (place.right - 1, y)], "panel", 1)
    ticks_w, edge = canvas.px(TICKS), place.x - canvas.px(6)
    canvas.text(lane.title, left, place.center[1], "small", "faint", width=place.x - ticks_w - left)
    for tick, value in zip(lane.ticks, (lane.low, lane.high), strict=True):
        half = canvas.px(6)
        height = min(place.bottom - half, max(place.y + half, _y(place, lane, value)))
        canvas.text(tick, edge, height, "tiny", "faint", align="right", width=ticks_w)


def _draw_lane(canvas: Canvas, plot: Rect, place: Rect, lane: Lane, view: View) -> None:
    """In games lines in the colours of the stones, in worlds bars or one line."""
    for seat, points in enumerate(lane.lines):
        if not points:
            continue
        at = [(_x(plot, view, ply), _y(place, lane, value)) for ply, value in points]
        if lane.bars:
            _draw_bars(canvas, place, lane, points, at)
            continue
        role = f"stone_{seat}" if view.is_game else {"value": "value", "return": "policy"}[lane.title]
        canvas.curve(at, role, 2)
        if len(at) <= place.w / canvas.px(DOTTED):
            for x, y in at:
                canvas.dot(x, y, 2.4, role)
        if view.is_game:
            canvas.stone(*at[-1], 4.5, seat)


def _draw_bars(canvas: Canvas, place: Rect, lane: Lane, points: Points, at: list[tuple[float, float]]) -> None:
    """A bar from 0 for each reward."""
    zero = _y(place, lane, 0.0)
    width = max(1, min(canvas.px(5), place.w // (2 * max(1, len(points)))))
    for (_, value), (x, y) in zip(points, at, strict=True):
        top, height = round(min(y, zero)), max(1, round(abs(y - zero)))
        bar = Rect(round(x - width / 2), top, width, height)
        canvas.box(bar, "value" if value > 0 else "loss", radius=0)
