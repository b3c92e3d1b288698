"""The picture of the lecture: AGENT and ENVIRONMENT, and what runs between them, lit where the loop is right now."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import hypot

from rl_lab.viewer.canvas import Canvas, Point, number, signed
from rl_lab.viewer.frame import Phase
from rl_lab.viewer.layout import Rect
from rl_lab.viewer.panels.board import thumbnail
from rl_lab.viewer.view import View


def draw(canvas: Canvas, rect: Rect, view: View) -> None:
    """Two boxes; state and reward rise on the left, the action falls on the right, each with its live content."""
    inner = canvas.panel(rect, f"THE LOOP · {'PLY' if view.is_game else 'STEP'} {view.index}")
    height = min(canvas.px(62), inner.h // 3)
    width = round(inner.w * 0.5)
    left = inner.x + (inner.w - width) // 2
    agent = Rect(left, inner.y, width, height)
    environment = Rect(left, inner.bottom - height, width, height)
    answering = view.phase in (Phase.OBSERVE, Phase.OVER)
    _draw_state(canvas, inner, agent, environment, view, answering)
    _draw_reward(canvas, agent, environment, view, answering)
    _draw_action(canvas, inner, agent, environment, view)
    _draw_boxes(canvas, agent, environment, view)


def _draw_boxes(canvas: Canvas, agent: Rect, environment: Rect, view: View) -> None:
    seat = view.acting_seat
    name = view.players[seat].name
    deciding = view.phase in (Phase.THINK, Phase.ACT)
    _draw_box(canvas, agent, "AGENT", f"{view.stage.seats[seat]} · {name}" if view.is_game else name, lit=deciding)
    world = view.result if view.phase is Phase.OVER and view.result else view.stage.spec
    _draw_box(canvas, environment, "ENVIRONMENT", world, lit=not deciding)


def _draw_box(canvas: Canvas, rect: Rect, title: str, text: str, lit: bool) -> None:
    """A title and a text of one line, or of two where it is long."""
    canvas.box(rect, "live_ground" if lit else "ground", "live" if lit else "edge", line=2 if lit else 1)
    x, y = rect.center
    room = rect.w - canvas.px(16)
    lines = canvas.wrapped(text, room, 2 if rect.h >= canvas.px(54) else 1)
    step = canvas.px(15)
    y -= step * len(lines) / 2
    canvas.text(title, x, y, "body", bold=True, align="center", width=room)
    for k, line in enumerate(lines, start=1):
        canvas.text(line, x, y + canvas.px(3) + k * step, "small", "ink" if lit else "faint", align="center")


def _draw_state(canvas: Canvas, inner: Rect, agent: Rect, environment: Rect, view: View, lit: bool) -> None:
    """The state runs up the left side, carrying a small picture of itself."""
    room = agent.x - inner.x
    gap = environment.y - agent.bottom
    x = inner.x + room * 0.43
    path = [(environment.x, environment.center[1]), (x, environment.center[1]), (x, agent.center[1])]
    _draw_path(canvas, [*path, (agent.x - 2, agent.center[1])], view, lit)
    height = gap + agent.h - canvas.px(20)
    picture = thumbnail(view.stage, view.frame, round(room * 0.86), height, canvas.theme)
    w, h = picture.get_size()
    corner = round(x - w / 2), round((agent.bottom + environment.y) / 2 - h / 2)
    canvas.box(Rect(*corner, w, h).inset(-canvas.px(3)), "live" if lit else "edge", radius=4)
    canvas.surface.blit(picture, corner)
    canvas.text("state", inner.x, agent.center[1] - canvas.px(14), "small", "ink" if lit else "faint")


def _draw_reward(canvas: Canvas, agent: Rect, environment: Rect, view: View, lit: bool) -> None:
    """The reward rises straight from the environment to the agent; beside it what has come together so far.

    In a game it is 0 until there is an outcome, and then each player's is shown.
    """
    x = agent.x + agent.w * 0.28
    _draw_path(canvas, [(x, environment.y), (x, agent.bottom + 2)], view, lit)
    middle = (agent.bottom + environment.y) / 2
    ended = view.is_game and view.phase is Phase.OVER
    names = zip(view.stage.seats, view.rewards, strict=True)
    each = "  ".join(f"{name} {signed(reward)}" for name, reward in names)
    text = each if ended else signed(view.rewards[view.frame.seat or 0])
    width = min(agent.w, max(canvas.px(40), canvas.text_width(text, "body", bold=True) + canvas.px(20)))
    height = canvas.px(25)
    pill = Rect(max(agent.x, round(x - width / 2)), round(middle - height / 2), width, height)
    canvas.pill(pill, text, lit=lit)
    if ended:
        return
    left, role = pill.right + canvas.px(8), "ink" if lit else "faint"
    room = agent.right - left
    if view.is_game:
        canvas.text("reward", left, middle, "small", role, width=room)
        return
    canvas.text("reward", left, middle - canvas.px(8), "small", role, width=room)
    told = f"return {number(view.returns[0])}"
    size = "small" if canvas.text_width(told, "small", bold=True) <= room else "tiny"
    canvas.text(told, left, middle + canvas.px(8), size, role, bold=True, width=room)


def _draw_action(canvas: Canvas, inner: Rect, agent: Rect, environment: Rect, view: View) -> None:
    """The action runs down the right side, carrying its name."""
    lit = view.phase is Phase.ACT
    room = inner.right - agent.right
    x = agent.right + room * 0.5
    path = [(agent.right, agent.center[1]), (x, agent.center[1]), (x, environment.center[1])]
    _draw_path(canvas, [*path, (environment.right + 2, environment.center[1])], view, lit)
    action = view.action
    text = "?" if view.phase is Phase.THINK else "–" if action is None else view.stage.action_name(action)
    size = "title" if canvas.text_width(text, "title", bold=True) < room - canvas.px(18) else "small"
    width = min(room, max(canvas.px(44), canvas.text_width(text, size, bold=True) + canvas.px(22)))
    height = canvas.px(34)
    middle = (agent.bottom + environment.y) / 2
    canvas.pill(Rect(round(x - width / 2), round(middle - height / 2), width, height), text, size, lit)
    label = "ink" if lit else "faint"
    canvas.text("action", inner.right, agent.center[1] - canvas.px(14), "small", label, align="right")


def _draw_path(canvas: Canvas, points: Sequence[Point], view: View, lit: bool) -> None:
    """An arrow; a lit one carries a pulse as far as the phase has come."""
    canvas.arrow(points, "live" if lit else "faint", 3 if lit else 1.6)
    if lit and 0 < view.progress < 1:
        x, y = _along(points, view.progress)
        canvas.dot(x, y, 9, "live", alpha=90)
        canvas.dot(x, y, 5.5, "live")


def _along(points: Sequence[Point], share: float) -> Point:
    """The point at a share of the path's length."""
    lengths = [hypot(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(points)]
    rest = share * sum(lengths)
    for (a, b), length in zip(pairwise(points), lengths, strict=True):
        if rest <= length:
            t = rest / max(length, 1e-9)
            return a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t
        rest -= length
    return points[-1]
