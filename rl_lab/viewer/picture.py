"""The whole picture: every panel in its rectangle. The window and the recorder draw the same one."""

from __future__ import annotations

import pygame

from rl_lab.viewer.canvas import Canvas
from rl_lab.viewer.layout import Layout, Rect
from rl_lab.viewer.panels import board, card, decision, header, legend, loop, planes, timeline
from rl_lab.viewer.theme import Theme
from rl_lab.viewer.view import View


def draw_picture(surface: pygame.Surface, places: Layout, theme: Theme, view: View, beside: View | None = None) -> None:
    """Draws the view onto the surface; the toolbar's strip is left empty.

    `beside` is the moment of a second session: its board, and its card in place of the second one. A ring marks the
    board of the first, whose loop, decision and time are shown.
    """
    canvas = Canvas(surface, theme, places.unit)
    surface.fill(theme["ground"])
    header.draw(canvas, places, view, beside)
    for place, shown in zip(places.boards, (view, beside or view), strict=False):
        board.draw(canvas, place, shown)
    if beside:
        canvas.ring(places.board)
    legend.draw(canvas, places.legend, view)
    for place, (shown, seat) in zip(places.cards, _cards(view, beside), strict=False):
        card.draw(canvas, place, shown, seat)
    _draw_loop(canvas, places, view)
    decision.draw(canvas, places.decision, view)
    timeline.draw(canvas, places.timeline, view)


def _cards(view: View, beside: View | None) -> list[tuple[View, int]]:
    """Whose cards are shown: every seat's or, side by side, that of the seat that acts in each session."""
    if beside is None:
        return [(view, seat) for seat in range(len(view.stage.seats))]
    return [(view, view.acting_seat), (beside, beside.acting_seat)]


def draw_moving(surface: pygame.Surface, places: Layout, theme: Theme, view: View, beside: View | None) -> list[Rect]:
    """Draws again only what changes by itself as time passes, over a picture that is otherwise the same."""
    canvas = Canvas(surface, theme, places.unit)
    for place in (places.header, places.loop):
        canvas.box(place, "ground", radius=0)
    header.draw(canvas, places, view, beside)
    _draw_loop(canvas, places, view)
    return [places.header, places.loop]


def _draw_loop(canvas: Canvas, places: Layout, view: View) -> None:
    """The loop or, where it is asked for, the state as the agent sees it."""
    if view.panel == "planes":
        planes.draw(canvas, places.loop, view)
    else:
        loop.draw(canvas, places.loop, view)
