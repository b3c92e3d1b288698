"""Exact values of positions, proved by exhaustive alpha-beta search.

For each player in turn, and deeper each time, the solver asks what that player can force. Positions at the
depth limit count as lost for that player, so whatever is found is a proof, however long other lines go on. A
window between two outcomes makes each question one of yes or no, which needs the fewest nodes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from agents.negamax import LOSS, WIN, Horizon, Negamax
from envs.games.game import Game, States, TerritoryGame


def lost_for(player: int) -> Horizon:
    """The pessimistic horizon: whatever is not played out counts as lost for `player`."""
    return lambda states: np.where(states["to_play"] == player, np.float32(LOSS), np.float32(WIN))


class Solver:
    """Proves the exact value of positions; remembers what it proved between calls."""

    def __init__(self, game: Game, max_nodes: int | None = None) -> None:
        self.game = game
        self.searches = [Negamax(game, lost_for(player), max_nodes) for player in (0, 1)]
        """One for each player whose success is asked for: their horizons differ, so their tables must too."""

    @property
    def nodes(self) -> int:
        """Positions expanded so far."""
        return sum(search.nodes for search in self.searches)

    def solve(self, state: States) -> int:
        """The value of one position (a batch of one) with best play: +1, 0 or -1, for player 0.

        Raises LabError when the search for either player has spent `max_nodes`.
        """
        if state["terminated"][0]:
            return int(state["outcome"][0])
        worst, best = self._bounds(state)
        for depth in range(1, self.game.max_plies + 1):
            for player in (0, 1):
                if worst == best:
                    return worst
                worst, best = self._narrow(state, depth, player, worst, best)
        # Nothing is cut off at a depth of max_plies, so the last round has answered every question.
        return worst

    def _narrow(self, state: States, depth: int, player: int, worst: int, best: int) -> tuple[int, int]:
        """Narrows player 0's (worst, best) by what `player` can force within `depth` plies."""
        side = 1 if state["to_play"][0] == player else -1
        low, high = (worst, best) if player == 0 else (-best, -worst)
        symmetric = self._symmetries(state)
        while low < high:
            alpha, beta = sorted((side * low, side * (low + 1)))
            found = self.searches[player].search(state, depth, alpha, beta, symmetric)
            value = side * round(found.value)
            if value <= low:
                high = low if found.proved else high
                break
            low = value
        return (low, high) if player == 0 else (-high, -low)

    def _symmetries(self, state: States) -> NDArray[np.int64]:
        """All those of the rules at the start; any other position may hide an asymmetric history."""
        is_start = bool((state == self.game.init(1)).all())
        return np.arange(len(self.game.symmetries) if is_start else 1)

    def _bounds(self, state: States) -> tuple[int, int]:
        """The outcomes that a board of this size allows: a margin is points owned less a constant (komi)."""
        if not isinstance(self.game, TerritoryGame):
            return -1, 1
        points = self.game.board_shape[0] * self.game.board_shape[1]
        komi = float(self.game.ownership(state).sum() - self.game.margin(state)[0])
        return int(np.sign(-points - komi)), int(np.sign(points - komi))


def solve(game: Game, states: States, max_nodes: int | None = None) -> NDArray[np.int8]:
    """The exact values of n positions for player 0, int8[n] in {-1, 0, +1}.

    Raises LabError when a position takes more than `max_nodes` expanded positions for either player. The time
    grows exponentially: tic-tac-toe takes a tenth of a second, Go 3x3 some seconds, 4x4 too long.
    """
    values = [Solver(game, max_nodes).solve(states[i : i + 1]) for i in range(len(states))]
    return np.array(values, np.int8)
