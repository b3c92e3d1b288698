"""Saving a game of Go from the window."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import numpy as np

from envs.games.go.game import Go
from envs.games.go.layout import BLACK, WHITE
from rl_lab.go_io.sgf import best_moves, write_sgf
from rl_lab.viewer.row_stages import GameStage
from rl_lab.viewer.stage import Stage


def has_sgf(stage: Stage) -> bool:
    """Whether what is on the stage can be saved as SGF."""
    return isinstance(stage, GameStage) and isinstance(stage.game, Go)


def save_game(stage: Stage, folder: Path) -> Path:
    """Writes the game of Go on a stage to the next free game-N.sgf in `folder` and says where.

    Raises OSError if the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = next(p for p in (folder / f"game-{n}.sgf" for n in count(1)) if not p.exists())
    path.write_bytes(stage_sgf(stage))
    return path


def stage_sgf(stage: Stage) -> bytes:
    """The game on a stage so far as SGF, with what the agents expected as comments."""
    assert isinstance(stage, GameStage) and isinstance(stage.game, Go)
    moves = [frame.decision for frame in stage.frames[1 : stage.ply + 1]]
    values = [None if decision is None else float(decision.value[0]) for decision in moves]
    result = stage.game.result_text(stage.frame.state) if stage.frame.state["terminated"] else ""
    if stage.resigned is not None:
        result = ("W+", "B+")[stage.resigned] + {"resign": "R", "time": "T"}.get(stage.resigned_by, "F")
    names = (stage.players[0].name, stage.players[1].name)
    top_moves = [() if decision is None else best_moves(decision.policy[0]) for decision in moves]
    start: np.void = stage.frames[0].state
    board = stage.game.stones(start).ravel()
    stones = (np.flatnonzero(board == BLACK).tolist(), np.flatnonzero(board == WHITE).tolist())
    to_play = int(start["to_play"])
    return write_sgf(stage.game, stage.history, result, names, values, top_moves, stones=stones, to_play=to_play)
