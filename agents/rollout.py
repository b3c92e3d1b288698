"""Monte-Carlo tree search that judges positions by random play, the strongest player that learns nothing.

Coulom 2006; Kocsis and Szepesvari 2006. In Go the random players never fill their own eyes, without which a playout
says little about who owns the board.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from agents.search import Search, SearchConfig
from agents.search.player import SearchAgent
from envs.chance import Seeds
from envs.games.game import Game, States, as_items, player_sign


class RolloutEvaluator:
    """One random playout a position, and no opinion on moves."""

    def __init__(self, game: Game) -> None:
        self.game = game

    def __call__(self, states: States, seeds: Seeds) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        played = as_items(states).copy().view(states.dtype)
        self.game.playout(played, seeds)
        value = played["outcome"] * player_sign(states["to_play"])
        return np.zeros((len(states), self.game.num_actions), np.float32), value.astype(np.float32)


class RolloutAgent(SearchAgent):
    """Plays the most visited action of a PUCT search over random playouts."""

    def __init__(self, game: Game, simulations: int = 200, name: str = "") -> None:
        # A playout's result is -1, 0 or +1, far noisier than a net's value: hence the wider exploration. Waves of
        # eight share the cost of leaving Python, and lose nothing measurable against waves of one. It proves nothing:
        # it is the plain search that others are measured against.
        config = SearchConfig(rule="puct", num_simulations=simulations, leaves_per_wave=8, c_init=2.5, proves=False)
        search = Search(game, RolloutEvaluator(game), config)
        super().__init__(name or f"rollout:simulations={simulations}", search)
