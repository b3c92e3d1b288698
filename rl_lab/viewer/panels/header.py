"""The line above the board: which game, what happens now; or what has gone wrong or been done."""

from __future__ import annotations

from rl_lab.viewer.canvas import Canvas
from rl_lab.viewer.layout import Rect
from rl_lab.viewer.view import View


def draw(canvas: Canvas, rect: Rect, view: View) -> None:
    """The game's spec at the left, the status at the right; a message or a note covers both."""
    _, middle = rect.center
    if view.message or view.note:
        ground, ink = ("alarm", "on_alarm") if view.message else ("live_ground", "ink")
        canvas.box(rect, ground)
        pad = canvas.px(10)
        canvas.text(view.message or view.note, rect.x + pad, middle, role=ink, width=rect.w - 2 * pad)
        return
    room = max(rect.w * 0.6, rect.w - canvas.text_width(view.stage.spec) - canvas.px(16))
    used = canvas.text(view.status, rect.right, middle, bold=True, align="right", width=room)
    canvas.text(view.stage.spec, rect.x, middle, role="faint", width=rect.w - used - canvas.px(16))
