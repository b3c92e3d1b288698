"""Diagrams of games in which players take turns to add one piece, and pieces stay where they are.

A diagram is an optional line of column names, the rows from the top, and an optional last line that says who
is to play or how the game ended. Cells are '.', 'X' (player 0) and 'O' (player 1), in any case.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from envs.errors import LabError
from envs.games.game import Game, States

SYMBOLS = ".XO"


def status_line(game: Game, state: np.void) -> str:
    """The last line of a diagram: who is to play, or the result."""
    if state["terminated"]:
        return game.result_text(state)
    return f"{game.player_names[state['to_play']]} to play"


def read_cells(diagram: str, game: Game, title: str, column_names: str) -> tuple[NDArray[np.int8], str]:
    """The cells of a diagram, int8[H, W] with 0 empty, 1 X, 2 O, and its last line ("" if it has none).

    Spaces between cells and row numbers before them may be left out. Raises LabError, naming the game by
    `title`, for a wrong shape or a symbol that is none of the three; what the cells mean is not checked.
    """
    height, width = game.board_shape
    lines = [line.strip() for line in diagram.splitlines() if line.strip()]
    if lines and "".join(lines[0].split()).upper() == column_names:
        del lines[0]
    rows = ["".join(line.split()).lstrip("0123456789").upper() for line in lines[:height]]
    if [len(row) for row in rows] != [width] * height or len(lines) > height + 1:
        raise LabError(f"A {title} diagram is {height} rows of {width} cells, then a line that says who is to play.")
    for symbol in "".join(rows):
        if symbol not in SYMBOLS:
            raise LabError(f"'{symbol}' is no cell of {title}; cells are X, O and '.'.")
    cells = np.array([[SYMBOLS.index(symbol) for symbol in row] for row in rows], np.int8)
    return cells, lines[height] if len(lines) > height else ""


def set_header(states: States, cells: NDArray[np.int8], won: tuple[bool, bool], in_a_row: str) -> None:
    """Writes the header of the one row in `states` from its cells and from which players have a line.

    Raises LabError if turns could not have led there: X starts, and a line ends the game, so its owner moved
    last. It does not check that the last piece completed every line.
    """
    xs, os = (int(np.count_nonzero(cells == piece)) for piece in (1, 2))
    if xs - os not in (0, 1):
        raise LabError(f"X moves first and turns alternate, so {xs} X and {os} O cannot be.")
    if all(won):
        raise LabError(f"X and O cannot both have {in_a_row} in a row.")
    if won[xs - os]:
        winner = SYMBOLS[1 + xs - os]
        raise LabError(f"{winner} has {in_a_row} in a row and so moved last, but {xs} X and {os} O say otherwise.")
    states["to_play"] = xs - os
    states["terminated"] = any(won) or xs + os == cells.size
    states["outcome"] = int(won[0]) - int(won[1])
    states["ply"] = xs + os


def check_status(game: Game, states: States, line: str) -> None:
    """Raises LabError if the last line of a diagram (if any) is not what its cells say."""
    status = status_line(game, states[0])
    if line and line.casefold() != status.casefold():
        raise LabError(f"The diagram says '{line}', but its cells say '{status}'.")
