"""What the grid worlds share: the four directions, whose numbers are the actions, and how cells are drawn."""

from __future__ import annotations

import numpy as np

from envs.games.scene import Circle, Primitive

DIRECTIONS = ("up", "right", "down", "left")
ROW_STEP = np.array([-1, 0, 1, 0])
COLUMN_STEP = np.array([0, 1, 0, -1])


def spots_around(x: float, y: float, width: float, height: float) -> dict[int, tuple[float, float, float, float]]:
    """The action spots of a scene for an agent on the cell with its corner at (x, y): the cells around it."""
    corners = {a: (x + float(COLUMN_STEP[a]), y + float(ROW_STEP[a])) for a in range(len(DIRECTIONS))}
    inside = {a: c for a, c in corners.items() if 0 <= c[0] <= width - 1 and 0 <= c[1] <= height - 1}
    return {a: (*c, 1.0, 1.0) for a, c in inside.items()}


def dots(x: float, y: float, columns: int, rows: int) -> list[Primitive]:
    """A dot in the middle of every cell of a board with its corner at (x, y), so that steps can be counted."""
    places = np.ndindex(rows, columns)
    return [Circle(x + column + 0.5, y + row + 0.5, 0.03, "wall") for row, column in places]
