"""Perft: how many move sequences of each length there are from the start, against known counts.

Connect Four's are those its programmers compare (powers of 7 until a column can be full); Othello's, where a pass is a
move, as well (Aart Bik's table); tic-tac-toe's follow from its 255,168 games by length.
"""

from __future__ import annotations

import numpy as np
import pytest

from envs.games.game import Game
from envs.games.registry import make_game


def perft(game: Game, depth: int) -> list[int]:
    """Sequences of 1, 2, ... depth moves; a sequence that ends the game has no continuations."""
    states, counts = game.init(1), []
    for _ in range(depth):
        rows, actions = np.nonzero(game.legal_mask(states))
        counts.append(len(rows))
        if len(counts) < depth:
            states = states[rows]
            game.step(states, actions)
    return counts


@pytest.mark.parametrize(
    ("spec", "counts"),
    [
        ("connect_four", [7, 49, 343, 2401, 16807, 117649, 823536, 5673234]),
        ("othello", [4, 12, 56, 244, 1396, 8200, 55092, 390216, 3005288]),
        ("tic_tac_toe", [9, 72, 504, 3024, 15120, 54720, 148176, 200448, 127872]),
    ],
)
def test_move_sequences(spec: str, counts: list[int]) -> None:
    assert perft(make_game(spec), len(counts)) == counts
