"""A Hex position as text and as a picture.

    a b c
    1  . X .
     2  . X O
      3  . . .

One unit of the picture is the distance between two cells. Cells are hexagons that stand on a corner, each row half a
unit to the right of the one above.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from envs.games.coords import column_names
from envs.games.diagram import SYMBOLS
from envs.games.hex.kernels import BLACK, BOTH, WHITE
from envs.games.scene import Circle, Label, Point, Polygon, Primitive, Scene

COLOR = BLACK | WHITE
ROW_STEP = math.sqrt(3) / 2  # between the middles of two rows
RADIUS = 1 / math.sqrt(3)  # of a hexagon, from its middle to a corner
# From the rim of the scene to the middles of the outermost cells: room for the sides, and above and left for names.
LEFT, TOP, RIGHT, BOTTOM = 1.75, 1.45, 1.1, 1.0
LINE = 0.03


def draw(cells: NDArray[np.uint8]) -> str:
    """The rows of the diagram of cells[size, size], which `read_cells` of games/diagram.py understands."""
    lines = ["   " + " ".join(column_names(len(cells)))]
    for r, row in enumerate(cells):
        lines.append(" " * r + f"{r + 1:2} " + " ".join(SYMBOLS[int(cell) & COLOR] for cell in row))
    return "\n".join(lines)


def _middle(row: float, column: float) -> Point:
    return LEFT + column + row / 2, TOP + row * ROW_STEP


def _hexagon(x: float, y: float, radius: float, role: str) -> Polygon:
    turns = [k * math.pi / 3 for k in range(6)]
    return Polygon(tuple((x + radius * math.sin(turn), y + radius * math.cos(turn)) for turn in turns), role)


def _sides(size: int) -> list[Primitive]:
    """Four triangles from the middle of the board to its sides, in their owners' colours; the cells cover the rest."""
    low, high = -1.0, float(size)
    corners = [_middle(low, low + 0.5), _middle(low, high + 0.5), _middle(high, high - 0.5), _middle(high, low - 0.5)]
    middle = _middle((size - 1) / 2, (size - 1) / 2)
    roles = ("stone_0", "stone_1", "stone_0", "stone_1")
    return [Polygon((corners[k], corners[(k + 1) % 4], middle), role) for k, role in enumerate(roles)]


def scene(cells: NDArray[np.uint8], last: tuple[int, int] | None) -> Scene:
    """The position with coordinates; marks the last stone (row, column) and, at the end, the chain that won."""
    size = len(cells)
    items = _sides(size)
    spots = {}
    for k, name in enumerate(column_names(size)):
        x, _ = _middle(0, k)
        items.append(Label(x, TOP - 1.2, name, size=0.46))
        x, y = _middle(k, -1.45)
        items.append(Label(x, y, str(k + 1), size=0.46))
    for row, column in np.ndindex(size, size):
        x, y = _middle(row, column)
        items += [_hexagon(x, y, RADIUS + LINE / 2, "grid"), _hexagon(x, y, RADIUS - LINE, "board")]
        spots[row * size + column] = (x - 0.5, y - ROW_STEP / 2, 1.0, ROW_STEP)
    for row, column in np.argwhere(cells):
        x, y = _middle(row, column)
        items.append(Circle(x, y, 0.42, "stone_0" if cells[row, column] & BLACK else "stone_1"))
        if cells[row, column] & BOTH == BOTH:
            items.append(Circle(x, y, 0.12, "mark"))
    if last:
        items.append(Circle(*_middle(*last), 0.24, "mark", width=0.06))
    width, height = _middle(size - 1, size - 1)
    return Scene(width + RIGHT, height + BOTTOM, items, spots)
