"""A Go position as text and as a picture.

The text is what GTP's showboard and most books use:

       A B C D E
     5 . . . . .
     4 . . X . .
     3 . O X . .
     2 . . . . .
     1 . . . . .
    White to play, komi 24.5
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from envs.errors import LabError
from envs.games.go.coords import COLUMNS
from envs.games.go.layout import BLACK, EMPTY, OFF, WHITE
from envs.games.scene import Box, Circle, Label, Line, Primitive, Scene

SYMBOLS = {EMPTY: ".", BLACK: "X", WHITE: "O", OFF: " "}
_COLORS = {symbol: color for color, symbol in SYMBOLS.items() if color != OFF}


def draw(stones: NDArray[np.uint8], to_play: str, komi: float) -> str:
    """The diagram of a position, colours in stones[size, size]; `read` understands it."""
    size = len(stones)
    header = "   " + " ".join(COLUMNS[:size])
    lines = [f"{size - r:2} {' '.join(SYMBOLS[int(c)] for c in row)}" for r, row in enumerate(stones)]
    return "\n".join([header, *lines, f"{to_play} to play, komi {komi:g}"])


def read(text: str, size: int) -> tuple[NDArray[np.uint8], int, float | None]:
    """(stones [size, size], the player to move, the komi or None) of a diagram; labels of lines are optional.

    Raises LabError if it is not a size x size board of '.', 'X' and 'O'.
    """
    rows = []
    for line in text.splitlines():
        symbols = re.fullmatch(r"\s*\d*\s*((?:[.XOxo]\s*)+)", line)
        if symbols:
            rows.append(symbols.group(1).upper().split())
    rows = [list("".join(row)) for row in rows]
    if len(rows) != size or any(len(row) != size for row in rows):
        raise LabError(f"a diagram for this game needs {size} lines of {size} points, each '.', 'X' or 'O'.")
    stones = np.array([[_COLORS[symbol] for symbol in row] for row in rows], np.uint8)
    to_play = 1 if re.search(r"\bwhite to play", text, re.IGNORECASE) else 0
    komi = re.search(r"\bkomi (-?\d+(?:\.\d+)?)", text, re.IGNORECASE)
    return stones, to_play, float(komi.group(1)) if komi else None


def _star_points(size: int) -> list[tuple[int, int]]:
    """Where a board has dots: the corners' third or fourth lines from 7x7 up, the centre, the sides from 13x13 up."""
    edge = 3 if size >= 12 else 2
    corners = [edge, size - 1 - edge] if size >= 7 else []
    middle = [size // 2] if size % 2 else []
    points = [(x, y) for lines in (corners, middle) for x in lines for y in lines]
    if size >= 12:
        points += [point for x in corners for y in middle for point in ((x, y), (y, x))]
    return points


def scene(stones: NDArray[np.uint8], last: tuple[int, int] | None) -> Scene:
    """The position with coordinates, the last move (row, column) marked; one unit is the distance between two lines."""
    size = len(stones)
    margin = 1.0
    items: list[Primitive] = [Box(0, 0, size - 1 + 2 * margin, size - 1 + 2 * margin, "board")]
    for i in range(size):
        items.append(Line(margin, margin + i, margin + size - 1, margin + i))
        items.append(Line(margin + i, margin, margin + i, margin + size - 1))
        items.append(Label(margin + i, size - 1 + 1.72 * margin, COLUMNS[i], size=0.36))
        items.append(Label(0.28 * margin, margin + i, str(size - i), size=0.36))
    items += [Circle(margin + x, margin + y, 0.09, "grid") for x, y in _star_points(size)]
    for row, column in np.argwhere((stones == BLACK) | (stones == WHITE)):
        role = "stone_0" if stones[row, column] == BLACK else "stone_1"
        items.append(Circle(margin + column, margin + row, 0.47, role))
    if last:
        row, column = last
        items.append(Circle(margin + column, margin + row, 0.2, "mark", width=0.06))
    spots = {r * size + c: (margin + c - 0.5, margin + r - 0.5, 1.0, 1.0) for r in range(size) for c in range(size)}
    return Scene(size - 1 + 2 * margin, size - 1 + 2 * margin, items, spots)
