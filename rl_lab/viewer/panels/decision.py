"""What the agent weighed: its top alternatives with prior, visits and Q, as far as it can tell them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agents.agent import Decision
from rl_lab.viewer.canvas import Canvas, signed
from rl_lab.viewer.layout import Rect
from rl_lab.viewer.stage import Stage, is_discrete
from rl_lab.viewer.view import Thought, View


@dataclass(frozen=True)
class Column:
    """One kind of number: its title, colour, numbers [A], the length of a bar (-1..1) and the text beside it."""

    title: str
    role: str
    numbers: NDArray[np.float64]
    share: Callable[[float], float]
    text: Callable[[float], str]


def draw(canvas: Canvas, rect: Rect, view: View) -> None:
    """The decision that belongs to the shown state, or the last one before it."""
    thought = view.thought
    if thought is None or not view.revealed:
        inner = canvas.panel(rect, "DECISION")
        text = "Nothing decided yet." if view.revealed else "Hidden while you play: H asks for a hint, V shows all."
        canvas.text(text, *inner.center, role="faint", align="center", width=inner.w)
        return
    if not is_discrete(thought.action):
        inner = canvas.panel(rect, f"DECISION OF {view.stage.seats[thought.seat].upper()}")
        canvas.text(view.stage.action_name(thought.action), *inner.center, align="center", width=inner.w)
        return
    who, what = view.stage.seats[thought.seat], view.stage.action_name(thought.action)
    title = f"HINT FOR {who.upper()}: {what}" if thought.is_hint else f"DECISION OF {who.upper()}: {what}"
    _draw_table(canvas, canvas.panel(rect, title), view.stage, thought)


def _draw_table(canvas: Canvas, inner: Rect, stage: Stage, thought: Thought) -> None:
    decision = thought.decision
    columns = columns_of(decision)
    row_h, head_h = canvas.px(24), canvas.px(20)
    line = decision.variations[0] if decision.variations else []
    foot_h = canvas.px(22) if line else 0
    rows = max(1, (inner.h - head_h - foot_h) // row_h)
    name_w = max(canvas.px(54), canvas.text_width(stage.action_name(thought.action), bold=True) + canvas.px(16))
    width = (inner.w - name_w) // len(columns)
    for k, column in enumerate(columns):
        canvas.text(column.title, inner.x + name_w + k * width, inner.y + head_h // 2, "small", "faint")
    for i, action in enumerate(top_actions(decision)[:rows]):
        y = inner.y + head_h + i * row_h
        _draw_row(canvas, Rect(inner.x, y, inner.w, row_h), stage, action, thought.action, columns, name_w)
    if line:
        text = "expects  " + "  ".join(stage.action_name(action) for action in line)
        canvas.text(text, inner.x, inner.bottom - foot_h / 2, "small", "faint", width=inner.w)


def _draw_row(
    canvas: Canvas, rect: Rect, stage: Stage, action: int, chosen: int, columns: list[Column], name_w: int
) -> None:
    if action == chosen:
        canvas.box(rect.inset(-canvas.px(5), 0), "live_ground", radius=4)
    _, y = rect.center
    canvas.text(stage.action_name(action), rect.x, y, bold=action == chosen, width=name_w - canvas.px(6))
    width = (rect.w - name_w) // len(columns)
    number_w = canvas.text_width("100.0%", "small") + canvas.px(6)
    for k, column in enumerate(columns):
        left = rect.x + name_w + k * width
        bar = Rect(left, round(y - canvas.px(4)), width - number_w - canvas.px(10), canvas.px(8))
        number = float(column.numbers[action])
        share = column.share(number)
        if column.title == "value" and not np.isnan(number):
            canvas.signed_bar(bar, share)
        else:
            canvas.bar(bar, share, column.role)
        canvas.text(column.text(number), bar.right + canvas.px(6), y, "small", width=number_w)


def columns_of(decision: Decision) -> list[Column]:
    """The columns an agent has numbers for; the policy it acted by only if there is no search to show."""
    found = []
    if decision.prior is not None:
        found.append(_shares("prior", "policy", decision.prior[0], _percent))
    if decision.visits is not None:
        found.append(_shares("visits", "visits", decision.visits[0], lambda count: f"{count:.0f}"))
    if not found:
        found.append(_shares("policy", "policy", decision.policy[0], _percent))
    if decision.q is not None:
        found.append(Column("value", "value", decision.q[0].astype(float), _known, _signed))
    return found


def _shares(title: str, role: str, numbers: NDArray[np.generic], text: Callable[[float], str]) -> Column:
    """A column whose longest bar is its largest number: the numbers tell how much, the bars how much more."""
    known = numbers.astype(float)
    largest = max(1e-9, float(known.max()))
    return Column(title, role, known, lambda number: number / largest, text)


def top_actions(decision: Decision) -> list[int]:
    """The actions worth showing, best first: the chosen one, then by visits, by the policy and by the prior."""
    policy = decision.policy[0]
    prior = policy if decision.prior is None else decision.prior[0]
    visits = policy if decision.visits is None else decision.visits[0]
    order = np.lexsort((prior, policy, visits))[::-1].tolist()
    chosen = int(decision.action[0])
    return [chosen] + [a for a in order if a != chosen and (visits[a] > 0 or prior[a] > 0)]


def _percent(number: float) -> str:
    return f"{100 * number:.0f}%" if number >= 0.0995 or number == 0 else f"{100 * number:.1f}%"


def _known(number: float) -> float:
    return 0.0 if np.isnan(number) else number


def _signed(number: float) -> str:
    return "–" if np.isnan(number) else signed(number)
