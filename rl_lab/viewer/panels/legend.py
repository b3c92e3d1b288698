"""The key to the layers on the board, which are also their switches: a click or a key turns one on or off."""

from __future__ import annotations

import pygame

from agents.agent import Decision
from rl_lab.viewer.canvas import Canvas
from rl_lab.viewer.frame import is_discrete
from rl_lab.viewer.keys import action_keys
from rl_lab.viewer.layout import Rect
from rl_lab.viewer.panels.layers import ended_areas, swatch
from rl_lab.viewer.view import LAYERS, View

WIDEST = 118  # of a switch, in units


def draw(canvas: Canvas, rect: Rect, view: View) -> None:
    """A switch for each layer; those that the present decision cannot fill are pale."""
    able = fillable(view)
    on = view.layers | ({"ownership"} if ended_areas(view) is not None else set())
    taken = action_keys(view.stage)  # a person's digits act in some worlds; then a click is what switches
    for name, place in switches(canvas.unit, rect, view):
        key = "" if LAYERS[name].key in taken else LAYERS[name].key
        _draw_switch(canvas, place, name, key, name in on, name in able)


def layer_at(unit: float, rect: Rect, view: View, x: float, y: float) -> str | None:
    """The layer whose switch is under a pixel, or None."""
    for name, place in switches(unit, rect, view):
        if place.contains(x, y):
            return name
    return None


def switches(unit: float, rect: Rect, view: View) -> list[tuple[str, Rect]]:
    """Where the switch of each layer lies. Areas exist in board games only."""
    names = [name for name in LAYERS if name != "ownership" or view.is_game]
    gap = round(4 * unit)
    width = min(round(WIDEST * unit), (rect.w - gap * (len(names) - 1)) // len(names))
    return [(name, Rect(rect.x + k * (width + gap), rect.y, width, rect.h)) for k, name in enumerate(names)]


def fillable(view: View) -> frozenset[str]:
    """The layers for which the shown moment has something to draw."""
    found = set()
    if view.revealed and view.on_board and view.thought is not None and is_discrete(view.thought.action):
        found |= _filled(view.thought.decision)
    if ended_areas(view) is not None:
        found.add("ownership")
    return frozenset(found)


def _filled(decision: Decision) -> set[str]:
    """The layers that a decision can fill."""
    has = {
        "policy": decision.prior is not None or decision.policy.shape[1] > 0,
        "visits": decision.visits is not None,
        "q": decision.q is not None,
        "line": any(decision.variations),
        "ownership": decision.ownership is not None,
    }
    return {name for name, there in has.items() if there}


def _draw_switch(canvas: Canvas, rect: Rect, name: str, key: str, on: bool, able: bool) -> None:
    """A swatch in the layer's shape, its name and its key; ringed while it is on."""
    canvas.box(rect, "panel" if on else "ground", "live" if on and able else "edge", radius=6)
    ink = "ink" if on and able else "faint"
    side = canvas.px(11)
    swatch(canvas, Rect(rect.x + canvas.px(8), round(rect.center[1] - side / 2), side, side), name)
    if not (on and able):
        _fade(canvas, Rect(rect.x + 2, rect.y + 2, canvas.px(22), rect.h - 4), "panel" if on else "ground")
    canvas.text(LAYERS[name].name, rect.x + canvas.px(26), rect.center[1], "small", ink, width=rect.w - canvas.px(42))
    canvas.text(key, rect.right - canvas.px(7), rect.center[1], "small", "faint", align="right")


def _fade(canvas: Canvas, rect: Rect, role: str) -> None:
    """Lets what is drawn there almost vanish into its ground."""
    veil = pygame.Surface((rect.w, rect.h))
    veil.fill(canvas.theme[role])
    veil.set_alpha(165)
    canvas.surface.blit(veil, (rect.x, rect.y))
