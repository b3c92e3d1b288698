"""The line above the board: which game, what happens now; or what has gone wrong or been done."""

from __future__ import annotations

from rl_lab.viewer.canvas import Canvas
from rl_lab.viewer.layout import Layout, Rect
from rl_lab.viewer.view import View


def draw(canvas: Canvas, places: Layout, view: View, beside: View | None = None) -> None:
    """The game's spec at the left, the status at the right; of two boards, each one's status above it.

    A message or a note covers all.
    """
    rect = places.header
    message = view.message or (beside.message if beside else "")
    if message or view.note:
        ground, ink = ("alarm", "on_alarm") if message else ("live_ground", "ink")
        canvas.box(rect, ground)
        pad = canvas.px(10)
        canvas.text(message or view.note, rect.x + pad, rect.center[1], role=ink, width=rect.w - 2 * pad)
    elif beside:
        for board, shown in zip(places.boards, (view, beside), strict=True):
            role = "ink" if shown is view else "faint"
            canvas.text(shown.status, board.x, rect.center[1], role=role, bold=True, width=board.w)
    else:
        _draw_status(canvas, rect, view)


def _draw_status(canvas: Canvas, rect: Rect, view: View) -> None:
    _, middle = rect.center
    room = max(rect.w * 0.6, rect.w - canvas.text_width(view.stage.spec) - canvas.px(16))
    used = canvas.text(view.status, rect.right, middle, bold=True, align="right", width=room)
    canvas.text(view.stage.spec, rect.x, middle, role="faint", width=rect.w - used - canvas.px(16))
