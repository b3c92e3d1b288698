"""Random games of Go, jitted: uniform over the legal moves, or over the sensible ones."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from envs.chance import next_random
from envs.games.go.kernels import LEGAL, Int, action_of, around, legality, play_point, stride_of
from envs.games.go.layout import EMPTY, OFF
from envs.jit import kernel


@kernel
def _is_own_eye(row: Any, p: Int) -> bool:
    """A point that only a fool fills: all neighbours own, and at most one enemy diagonal (none at the edge)."""
    color = row.color
    stride = stride_of(row)
    me = np.int64(row.to_play) + 1
    for q in around(row, p):
        if color[q] != me and color[q] != OFF:
            return False
    edge, enemies = 0, 0
    for q in (p - stride - 1, p - stride + 1, p + stride - 1, p + stride + 1):
        if color[q] == OFF:
            edge = 1
        elif color[q] == 3 - me:
            enemies += 1
    return enemies + edge < 2


@kernel
def _is_candidate(row: Any, p: Int, sensible: bool) -> bool:
    if row.color[p] != EMPTY or (sensible and _is_own_eye(row, p)):
        return False
    return bool(legality(row, p) == LEGAL)


@kernel
def _random_point(row: Any, state: Any, sensible: bool) -> tuple[Int, Any]:
    """A uniformly random candidate (the pass is one only when not `sensible`, or when there is no other), and the
    new random state.

    Draws from the whole padded board and rejects, which is uniform and quick while many points are free; after
    that many misses it lists the candidates and draws from the list, which is uniform too.
    """
    stride = stride_of(row)
    span = np.uint64(np.int64(row.size) * stride)
    draws = span + np.uint64(0 if sensible else 1)
    for _ in range(32 + np.int64(span) // 4):
        state, draw = next_random(state, draws)
        if draw == span:
            return 0, state
        if _is_candidate(row, stride + np.int64(draw), sensible):
            return stride + np.int64(draw), state
    found = np.empty(row.color.size, np.int64)
    count = 0
    for p in range(stride, stride + np.int64(span)):
        if _is_candidate(row, p, sensible):
            found[count] = p
            count += 1
    if not sensible or count == 0:
        found[count] = 0
        count += 1
    state, draw = next_random(state, np.uint64(count))
    return found[draw], state


@kernel
def playout_rows(states: NDArray[Any], seeds: NDArray[Any], sensible: bool, start: Int, stop: Int) -> None:
    """Plays rows to their end with uniformly random moves; seeds[i] is the random state and advances."""
    for i in range(start, stop):
        row = states[i]
        state = seeds[i]
        while not row.terminated:
            p, state = _random_point(row, state, sensible)
            play_point(row, p)
        seeds[i] = state


@kernel
def choose_rows(states: NDArray[Any], seeds: NDArray[Any], out: Any, board_size: Int, start: Int, stop: Int) -> None:
    """Fills out[i] with a uniformly random legal action of the running row i, the pass included."""
    for i in range(start, stop):
        row = states[i]
        p, seeds[i] = _random_point(row, seeds[i], False)
        out[i] = action_of(row, p, board_size) if p else board_size * board_size
