"""The search tree as it grows: the position, the moves tried most, as thick as they were tried, and what may follow."""

from __future__ import annotations

import math

import numpy as np

from agents.agent import Decision
from rl_lab.viewer.canvas import Canvas, number, signed
from rl_lab.viewer.layout import Rect
from rl_lab.viewer.panels.lines import seated
from rl_lab.viewer.view import Thought, View

BRANCHES = 5
THICKEST = 15.0  # of a branch, in units
CURVE_STEPS = 14
STEM_W, NAME_W, COUNT_W, VALUE_W, PRIOR_W = 64, 52, 52, 48, 46  # in units


def draw(canvas: Canvas, inner: Rect, view: View, thought: Thought) -> None:
    """A branch for each of the top moves, with visits, value and prior, and the line that it leads to."""
    decision = thought.decision
    actions = branches(decision)
    if not actions:
        text = f"{view.players[thought.seat].name} shows no search tree."
        canvas.text(text, *inner.center, role="faint", align="center", width=inner.w)
        return
    u, head_h = canvas.px, canvas.px(20)
    left, top = inner.x + u(STEM_W), inner.y + head_h
    row_h = min(u(40), (inner.h - head_h) // len(actions))
    root = inner.x + u(9), top + len(actions) * row_h / 2
    _draw_heads(canvas, left + u(NAME_W), inner.y + head_h / 2, inner.right)
    visits = [1 if decision.visits is None else int(decision.visits[0, action]) for action in actions]
    for k, action in enumerate(actions):
        row = Rect(left, top + k * row_h, inner.right - left, row_h)
        share = visits[k] / max(1, *visits)
        _draw_stem(canvas, root, (left, row.center[1]), share)
        _draw_branch(canvas, row, view, thought, action)
    if view.is_game:
        canvas.stone(*root, 8, thought.seat)
    else:
        canvas.dot(*root, 8, "agent")


def branches(decision: Decision) -> list[int]:
    """The moves tried most, the most tried first; without visits those of which the agent tells a line."""
    if decision.visits is None:
        return list(decision.lines[0])[:BRANCHES] if decision.lines else []
    visits = decision.visits[0]
    order = np.argsort(-visits, kind="stable")[:BRANCHES].tolist()
    return [action for action in order if visits[action] > 0]


def _draw_heads(canvas: Canvas, x: float, y: float, right: float) -> None:
    for title, width in (("visits", COUNT_W), ("value", VALUE_W), ("prior", PRIOR_W), ("and then", 0)):
        canvas.text(title, x, y, "small", "faint", width=right - x)
        x += canvas.px(width) if width else 0


def _draw_stem(canvas: Canvas, root: tuple[float, float], end: tuple[float, float], share: float) -> None:
    """A smooth branch, thick where the search went often."""
    (x0, y0), (x1, y1) = root, end
    half = canvas.unit * max(1.4, THICKEST * share) / 2
    steps = [k / CURVE_STEPS for k in range(CURVE_STEPS + 1)]
    middle = [(x0 + (x1 - x0) * t, y0 + (y1 - y0) * t * t * (3 - 2 * t)) for t in steps]
    edge = [(x, y - half) for x, y in middle] + [(x, y + half) for x, y in reversed(middle)]
    canvas.shape(edge, "visits")


def _draw_branch(canvas: Canvas, row: Rect, view: View, thought: Thought, action: int) -> None:
    decision, u, y = thought.decision, canvas.px, row.center[1]
    height = min(u(24), row.h - 2)
    name = Rect(row.x, round(y - height / 2), u(NAME_W - 8), height)
    canvas.pill(name, view.stage.action_name(action), "small", lit=action == thought.action)
    x = row.x + u(NAME_W)
    count = "–" if decision.visits is None else f"{int(decision.visits[0, action]):,}"
    canvas.text(count, x, y, "small", bold=True, width=u(COUNT_W - 4))
    x += u(COUNT_W)
    value = math.nan if decision.q is None else float(decision.q[0, action])
    told = signed(value) if view.is_game and math.isfinite(value) else number(value)
    role = "faint" if math.isnan(value) else "value" if value >= 0 else "loss"
    canvas.text(told, x, y, "small", role, bold=True, width=u(VALUE_W - 4))
    x += u(VALUE_W)
    prior = decision.policy[0] if decision.prior is None else decision.prior[0]
    canvas.text(f"{100 * float(prior[action]):.1f}%", x, y, "small", "policy", width=u(PRIOR_W - 4))
    line = decision.lines[0].get(action, []) if decision.lines else []
    _draw_line(canvas, Rect(x + u(PRIOR_W), row.y, row.right - x - u(PRIOR_W), row.h), view, thought, line)


def _draw_line(canvas: Canvas, room: Rect, view: View, thought: Thought, line: list[int]) -> None:
    """The moves after the first, on the stones of those who play them, as far as there is room."""
    y, x, gap = room.center[1], float(room.x), canvas.px(5)
    height = min(canvas.px(19), room.h - 2)
    moves = seated(view.stage, thought.frame, tuple(line[:10])) if view.is_game else [(action, 0) for action in line]
    for action, seat in moves[1:]:
        text = view.stage.action_name(action)
        width = canvas.text_width(text, "tiny", bold=True) + canvas.px(10)
        if x + width > room.right:
            return
        chip = Rect(round(x), round(y - height / 2), width, height)
        ground, ink = (f"stone_{seat}", f"stone_{1 - seat}") if view.is_game else ("trough", "ink")
        canvas.box(chip, ground, "faint", radius=height / 2 / canvas.unit)
        canvas.text(text, *chip.center, "tiny", ink, bold=True, align="center")
        x += width + gap
