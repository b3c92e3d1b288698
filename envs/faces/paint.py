"""Paints a scene onto a pygame surface; svg.py writes the same list of primitives as text.

Colours are looked up by role in a palette, a mapping from role names to (red, green, blue). A role that the
palette does not know is painted in its "ink". Discs in a role that begins with "stone" are shaded like a stone and
throw a soft shadow; everything else is flat.

pygame is imported when something is first drawn, so importing this module needs no graphics library.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from envs.games.scene import Box, Circle, Image, Label, Line, Polygon, Scene

if TYPE_CHECKING:
    import pygame

RGB = tuple[int, int, int]
Palette = Mapping[str, RGB]

HEIGHTS = 16


def _heights() -> list[RGB]:
    """The colours of HEIGHTS levels of height, evenly spaced from deep blue to snow."""
    low, high = np.array([38, 70, 110]), np.array([238, 243, 248])
    return [tuple((low + (high - low) * k / (HEIGHTS - 1)).astype(int).tolist()) for k in range(HEIGHTS)]


PALETTE: dict[str, RGB] = {
    "board": (226, 186, 116),
    "grid": (92, 66, 34),
    "ink": (74, 52, 26),
    "stone_0": (28, 30, 34),
    "stone_1": (248, 247, 242),
    "mark": (200, 62, 20),
    "side_0": (28, 30, 34),
    "side_1": (248, 247, 242),
    "floor": (240, 238, 231),
    "wall": (70, 76, 88),
    "agent": (36, 113, 163),
    "body": (88, 160, 196),
    "goal": (226, 149, 32),
    "cue": (178, 62, 138),
    **{f"height_{level}": color for level, color in enumerate(_heights())},
}
"""A wooden board with black and white stones, and the things of the single-agent worlds; for painting without a theme.

The roles height_0 (lowest) to height_15 are one scale from dark to light, readable without telling colours apart.
"""

SHADOW_SHIFT = 0.10  # how far a stone's shadow falls to the lower right, in radii
SHADOW_ALPHA = 90


def resolve(palette: Palette, role: str) -> RGB:
    """The colour of a role; the palette's ink for a role it does not know."""
    return palette[role] if role in palette else palette["ink"]


@dataclass(frozen=True)
class Placement:
    """Where a scene lies on a surface: one board unit is `scale` pixels, the scene's corner is at (left, top)."""

    scale: float
    left: float
    top: float

    def to_pixels(self, x: float, y: float) -> tuple[float, float]:
        """The pixel position of a point in board units."""
        return self.left + x * self.scale, self.top + y * self.scale

    def to_board(self, x: float, y: float) -> tuple[float, float]:
        """The point in board units under a pixel position."""
        return (x - self.left) / self.scale, (y - self.top) / self.scale


def fit(scene: Scene, left: float, top: float, width: float, height: float) -> Placement:
    """Places the scene as large as it can be, centred in the given rectangle of pixels."""
    scale = min(width / scene.width, height / scene.height)
    return Placement(scale, left + (width - scale * scene.width) / 2, top + (height - scale * scene.height) / 2)


def paint(
    surface: pygame.Surface,
    scene: Scene,
    place: Placement,
    palette: Palette = PALETTE,
    font_path: str | None = None,
) -> None:
    """Paints the scene with smooth edges; labels use the font file at `font_path`, or pygame's own font."""
    for item in scene.items:
        if isinstance(item, Image):
            _paint_image(surface, item, place)
        elif isinstance(item, Line):
            start, stop = place.to_pixels(item.x0, item.y0), place.to_pixels(item.x1, item.y1)
            stroke(surface, start, stop, max(1.0, item.width * place.scale), resolve(palette, item.color))
        elif isinstance(item, Circle):
            _paint_circle(surface, item, place, resolve(palette, item.color))
        elif isinstance(item, Box):
            _paint_box(surface, item, place, resolve(palette, item.color))
        elif isinstance(item, Polygon):
            _paint_polygon(surface, item, place, resolve(palette, item.color))
        else:
            _paint_label(surface, item, place, resolve(palette, item.color), font_path)


def stroke(
    surface: pygame.Surface, start: tuple[float, float], stop: tuple[float, float], width: float, color: RGB
) -> None:
    """A straight line: crisp on whole pixels where it is level or upright, else smooth with round ends."""
    import pygame

    (x0, y0), (x1, y1), w = start, stop, max(1, round(width))
    if abs(x0 - x1) < 0.5 or abs(y0 - y1) < 0.5:
        left, top = int(min(x0, x1)) - w // 2, int(min(y0, y1)) - w // 2
        pygame.draw.rect(surface, color, (left, top, int(abs(x1 - x0)) + w, int(abs(y1 - y0)) + w))
        return
    sprite, left, top = _capsule(round(x1 - x0, 1), round(y1 - y0, 1), width, color)
    surface.blit(sprite, (round(x0) + left, round(y0) + top))


@lru_cache(maxsize=2048)
def _capsule(dx: float, dy: float, width: float, color: RGB) -> tuple[pygame.Surface, int, int]:
    """A sprite of a line from (0, 0) to (dx, dy) with round ends, and where its corner lies."""
    margin = int(np.ceil(width / 2)) + 1
    left, top = int(np.floor(min(dx, 0))) - margin, int(np.floor(min(dy, 0))) - margin
    x, y = np.meshgrid(np.arange(left, max(dx, 0) + margin + 1), np.arange(top, max(dy, 0) + margin + 1), indexing="ij")
    along = np.clip((x * dx + y * dy) / max(dx * dx + dy * dy, 1e-9), 0, 1)
    cover = np.clip(width / 2 - np.hypot(x - along * dx, y - along * dy) + 0.5, 0, 1)
    return _sprite(np.broadcast_to(np.array(color, np.float64), (*cover.shape, 3)), cover * 255), left, top


def stamp(surface: pygame.Surface, sprite: pygame.Surface, x: float, y: float) -> None:
    """Blits a sprite of odd size with its middle on the pixel that holds (x, y)."""
    surface.blit(sprite, (int(x) - sprite.get_width() // 2, int(y) - sprite.get_height() // 2))


@lru_cache(maxsize=512)
def disc(radius: float, color: RGB, alpha: int = 255, width: float = 0.0) -> pygame.Surface:
    """A sprite of a flat disc, or with `width` > 0 of a ring inside the radius; both in pixels."""
    distance, _, _ = _grid(radius)
    cover = np.clip(radius - distance + 0.5, 0, 1)
    if width > 0:
        cover *= np.clip(distance - (radius - width) + 0.5, 0, 1)
    return _sprite(np.broadcast_to(np.array(color, np.float64), (*cover.shape, 3)), cover * alpha)


@lru_cache(maxsize=256)
def stone(radius: float, color: RGB, alpha: int = 255) -> pygame.Surface:
    """A sprite of a stone: lit from the upper left, darker towards the rim, its shadow on the lower right."""
    shift = SHADOW_SHIFT * radius
    distance, x, y = _grid(radius, margin=shift + radius * 0.12 + 1)
    cover = np.clip(radius - distance + 0.5, 0, 1)
    light = np.clip(1 - np.hypot(x + 0.35 * radius, y + 0.4 * radius) / (1.5 * radius), 0, 1) ** 2
    rim = np.clip(distance / radius, 0, 1) ** 4
    base = np.array(color, np.float64)
    shine = 0.30 if base.mean() < 128 else 0.6
    shade = base + (255 - base) * (shine * light)[..., None]
    shade *= (1 - 0.16 * rim)[..., None]
    blur = 0.24 * radius
    shadow = np.clip((radius + blur / 2 - np.hypot(x - shift * 0.6, y - shift)) / blur, 0, 1) * SHADOW_ALPHA
    alphas = cover * alpha + (1 - cover) * shadow * alpha / 255
    # Where the shadow shows through the smooth edge of the stone the colour must darken with it.
    share = np.where(alphas > 0, cover * alpha / np.maximum(alphas, 1e-9), 0)
    return _sprite(shade * share[..., None], alphas)


def _grid(radius: float, margin: float = 1.0) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Distance from the middle, x and y of every pixel of a sprite of odd size; indexed [x, y] as pygame does."""
    half = int(np.ceil(radius + margin))
    x, y = np.meshgrid(np.arange(-half, half + 1.0), np.arange(-half, half + 1.0), indexing="ij")
    return np.hypot(x, y), x, y


def _sprite(rgb: NDArray[np.float64], alpha: NDArray[np.float64]) -> pygame.Surface:
    """A surface with an alpha channel from arrays of shape [w, h, 3] and [w, h] in 0..255."""
    import pygame

    surface = pygame.Surface(alpha.shape, pygame.SRCALPHA)
    pygame.surfarray.pixels3d(surface)[:] = np.clip(rgb + 0.5, 0, 255).astype(np.uint8)
    pygame.surfarray.pixels_alpha(surface)[:] = np.clip(alpha + 0.5, 0, 255).astype(np.uint8)
    return surface


def _paint_circle(surface: pygame.Surface, item: Circle, place: Placement, color: RGB) -> None:
    x, y = place.to_pixels(item.x, item.y)
    radius = round(item.radius * place.scale, 1)
    if item.width:
        # The ring's line runs along the radius, half of its width inside and half outside.
        width = max(1.0, round(item.width * place.scale, 1))
        stamp(surface, disc(radius + width / 2, color, width=width), x, y)
    elif item.color.startswith("stone") and radius >= 3:
        stamp(surface, stone(radius, color), x, y)
    else:
        stamp(surface, disc(max(1.0, radius), color), x, y)


def _paint_box(surface: pygame.Surface, item: Box, place: Placement, color: RGB) -> None:
    import pygame

    (x0, y0), (x1, y1) = place.to_pixels(item.x, item.y), place.to_pixels(item.x + item.w, item.y + item.h)
    rect = pygame.Rect(round(x0), round(y0), round(x1) - round(x0), round(y1) - round(y0))
    pygame.draw.rect(surface, color, rect, max(1, round(item.width * place.scale)) if item.width else 0)


def _paint_polygon(surface: pygame.Surface, item: Polygon, place: Placement, color: RGB) -> None:
    import pygame

    points = [place.to_pixels(x, y) for x, y in item.points]
    if item.width:
        for start, stop in pairwise([*points, points[0]]):
            stroke(surface, start, stop, max(1.0, item.width * place.scale), color)
    else:
        pygame.draw.polygon(surface, color, points)
        pygame.draw.aalines(surface, color, True, points)


def _paint_label(surface: pygame.Surface, item: Label, place: Placement, color: RGB, font_path: str | None) -> None:
    x, y = place.to_pixels(item.x, item.y)
    text = font(font_path, max(6, round(item.size * place.scale))).render(item.text, True, color)
    surface.blit(text, (round(x - text.get_width() / 2), round(y - text.get_height() / 2)))


def _paint_image(surface: pygame.Surface, item: Image, place: Placement) -> None:
    import pygame

    picture = pygame.image.frombuffer(item.pixels, item.size, "RGB")
    size = max(1, round(item.w * place.scale)), max(1, round(item.h * place.scale))
    left, top = place.to_pixels(item.x, item.y)
    surface.blit(pygame.transform.smoothscale(picture, size), (round(left), round(top)))


def font(path: str | None, size: int) -> pygame.font.Font:
    """The font of a file (pygame's own without one) at a size in pixels."""
    import pygame

    try:
        found = _font(path, size)
        found.get_height()
    except pygame.error:  # gymnasium's own environments call pygame.quit() when they close, which ends every font
        _font.cache_clear()
        found = _font(path, size)
    return found


@lru_cache(maxsize=128)
def _font(path: str | None, size: int) -> pygame.font.Font:
    import pygame

    if not pygame.font.get_init():
        pygame.font.init()
    return pygame.font.Font(path, size)
