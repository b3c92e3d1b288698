"""The value of every tic-tac-toe position, by plain recursion: what searchers and learners are held against."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from envs.games.game import States, outcome_to_move
from envs.games.tic_tac_toe import TicTacToe

GAME = TicTacToe()


@cache
def _table() -> dict[bytes, tuple[int, States]]:
    """(value from the side to move, state) of every reachable position, by its observation."""
    table: dict[bytes, tuple[int, States]] = {}

    def solve(state: States) -> int:
        key = GAME.observe(state).tobytes()
        if key not in table:
            if state["terminated"][0]:
                table[key] = (int(outcome_to_move(state)[0]), state)
            else:
                values = []
                for action in np.flatnonzero(GAME.legal_mask(state)[0]):
                    child = state.copy()
                    GAME.step(child, np.array([action]))
                    values.append(-solve(child))
                table[key] = (max(values), state)
        return table[key][0]

    solve(GAME.init(1))
    return table


def true_values(states: States) -> NDArray[np.float32]:
    """The values of reachable positions from the side to move. Shape [n]."""
    table = _table()
    return np.array([table[o.tobytes()][0] for o in GAME.observe(states)], np.float32)


def all_positions() -> States:
    """Every reachable unfinished position, once."""
    return np.concatenate([state for _, state in _table().values() if not state["terminated"][0]])
