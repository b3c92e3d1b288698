"""The whole picture: every panel in its rectangle. The window and the recorder draw the same one."""

from __future__ import annotations

import pygame

from rl_lab.viewer.canvas import Canvas
from rl_lab.viewer.layout import Layout, Rect
from rl_lab.viewer.panels import board, card, decision, header, loop, timeline
from rl_lab.viewer.theme import Theme
from rl_lab.viewer.view import View


def draw_picture(surface: pygame.Surface, places: Layout, theme: Theme, view: View) -> None:
    """Draws the view onto the surface; the toolbar's strip is left empty."""
    canvas = Canvas(surface, theme, places.unit)
    surface.fill(theme["ground"])
    header.draw(canvas, places.header, view)
    board.draw(canvas, places.board, view)
    for seat, place in enumerate(places.cards):
        card.draw(canvas, place, view, seat)
    loop.draw(canvas, places.loop, view)
    decision.draw(canvas, places.decision, view)
    timeline.draw(canvas, places.timeline, view)


def draw_moving(surface: pygame.Surface, places: Layout, theme: Theme, view: View) -> list[Rect]:
    """Draws again only what changes by itself as time passes, over a picture that is otherwise the same."""
    canvas = Canvas(surface, theme, places.unit)
    canvas.box(places.header, "ground", radius=0)
    header.draw(canvas, places.header, view)
    loop.draw(canvas, places.loop, view)
    return [places.header, places.loop]
