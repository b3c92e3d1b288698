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
from numba import njit
from numpy.typing import NDArray

from envs.games.go.layout import (
    BLACK,
    EMPTY,
    KOMI_PLANE,
    KOMI_ZERO,
    NUM_RECENT,
    OFF,
    ON_BOARD_PLANE,
    PLY_CAP,
    POSITIONAL,
    SIMPLE,
    SITUATIONAL,
    TWO_PASSES,
    WHITE,
)

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


@njit(cache=True, nogil=True)
def stride_of(row: Any) -> Int:
    """Points a line of the padded board; the compiler folds it, since the array's length is part of its type."""
    points = row.color.size
    return 10 if points == 111 else (14 if points == 211 else 20)


@njit(cache=True, nogil=True)
def end_of(row: Any) -> Int:
    """Where the board ends: its points, and the borders between its lines, are stride..end of the padded line."""
    return stride_of(row) * (np.int64(row.size) + 1)


@njit(cache=True, nogil=True)
def around(row: Any, p: Int) -> tuple[Int, Int, Int, Int]:
    """The four neighbours of p."""
    stride = stride_of(row)
    return p - stride, p - 1, p + 1, p + stride


@njit(cache=True, nogil=True)
def word(p: Int) -> Any:
    """The packed liberty word of the single pseudo-liberty p."""
    return (np.uint64(1) << COUNT_SHIFT) + (np.uint64(p) << SUM_SHIFT) + np.uint64(p * p)


@njit(cache=True, nogil=True)
def is_only_liberty(liberties: Any, p_word: Any) -> bool:
    """Whether the chain with packed `liberties`, known to touch the point of `p_word`, has no other liberty."""
    return bool(liberties == (liberties >> COUNT_SHIFT) * p_word)


@njit(cache=True, nogil=True)
def history_key(row: Any, board_hash: Any, next_player: Int) -> Any:
    """What the repetition rule compares: the board, under situational superko with the player to move."""
    if row.superko == SITUATIONAL and next_player == 1:
        return board_hash ^ WHITE_TO_PLAY
    return board_hash


@njit(cache=True, nogil=True)
def remember(row: Any, key: Any) -> None:
    """Adds a position to the history."""
    bit = np.int64(key & np.uint64(row.filter.size * 8 - 1))
    row.filter[bit >> 3] |= np.uint8(1 << (bit & 7))
    row.history[row.num_history] = key
    row.num_history += 1


@njit(cache=True, nogil=True)
def is_known(row: Any, key: Any) -> bool:
    """Whether a position is in the history; the filter answers nearly every 'no' with one load."""
    bit = np.int64(key & np.uint64(row.filter.size * 8 - 1))
    if not (row.filter[bit >> 3] >> (bit & 7)) & 1:
        return False
    for i in range(row.num_history):
        if row.history[i] == key:
            return True
    return False


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
def _finish(row: Any, reason: Int) -> None:
    margin2 = 2 * area_margin(row, np.empty(row.color.size, np.int8)) - row.komi2
    row.terminated = True
    row.outcome = 1 if margin2 > 0 else (-1 if margin2 < 0 else 0)
    row.end_reason = reason


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
def point_of(row: Any, action: Int, board_size: Int) -> Int:
    """The padded point of an action on a board_size x board_size canvas; 0 for the pass."""
    if action >= board_size * board_size:
        return 0
    return (action // board_size + 1) * stride_of(row) + action % board_size


@njit(cache=True, nogil=True)
def action_of(row: Any, p: Int, board_size: Int) -> Int:
    """The action that plays the padded point p, on the same canvas."""
    stride = stride_of(row)
    return (p // stride - 1) * board_size + p % stride


@njit(cache=True, nogil=True)
def step_rows(states: NDArray[Any], actions: NDArray[Any], board_size: Int, start: Int, stop: Int) -> None:
    """Plays actions[i] in states[i]; finished rows stay as they are."""
    for i in range(start, stop):
        if not states[i].terminated:
            play_point(states[i], point_of(states[i], np.int64(actions[i]), board_size))


@njit(cache=True, nogil=True)
def place_rows(states: NDArray[Any], points: NDArray[Any], start: Int, stop: Int) -> None:
    """Sets up positions: a stone of the player to move on the padded points[i], without making it a move."""
    for i in range(start, stop):
        _place(states[i], np.int64(points[i]))


@njit(cache=True, nogil=True)
def remember_rows(states: NDArray[Any], start: Int, stop: Int) -> None:
    """Adds the present position of each row to its history."""
    for i in range(start, stop):
        remember(states[i], history_key(states[i], states[i].hash, states[i].to_play))


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
def _is_candidate(row: Any, p: Int, sensible: bool) -> bool:
    if row.color[p] != EMPTY or (sensible and _is_own_eye(row, p)):
        return False
    return bool(legality(row, p) == LEGAL)


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
def next_random(state: Any, bound: Any) -> tuple[Any, Any]:
    """SplitMix64 (Steele, Lea, Flood 2014): the next state, and a draw from range(bound), bound < 2**32."""
    state = state + np.uint64(0x9E3779B97F4A7C15)
    z = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return state, ((z >> np.uint64(32)) * bound) >> np.uint64(32)


@njit(cache=True, nogil=True)
def playout_rows(states: NDArray[Any], seeds: NDArray[Any], sensible: bool, start: Int, stop: Int) -> None:
    """Plays rows to their end with uniformly random moves; seeds[i] is the random state and advances."""
    for i in range(start, stop):
        row = states[i]
        state = seeds[i]
        while not row.terminated:
            p, state = _random_point(row, state, sensible)
            play_point(row, p)
        seeds[i] = state


@njit(cache=True, nogil=True)
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
