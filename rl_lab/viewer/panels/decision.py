"""What the agent weighed: its top alternatives with prior, visits and value, as far as it can tell them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agents.agent import Decision
from rl_lab.viewer.canvas import Canvas, number, signed
from rl_lab.viewer.frame import is_discrete
from rl_lab.viewer.layout import Rect
from rl_lab.viewer.panels import tree
from rl_lab.viewer.view import Thought, View

FEW_ACTIONS = 9  # of an environment that has no more, all legal ones are listed
LINE, COMMENT_LINES = 17, 2  # height of a line of a comment in units, and how many there are below a decision
RECENT = 200  # frames whose actions make the scale of continuous ones


@dataclass(frozen=True)
class Column:
    """One kind of number: its title, colour, numbers [A], the length of a bar (-1..1) and the text beside it."""

    title: str
    role: str
    numbers: NDArray[np.float64]
    share: Callable[[float], float]
    text: Callable[[float], str]


def draw(canvas: Canvas, rect: Rect, view: View) -> None:
    """The decision that belongs to the shown state, or the last one before it, as a table or as a tree."""
    thought = view.thought
    if thought is None or not view.revealed:
        inner = canvas.panel(rect, "COMMENT" if view.comment else "DECISION")
        if view.comment:
            _draw_comment(canvas, inner, view.comment)
            return
        _draw_nothing(canvas, inner, view)
        return
    inner = canvas.panel(rect, title_of(view, thought))
    if view.comment:
        foot = Rect(inner.x, inner.bottom - canvas.px(LINE * COMMENT_LINES), inner.w, canvas.px(LINE * COMMENT_LINES))
        _draw_comment(canvas, foot, view.comment)
        inner = Rect(inner.x, inner.y, inner.w, inner.h - foot.h - canvas.px(LINE / 2))
    if not is_discrete(thought.action):
        _draw_components(canvas, inner, view, thought)
    elif view.panel == "tree":
        tree.draw(canvas, inner, view, thought)
    else:
        _draw_table(canvas, inner, view, thought)


def _draw_nothing(canvas: Canvas, rect: Rect, view: View) -> None:
    """Why there is no decision to be seen."""
    if view.revealed:
        text = "Nothing decided yet."
    elif view.stage.has_human:
        text = "Hidden while you play: H asks for a hint, V shows all."
    else:
        text = "What the agent thinks is hidden: V shows it."
    lines = canvas.wrapped(text, rect.w, 3)
    x, y = rect.center
    for k, line in enumerate(lines):
        middle = y + (k - (len(lines) - 1) / 2) * canvas.px(LINE)
        canvas.text(line, x, middle, role="faint", align="center", width=rect.w)


def _draw_comment(canvas: Canvas, rect: Rect, comment: str) -> None:
    """As much of what somebody has written as there is room for."""
    height = canvas.px(LINE)
    for k, line in enumerate(canvas.wrapped(comment, rect.w, max(1, rect.h // height))):
        canvas.text(line, rect.x, rect.y + (k + 0.5) * height, "small")


def title_of(view: View, thought: Thought) -> str:
    """Whose decision it is, and what it is or how far it has come."""
    who = view.stage.seats[thought.seat].upper()
    if thought.forming:
        visits = thought.decision.visits
        count = "" if visits is None else f" · {int(visits[0].sum()):,} SIMULATIONS"
        return f"{who} IS THINKING{count}"
    what = view.stage.action_name(thought.action)
    return f"HINT FOR {who}: {what}" if thought.is_hint else f"DECISION OF {who}: {what}"


def _draw_table(canvas: Canvas, inner: Rect, view: View, thought: Thought) -> None:
    decision, stage = thought.decision, view.stage
    columns = columns_of(decision, view.is_game)
    line = decision.variations[0] if decision.variations else []
    head_h, foot_h = canvas.px(20), canvas.px(22) if line else 0
    room = inner.h - head_h - foot_h
    legal = stage.legal_actions(thought.frame) if stage.num_actions <= FEW_ACTIONS else []
    actions = top_actions(decision, legal)[: max(1, room // canvas.px(24))]
    row_h = min(canvas.px(34), room // len(actions))
    name_w = max(canvas.text_width(stage.action_name(action), bold=True) for action in actions)
    name_w = min(max(canvas.px(54), name_w + canvas.px(16)), inner.w // 3)
    width = (inner.w - name_w) // max(1, len(columns))
    for k, column in enumerate(columns):
        canvas.text(column.title, inner.x + name_w + k * width, inner.y + head_h // 2, "small", "faint")
    for i, action in enumerate(actions):
        row = Rect(inner.x, inner.y + head_h + i * row_h, inner.w, row_h)
        _draw_row(canvas, row, stage.action_name(action), action, action == thought.action, columns, name_w)
    if line:
        text = "expects  " + "  ".join(stage.action_name(action) for action in line)
        canvas.text(text, inner.x, inner.bottom - foot_h / 2, "small", "faint", width=inner.w)


def _draw_row(
    canvas: Canvas, rect: Rect, name: str, action: int, chosen: bool, columns: list[Column], name_w: int
) -> None:
    if chosen:
        canvas.box(rect.inset(-canvas.px(5), 0), "live_ground", radius=4)
    _, y = rect.center
    canvas.text(name, rect.x, y, bold=chosen, width=name_w - canvas.px(6))
    width = (rect.w - name_w) // max(1, len(columns))
    number_w = canvas.text_width("100.0%", "small") + canvas.px(6)
    for k, column in enumerate(columns):
        left = rect.x + name_w + k * width
        bar = Rect(left, round(y - canvas.px(4)), max(1, width - number_w - canvas.px(10)), canvas.px(8))
        told = float(column.numbers[action])
        if column.role == "value" and np.isfinite(told):
            canvas.signed_bar(bar, column.share(told))
        else:
            canvas.bar(bar, column.share(told), column.role)
        canvas.text(column.text(told), bar.right + canvas.px(6), y, "small", width=number_w)


def _draw_components(canvas: Canvas, inner: Rect, view: View, thought: Thought) -> None:
    """A continuous action: a bar for each of its numbers, on the scale of the largest lately."""
    numbers = np.ravel(thought.action).astype(float)
    lately = [np.abs(np.ravel(f.action)).max(initial=0) for f in view.frames[-RECENT:] if f.action is not None]
    largest = max(1e-9, np.abs(numbers[np.isfinite(numbers)]).max(initial=0), *lately)
    rows = max(1, min(len(numbers), inner.h // canvas.px(18)))
    height = min(canvas.px(34), inner.h // rows)
    label_w, number_w = canvas.px(90), canvas.px(60)
    for k, value in enumerate(numbers[:rows].tolist()):
        y = inner.y + (k + 0.5) * height
        cut = k == rows - 1 and rows < len(numbers)
        name = f"and {len(numbers) - rows + 1} more" if cut else f"number {k + 1} of {len(numbers)}"
        canvas.text(name, inner.x, y, "small", "faint", width=label_w - canvas.px(6))
        if cut:
            return
        bar = Rect(inner.x + label_w, round(y - canvas.px(5)), inner.w - label_w - number_w, canvas.px(10))
        canvas.signed_bar(bar, value / largest)
        canvas.text(signed(value), inner.right, y, "small", bold=True, align="right", width=number_w - canvas.px(6))


def columns_of(decision: Decision, game: bool) -> list[Column]:
    """The columns an agent has numbers for; the policy it acted by only if there is no search to show."""
    found = []
    if decision.prior is not None:
        found.append(_shares("prior", "policy", decision.prior[0], percent))
    if decision.visits is not None:
        found.append(_shares("visits", "visits", decision.visits[0], lambda count: f"{count:.0f}"))
    if not found and decision.policy[0].any():  # of some records nothing is known but a value
        found.append(_shares("policy", "policy", decision.policy[0], percent))
    if decision.q is not None:
        found.append(_values(decision.q[0].astype(float), game))
    return found


def _shares(title: str, role: str, numbers: NDArray[np.generic], text: Callable[[float], str]) -> Column:
    """A column whose longest bar is its largest number: the numbers tell how much, the bars how much more."""
    known = numbers.astype(float)
    largest = max(1e-9, float(np.nan_to_num(known).max(initial=0)))
    return Column(title, role, known, lambda share: share / largest, text)


def _values(values: NDArray[np.float64], game: bool) -> Column:
    """The values of actions, in a world on the scale of the largest of them."""
    largest = 1.0 if game else max(1e-9, float(np.abs(values[np.isfinite(values)]).max(initial=0)))
    return Column("value", "value", values, lambda value: value / largest, signed if game else number)


def top_actions(decision: Decision, always: Collection[int] = ()) -> list[int]:
    """The actions worth showing, best first: the chosen one, then by visits, by the policy, by value and by prior.

    Those that got nothing are left out, unless they are in `always`.
    """
    policy = decision.policy[0]
    prior = policy if decision.prior is None else decision.prior[0]
    visits = policy if decision.visits is None else decision.visits[0]
    values = np.full(len(policy), -np.inf) if decision.q is None else np.nan_to_num(decision.q[0], nan=-np.inf)
    order = np.lexsort((prior, values, policy, visits))[::-1].tolist()
    chosen = int(decision.action[0])
    worth = {a for a in order if visits[a] > 0 or prior[a] > 0 or np.isfinite(values[a])} | set(always)
    return [chosen] + [a for a in order if a != chosen and a in worth]


def percent(share: float) -> str:
    """A share in per cent."""
    return f"{100 * share:.0f}%" if share >= 0.0995 or share == 0 else f"{100 * share:.1f}%"
