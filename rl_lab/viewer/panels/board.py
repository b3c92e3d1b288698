"""The board: the game's scene, and what the agent thinks drawn on the places of its actions.

The policy is a blue square, larger and darker where an action is likelier; visits are a vermilion disc, largest where
the search tried most. Numbers are shares of the whole in per cent.
Two colours and two shapes, so neither is ever taken for the other.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pygame
from numpy.typing import NDArray

from agents.agent import Decision
from envs.faces.paint import RGB, Placement, disc, fit, font, paint, stamp
from envs.games.scene import Circle, Line, Scene
from rl_lab.viewer.canvas import Canvas
from rl_lab.viewer.layout import Rect
from rl_lab.viewer.stage import Frame, Stage, is_discrete
from rl_lab.viewer.theme import BOARD_LAYERS, LIGHT, Theme, font_path
from rl_lab.viewer.view import View

GHOST_ALPHA = 120  # of the move that a click would play, out of 255
FAINTEST = 0.01  # actions with a smaller share are not drawn
EVEN_ACTIONS = 8
PALEST_POLICY = (190, 216, 238)


def draw(canvas: Canvas, rect: Rect, view: View) -> None:
    """The shown state, the layers of the thought about it, and the move under the pointer."""
    scene = view.stage.scene(view.frame)
    place = placement(rect, scene)
    canvas.surface.blit(_ground(rect.w, rect.h, canvas.theme, canvas.unit), (rect.x, rect.y))
    _paint_frame(canvas, rect, view.stage, view.frame)
    after = None if view.hover is None else view.stage.preview(view.frame, view.hover)
    if after is not None:
        _paint_frame(canvas, rect, view.stage, after, GHOST_ALPHA)
    if view.index and not any(getattr(item, "color", "") == "mark" for item in scene.items):
        _mark_news(canvas, scene, place, view.stage.scene(view.frames[view.index - 1]))
    if view.on_board and view.revealed and view.thought is not None:
        if is_discrete(view.thought.action):
            _draw_layers(canvas, scene, place, view.thought.decision, view.layers)
            _ring_chosen(canvas, _spot(scene, place, view.thought.action))


def placement(rect: Rect, scene: Scene) -> Placement:
    """Where the scene lies in the board's rectangle."""
    inner = rect.inset(min(rect.w, rect.h) * 0.015)
    return fit(scene, inner.x, inner.y, inner.w, inner.h)


def action_at(rect: Rect, scene: Scene, x: float, y: float) -> int | None:
    """The action whose place is under a pixel, or None."""
    return scene.action_at(*placement(rect, scene).to_board(x, y)) if rect.contains(x, y) else None


@lru_cache(maxsize=2)
def _ground(width: int, height: int, theme: Theme, unit: float) -> pygame.Surface:
    """A wooden panel with round corners, on which the scene lies."""
    surface = pygame.Surface((width, height))
    surface.fill(theme["ground"])
    wood = Theme(theme.name, {**theme.colors, "panel": theme.scene["board"], "edge": theme.scene["grid"]}, theme.scene)
    Canvas(surface, wood, unit).panel(Rect(0, 0, width, height))
    return surface


def _paint_frame(canvas: Canvas, rect: Rect, stage: Stage, frame: Frame, alpha: int | None = None) -> None:
    picture = _picture(stage, frame, rect.w, rect.h, canvas.theme)
    picture.set_alpha(alpha)
    inset = canvas.px(4)
    canvas.surface.blit(
        picture, (rect.x + inset, rect.y + inset), (inset, inset, rect.w - 2 * inset, rect.h - 2 * inset)
    )


@lru_cache(maxsize=6)
def _picture(stage: Stage, frame: Frame, width: int, height: int, theme: Theme) -> pygame.Surface:
    """The scene of a frame on bare wood; kept, because most pictures of the window show the same few frames."""
    scene = stage.scene(frame)
    surface = pygame.Surface((width, height))
    surface.fill(theme.scene["board"])
    paint(surface, scene, placement(Rect(0, 0, width, height), scene), theme.scene, font_path())
    return surface


def thumbnail(stage: Stage, frame: Frame, size: int, theme: Theme) -> pygame.Surface:
    """A small picture of a state."""
    return _picture(stage, frame, size, size, theme)


def _spot(scene: Scene, place: Placement, action: int) -> tuple[float, float, float] | None:
    """The middle and the side in pixels of the square that stands for an action; the top of a tall place."""
    if action not in scene.action_spots:
        return None
    x, y, w, h = scene.action_spots[action]
    side = min(w, h)
    center = place.to_pixels(x + w / 2, y + side / 2)
    return *center, side * place.scale


def _mark_news(canvas: Canvas, scene: Scene, place: Placement, before: Scene) -> None:
    """A dot on the middle of what the last action added, for games whose scenes do not mark it themselves."""
    old = set(before.items)
    pieces = (item for item in scene.items if isinstance(item, Circle | Line) and item.color.startswith("stone"))
    news = [item for item in pieces if item not in old]
    for item in news[:1]:
        middle = ((item.x0 + item.x1) / 2, (item.y0 + item.y1) / 2) if isinstance(item, Line) else (item.x, item.y)
        sprite = disc(max(3.0, 0.09 * place.scale), canvas.theme.scene["mark"])
        stamp(canvas.surface, sprite, *place.to_pixels(*middle))


def _draw_layers(canvas: Canvas, scene: Scene, place: Placement, decision: Decision, layers: frozenset[str]) -> None:
    policy = decision.policy[0] if decision.prior is None else decision.prior[0]
    visits = None if decision.visits is None else decision.visits[0] / max(1, decision.visits[0].sum())
    both = "visits" in layers and visits is not None
    if "policy" in layers and _prefers(policy):
        for action in np.flatnonzero(policy >= FAINTEST).tolist():
            _draw_policy(canvas, _spot(scene, place, action), float(policy[action]), labelled=not both)
    if visits is not None and both:
        for action in np.flatnonzero(visits >= FAINTEST).tolist():
            _draw_visits(canvas, _spot(scene, place, action), float(visits[action]), float(visits.max()))


def _prefers(policy: NDArray[np.float32]) -> bool:
    """Whether a policy tells anything: one that spreads evenly over many actions would only cover the board."""
    likely = policy[policy > 0]
    return len(likely) <= EVEN_ACTIONS or float(np.ptp(likely)) > 1e-4


def _draw_policy(canvas: Canvas, spot: tuple[float, float, float] | None, share: float, labelled: bool) -> None:
    if spot is None:
        return
    x, y, side = spot
    # The square root lets small probabilities be seen; the eye compares the largest anyway.
    strength = share**0.5
    size = round(side * (0.24 + 0.66 * strength))
    square = pygame.Surface((size, size), pygame.SRCALPHA)
    pale, deep = np.array(PALEST_POLICY), np.array(BOARD_LAYERS["policy"])
    square.fill((*(pale + (deep - pale) * strength).astype(int).tolist(), 225))
    canvas.surface.blit(square, (round(x - size / 2), round(y - size / 2)))
    if labelled and share >= 0.05:
        _number(canvas, f"{100 * share:.0f}", x, y, side)


def _draw_visits(canvas: Canvas, spot: tuple[float, float, float] | None, share: float, most: float) -> None:
    if spot is None:
        return
    x, y, side = spot
    radius = round(side * (0.07 + 0.26 * (share / most) ** 0.5), 1)
    stamp(canvas.surface, disc(radius + 1.5, (255, 244, 230)), x, y)
    stamp(canvas.surface, disc(radius, BOARD_LAYERS["visits"]), x, y)
    if share >= 0.05:
        _number(canvas, f"{100 * share:.0f}", x, y, side)


def _ring_chosen(canvas: Canvas, spot: tuple[float, float, float] | None) -> None:
    if spot is None:
        return
    x, y, side = spot
    radius, width = round(side * 0.48, 1), max(2.0, round(side * 0.05, 1))
    stamp(canvas.surface, disc(radius + 1, canvas.theme.scene["ink"], width=width + 2), x, y)
    stamp(canvas.surface, disc(radius, LIGHT["live"], width=width), x, y)


def _number(canvas: Canvas, text: str, x: float, y: float, side: float) -> None:
    """A share in per cent, if the place is large enough to read it."""
    size = round(side * 0.26)
    if size < 8:
        return
    white: RGB = (255, 255, 255)
    image = font(font_path(bold=True), size).render(text, True, white)
    canvas.surface.blit(image, (round(x - image.get_width() / 2), round(y - image.get_height() / 2)))
