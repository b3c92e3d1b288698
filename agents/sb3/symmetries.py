"""Boards seen through their symmetries: a game turned or mirrored is the same game, so what is learned holds for all.

PPO sees each slot through one symmetry for a whole rollout: it acts there, and only its actions are turned back, so the
data are as much its own as without. DQN, which may learn from anybody's data, turns the steps that it replays.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv

from envs.errors import LabError
from envs.faces.seated import Seated
from envs.games.game import Game


class Symmetries:
    """The symmetries of a game, as tables: row k is of the k-th."""

    def __init__(self, game: Game) -> None:
        height, width = game.board_shape
        cells = np.arange(height * width).reshape(height, width)
        self.cells = np.array([symmetry.apply(cells).ravel() for symmetry in game.symmetries])
        """[K, H W]: which cell of the game is seen in each place."""
        self.actions = game.symmetry_actions
        """[K, A]: what each action of the game is in what is seen."""
        self.back = np.argsort(self.actions, axis=1)
        """[K, A]: the inverse, which action of the game one in what is seen is."""


class View:
    """n rows, each seen through a symmetry of its own, drawn at random."""

    def __init__(self, symmetries: Symmetries, rng: np.random.Generator, n: int) -> None:
        chosen = rng.integers(len(symmetries.cells), size=n)
        self._cells, self._actions, self._back = (
            table[chosen] for table in (symmetries.cells, symmetries.actions, symmetries.back)
        )

    def observations(self, planes: NDArray[Any], rows: NDArray[np.int64] | slice = slice(None)) -> NDArray[Any]:
        """Planes [n, C, H, W] of those rows as they are seen."""
        flat = planes.reshape(*planes.shape[:2], -1)
        return np.take_along_axis(flat, self._cells[rows, None], axis=2).reshape(planes.shape)

    def masks(self, masks: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Legal actions [n, A] as they are seen."""
        return np.take_along_axis(masks, self._back, axis=1)

    def actions(self, actions: NDArray[np.int64]) -> NDArray[np.int64]:
        """What actions [n] of the game are in what is seen."""
        return np.take_along_axis(self._actions, actions[:, None], axis=1)[:, 0]

    def actions_back(self, actions: NDArray[np.int64]) -> NDArray[np.int64]:
        """The inverse of `actions`: which actions of the game those chosen in what is seen are."""
        return np.take_along_axis(self._back, actions[:, None], axis=1)[:, 0]


def symmetries_of(env: VecEnv) -> Symmetries:
    """The symmetries of the board game that is played in `env`; raises LabError for anything else."""
    world = getattr(env, "world", None)
    if not isinstance(world, Seated):
        raise LabError("symmetries=true needs a board game of the lab.")
    return Symmetries(world.game)
