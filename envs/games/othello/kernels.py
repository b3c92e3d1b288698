"""Othello's rules on one row, jitted.

Each player's discs are one 64-bit set, bit 8 * row + column with the top left square as bit 0. The 6x6 board is the
inner part of the same squares, so all else (the start, the shifts) is the same and its rim is simply never legal.

    flips   from the new disc, fill along each of eight directions over opposing discs; if the next is one's own, the
            filled discs turn over
    moves   from all own discs at once the same fill, and the next must be empty

Shifting by 1, 7 or 9 could join the ends of two rows. No run of discs that is to turn over holds a square of the left
or right rim (what is beyond it must be a disc, too), so these directions fill over opposing discs off the rim only.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from envs.chance import random_below
from envs.games.game import row_dtype
from envs.jit import kernel

Int = Any  # a jitted integer: int64, whichever Python or numpy type mypy would see

# numba turns uint64 with int64 into float64, so every number that meets a set is a uint64.
ZERO, ONE = np.uint64(0), np.uint64(1)
OFF_RIM = np.uint64(0x7E7E7E7E7E7E7E7E)  # all but the left and the right column
ALL, INNER = np.uint64(0xFFFFFFFFFFFFFFFF), np.uint64(0x007E7E7E7E7E7E00)
START_BLACK = np.uint64(1 << 28 | 1 << 35)  # e4 and d5
START_WHITE = np.uint64(1 << 27 | 1 << 36)  # d4 and e5
SHIFTS = (np.uint64(1), np.uint64(7), np.uint64(8), np.uint64(9))
VERTICAL = np.uint64(8)

STATE = row_dtype(
    [
        ("size", "u1"),  # 8 or 6
        ("last", "u1"),  # the bit of the newest disc, plus 1; 0 after a pass or if unknown
        ("discs", "u8", (2,)),  # each player's
    ]
)


@kernel
def _fill(seed: Any, over: Any, shift: Any) -> Any:
    """What a fill from `seed` over the set `over` reaches, towards higher bits."""
    filled = over & (seed << shift)
    for _ in range(5):
        filled |= over & (filled << shift)
    return filled


@kernel
def _fill_back(seed: Any, over: Any, shift: Any) -> Any:
    """What a fill from `seed` over the set `over` reaches, towards lower bits."""
    filled = over & (seed >> shift)
    for _ in range(5):
        filled |= over & (filled >> shift)
    return filled


@kernel
def _moves(row: Any, player: Int) -> Any:
    """The squares where `player` may place a disc."""
    own, other = row.discs[player], row.discs[1 - player]
    reached = ZERO
    for shift in SHIFTS:
        over = other if shift == VERTICAL else other & OFF_RIM
        reached |= _fill(own, over, shift) << shift
        reached |= _fill_back(own, over, shift) >> shift
    return reached & ~(own | other) & (INNER if row.size == 6 else ALL)


@kernel
def _flips(own: Any, other: Any, disc: Any) -> Any:
    """The opposing discs that a new disc turns over."""
    flips = ZERO
    for shift in SHIFTS:
        over = other if shift == VERTICAL else other & OFF_RIM
        filled = _fill(disc, over, shift)
        if own & (filled << shift):
            flips |= filled
        filled = _fill_back(disc, over, shift)
        if own & (filled >> shift):
            flips |= filled
    return flips


@kernel
def _count_bits(bits: Any) -> Int:
    """The size of a set; compilers know this way to write it and use the processor's instruction."""
    bits -= (bits >> ONE) & np.uint64(0x5555555555555555)
    bits = (bits & np.uint64(0x3333333333333333)) + ((bits >> np.uint64(2)) & np.uint64(0x3333333333333333))
    bits = (bits + (bits >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((bits * np.uint64(0x0101010101010101)) >> np.uint64(56))


@kernel
def _end(row: Any) -> None:
    """Ends the game: more discs win."""
    row.terminated = True
    row.outcome = np.sign(_count_bits(row.discs[0]) - _count_bits(row.discs[1]))


@kernel
def _turn(row: Any) -> Any:
    """Gives the turn to the other player, ends the game if neither can move, and returns the next moves."""
    row.ply += 1
    row.to_play = 1 - row.to_play
    moves = _moves(row, row.to_play)
    if not moves and not _moves(row, 1 - row.to_play):
        _end(row)
    return moves


@kernel
def _pass(row: Any) -> Any:
    row.last = 0
    return _turn(row)


@kernel
def _place(row: Any, disc: Any) -> Any:
    """Plays a disc on the square of that one bit and returns the next player's moves."""
    me = row.to_play
    flips = _flips(row.discs[me], row.discs[1 - me], disc)
    row.discs[me] |= disc | flips
    row.discs[1 - me] ^= flips
    row.last = 1 + _count_bits(disc - ONE)
    return _turn(row)


@kernel
def _square(size: Int, cell: Int) -> Any:
    """The set of the one square of an action."""
    rim = 4 - size // 2
    return ONE << np.uint64(8 * (cell // size + rim) + cell % size + rim)


@kernel
def step_rows(states: Any, actions: Any, start: int, stop: int) -> None:
    """Plays actions[i] in every running row; the action after the last square is the pass."""
    for i in range(start, stop):
        row = states[i]
        if not row.terminated:
            size = np.int64(row.size)
            if actions[i] == size * size:
                _pass(row)
            else:
                _place(row, _square(size, actions[i]))


@kernel
def settle_row(states: Any) -> None:
    """Ends the first row's game if neither player can move."""
    row = states[0]
    if not _moves(row, 0) and not _moves(row, 1):
        _end(row)


@kernel
def legal_rows(states: Any, mask: Any, start: int, stop: int) -> None:
    """Fills mask[i, A]."""
    for i in range(start, stop):
        row = states[i]
        size = np.int64(row.size)
        moves = ZERO if row.terminated else _moves(row, row.to_play)
        for cell in range(size * size):
            mask[i, cell] = moves & _square(size, cell) != ZERO
        mask[i, size * size] = not moves and not row.terminated


@kernel
def observe_rows(states: Any, planes: Any, start: int, stop: int) -> None:
    """Fills planes[i, C, H, W]; see the game's observation_planes."""
    for i in range(start, stop):
        row = states[i]
        size = np.int64(row.size)
        own, other = row.discs[row.to_play], row.discs[1 - row.to_play]
        moves = _moves(row, row.to_play)
        for cell in range(size * size):
            square = _square(size, cell)
            planes[i, 0, cell // size, cell % size] = own & square != ZERO
            planes[i, 1, cell // size, cell % size] = other & square != ZERO
            planes[i, 2, cell // size, cell % size] = moves & square != ZERO


@kernel
def owner_rows(states: Any, owners: Any, start: int, stop: int) -> None:
    """Fills owners[i, H, W] with +1 for Black's discs, -1 for White's, 0 for empty squares."""
    for i in range(start, stop):
        row = states[i]
        size = np.int64(row.size)
        for cell in range(size * size):
            square = _square(size, cell)
            black, white = row.discs[0] & square != ZERO, row.discs[1] & square != ZERO
            owners[i, cell // size, cell % size] = np.int8(black) - np.int8(white)


@kernel
def playout_rows(states: Any, seeds: Any, start: int, stop: int) -> None:
    """Plays rows to their end with uniformly random moves; seeds[i] is the random state and advances."""
    for i in range(start, stop):
        row = states[i]
        moves = _moves(row, row.to_play)
        while not row.terminated:
            if not moves:
                moves = _pass(row)
                continue
            for _ in range(random_below(seeds, i, _count_bits(moves))):
                moves &= moves - ONE
            moves = _place(row, moves & (~moves + ONE))
