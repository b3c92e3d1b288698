"""Cell names as Hex and Othello write them: a letter for the column and a number for the row, counted from the top."""

from __future__ import annotations

import string

from envs.errors import LabError


def column_names(size: int) -> str:
    """The letters of the columns, left to right, e.g. "abc"."""
    return string.ascii_lowercase[:size]


def cell_name(cell: int, size: int) -> str:
    """The name of a cell of a size x size board, row-major from the top left, e.g. "c4"."""
    row, column = divmod(cell, size)
    return f"{column_names(size)[column]}{row + 1}"


def parse_cell(text: str, size: int, others: str) -> int:
    """The cell a name in any case means; raises LabError for any other text, naming also the `others` allowed."""
    name = text.strip().lower()
    column = column_names(size).find(name[:1]) if name else -1
    number = int(name[1:]) if name[1:].isascii() and name[1:].isdigit() else 0
    if column < 0 or not 1 <= number <= size:
        last = cell_name(size * size - 1, size)
        raise LabError(f"'{text}' names no cell of a {size}x{size} board: a1 to {last}, rows from the top{others}.")
    return (number - 1) * size + column
