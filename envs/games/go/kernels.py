"""Go on one record row, jitted. Needs numpy and numba only; `game.py` wraps it for the rest of the lab.

The board lives in a padded line: the point in row r (0 at the top) and column c has index (r + 1) * stride + c,
with stride = capacity + 1, so the last column of one line is the left border of the next, and the four neighbours
are p - stride, p - 1, p + 1, p + stride without any test of edges. A row of capacity S holds any board up to S x S,
in its top-left corner; everything else is OFF.

A chain is known by its head, one of its stones. `liberties[head]` packs three sums over the chain's
pseudo-liberties (an empty point counts once for each stone of the chain beside it) into one word:

    bits 48..63  how many      bits 28..47  sum of their indices      bits 0..27  sum of their squared indices

One addition updates all three, zero means captured, and the chain has p as its only liberty exactly when the word is
(how many) * word(p): then the indices have mean p and mean square p * p, so no variance.

Rules (Tromp-Taylor unless the row's options say otherwise): area scoring; a move may not recreate an earlier
whole-board position (positional superko), with situational superko and simple ko as options; suicide is an option;
two passes in a row end the game, and so does the ply cap, which scores the board as it stands.
Positions are compared by 64-bit Zobrist hashes: a false repetition has a chance below 1e-14 in a game of 700 plies.

Kernels run without the GIL, on rows start..stop of a batch, and check nothing: legality is the caller's.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from envs.games.go.layout import (
    BLACK,
    EMPTY,
    NUM_RECENT,
    OFF,
    PLY_CAP,
    POSITIONAL,
    SIMPLE,
    SITUATIONAL,
    TWO_PASSES,
    WHITE,
)
from envs.jit import kernel

Int = Any  # a jitted integer: int64, whichever Python or numpy type mypy would see

_MAX_POINTS = 20 * 21 + 1

ILLEGAL, LEGAL, REPETITION = 0, 1, 2  # what `legality` answers

_zobrist_rng = np.random.Generator(np.random.PCG64(20160127))
ZOBRIST = _zobrist_rng.integers(1, 2**64, size=(2, _MAX_POINTS), dtype=np.uint64)
WHITE_TO_PLAY = np.uint64(_zobrist_rng.integers(1, 2**64, dtype=np.uint64))
COUNT_SHIFT = np.uint64(48)
SUM_SHIFT = np.uint64(28)
SUM_MASK = np.uint64(2**20 - 1)
SQUARES_MASK = np.uint64(2**28 - 1)


@kernel
def stride_of(row: Any) -> Int:
    """Points a line of the padded board; the compiler folds it, since the array's length is part of its type."""
    points = row.color.size
    return 10 if points == 111 else (14 if points == 211 else 20)


@kernel
def end_of(row: Any) -> Int:
    """Where the board ends: its points, and the borders between its lines, are stride..end of the padded line."""
    return stride_of(row) * (np.int64(row.size) + 1)


@kernel
def around(row: Any, p: Int) -> tuple[Int, Int, Int, Int]:
    """The four neighbours of p."""
    stride = stride_of(row)
    return p - stride, p - 1, p + 1, p + stride


@kernel
def word(p: Int) -> Any:
    """The packed liberty word of the single pseudo-liberty p."""
    return (np.uint64(1) << COUNT_SHIFT) + (np.uint64(p) << SUM_SHIFT) + np.uint64(p * p)


@kernel
def is_only_liberty(liberties: Any, p_word: Any) -> bool:
    """Whether the chain with packed `liberties`, known to touch the point of `p_word`, has no other liberty."""
    return bool(liberties == (liberties >> COUNT_SHIFT) * p_word)


@kernel
def history_key(row: Any, board_hash: Any, next_player: Int) -> Any:
    """What the repetition rule compares: the board, under situational superko with the player to move."""
    if row.superko == SITUATIONAL and next_player == 1:
        return board_hash ^ WHITE_TO_PLAY
    return board_hash


@kernel
def remember(row: Any, key: Any) -> None:
    """Adds a position to the history."""
    bit = np.int64(key & np.uint64(row.filter.size * 8 - 1))
    row.filter[bit >> 3] |= np.uint8(1 << (bit & 7))
    row.history[row.num_history] = key
    row.num_history += 1


@kernel
def is_known(row: Any, key: Any) -> bool:
    """Whether a position is in the history; the filter answers nearly every 'no' with one load."""
    bit = np.int64(key & np.uint64(row.filter.size * 8 - 1))
    if not (row.filter[bit >> 3] >> (bit & 7)) & 1:
        return False
    for i in range(row.num_history):
        if row.history[i] == key:
            return True
    return False


@kernel
def _join(row: Any, a: Int, b: Int) -> Int:
    """Joins the chains with heads a and b and returns the head; relabels the shorter one."""
    ring, head = row.next, row.head
    i, j = np.int64(ring[a]), np.int64(ring[b])
    while i != a and j != b:  # walks both rings until the shorter closes
        i, j = np.int64(ring[i]), np.int64(ring[j])
    if i == a:
        a, b = b, a
    row.liberties[a] += row.liberties[b]
    row.chain_hash[a] ^= row.chain_hash[b]
    j = b
    while True:
        head[j] = a
        j = np.int64(ring[j])
        if j == b:
            break
    ring[a], ring[b] = ring[b], ring[a]
    return a


@kernel
def _remove(row: Any, chain: Int) -> Int:
    """Takes a chain off the board and returns its number of stones; its points become liberties of its neighbours."""
    color, head, liberties = row.color, row.head, row.liberties
    row.hash ^= row.chain_hash[chain]
    stones = 0
    q = chain
    mark = color[chain]
    while True:
        color[q] = EMPTY
        head[q] = 0
        row.removed[q] |= mark
        stones += 1
        q_word = word(q)
        for r in around(row, q):
            if color[r] == BLACK or color[r] == WHITE:
                liberties[head[r]] += q_word
        q = np.int64(row.next[q])
        if q == chain:
            return stones


@kernel
def _place(row: Any, p: Int) -> None:
    """Puts a stone of the player to move on p, joins chains, captures, and notes the ko."""
    color, head, liberties = row.color, row.head, row.liberties
    me = np.int64(row.to_play) + 1
    p_word = word(p)
    own = np.uint64(0)
    color[p] = me
    head[p] = p
    row.next[p] = p
    row.chain_hash[p] = ZOBRIST[me - 1, p]
    row.hash ^= ZOBRIST[me - 1, p]
    for q in around(row, p):
        if color[q] == EMPTY:
            own += word(q)
        elif color[q] != OFF:
            liberties[head[q]] -= p_word
    liberties[p] = own
    chain = p
    for q in around(row, p):
        if color[q] == me and head[q] != chain:
            chain = _join(row, chain, np.int64(head[q]))
    captured, last = 0, 0
    for q in around(row, p):
        if color[q] == 3 - me and liberties[head[q]] == 0:
            captured += _remove(row, np.int64(head[q]))
            last = q
    row.captures[me - 1] += captured
    if liberties[chain] == 0:
        row.captures[2 - me] += _remove(row, chain)
    alone = captured == 1 and row.next[p] == p and liberties[p] == word(last)
    row.ko = last if alone else 0


@kernel
def area_margin(row: Any, owner: Any) -> Int:
    """Black's area minus White's, without komi; fills owner[point] with +1 Black, -1 White, 0 neither.

    An empty region belongs to a player if it touches only that player's stones.
    """
    color = row.color
    stack = np.empty(color.size, np.int64)
    owner[:] = 2
    margin = 0
    for start in range(stride_of(row), end_of(row)):
        if color[start] == BLACK or color[start] == WHITE:
            owner[start] = 1 if color[start] == BLACK else -1
            margin += owner[start]
        elif color[start] == EMPTY and owner[start] == 2:
            # The stack doubles as the list of the region: it only grows, `seen` reads it.
            stack[0], filled, seen = start, 1, 0
            touched = np.uint8(0)
            owner[start] = 0
            while seen < filled:
                p = stack[seen]
                seen += 1
                for q in around(row, p):
                    if color[q] == EMPTY:
                        if owner[q] == 2:
                            owner[q] = 0
                            stack[filled] = q
                            filled += 1
                    elif color[q] != OFF:
                        touched |= color[q]
            if touched == BLACK or touched == WHITE:
                side = 1 if touched == BLACK else -1
                margin += side * filled
                for i in range(filled):
                    owner[stack[i]] = side
    return margin


@kernel
def _finish(row: Any, reason: Int) -> None:
    margin2 = 2 * area_margin(row, np.empty(row.color.size, np.int8)) - row.komi2
    row.terminated = True
    row.outcome = 1 if margin2 > 0 else (-1 if margin2 < 0 else 0)
    row.end_reason = reason


@kernel
def play_point(row: Any, p: Int) -> None:
    """One move of a running game: a stone on the padded point p, or a pass if p is 0."""
    recent = row.recent
    for i in range(NUM_RECENT - 1, 0, -1):
        recent[i] = recent[i - 1]
    recent[0] = p
    if p == 0:
        row.ko = 0
        row.passes += 1
    else:
        _place(row, p)
        row.passes = 0
    row.to_play = 1 - row.to_play
    row.ply += 1
    if row.superko == SITUATIONAL or (row.superko == POSITIONAL and p != 0):
        remember(row, history_key(row, row.hash, row.to_play))
    if row.passes == 2:
        _finish(row, TWO_PASSES)
    elif row.ply >= row.max_plies:
        _finish(row, PLY_CAP)


@kernel
def legality(row: Any, p: Int) -> Int:
    """ILLEGAL, LEGAL or (legal but for the ko or superko rule) REPETITION for a stone on p by the player to move."""
    color, head, liberties = row.color, row.head, row.liberties
    if color[p] != EMPTY:
        return ILLEGAL
    me = np.int64(row.to_play) + 1
    n, w, e, s = around(row, p)
    breathes, captures = min(color[n], color[w], color[e], color[s]) == EMPTY, False
    if breathes and not row.removed[p] & me:  # as below, but most calls end here
        return LEGAL
    p_word = word(p)
    for q in (n, w, e, s):
        in_atari = is_only_liberty(liberties[head[q]], p_word)
        if color[q] == me:
            breathes = breathes or not in_atari
        elif color[q] == 3 - me:
            captures = captures or in_atari
    lives = breathes or captures
    if not lives and not row.suicide:
        return ILLEGAL
    # A position that this move repeats had this very stone on p, so it has been removed since. Suicide leaves no stone.
    if lives and not row.removed[p] & me:
        return LEGAL
    if row.superko == SIMPLE:
        return REPETITION if p == row.ko else LEGAL
    after = row.hash
    if lives:
        after ^= ZOBRIST[me - 1, p]
    if captures or not lives:
        after ^= _hash_of_dead(row, p, 3 - me if captures else me)
    return REPETITION if is_known(row, history_key(row, after, 1 - row.to_play)) else LEGAL


@kernel
def _hash_of_dead(row: Any, p: Int, side: Int) -> Any:
    """The hash of all chains of one colour beside p that have no other liberty: what a stone on p kills."""
    p_word = word(p)
    total = np.uint64(0)
    # Chains already seen; a fourth neighbour needs no remembering.
    dead0, dead1, dead2 = np.int64(-1), np.int64(-1), np.int64(-1)
    for q in around(row, p):
        chain = np.int64(row.head[q])
        dies = row.color[q] == side and is_only_liberty(row.liberties[chain], p_word)
        if dies and chain != dead0 and chain != dead1 and chain != dead2:
            total ^= row.chain_hash[chain]
            dead0, dead1, dead2 = chain, dead0, dead1
    return total


@kernel
def point_of(row: Any, action: Int, board_size: Int) -> Int:
    """The padded point of an action on a board_size x board_size canvas; 0 for the pass."""
    if action >= board_size * board_size:
        return 0
    return (action // board_size + 1) * stride_of(row) + action % board_size


@kernel
def action_of(row: Any, p: Int, board_size: Int) -> Int:
    """The action that plays the padded point p, on the same canvas."""
    stride = stride_of(row)
    return (p // stride - 1) * board_size + p % stride


@kernel
def step_rows(states: NDArray[Any], actions: NDArray[Any], board_size: Int, start: Int, stop: Int) -> None:
    """Plays actions[i] in states[i]; finished rows stay as they are."""
    for i in range(start, stop):
        if not states[i].terminated:
            play_point(states[i], point_of(states[i], np.int64(actions[i]), board_size))


@kernel
def place_rows(states: NDArray[Any], points: NDArray[Any], start: Int, stop: Int) -> None:
    """Sets up positions: a stone of the player to move on the padded points[i], without making it a move."""
    for i in range(start, stop):
        _place(states[i], np.int64(points[i]))


@kernel
def remember_rows(states: NDArray[Any], start: Int, stop: Int) -> None:
    """Adds the present position of each row to its history."""
    for i in range(start, stop):
        remember(states[i], history_key(states[i], states[i].hash, states[i].to_play))


@kernel
def owner_rows(states: NDArray[Any], owners: NDArray[Any], margins: NDArray[Any], start: Int, stop: Int) -> None:
    """Fills owners[i, r, c] in {-1, 0, 1} and margins[i], Black's area minus White's without komi."""
    for i in range(start, stop):
        row = states[i]
        stride = stride_of(row)
        owner = np.empty(row.color.size, np.int8)
        margins[i] = area_margin(row, owner)
        owners[i] = 0
        for r in range(np.int64(row.size)):
            for c in range(np.int64(row.size)):
                owners[i, r, c] = owner[(r + 1) * stride + c]
