"""Connect Four: discs dropped into 7 columns of 6 cells; four in a row, column or diagonal wins.

Each player's discs are one 64-bit set. A column takes seven bits, of which the uppermost stays empty, so that
no shift joins the top of one column to the bottom of the next (the layout of Tromp's Fhourstones):

     6 13 20 27 34 41 48    always empty
     5 12 19 26 33 40 47    top row
     ...
     0  7 14 21 28 35 42    bottom row
     1  2  3  4  5  6  7    the columns' names; action = name - 1

Best play: the first player wins with the centre column (Allis and Allen, 1988).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from envs.chance import random_below
from envs.errors import LabError
from envs.games.diagram import SYMBOLS, check_status, read_cells, set_header, status_line
from envs.games.game import MIRROR, Actions, Game, States, row_dtype
from envs.games.scene import Box, Circle, Label, Primitive, Scene
from envs.jit import kernel
from envs.parallel import for_slices

ROWS, COLUMNS, CELLS = 6, 7, 42
STATE = row_dtype([("discs", "u8", (2,))])

# numba turns uint64 with int64 into float64, so every number that meets a set is a uint64.
ONE = np.uint64(1)
COLUMN = np.uint64(0b111111)
BOTTOM_ROW = np.uint64(sum(1 << 7 * column for column in range(COLUMNS)))
# Neighbours: up, right, right and down, right and up.
DIRECTIONS = np.array([1, 7, 6, 8], np.uint64)
# The bit of each cell, rows from the top.
BITS = (7 * np.arange(COLUMNS) + np.arange(ROWS)[::-1, None]).astype(np.uint64)


@kernel
def _has_four(discs: np.uint64) -> bool:
    for k in range(4):
        shift = DIRECTIONS[k]
        pairs = discs & (discs >> shift)
        if pairs & (pairs >> (shift + shift)):
            return True
    return False


@kernel
def _is_open(occupied: np.uint64, column: int) -> bool:
    return not (occupied >> np.uint64(7 * column + ROWS - 1)) & ONE


@kernel
def _play(row: Any, column: int) -> None:
    shift = np.uint64(7 * column)
    # One added at the foot of a column carries up to its lowest empty cell.
    disc = ((row.discs[0] | row.discs[1]) + (ONE << shift)) & (COLUMN << shift)
    row.discs[row.to_play] |= disc
    row.ply += 1
    if _has_four(row.discs[row.to_play]):
        row.terminated = True
        row.outcome = 1 - 2 * row.to_play
    elif row.ply == CELLS:
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
        occupied = row.discs[0] | row.discs[1]
        for column in range(COLUMNS):
            mask[i, column] = _is_open(occupied, column) and not row.terminated


@kernel
def _observe(states: Any, planes: Any, start: int, stop: int) -> None:
    for i in range(start, stop):
        row = states[i]
        # One added at the foot of every column carries up to the cell where the next disc lands.
        own, other = row.discs[row.to_play], row.discs[1 - row.to_play]
        playable = np.uint64(0) if row.terminated else (own | other) + BOTTOM_ROW
        for r in range(ROWS):
            for column in range(COLUMNS):
                bit = BITS[r, column]
                planes[i, 0, r, column] = (own >> bit) & ONE
                planes[i, 1, r, column] = (other >> bit) & ONE
                planes[i, 2, r, column] = (playable >> bit) & ONE


@kernel
def _playout(states: Any, seeds: Any, start: int, stop: int) -> None:
    for i in range(start, stop):
        row = states[i]
        while not row.terminated:
            occupied = row.discs[0] | row.discs[1]
            num_open = 0
            for column in range(COLUMNS):
                num_open += _is_open(occupied, column)
            skip = random_below(seeds, i, num_open)
            for column in range(COLUMNS):
                if _is_open(occupied, column):
                    if skip == 0:
                        _play(row, column)
                        break
                    skip -= 1


@dataclass(frozen=True)
class ConnectFour(Game):
    """Four in a row, 6 rows by 7 columns. State: the header and `discs` u8[2], each player's set of cells."""

    name = "connect_four"
    symmetries = MIRROR

    @property
    def spec(self) -> str:
        return self.name

    @property
    def state_dtype(self) -> np.dtype[np.void]:
        return STATE

    @property
    def num_actions(self) -> int:
        return COLUMNS

    @property
    def board_shape(self) -> tuple[int, int]:
        return (ROWS, COLUMNS)

    @property
    def observation_planes(self) -> tuple[str, ...]:
        return ("own discs", "opponent's discs", "cells where a disc can land now")

    @property
    def max_plies(self) -> int:
        return CELLS

    @cached_property
    def symmetry_actions(self) -> NDArray[np.int64]:
        columns = np.arange(COLUMNS)
        return np.stack([columns, columns[::-1]])

    def init(self, n: int) -> States:
        return np.zeros(n, STATE)

    def step(self, states: States, actions: Actions) -> None:
        columns = np.ascontiguousarray(actions, np.int64)
        for_slices(lambda start, stop: _step(states, columns, start, stop), len(states))

    def legal_mask(self, states: States) -> NDArray[np.bool_]:
        mask = np.empty((len(states), COLUMNS), np.bool_)
        for_slices(lambda start, stop: _legal_mask(states, mask, start, stop), len(states))
        return mask

    def observe(self, states: States) -> NDArray[np.uint8]:
        planes = np.empty((len(states), 3, ROWS, COLUMNS), np.uint8)
        for_slices(lambda start, stop: _observe(states, planes, start, stop), len(states))
        return planes

    def playout(self, states: States, seeds: NDArray[np.uint64], sensible: bool = True) -> None:
        for_slices(lambda start, stop: _playout(states, seeds, start, stop), len(states))

    def action_name(self, action: int) -> str:
        return str(action + 1)

    def parse_action(self, text: str) -> int:
        name = text.strip()
        if name not in tuple("1234567"):
            raise LabError(f"'{text}' names no column of Connect Four; columns are 1 to 7, left to right.")
        return int(name) - 1

    def text(self, state: np.void) -> str:
        lines = [" ".join(SYMBOLS[piece] for piece in row) for row in _cells(state)]
        return "\n".join([" ".join("1234567"), *lines, status_line(self, state)])

    def parse_text(self, diagram: str) -> States:
        """Reads what `text` writes; the column numbers, the spaces and the last line may be left out.

        Besides shape and symbols it checks that no disc floats, that the discs can have come about by turns,
        that not both players have four in a row, that the winner moved last, and that the last line says what
        the board says. It does not check that the winning disc lies on top.
        """
        cells, last_line = read_cells(diagram, self, "Connect Four", "1234567")
        if np.any((cells[:-1] > 0) & (cells[1:] == 0)):
            raise LabError("A disc floats above an empty cell; discs drop to the foot of their column.")
        states = self.init(1)
        for player in (0, 1):
            states["discs"][0, player] = sum(1 << int(bit) for bit in BITS[cells == player + 1])
        won = (_has_four(states["discs"][0, 0]), _has_four(states["discs"][0, 1]))
        set_header(states, cells, won, "four")
        check_status(self, states, last_line)
        return states

    def scene(self, state: np.void) -> Scene:
        items: list[Primitive] = [Box(0, 0, COLUMNS, ROWS, "board")]
        for (row, column), piece in np.ndenumerate(_cells(state)):
            x, y = column + 0.5, row + 0.5
            items.append(Circle(x, y, 0.4, f"stone_{piece - 1}") if piece else Circle(x, y, 0.4, "grid", 0.03))
        items += [Circle(x + 0.5, y + 0.5, 0.15, "mark") for y, x in _winning_cells(state)]
        items += [Label(action + 0.5, ROWS + 0.3, self.action_name(action)) for action in range(COLUMNS)]
        height = ROWS + 0.6
        spots = {action: (float(action), 0.0, 1.0, height) for action in range(COLUMNS)}
        return Scene(COLUMNS, height, items, spots)


def _cells(state: np.void) -> NDArray[np.int8]:
    """The board as int8[6, 7] from the top left: 0 empty, 1 player 0, 2 player 1."""
    first, second = ((discs >> BITS & ONE).astype(np.int8) for discs in state["discs"])
    cells: NDArray[np.int8] = first + np.int8(2) * second
    return cells


def _winning_cells(state: np.void) -> list[tuple[int, int]]:
    """The (row, column) of every disc that is part of four in a row."""
    found = 0
    for discs in state["discs"].tolist():
        for shift in DIRECTIONS.tolist():
            starts = discs & discs >> shift & discs >> 2 * shift & discs >> 3 * shift
            found |= starts | starts << shift | starts << 2 * shift | starts << 3 * shift
    return [(int(row), int(column)) for row, column in np.argwhere(np.uint64(found) >> BITS & ONE)]
