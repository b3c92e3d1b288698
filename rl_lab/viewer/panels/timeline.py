"""Time: what each agent expected of the game at every ply, seen from player 0's side. A click goes to that ply."""

from __future__ import annotations

from rl_lab.viewer.canvas import Canvas
from rl_lab.viewer.layout import Rect
from rl_lab.viewer.stage import Phase
from rl_lab.viewer.view import View

MIN_PLIES = 20  # the axis is at least this long, so that a young game does not jump about


def draw(canvas: Canvas, rect: Rect, view: View) -> None:
    """One line for each seat's agent in the colour of its stones, above the middle where player 0 is ahead."""
    inner = canvas.panel(rect, "VALUE OVER TIME")
    first, second = view.stage.seats[0], view.stage.seats[-1]
    plot = plot_rect(canvas.unit, rect)
    canvas.box(plot, "plot", radius=4)
    x0, x1, middle = plot.x, plot.right, plot.center[1]
    canvas.line([(x0, middle), (x1 - 1, middle)], "panel", 1)
    label_x, gap = inner.x, canvas.px(9)
    canvas.text(f"{first} +1", label_x, plot.y + gap, "small", "faint", width=plot.x - label_x)
    canvas.text(f"{second} +1", label_x, plot.bottom - gap, "small", "faint", width=plot.x - label_x)
    x = _x(plot, view, view.index)
    canvas.line([(x, plot.y), (x, plot.bottom - 1)], "live", 2)
    canvas.text(_caption(view), inner.right, rect.y + canvas.px(17), "small", "faint", align="right")
    if view.revealed:
        for seat in range(len(view.stage.seats)):
            _draw_series(canvas, plot, view, seat)


def _caption(view: View) -> str:
    if not view.revealed:
        return "hidden while you play"
    text = f"ply {view.index} of {len(view.frames) - 1}"
    return f"{text} · {view.result}" if view.phase is Phase.OVER and view.result else text


def plot_rect(unit: float, rect: Rect) -> Rect:
    """Where the lines are drawn inside the panel."""
    left, top, right, bottom = (round(units * unit) for units in (86, 32, 12, 12))
    return Rect(rect.x + left, rect.y + top, max(1, rect.w - left - right), max(1, rect.h - top - bottom))


def ply_at(unit: float, rect: Rect, num_plies: int, x: float, y: float) -> int | None:
    """The ply under a pixel, or None outside the plot; `num_plies` have been played."""
    plot = plot_rect(unit, rect)
    if not plot.contains(x, y):
        return None
    margin = _margin(plot)
    share = (x - plot.x - margin) / max(1, plot.w - 2 * margin)
    return min(num_plies, max(0, round(share * max(MIN_PLIES, num_plies))))


def _margin(plot: Rect) -> int:
    return max(4, plot.h // 8)


def _x(plot: Rect, view: View, ply: int) -> float:
    margin = _margin(plot)
    span = max(MIN_PLIES, len(view.frames) - 1)
    return plot.x + margin + (plot.w - 2 * margin) * ply / span


def _draw_series(canvas: Canvas, plot: Rect, view: View, seat: int) -> None:
    """The values of one seat's agent, if it ever had an opinion."""
    values = [(ply, value) for ply, who, value in view.values if who == seat]
    if not any(value for _, value in values):
        return
    half = plot.h / 2 - _margin(plot)
    points = [(_x(plot, view, ply), plot.center[1] - value * half) for ply, value in values]
    canvas.line(points, f"stone_{seat}", 2)
    if len(points) <= plot.w / canvas.px(7):
        for x, y in points:
            canvas.dot(x, y, 2.8, f"stone_{seat}")
    x, y = points[-1]
    canvas.stone(x, y, 5, seat)
