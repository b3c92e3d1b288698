"""When to resign: below which value of its search a player of the finished games hardly ever saved itself."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

KEPT_GAMES = 2000
LEAST_GAMES = 200
"""Before so many games have ended there is no answer."""
LEAST_PLAYERS = 20
"""So many must have fallen below a value for it to be one."""
HIGHEST = -0.5
"""Nobody resigns above this value, however seldom it was wrong."""
SAVED_SHARE = 0.05
"""Of those that fell below the value, at most so many won or drew in the end."""


class ResignCalibration:
    """The endings of the latest games. Self-play itself never resigns, so it sees what resigning would have lost."""

    def __init__(self) -> None:
        self.endings = np.empty((0, 3))
        """[n, 3]: the lowest value that the search of player 0 found, and of player 1, each from its own side, and the
        outcome, player 0's. The oldest game first."""

    def add(self, endings: NDArray[np.float64]) -> None:
        """Takes in the endings of more games, and forgets the oldest."""
        self.endings = np.concatenate([self.endings, endings])[-KEPT_GAMES:]

    @property
    def value(self) -> float | None:
        """The highest value up to HIGHEST below which at most SAVED_SHARE of those that fell below it won or drew;
        None if there is none, or too little was seen."""
        if len(self.endings) < LEAST_GAMES:
            return None
        lowest = self.endings[:, :2].ravel()
        saved = (self.endings[:, 2:] * [1, -1] >= 0).ravel()
        order = np.argsort(lowest, kind="stable")
        lowest, num_saved = lowest[order], np.concatenate([[0], np.cumsum(saved[order])])
        candidates = np.append(lowest[lowest < HIGHEST], HIGHEST)
        fallen = np.searchsorted(lowest, candidates)  # how many fell below each
        will_do = (fallen >= LEAST_PLAYERS) & (num_saved[fallen] <= SAVED_SHARE * fallen)
        return float(candidates[will_do].max()) if will_do.any() else None
