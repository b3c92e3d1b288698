"""A picture of a state as data: drawing primitives in board units, so that games draw without a graphics library.

One unit is one cell; x grows to the right, y downwards. Painters (a pygame surface, SVG) read the list in order.
Colours are role names that a theme resolves ("board", "grid", "stone_0", "stone_1", "mark", "ink"), so a game
never chooses pixels.
"""

from __future__ import annotations

from dataclasses import dataclass, field

Point = tuple[float, float]


@dataclass(frozen=True)
class Line:
    """A straight line from (x0, y0) to (x1, y1); `width` in board units."""

    x0: float
    y0: float
    x1: float
    y1: float
    color: str = "grid"
    width: float = 0.03


@dataclass(frozen=True)
class Circle:
    """A disc, or with `width` > 0 a ring of that line width."""

    x: float
    y: float
    radius: float
    color: str
    width: float = 0.0


@dataclass(frozen=True)
class Box:
    """An axis-parallel rectangle with its top-left corner at (x, y), or with `width` > 0 its outline."""

    x: float
    y: float
    w: float
    h: float
    color: str
    width: float = 0.0


@dataclass(frozen=True)
class Polygon:
    """A closed shape with corners `points`, in order, or with `width` > 0 its outline."""

    points: tuple[Point, ...]
    color: str
    width: float = 0.0


@dataclass(frozen=True)
class Label:
    """Text centred on (x, y); `size` is its height in board units."""

    x: float
    y: float
    text: str
    color: str = "ink"
    size: float = 0.4


@dataclass(frozen=True)
class Image:
    """A picture made of pixels, in the rectangle with its top-left corner at (x, y)."""

    x: float
    y: float
    w: float
    h: float
    pixels: bytes
    """RGB, a byte each, row by row."""
    size: tuple[int, int]
    """Width and height in pixels."""


Primitive = Line | Circle | Box | Polygon | Label | Image


@dataclass(frozen=True)
class Scene:
    """What a state looks like.

    `action_spots` says where each action that has a place on the board lives, as (x, y, w, h) boxes: a click inside
    the box means the action, and what an agent thinks of the action is drawn there. Actions without a place
    (a pass) are absent.
    """

    width: float
    height: float
    items: list[Primitive] = field(default_factory=list)
    action_spots: dict[int, tuple[float, float, float, float]] = field(default_factory=dict)

    def action_at(self, x: float, y: float) -> int | None:
        """The action whose spot holds the point (x, y) in board units, or None."""
        for action, (left, top, w, h) in self.action_spots.items():
            if left <= x < left + w and top <= y < top + h:
                return action
        return None
