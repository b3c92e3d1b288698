"""Saving a game of Go from the window."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path

from envs.games.game import Game
from envs.games.go.game import Go
from rl_lab.go_io.sgf import best_moves, write_sgf
from rl_lab.viewer.session import Session
from rl_lab.viewer.table import Table


def game_saver(game: Game, folder: Path) -> Callable[[Session], Path] | None:
    """What writes the game of a session to the next free game-N.sgf in `folder` and says where; None if not Go.

    The writer raises OSError if the folder cannot be written.
    """
    if not isinstance(game, Go):
        return None

    def save(session: Session) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        path = next(p for p in (folder / f"game-{n}.sgf" for n in count(1)) if not p.exists())
        path.write_bytes(table_sgf(game, session.table))
        return path

    return save


def table_sgf(game: Go, table: Table) -> bytes:
    """The game on a table so far as SGF, with what the agents expected as comments."""
    moves = [frame.decision for frame in table.frames[1 : table.ply + 1]]
    values = [None if decision is None else float(decision.value[0]) for decision in moves]
    result = table.result_text
    if table.resigned is not None:
        result = "B+R" if table.resigned == 1 else "W+R"
    names = (table.players[0].name, table.players[1].name)
    top_moves = [() if decision is None else best_moves(decision.policy[0]) for decision in moves]
    return write_sgf(game, table.match.history, result, names, values, top_moves)
