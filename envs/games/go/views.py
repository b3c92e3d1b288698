"""What a Go row shows, jitted: which actions are legal, and the planes a net sees. kernels.py explains the terms."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from envs.games.go.kernels import (
    COUNT_SHIFT,
    LEGAL,
    REPETITION,
    SQUARES_MASK,
    SUM_MASK,
    SUM_SHIFT,
    Int,
    action_of,
    end_of,
    legality,
    stride_of,
)
from envs.games.go.layout import EMPTY, KOMI_PLANE, KOMI_ZERO, NUM_RECENT, OFF, ON_BOARD_PLANE
from envs.jit import kernel


@kernel
def _survey(row: Any, helps: NDArray[Any], legal: NDArray[Any]) -> None:
    """Fills legal[p] with whether a stone of the player to move lives on p: a neighbour is empty, an own chain with
    another liberty, or a chain that the stone captures.

    Branches on the board are hard to predict. So here, as in the observation, loops over the board have none and fill
    one array of bytes each, which lets the compiler turn them into vector instructions.
    """
    color, head, liberties = row.color, row.head, row.liberties
    stride, end = stride_of(row), end_of(row)
    me, you = np.uint8(row.to_play + 1), np.uint8(2 - row.to_play)
    for p in range(end):  # whether a chain has one liberty only; means nothing but at heads
        packed = liberties[p]
        count, total = packed >> COUNT_SHIFT, (packed >> SUM_SHIFT) & SUM_MASK
        legal[p] = count * (packed & SQUARES_MASK) == total * total
    for p in range(end + stride):
        helps[p] = legal[head[p]]
    for p in range(end + stride):
        helps[p] = (color[p] == EMPTY) | ((color[p] == me) & (helps[p] == 0)) | ((color[p] == you) & (helps[p] == 1))
    for p in range(stride, end):
        legal[p] = (color[p] == EMPTY) & (helps[p - stride] | helps[p - 1] | helps[p + 1] | helps[p + stride])


@kernel
def _apply_superko(row: Any, out: Any, board_size: Int, verdict: Int) -> None:
    """Sets out[action] to whether `legality` is `verdict`, wherever a repetition is possible: on empty points that own
    stones were taken from, and on all of them if suicide is allowed.
    """
    color, removed, suicide = row.color, row.removed, row.suicide
    me = row.to_play + 1
    if row.captures[2 - me] == 0 and not suicide:
        return
    for p in range(stride_of(row), end_of(row)):
        if (color[p] == EMPTY) & (suicide | (removed[p] & me > 0)):
            out[action_of(row, p, board_size)] = legality(row, p) == verdict


@kernel
def legal_rows(states: NDArray[Any], mask: NDArray[Any], board_size: Int, start: Int, stop: Int) -> None:
    """Fills mask[i, action] for the canvas; the pass is legal in every running game."""
    helps, legal = np.empty((2, states[0].color.size), np.uint8)
    for i in range(start, stop):
        row = states[i]
        out = mask[i]
        out[:] = False
        if not row.terminated:
            stride = stride_of(row)
            _survey(row, helps, legal)
            for r in range(np.int64(row.size)):
                for c in range(np.int64(row.size)):
                    out[r * board_size + c] = legal[(r + 1) * stride + c]
            _apply_superko(row, out, board_size, LEGAL)
            out[board_size * board_size] = True


@kernel
def _count_liberties(row: Any, sides: NDArray[Any], own: NDArray[Any], count: NDArray[Any]) -> None:
    """Fills count[head] with each chain's exact number of liberties, and count[0] with 0.

    An empty point counts once for a chain, for the first of its stones in the order above, left, right, below.
    """
    color, head = row.color, row.head
    stride, end = stride_of(row), end_of(row)
    sides[:] = 0
    for p in range(stride, end):  # for which neighbours p counts, a bit each
        free = color[p] == EMPTY
        n, w, e, s = head[p - stride], head[p - 1], head[p + 1], head[p + stride]
        east, south = (e != n) & (e != w), (s != n) & (s != w) & (s != e)
        sides[p] = free | (free & (w != n)) << 1 | (free & east) << 2 | (free & south) << 3
    for p in range(stride, end):
        n, w, e, s = sides[p - stride], sides[p - 1], sides[p + 1], sides[p + stride]
        own[p] = (n >> 3 & 1) + (w >> 2 & 1) + (e >> 1 & 1) + (s & 1)
    count[:] = 0
    for p in range(stride, end):
        # What is no stone counts in its own cell, which nobody reads: no branch, and no shared cell to wait for.
        count[head[p] if head[p] > 0 else p] += own[p]


@kernel
def _describe(row: Any, bits: NDArray[Any], board_size: Int, colors: Any, liberties: Any, count: Any) -> None:
    """Fills bits[k] with the first six planes at point k of the canvas; bit n belongs to plane n."""
    color, head = row.color, row.head
    stride = stride_of(row)
    me, you = np.uint8(row.to_play + 1), np.uint8(2 - row.to_play)
    _count_liberties(row, colors, liberties, count)
    for p in range(color.size):
        colors[p] = (color[p] == me) | (color[p] == you) << 1 | (color[p] != OFF) << ON_BOARD_PLANE
    for p in range(color.size):
        liberties[p] = (count[p] == 1) << 3 | (count[p] == 2) << 4 | (count[p] > 2) << 5
    for r in range(board_size):
        for c in range(board_size):
            p = (r + 1) * stride + c
            bits[r * board_size + c] = colors[p] | liberties[head[p]]


@kernel
def observe_rows(states: NDArray[Any], planes: NDArray[Any], board_size: Int, start: Int, stop: Int) -> None:
    """Fills planes[i] (a state's planes in one line, C * H * W) as `layout.PLANES` says."""
    area = board_size * board_size
    points = states[0].color.size
    bits, count = np.empty(area, np.uint8), np.empty(points, np.int16)
    colors, liberties = np.empty((2, points), np.uint8)
    for i in range(start, stop):
        row = states[i]
        out = planes[i]
        _describe(row, bits, board_size, colors, liberties, count)
        for n in range(6):
            for k in range(area):
                out[n * area + k] = bits[k] >> n & 1
        out[6 * area : (7 + NUM_RECENT) * area] = 0
        _apply_superko(row, out[6 * area :], board_size, REPETITION)
        for n in range(NUM_RECENT):
            if row.recent[n] > 0:
                out[(7 + n) * area + action_of(row, np.int64(row.recent[n]), board_size)] = 1
        for k in range(area):
            out[(KOMI_PLANE - 1) * area + k] = bits[k] >> ON_BOARD_PLANE & (row.passes > 0)
        komi: Int = np.int64(row.komi2) if row.to_play == 1 else -np.int64(row.komi2)
        komi = min(max(komi + KOMI_ZERO, 0), 255)
        for k in range(area):  # neutral off the board: a smaller board looks the same on any canvas
            out[KOMI_PLANE * area + k] = komi if bits[k] >> ON_BOARD_PLANE & 1 else KOMI_ZERO
