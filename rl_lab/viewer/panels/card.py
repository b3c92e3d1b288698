"""The card of a player: which seat, who sits there, and what it believes of the game."""

from __future__ import annotations

import numpy as np

from rl_lab.viewer.canvas import Canvas, number, signed
from rl_lab.viewer.frame import Phase
from rl_lab.viewer.layout import Rect
from rl_lab.viewer.view import View, sign


def draw(canvas: Canvas, rect: Rect, view: View, seat: int) -> None:
    """The seat's stone and name, the player's name, notes such as a clock, and a bar of the value from its side."""
    turn = view.phase is not Phase.OVER and view.frame.to_play == seat
    inner = canvas.panel(rect, live=turn)
    u = canvas.px
    y = inner.y + u(9)
    if view.is_game:
        canvas.stone(inner.x + u(9), y, 9, seat)
    else:
        canvas.dot(inner.x + u(9), y, 8, "agent")
    note, role = _note(view, seat, turn)
    used = canvas.text(note, inner.right, y, "small", role, bold=turn or view.phase is Phase.OVER, align="right")
    name = view.stage.seats[seat]
    canvas.text(name, inner.x + u(26), y, "title", bold=True, width=inner.w - u(34) - used)
    canvas.text(view.players[seat].name, inner.x, y + u(24), "body", "faint", width=inner.w)
    _draw_facts(canvas, inner, y + u(45), view, seat)
    _draw_belief(canvas, Rect(inner.x, inner.bottom - u(16), inner.w, u(16)), view, seat)


def _note(view: View, seat: int, turn: bool) -> tuple[str, str]:
    """What the corner of the card says, and its colour."""
    if view.phase is Phase.OVER:
        if not view.is_game:
            return "over", "faint"
        reward = view.rewards[seat]
        return ("won" if reward > 0 else "lost" if reward < 0 else "draw"), "value" if reward > 0 else "faint"
    if not turn:
        return "", "faint"
    if view.players[seat].is_human:
        return "your turn", "ink"
    return ("thinking" if view.phase is Phase.THINK else "to move"), "ink"


def _draw_facts(canvas: Canvas, inner: Rect, y: float, view: View, seat: int) -> None:
    """What is so: the notes at the left and, for an agent that has one, its expected margin at the right."""
    facts = [*view.notes[seat]] if seat < len(view.notes) else []
    if not view.is_game:
        facts = [f"reward {signed(view.rewards[seat])}", f"return {number(view.returns[seat])}", *facts]
    lead = _lead(view, seat)
    used = canvas.text(lead, inner.right, y, "small", "faint", align="right") if lead else 0
    canvas.text("  ·  ".join(facts), inner.x, y, "small", width=inner.w - used - canvas.px(8))


def _lead(view: View, seat: int) -> str:
    """The margin that the seat's own thought about this moment expects."""
    thought = view.thought
    if not view.revealed or thought is None or thought.seat != seat or thought.decision.score is None:
        return ""
    lead = round(float(thought.decision.score[0]), 1) or 0.0  # not −0.0
    return f"margin {lead:+.1f}".replace("-", "−")


def _draw_belief(canvas: Canvas, rect: Rect, view: View, seat: int) -> None:
    """The value as a bar with its number; where values have no bounds, on the scale of all that were seen."""
    middle = rect.center[1]
    if view.players[seat].is_human or not view.revealed:
        text = "plays by hand" if view.players[seat].is_human else "thoughts hidden · V shows"
        canvas.text(text, rect.x, middle, "small", "faint", width=rect.w)
        return
    thinks = view.track.values_of(seat)[1].any()  # 0 throughout means no opinion
    value = view.belief(seat) if thinks else None
    label_w = canvas.text("expects", rect.x, middle, "small", "faint", width=rect.w) + canvas.px(8)
    number_w = canvas.text_width("+0.00", "small", bold=True) + canvas.px(8)
    told = "–" if value is None else signed(value)
    canvas.text(told, rect.right, middle, "small", bold=True, align="right", width=rect.w - label_w)
    bar = Rect(rect.x + label_w, round(middle - canvas.px(4)), rect.w - label_w - number_w, canvas.px(8))
    _draw_bar(canvas, bar, view, seat, value)


def _draw_bar(canvas: Canvas, bar: Rect, view: View, seat: int, value: float | None) -> None:
    if view.is_game:
        canvas.signed_bar(bar, value or 0.0)
        return
    seen = sign(seat) * view.track.values_of(seat)[1]
    largest = np.abs(seen).max(initial=0.0) or 1.0
    if seen.min(initial=0.0) < 0:
        canvas.signed_bar(bar, (value or 0.0) / largest)
    else:
        canvas.bar(bar, (value or 0.0) / largest, "value")
