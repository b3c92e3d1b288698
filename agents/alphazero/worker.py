"""A self-play worker: weights in, finished positions out, all its chance its own.

Nothing but arrays goes in or out, so that a worker may as well run on another machine. Two workers in two threads keep
a machine busy: while the net of one computes, which needs no Python, the other walks and grows its trees.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from agents.alphazero.config import AlphaZeroConfig
from agents.alphazero.evaluator import NetEvaluator, inference_dtype
from agents.alphazero.network import PolicyValueNet
from agents.alphazero.replay import Positions
from agents.alphazero.search_free import RegularisedPolicy
from agents.alphazero.self_play import Decider, SelfPlay
from agents.search import Search, SearchConfig
from envs.chance import seed_states
from envs.games.game import Game, TerritoryGame


@dataclass
class Harvest:
    """What a call of `play` brought in."""

    positions: Positions
    """Of the games that have ended, in the order of their ends."""
    games: int
    """How many have ended."""
    evaluations: int
    """How many positions the net judged."""


class SelfPlayWorker:
    """Keeps `games` games of the configuration going. Workers of one run differ in `number`, and so in their chance."""

    def __init__(
        self, game: Game, net: PolicyValueNet, config: AlphaZeroConfig, games: int, number: int, device: torch.device
    ) -> None:
        self.game, self.net = game, net
        self.evaluator = NetEvaluator(game, net, device, inference_dtype(device))
        self.player = self._player(config, self.evaluator)
        self.games = SelfPlay(
            game,
            games,
            config.random_opening,
            config.search_value_share,
            [config.seed, 1, number],
            config.return_decay,
        )

    def _player(self, config: AlphaZeroConfig, evaluator: NetEvaluator) -> Decider:
        if config.method == "klent":
            return RegularisedPolicy(self.game, evaluator, config.kl_weight, config.entropy_weight)
        search = SearchConfig(
            rule=config.method,
            num_simulations=config.simulations,
            max_considered=config.considered,
            dirichlet_fraction=config.root_noise,
        )
        return Search(self.game, evaluator, search)

    def load(self, weights: Mapping[str, NDArray[Any]]) -> None:
        """Plays with these weights from now on."""
        self.evaluator.load({name: torch.from_numpy(array) for name, array in weights.items()})

    def play(self, moves: int) -> Harvest:
        """Plays so many moves in every game."""
        judged, finished = self.evaluator.evaluations, self.games.finished_games
        parts = [self.games.step(self.player) for _ in range(moves)]
        return Harvest(
            Positions.concatenate(parts),
            self.games.finished_games - finished,
            self.evaluator.evaluations - judged,
        )

    def warm_up(self, config: AlphaZeroConfig) -> None:
        """Compiles every kernel that `play` uses (or loads it from the cache); the worker itself does not change."""
        evaluator = NetEvaluator(self.game, self.net, self.evaluator.device, self.evaluator.dtype)
        states = self.game.init_varied(2, np.random.default_rng(0))
        self.game.step(states, self._player(config, evaluator).run(states, seed_states(range(2))).action)
        if isinstance(self.game, TerritoryGame):
            self.game.margin(states)

    def state(self) -> dict[str, NDArray[Any]]:
        """All that going on elsewhere needs, the weights aside."""
        return self.games.state()

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Takes over what `state` returned."""
        self.games.restore(dict(state))
