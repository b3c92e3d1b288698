"""Positions of Connect Four with what every move is worth, from the exact solver bitbully (PyPI)."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from envs.errors import LabError
from envs.games.connect_four import ConnectFour
from envs.games.game import Actions, States

Play = Literal["random", "strong"]
"""Moves drawn from all, or from those that keep the value of the game."""

COLUMNS = 7
OPENING_PLIES = 8
"""Strong play begins after 0 to so many random moves, or it would only ever see openings of one kind."""
FEWEST_PLIES = 2
ILLEGAL = -2


@dataclass(frozen=True)
class SolvedPositions:
    """Different unfinished positions, n of them, and the truth about them."""

    states: States
    values: NDArray[np.int8]
    """[n, 7], what best play after the move brings the side to move: +1, 0 or -1; ILLEGAL for a full column."""

    def kept(self, actions: Actions) -> NDArray[np.bool_]:
        """Which of the actions, one for each position, are worth as much as any. Shape [n]."""
        rows = np.arange(len(self.values))
        return np.asarray(self.values[rows, actions] == self.values.max(axis=1))

    @property
    def can_fail(self) -> NDArray[np.bool_]:
        """Where some legal move is worse than another. Shape [n]."""
        lowest = np.where(self.values == ILLEGAL, 2, self.values).min(axis=1)
        return np.asarray(lowest < self.values.max(axis=1))


def solved_positions(play: Play, n: int, seed: int) -> SolvedPositions:
    """n positions from that kind of play, from FEWEST_PLIES moves on; the same arguments give the same ones.

    Raises LabError if bitbully is not installed.
    """
    try:
        import bitbully
    except ImportError:
        raise LabError("The solver of Connect Four is not installed: pip install bitbully.") from None
    solver, rng = bitbully.BitBully(), random.Random(seed)
    lines: dict[str, tuple[list[int], NDArray[np.int8]]] = {}
    while len(lines) < n:
        random_plies = COLUMNS * 6 if play == "random" else rng.randint(0, OPENING_PLIES)
        for moves, values, board in _game(bitbully, solver, random_plies, rng):
            if len(moves) >= FEWEST_PLIES:
                lines.setdefault(board, (moves, values))
    chosen = rng.sample(sorted(lines.values(), key=lambda line: line[0]), n)
    return SolvedPositions(_states([moves for moves, _ in chosen]), np.stack([values for _, values in chosen]))


def _game(bitbully: Any, solver: Any, random_plies: int, rng: random.Random) -> Any:
    """The positions of one game: the moves that led there, what each move is worth, and the board as text."""
    board, moves = bitbully.Board(), list[int]()
    while not board.is_game_over():
        values = np.full(COLUMNS, ILLEGAL, np.int8)
        for column, score in solver.score_all_moves(board).items():
            values[column] = np.sign(score)
        yield list(moves), values, str(board)
        wanted = values > ILLEGAL if len(moves) < random_plies else values == values.max()
        moves.append(rng.choice(np.flatnonzero(wanted).tolist()))
        board.play(moves[-1])


def _states(lines: list[list[int]]) -> States:
    """The positions after those moves."""
    game = ConnectFour()
    states = game.init(len(lines))
    for ply in range(max(map(len, lines))):
        rows = np.array([i for i, line in enumerate(lines) if ply < len(line)])
        moved = states[rows]
        game.step(moved, np.array([lines[i][ply] for i in rows]))
        states[rows] = moved
    return states
