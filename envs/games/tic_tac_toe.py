"""Tic-tac-toe: X and O take turns on a 3x3 board, and three in a row, column or diagonal wins.

The smallest game of the lab, and the shortest complete example of one. Best play is a draw.

    action   0 1 2      name   A3 B3 C3      a column letter, then a row number counted from the bottom
             3 4 5             A2 B2 C2
             6 7 8             A1 B1 C1
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from envs.chance import random_below
from envs.errors import LabError
from envs.games.diagram import SYMBOLS, check_status, read_cells, set_header, status_line
from envs.games.game import DIHEDRAL, Actions, Game, States, row_dtype
from envs.games.scene import Box, Circle, Label, Line, Primitive, Scene
from envs.jit import kernel
from envs.parallel import for_slices

# board: 0 empty, 1 X (player 0), 2 O (player 1), row-major from the top left.
STATE = row_dtype([("board", "i1", (9,))])
LINES = np.array([[0, 1, 2], [3, 4, 5], [6, 7, 8], [0, 3, 6], [1, 4, 7], [2, 5, 8], [0, 4, 8], [2, 4, 6]], np.int64)


@kernel
def _has_line(row: Any, mark: int) -> bool:
    for k in range(8):
        a, b, c = LINES[k]
        if row.board[a] == mark and row.board[b] == mark and row.board[c] == mark:
            return True
    return False


@kernel
def _play(row: Any, cell: int) -> None:
    mark = 1 + row.to_play
    row.board[cell] = mark
    row.ply += 1
    if _has_line(row, mark):
        row.terminated = True
        row.outcome = 1 - 2 * row.to_play
    elif row.ply == 9:
        row.terminated = True
    row.to_play = 1 - row.to_play


@kernel
def _step(states: Any, actions: Any, start: int, stop: int) -> None:
    for i in range(start, stop):
        if not states[i].terminated:
            _play(states[i], actions[i])


@kernel
def _legal_mask(states: Any, mask: Any, start: int, stop: int) -> None:
    for i in range(start, stop):
        row = states[i]
        for cell in range(9):
            mask[i, cell] = row.board[cell] == 0 and not row.terminated


@kernel
def _observe(states: Any, planes: Any, start: int, stop: int) -> None:
    for i in range(start, stop):
        row = states[i]
        for cell in range(9):
            planes[i, 0, cell // 3, cell % 3] = row.board[cell] == 1 + row.to_play
            planes[i, 1, cell // 3, cell % 3] = row.board[cell] == 2 - row.to_play


@kernel
def _playout(states: Any, seeds: Any, start: int, stop: int) -> None:
    for i in range(start, stop):
        row = states[i]
        while not row.terminated:
            skip = random_below(seeds, i, 9 - row.ply)
            for cell in range(9):
                if row.board[cell] == 0:
                    if skip == 0:
                        _play(row, cell)
                        break
                    skip -= 1


@dataclass(frozen=True)
class TicTacToe(Game):
    """Three in a row on a 3x3 board. State: the header and `board` i1[9] (0 empty, 1 X, 2 O)."""

    name = "tic_tac_toe"
    player_names = ("X", "O")
    symmetries = DIHEDRAL

    @property
    def spec(self) -> str:
        return self.name

    @property
    def state_dtype(self) -> np.dtype[np.void]:
        return STATE

    @property
    def num_actions(self) -> int:
        return 9

    @property
    def board_shape(self) -> tuple[int, int]:
        return (3, 3)

    @property
    def observation_planes(self) -> tuple[str, ...]:
        return ("own marks", "opponent's marks")

    @property
    def max_plies(self) -> int:
        return 9

    def init(self, n: int) -> States:
        return np.zeros(n, STATE)

    def step(self, states: States, actions: Actions) -> None:
        cells = np.ascontiguousarray(actions, np.int64)
        for_slices(lambda start, stop: _step(states, cells, start, stop), len(states))

    def legal_mask(self, states: States) -> NDArray[np.bool_]:
        mask = np.empty((len(states), 9), np.bool_)
        for_slices(lambda start, stop: _legal_mask(states, mask, start, stop), len(states))
        return mask

    def observe(self, states: States) -> NDArray[np.uint8]:
        planes = np.empty((len(states), 2, 3, 3), np.uint8)
        for_slices(lambda start, stop: _observe(states, planes, start, stop), len(states))
        return planes

    def playout(self, states: States, seeds: NDArray[np.uint64], sensible: bool = True) -> None:
        for_slices(lambda start, stop: _playout(states, seeds, start, stop), len(states))

    def action_name(self, action: int) -> str:
        return f"{'ABC'[action % 3]}{3 - action // 3}"

    def parse_action(self, text: str) -> int:
        name = text.strip().upper()
        for action in range(9):
            if self.action_name(action) == name:
                return action
        raise LabError(f"'{text}' names no cell of tic-tac-toe; cells are A1 to C3.")

    def text(self, state: np.void) -> str:
        lines = ["  A B C"]
        for row in range(3):
            marks = state["board"][3 * row : 3 * row + 3]
            lines.append(" ".join([str(3 - row), *(SYMBOLS[mark] for mark in marks)]))
        return "\n".join([*lines, status_line(self, state)])

    def parse_text(self, diagram: str) -> States:
        """Reads what `text` writes; letters, row numbers, spaces and the last line may be left out.

        Besides shape and symbols it checks that the marks can have come about by turns, that not both players
        have a line, that the winner moved last, and that the last line says what the board says.
        """
        cells, last_line = read_cells(diagram, self, "tic-tac-toe", "ABC")
        states = self.init(1)
        states["board"] = cells.reshape(1, 9)
        set_header(states, cells, (_has_line(states[0], 1), _has_line(states[0], 2)), "three")
        check_status(self, states, last_line)
        return states

    def scene(self, state: np.void) -> Scene:
        items: list[Primitive] = [Box(0, 0, 3, 3, "board")]
        for k in (1, 2):
            items += [Line(k, 0.05, k, 2.95), Line(0.05, k, 2.95, k)]
        for k in range(3):  # the names of columns and rows, in the corners of the cells at the edge
            items += [Label(k + 0.88, 2.87, "ABC"[k], size=0.17), Label(0.12, k + 0.13, str(3 - k), size=0.17)]
        for cell, mark in enumerate(state["board"]):
            x, y = cell % 3 + 0.5, cell // 3 + 0.5
            if mark == 1:
                for slope in (1, -1):
                    items.append(Line(x - 0.28, y - 0.28 * slope, x + 0.28, y + 0.28 * slope, "stone_0", 0.1))
            elif mark == 2:
                items.append(Circle(x, y, 0.3, "stone_1", 0.1))
        for a, b, c in LINES.tolist():
            if state["board"][a] and state["board"][a] == state["board"][b] == state["board"][c]:
                items.append(Line(a % 3 + 0.5, a // 3 + 0.5, c % 3 + 0.5, c // 3 + 0.5, "mark", 0.05))
        spots = {cell: (float(cell % 3), float(cell // 3), 1.0, 1.0) for cell in range(9)}
        return Scene(3, 3, items, spots)
