"""The card of a player: which seat, who sits there, and what it believes of the game."""

from __future__ import annotations

from rl_lab.viewer.canvas import Canvas, signed
from rl_lab.viewer.layout import Rect
from rl_lab.viewer.stage import Phase
from rl_lab.viewer.view import View


def draw(canvas: Canvas, rect: Rect, view: View, seat: int) -> None:
    """The seat's stone and name, the player's name, and a bar of the value from this player's own side."""
    turn = view.phase is not Phase.OVER and view.frame.to_play == seat
    inner = canvas.panel(rect, live=turn)
    u = canvas.px
    y = inner.y + u(9)
    canvas.stone(inner.x + u(9), y, 9, seat)
    note, role = _note(view, seat, turn)
    used = canvas.text(note, inner.right, y, "small", role, bold=turn or view.phase is Phase.OVER, align="right")
    name = view.stage.seats[seat]
    canvas.text(name, inner.x + u(26), y, "title", bold=True, width=inner.w - u(34) - used)
    canvas.text(view.players[seat].name, inner.x, y + u(25), "body", "faint", width=inner.w)
    _draw_belief(canvas, Rect(inner.x, inner.bottom - u(30), inner.w, u(30)), view, seat)


def _note(view: View, seat: int, turn: bool) -> tuple[str, str]:
    """What the corner of the card says, and its colour."""
    if view.phase is Phase.OVER:
        if len(view.stage.seats) == 1:
            return f"return {view.returns[seat]:.4g}", "ink"
        reward = view.rewards[seat]
        return ("won" if reward > 0 else "lost" if reward < 0 else "draw"), "value" if reward > 0 else "faint"
    if not turn:
        return "", "faint"
    if view.players[seat].is_human:
        return "your turn", "ink"
    return ("thinking" if view.phase is Phase.THINK else "to move"), "ink"


def _draw_belief(canvas: Canvas, rect: Rect, view: View, seat: int) -> None:
    """The value as a bar around the middle, with its number."""
    middle = rect.y + canvas.px(7)
    if view.players[seat].is_human:
        canvas.text("plays by hand", rect.x, rect.center[1], "small", "faint", width=rect.w)
        return
    if not view.revealed:
        canvas.text("thoughts hidden · V shows", rect.x, rect.center[1], "small", "faint", width=rect.w)
        return
    value = view.belief(seat)
    number = "–" if value is None else signed(value)
    used = canvas.text(number, rect.right, middle, "small", bold=True, align="right")
    canvas.text("expects", rect.x, middle, "small", "faint", width=rect.w - used)
    bar = Rect(rect.x, rect.bottom - canvas.px(11), rect.w, canvas.px(8))
    canvas.signed_bar(bar, value or 0.0)
