"""What one Go row holds: the constants and the dtype that the kernels work on."""

from __future__ import annotations

from functools import cache

import numpy as np

from envs.games.game import row_dtype

EMPTY, BLACK, WHITE, OFF = 0, 1, 2, 3  # colours of points
SIMPLE, POSITIONAL, SITUATIONAL = 0, 1, 2  # what a move may not repeat
RUNNING, TWO_PASSES, PLY_CAP = 0, 1, 2  # why a game ended
NUM_RECENT = 5
CAPACITIES = (9, 13, 19)

PLANES = (
    "own stones",
    "opponent's stones",
    "points on the board",
    "stones of chains with one liberty",
    "stones of chains with two liberties",
    "stones of chains with three or more liberties",
    "points forbidden only by ko or superko",
    *(f"the move {n} plies ago" for n in range(1, NUM_RECENT + 1)),
    "the last move was a pass, so a pass ends the game",
    "komi for the player to move, in half points, plus 128",
)
ON_BOARD_PLANE = 2
KOMI_PLANE = len(PLANES) - 1
KOMI_ZERO = 128


def max_plies_limit(capacity: int) -> int:
    """The longest game that a row of this capacity has room to remember."""
    return 2 * capacity * capacity + 40


@cache
def state_dtype(capacity: int) -> np.dtype[np.void]:
    """The dtype of one game on boards up to capacity x capacity (4,024 bytes for 9)."""
    points = (capacity + 1) * (capacity + 2) + 1
    index = "u1" if points < 256 else "u2"
    filter_bytes = {9: 128, 13: 256, 19: 512}[capacity]
    return row_dtype(
        [
            ("size", "u1"),  # the board is size x size
            ("superko", "u1"),  # SIMPLE, POSITIONAL or SITUATIONAL
            ("suicide", "?"),  # suicide of one's own stones is allowed
            ("passes", "u1"),  # passes in a row just played
            ("end_reason", "u1"),  # RUNNING, TWO_PASSES or PLY_CAP
            ("ko", "u2"),  # the point that simple ko forbids, 0 if none
            ("komi2", "i2"),  # White's compensation in half points
            ("max_plies", "i2"),  # the ply cap
            ("captures", "i2", 2),  # stones taken by Black, by White
            ("recent", "u2", NUM_RECENT),  # latest moves, newest first; 0 for a pass or none
            ("num_history", "i2"),  # entries of `history` in use
            ("hash", "u8"),  # Zobrist hash of the stones
            ("color", "u1", points),  # EMPTY, BLACK, WHITE or OFF
            ("head", index, points),  # the chain of a stone; 0 where there is none
            ("removed", "u1", points),  # BLACK | WHITE: whose stones were ever taken from here
            ("next", index, points),  # the next stone of the chain, a ring
            ("liberties", "u8", points),  # packed pseudo-liberties of the chain, at its head
            ("chain_hash", "u8", points),  # Zobrist hash of the chain, at its head
            ("filter", "u1", filter_bytes),  # Bloom filter (one bit a key) over `history`
            ("history", "u8", max_plies_limit(capacity) + 1),  # keys of all earlier positions
        ]
    )
