"""The notations of a Go point, and how they turn into one another.

where                 a corner of 9x9    the opposite     a pass        made by
action                0                  80               81            row * size + column, row 0 at the top
(row, column)         (0, 0)             (8, 8)           None          row 0 at the top
vertex (people, GTP)  A9                 J1               pass          letters without I, rows from the bottom
padded point          row's kernels      row's kernels    0             kernels.point_of
"""

from __future__ import annotations

import re

from envs.errors import LabError

COLUMNS = "ABCDEFGHJKLMNOPQRSTUVWXYZ"


def vertex(action: int, size: int) -> str:
    """The action as people write it, e.g. "C3" or "pass"."""
    if action == size * size:
        return "pass"
    row, column = divmod(action, size)
    return f"{COLUMNS[column]}{size - row}"


def parse_vertex(text: str, size: int) -> int:
    """The action a vertex names, any case; raises LabError if it names none on this board."""
    name = text.strip().upper()
    if name == "PASS":
        return size * size
    column = COLUMNS.find(name[:1]) if name else -1
    number = int(name[1:]) if re.fullmatch("[0-9]{1,2}", name[1:]) else 0  # int() refuses thousands of digits
    if not (0 <= column < size and 1 <= number <= size):
        raise LabError(
            f"'{text[:20]}' is no point of a {size}x{size} board: A1 to {COLUMNS[size - 1]}{size} (there is no I), or "
            "pass."
        )
    return (size - number) * size + column
