"""The board: the environment's scene, and on it what the agent thinks (layers.py) and the move under the pointer."""

from __future__ import annotations

from functools import lru_cache

import pygame

from envs.faces.paint import Placement, disc, fit, paint, stamp
from envs.games.scene import Circle, Line, Scene
from rl_lab.viewer.canvas import Canvas
from rl_lab.viewer.frame import Frame
from rl_lab.viewer.layout import Rect
from rl_lab.viewer.panels import layers
from rl_lab.viewer.stage import Stage
from rl_lab.viewer.theme import Theme, font_path
from rl_lab.viewer.view import View

GHOST_ALPHA = 120  # of the move that a click would play, out of 255


def draw(canvas: Canvas, rect: Rect, view: View) -> None:
    """The shown state, the layers of the thought about it, and the move under the pointer."""
    scene = scene_of(view.stage, view.frame)
    place = placement(rect, scene)
    _paint_frame(canvas, rect, view.stage, view.frame)
    after = None if view.hover is None else view.stage.preview(view.frame, view.hover)
    if after is not None:
        _paint_frame(canvas, rect, view.stage, after, GHOST_ALPHA)
    if view.is_game and view.index and not any(getattr(item, "color", "") == "mark" for item in scene.items):
        _mark_news(canvas, scene, place, scene_of(view.stage, view.frames[view.index - 1]))
    canvas.surface.set_clip((rect.x, rect.y, rect.w, rect.h))
    layers.draw(canvas, scene, place, view)
    canvas.surface.set_clip(None)


def placement(rect: Rect, scene: Scene) -> Placement:
    """Where the scene lies in the board's rectangle."""
    inner = rect.inset(min(rect.w, rect.h) * 0.015)
    return fit(scene, inner.x, inner.y, inner.w, inner.h)


def action_at(rect: Rect, scene: Scene, x: float, y: float) -> int | None:
    """The action whose place is under a pixel, or None."""
    return scene.action_at(*placement(rect, scene).to_board(x, y)) if rect.contains(x, y) else None


@lru_cache(maxsize=8)
def scene_of(stage: Stage, frame: Frame) -> Scene:
    """The scene of a frame, kept: to unpack a large picture takes milliseconds."""
    return stage.scene(frame)


def _backing(theme: Theme, game: bool) -> tuple[int, int, int]:
    """What a scene lies on: wood for board games, the colour of the panels for anything else."""
    return theme.scene["board"] if game else theme["panel"]


def _paint_frame(canvas: Canvas, rect: Rect, stage: Stage, frame: Frame, alpha: int | None = None) -> None:
    picture = _picture(stage, frame, rect.w, rect.h, canvas.theme, canvas.unit)
    picture.set_alpha(alpha)
    canvas.surface.blit(picture, (rect.x, rect.y))


@lru_cache(maxsize=4)
def _picture(stage: Stage, frame: Frame, width: int, height: int, theme: Theme, unit: float) -> pygame.Surface:
    """The scene of a frame on a panel with round corners; kept, as most pictures show the same few."""
    surface = pygame.Surface((width, height))
    surface.fill(theme["ground"])
    game = len(stage.seats) == 2
    colors = {**theme.colors, "panel": _backing(theme, game), "edge": theme.scene["grid"] if game else theme["edge"]}
    whole = Rect(0, 0, width, height)
    Canvas(surface, Theme(theme.name, colors, theme.scene), unit).panel(whole)
    scene = scene_of(stage, frame)
    inner = whole.inset(max(1, round(4 * unit)))
    surface.set_clip((inner.x, inner.y, inner.w, inner.h))
    paint(surface, scene, placement(whole, scene), theme.scene, font_path())
    surface.set_clip(None)
    return surface


@lru_cache(maxsize=16)
def thumbnail(stage: Stage, frame: Frame, width: int, height: int, theme: Theme) -> pygame.Surface:
    """A small picture of a state in the shape of its scene, no larger than asked for; to be left as it is."""
    scene = scene_of(stage, frame)
    scale = min(width / scene.width, height / scene.height)
    surface = pygame.Surface((max(1, round(scene.width * scale)), max(1, round(scene.height * scale))))
    surface.fill(_backing(theme, len(stage.seats) == 2))
    paint(surface, scene, placement(Rect(0, 0, *surface.get_size()), scene), theme.scene, font_path())
    return surface


def _mark_news(canvas: Canvas, scene: Scene, place: Placement, before: Scene) -> None:
    """A dot on the middle of what the last action added, for games whose scenes do not mark it themselves."""
    old = set(before.items)
    pieces = (item for item in scene.items if isinstance(item, Circle | Line) and item.color.startswith("stone"))
    news = [item for item in pieces if item not in old]
    for item in news[:1]:
        middle = ((item.x0 + item.x1) / 2, (item.y0 + item.y1) / 2) if isinstance(item, Line) else (item.x, item.y)
        sprite = disc(max(3.0, 0.09 * place.scale), canvas.theme.scene["mark"])
        stamp(canvas.surface, sprite, *place.to_pixels(*middle))
