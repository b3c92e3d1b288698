"""Hex's rules on one row, jitted.

A row's board has 15x15 bytes, whatever the size played: the cells from (1, 1) on, and around them the four sides, which
are stones of their owners that nobody placed. The rows of a rhombus lean to the right, so the neighbours of a point are
left, right, the two above (-15, -14) and the two below (+14, +15).

    0  B B B 0     B  Black's side, W  White's side, 0 a corner, which belongs to nobody
    W  . . . W     .  cells, here of size 3
     W  . . . W
      W  . . . W
       0  B B B 0

A stone knows which of its owner's two sides its chain touches, two bits. A new stone gathers the bits of its neighbours
and, where that tells its chain something, spreads them. A chain with both bits has won. Every stone learns at most
twice, so a whole game costs a few visits a cell; and unlike a union-find forest, a board does not depend on the order
in which its stones were placed, so equal positions are equal bytes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from envs.chance import random_below
from envs.games.game import row_dtype
from envs.jit import kernel

Int = Any  # a jitted integer: int64, whichever Python or numpy type mypy would see

CAPACITY = 13
STRIDE = CAPACITY + 2
CELLS = CAPACITY * CAPACITY
# Counted from the point above and unsigned, which spares a test for negative indices (an eighth of a game's time).
ABOVE = np.uint64(STRIDE)
NEIGHBOURS = tuple(np.uint64(STRIDE + step) for step in (-STRIDE, -STRIDE + 1, -1, 1, STRIDE - 1, STRIDE))

EMPTY, BLACK, WHITE = 0, 1, 2
FIRST, SECOND = 4, 8  # the chain touches its owner's first side (top or left), the second (bottom or right)
BOTH = FIRST | SECOND
SIDE = 16  # no stone but a side

STATE = row_dtype(
    [
        ("size", "u1"),  # the board is size x size
        ("swap", "?"),  # White may swap at ply 1
        ("last", "u1"),  # the point of the newest stone, 0 if unknown
        ("board", "u1", (STRIDE * STRIDE,)),
    ]
)


def empty_board(size: int) -> NDArray[np.uint8]:
    """The board of a game at its start, sides and all. Shape [225]."""
    board = np.zeros((STRIDE, STRIDE), np.uint8)
    inside, end = slice(1, size + 1), size + 1
    board[0, inside], board[end, inside] = BLACK | SIDE | FIRST, BLACK | SIDE | SECOND
    board[inside, 0], board[inside, end] = WHITE | SIDE | FIRST, WHITE | SIDE | SECOND
    return board.ravel()


@kernel
def _spread(board: Any, point: Int, stack: Any) -> None:
    """Gives the stones of a chain the byte of its newest."""
    stone = board[point]
    color = stone & (BLACK | WHITE)
    stack[0] = point
    count = 1
    while count:
        count -= 1
        p = np.uint64(stack[count]) - ABOVE
        for step in NEIGHBOURS:
            q = p + step
            if board[q] != stone and board[q] & (BLACK | WHITE | SIDE) == color:
                board[q] = stone
                stack[count] = q
                count += 1


@kernel
def _place(row: Any, point: Int, stack: Any) -> None:
    """Puts a stone of the player to move on an empty point; `stack` is u1[CELLS] to work with."""
    board = row.board
    color = BLACK + row.to_play
    sides, common = 0, BOTH
    for step in NEIGHBOURS:
        q = np.uint64(point) - ABOVE + step
        if board[q] & color:
            sides |= board[q] & BOTH
            common &= board[q]
    board[point] = color | sides
    if sides & ~common:  # a neighbour has yet to learn
        _spread(board, point, stack)
    if sides == BOTH:
        row.terminated = True
        row.outcome = 1 - 2 * row.to_play
    row.last = point
    row.ply += 1
    row.to_play = 1 - row.to_play


@kernel
def _may_swap(row: Any) -> bool:
    return bool(row.swap and row.ply == 1)


@kernel
def _swap(row: Any, stack: Any) -> None:
    """The only stone becomes White's, on its mirror image across the long diagonal from the top left."""
    point = np.int64(row.last)
    row.board[point] = EMPTY
    _place(row, STRIDE * (point % STRIDE) + point // STRIDE, stack)


@kernel
def _point_of(row: Any, cell: Int) -> Int:
    size = np.int64(row.size)
    return STRIDE * (cell // size + 1) + cell % size + 1


@kernel
def step_rows(states: Any, actions: Any, start: int, stop: int) -> None:
    """Plays actions[i] in every running row; the action after the last cell is the swap."""
    stack = np.empty(CELLS, np.uint8)
    for i in range(start, stop):
        row = states[i]
        if not row.terminated:
            if actions[i] == np.int64(row.size) ** 2:
                _swap(row, stack)
            else:
                _place(row, _point_of(row, actions[i]), stack)


@kernel
def set_up_row(states: Any, cells: Any) -> None:
    """Puts stones on the empty board of the first row, as cells[size, size] says (EMPTY, BLACK or WHITE)."""
    stack = np.empty(CELLS, np.uint8)
    row = states[0]
    for r in range(cells.shape[0]):
        for c in range(cells.shape[1]):
            if cells[r, c]:
                row.to_play = cells[r, c] - 1
                _place(row, STRIDE * (r + 1) + c + 1, stack)


@kernel
def legal_rows(states: Any, mask: Any, start: int, stop: int) -> None:
    """Fills mask[i, A]."""
    for i in range(start, stop):
        row = states[i]
        size = np.int64(row.size)
        for r in range(size):
            for c in range(size):
                mask[i, r * size + c] = row.board[STRIDE * (r + 1) + c + 1] == EMPTY and not row.terminated
        if row.swap:
            mask[i, size * size] = _may_swap(row) and not row.terminated


@kernel
def observe_rows(states: Any, planes: Any, start: int, stop: int) -> None:
    """Fills planes[i, C, H, W]; see the game's observation_planes."""
    for i in range(start, stop):
        row = states[i]
        size = np.int64(row.size)
        own, other = BLACK + row.to_play, WHITE - row.to_play
        for r in range(size):
            for c in range(size):
                stone = row.board[STRIDE * (r + 1) + c + 1]
                at_black, at_white = r == 0 or r == size - 1, c == 0 or c == size - 1
                joined = stone & BOTH != 0
                planes[i, 0, r, c] = stone & own != 0
                planes[i, 1, r, c] = stone & other != 0
                planes[i, 2, r, c] = stone & own != 0 and joined
                planes[i, 3, r, c] = stone & other != 0 and joined
                planes[i, 4, r, c] = at_white if row.to_play else at_black
                planes[i, 5, r, c] = at_black if row.to_play else at_white
                if row.swap:
                    planes[i, 6, r, c] = _may_swap(row)


@kernel
def _list_empty(row: Any, points: Any) -> int:
    """Fills `points` with the empty points and returns how many there are."""
    count = 0
    for r in range(1, row.size + 1):
        for p in range(STRIDE * r + 1, STRIDE * r + 1 + row.size):
            if row.board[p] == EMPTY:
                points[count] = p
                count += 1
    return count


@kernel
def playout_rows(states: Any, seeds: Any, start: int, stop: int) -> None:
    """Plays rows to their end with uniformly random moves; seeds[i] is the random state and advances."""
    stack, empty = np.empty(CELLS, np.uint8), np.empty(CELLS, np.uint8)
    for i in range(start, stop):
        row = states[i]
        count = 0  # a running game has empty cells, so 0 says that they are yet to be listed
        while not row.terminated:
            if count == 0:
                count = _list_empty(row, empty)
            k = random_below(seeds, i, count + _may_swap(row))
            if k == count:
                _swap(row, stack)
                count = 0
            else:
                count -= 1
                point = np.int64(empty[k])
                empty[k] = empty[count]
                _place(row, point, stack)
