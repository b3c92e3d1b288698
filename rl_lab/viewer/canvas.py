"""A surface with the few strokes that panels need, in a theme's colours and fonts."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import pygame

from envs.faces.paint import disc, font, stamp, stone, stroke
from rl_lab.viewer.layout import Rect
from rl_lab.viewer.theme import RADIUS, RGB, TEXT, Theme, font_path

Point = tuple[float, float]


@lru_cache(maxsize=2048)
def rendered(text: str, size: int, bold: bool, color: RGB) -> pygame.Surface:
    """A picture of a line of text, `size` in pixels; to be left as it is."""
    return font(font_path(bold), size).render(text, True, color)


@lru_cache(maxsize=4096)
def _width(text: str, size: int, bold: bool) -> int:
    return font(font_path(bold), size).size(text)[0]


@lru_cache(maxsize=1024)
def _shortened(text: str, width: int, size: int, bold: bool) -> str:
    if _width(text, size, bold) <= width:
        return text
    longest = min(len(text), 400)  # no window is so wide that more would fit
    kept = bisect_left(range(1, longest), True, key=lambda n: _width(text[:n].rstrip() + "…", size, bold) > width)
    return text[:kept].rstrip() + "…"


class Canvas:
    """Draws on `surface`; sizes named in units are multiplied by `unit`, positions are pixels."""

    def __init__(self, surface: pygame.Surface, theme: Theme, unit: float) -> None:
        self.surface, self.theme, self.unit = surface, theme, unit

    def px(self, units: float) -> int:
        """A length in pixels, at least one."""
        return max(1, round(units * self.unit))

    def text(
        self,
        text: str,
        x: float,
        y: float,
        size: str = "body",
        role: str = "ink",
        bold: bool = False,
        align: str = "left",
        width: float | None = None,
    ) -> int:
        """Writes one line, its middle at height y; cut with an ellipsis beyond `width`. Returns its width."""
        pixels = self.px(TEXT[size])
        if width is not None:
            text = self.shortened(text, width, size, bold)
        image = rendered(text, pixels, bold, self.theme[role])
        shift = {"left": 0.0, "center": image.get_width() / 2, "right": float(image.get_width())}[align]
        self.surface.blit(image, (round(x - shift), round(y - image.get_height() / 2)))
        return image.get_width()

    def text_width(self, text: str, size: str = "body", bold: bool = False) -> int:
        """How wide `text` writes one line."""
        return _width(text, self.px(TEXT[size]), bold)

    def shortened(self, text: str, width: float, size: str = "body", bold: bool = False) -> str:
        """The text, or as much of its beginning as fits into `width` with an ellipsis."""
        return _shortened(text, int(width), self.px(TEXT[size]), bold)

    def wrapped(self, text: str, width: float, lines: int, size: str = "small") -> list[str]:
        """The text broken between words into at most so many lines, the last one shortened if need be."""
        found: list[str] = []
        words = text.split(" ")
        while words and len(found) < lines - 1:
            fitting = 1
            while fitting < len(words) and self.text_width(" ".join(words[: fitting + 1]), size) <= width:
                fitting += 1
            found.append(self.shortened(" ".join(words[:fitting]), width, size))
            words = words[fitting:]
        return [*found, self.shortened(" ".join(words), width, size)] if words else found

    def box(self, rect: Rect, role: str, border: str | None = None, radius: float = RADIUS, line: float = 1.0) -> None:
        """A filled rectangle with smooth round corners, and a line of the role `border` around its inside."""
        r = min(self.px(radius), rect.w // 2, rect.h // 2)
        if border:
            width = self.px(line)
            _round_rect(self.surface, rect, r, self.theme[border], hollow=r > width)
            _round_rect(self.surface, rect.inset(width), max(0, r - width), self.theme[role])
        else:
            _round_rect(self.surface, rect, r, self.theme[role])

    def ring(self, rect: Rect) -> None:
        """Marks a panel, of several."""
        place = (rect.x, rect.y, rect.w, rect.h)
        pygame.draw.rect(self.surface, self.theme["live"], place, self.px(2), self.px(RADIUS))

    def panel(self, rect: Rect, title: str = "", live: bool = False) -> Rect:
        """A panel's ground; returns what is left inside, below the title if there is one."""
        self.box(rect, "panel", "live" if live else "edge", line=2.0 if live else 1.0)
        pad = self.px(12)
        if not title:
            return rect.inset(pad)
        self.text(title, rect.x + pad, rect.y + self.px(17), "small", "faint", bold=True, width=rect.w - 2 * pad)
        top = self.px(32)
        return Rect(rect.x + pad, rect.y + top, rect.w - 2 * pad, rect.h - top - self.px(10))

    def bar(self, rect: Rect, share: float, role: str) -> None:
        """A bar filled from the left by `share` in 0..1."""
        self.box(rect, "trough", radius=3)
        filled = round(rect.w * min(1.0, max(0.0, share))) if math.isfinite(share) else 0
        if filled:
            self.box(Rect(rect.x, rect.y, max(filled, 2), rect.h), role, radius=3)

    def signed_bar(self, rect: Rect, value: float) -> None:
        """A bar from the middle: to the right for a value above 0, to the left below; `value` in -1..1."""
        self.box(rect, "trough", radius=3)
        middle = rect.x + rect.w // 2
        length = round(rect.w / 2 * min(1.0, abs(value))) if math.isfinite(value) else 0
        if length:
            left = middle if value > 0 else middle - length
            self.box(Rect(left, rect.y, length, rect.h), "value" if value > 0 else "loss", radius=3)
        self.line([(middle, rect.y - self.px(2)), (middle, rect.bottom + self.px(2))], "faint", 1)

    def line(self, points: Sequence[Point], role: str, width: float) -> None:
        """A line through the points, `width` in units."""
        for a, b in pairwise(points):
            stroke(self.surface, a, b, self.px(width), self.theme[role])

    def curve(self, points: Sequence[Point], role: str, width: float) -> None:
        """A smooth line through many points; quicker than `line`, its ends and bends are not round."""
        color, pixels = self.theme[role], self.px(width)
        for a, b in pairwise(_bends(points)):
            pygame.draw.aaline(self.surface, color, a, b, pixels)

    def shape(self, corners: Sequence[Point], role: str) -> None:
        """A filled shape with smooth edges."""
        pygame.draw.polygon(self.surface, self.theme[role], corners)
        pygame.draw.aalines(self.surface, self.theme[role], True, corners)

    def arrow(self, points: Sequence[Point], role: str, width: float) -> None:
        """A line through the points with a head at the last; the last stretch is level or upright."""
        (x0, y0), (x1, y1) = points[-2], points[-1]
        size = self.px(9)
        dx, dy = (x1 > x0) - (x1 < x0), (y1 > y0) - (y1 < y0)
        self.line([*points[:-1], (x1 - dx * size, y1 - dy * size)], role, width)
        back, half = (x1 - dx * size, y1 - dy * size), size * 0.62
        corners = [
            (x1, y1),
            (back[0] - dy * half, back[1] - dx * half),
            (back[0] + dy * half, back[1] + dx * half),
        ]
        self.shape(corners, role)

    def dot(self, x: float, y: float, radius: float, role: str, alpha: int = 255) -> None:
        """A disc, `radius` in units."""
        stamp(self.surface, disc(radius * self.unit, self.theme[role], alpha), x, y)

    def stone(self, x: float, y: float, radius: float, seat: int) -> None:
        """The stone that stands for a seat, with a rim so that it shows on any ground."""
        stamp(self.surface, disc((radius + 1) * self.unit, self.theme["faint"]), x, y)
        stamp(self.surface, stone(radius * self.unit, self.theme.scene[f"stone_{seat}"]), x, y)

    def pill(self, rect: Rect, text: str, size: str = "body", lit: bool = False) -> None:
        """A short text on a ground of its own with round ends."""
        self.box(rect, "live_ground" if lit else "panel", "live" if lit else "edge", radius=rect.h / 2 / self.unit)
        self.text(text, *rect.center, size, bold=True, align="center", width=rect.w - self.px(8))


def _bends(points: Sequence[Point]) -> list[Point]:
    """The points without those that lie on a straight way from the one before to the one after."""
    kept = list(points[:1])
    for here, after in pairwise(points[1:]):
        (x0, y0), (x1, y1), (x2, y2) = kept[-1], here, after
        if abs((x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)) > 0.25 * max(1.0, abs(x2 - x0)):
            kept.append(here)
    return [*kept, *points[-1:]]


def number(value: float) -> str:
    """A number of any size in a few characters: "37", "−0.01", "1.2k", "3.1e9"; "–" where it is not known."""
    if math.isnan(value):
        return "–"
    size = abs(value)
    if size >= 1e7:
        text = f"{size:.1e}".replace("e+0", "e").replace("e+", "e") if math.isfinite(size) else "∞"
    elif size >= 1e4:
        text = f"{size / 1e6:.3g}M" if size >= 999_500 else f"{size / 1e3:.3g}k"
    else:
        text = f"{size:.0f}" if size >= 999.5 else f"{size:.3g}" if size >= 0.1 else f"{size:.2f}".rstrip("0")
    return ("−" if value < 0 and text not in ("0", "0.") else "") + text.rstrip(".")


def signed(value: float) -> str:
    """A number with its sign, in print: "+0.25", "−1", "0"."""
    if math.isfinite(value) and abs(value) < 10:
        rounded = round(value, 2)
        return f"{rounded:+.2f}".replace("-", "−") if rounded else "0"
    return ("+" if value > 0 else "") + number(value)


def _round_rect(surface: pygame.Surface, rect: Rect, radius: int, color: RGB, hollow: bool = False) -> None:
    """A filled rectangle whose corners are quarters of a smooth disc; `hollow`, only as deep as the radius."""
    if rect.w <= 0 or rect.h <= 0:
        return
    if radius < 2:
        pygame.draw.rect(surface, color, (rect.x, rect.y, rect.w, rect.h))
        return
    r = min(radius, rect.w // 2, rect.h // 2)
    inner_w = rect.w - 2 * r
    if hollow:
        pygame.draw.rect(surface, color, (rect.x + r, rect.y, inner_w, r))
        pygame.draw.rect(surface, color, (rect.x + r, rect.bottom - r, inner_w, r))
    else:
        pygame.draw.rect(surface, color, (rect.x + r, rect.y, inner_w, rect.h))
    pygame.draw.rect(surface, color, (rect.x, rect.y + r, r, rect.h - 2 * r))
    pygame.draw.rect(surface, color, (rect.right - r, rect.y + r, r, rect.h - 2 * r))
    sprite = _corners(r, color)
    for x, sx in ((rect.x, 0), (rect.right - r, r)):
        for y, sy in ((rect.y, 0), (rect.bottom - r, r)):
            surface.blit(sprite, (x, y), (sx, sy, r, r))


@lru_cache(maxsize=256)
def _corners(radius: int, color: RGB) -> pygame.Surface:
    """A smooth disc of exactly 2 * radius pixels, drawn four times too large and reduced."""
    fine = pygame.Surface((8 * radius, 8 * radius), pygame.SRCALPHA)
    fine.fill((*color, 0))
    pygame.draw.circle(fine, color, (4 * radius, 4 * radius), 4 * radius)
    return pygame.transform.smoothscale(fine, (2 * radius, 2 * radius))
