"""A self-play worker: weights in, finished positions out, all its chance its own.

Nothing but arrays goes in or out, so that a worker may as well run on another machine. Two workers in two threads keep
a machine busy: while the net of one computes, which needs no Python, the other walks and grows its trees.

Where a run learns several sizes of board, a worker has as many games of each, and one call plays those of one size: so
the net is always asked about a full batch without padding, whatever the sizes.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from agents.alphazero.boards import Board
from agents.alphazero.config import AlphaZeroConfig
from agents.alphazero.evaluator import NetEvaluator, inference_dtype
from agents.alphazero.memory import BatchLimit, FrugalEvaluator
from agents.alphazero.network import PolicyValueNet
from agents.alphazero.replay import Positions
from agents.alphazero.search_free import RegularisedPolicy
from agents.alphazero.self_play import Decider, SelfPlay
from agents.search import Search, SearchConfig
from envs.chance import seed_states
from envs.games.game import TerritoryGame


@dataclass
class Harvest:
    """What a call of `play` brought in."""

    board: int
    """The number of the board that was played."""
    positions: Positions
    """Of the games that have ended, in the order of their ends."""
    games: int
    """How many have ended."""
    evaluations: int
    """How many positions the net judged."""
    endings: NDArray[np.float64]
    """[games, 3], see ResignCalibration."""


@dataclass
class Table:
    """Where games of one size are played."""

    evaluator: NetEvaluator
    player: Decider
    games: SelfPlay


class SelfPlayWorker:
    """Keeps `games` games of each board going. Workers of one run differ in `number`, and so in their chance."""

    def __init__(
        self,
        boards: Sequence[Board],
        net: PolicyValueNet,
        config: AlphaZeroConfig,
        games: int,
        number: int,
        device: torch.device,
    ) -> None:
        self.boards, self.config = boards, config
        self.limit = BatchLimit("self-play")
        self.rng = np.random.default_rng([config.seed, 3, number])
        first = NetEvaluator(boards[-1].game, net, device, inference_dtype(device))
        self.tables = [self._table(index, first, games, number) for index in range(len(boards))]

    def _table(self, index: int, first: NetEvaluator, games: int, number: int) -> Table:
        """The table of a board; the net of `first` plays on all of them, since its weights know no size."""
        config, game = self.config, self.boards[index].game
        evaluator = copy.copy(first)
        evaluator.game = game
        play = SelfPlay(
            game,
            games,
            config.random_opening,
            config.search_value_share,
            [config.seed, 1, number, index],
            config.return_decay,
            config.vary_komi,
            config.surprise_weight,
            config.random_plies,
            config.sampled_moves if config.method == "puct" else 0,  # Gumbel's own noise varies its games
            config.branching,
        )
        return Table(evaluator, self._player(evaluator), play)

    def _player(self, evaluator: NetEvaluator) -> Decider:
        config, judge = self.config, FrugalEvaluator(evaluator, self.limit)
        if config.method == "klent":
            return RegularisedPolicy(evaluator.game, judge, config.kl_weight, config.entropy_weight)
        search = SearchConfig(
            rule=config.method,
            num_simulations=config.simulations,
            proves=config.proves,
            max_considered=config.considered,
            gumbel_scale=config.gumbel_noise,
            dirichlet_fraction=config.root_noise,
        )
        return Search(evaluator.game, judge, search)

    @property
    def finished_games(self) -> int:
        """Games finished since the run began."""
        return sum(table.games.finished_games for table in self.tables)

    def load(self, weights: Mapping[str, NDArray[Any]]) -> None:
        """Plays with these weights from now on."""
        self.tables[0].evaluator.load({name: torch.from_numpy(array) for name, array in weights.items()})

    def play(self, moves: int) -> Harvest:
        """Plays so many moves in every game of one board, drawn by the boards' shares."""
        board = int(self.rng.choice(len(self.boards), p=[board.share for board in self.boards]))
        table = self.tables[board]
        judged, finished = table.evaluator.evaluations, table.games.finished_games
        parts = [table.games.step(table.player) for _ in range(moves)]
        return Harvest(
            board,
            Positions.concatenate(parts),
            table.games.finished_games - finished,
            table.evaluator.evaluations - judged,
            table.games.take_endings(),
        )

    def warm_up(self) -> None:
        """Compiles every kernel that `play` uses (or loads it from the cache); the worker itself does not change."""
        for table in self.tables:
            game, evaluator = table.evaluator.game, copy.copy(table.evaluator)  # which counts for itself
            states = game.init_varied(2, np.random.default_rng(0))
            game.step(states, self._player(evaluator).run(states, seed_states(range(2))).action)
            if isinstance(game, TerritoryGame):
                game.margin(states)

    def state(self) -> dict[str, NDArray[Any]]:
        """All that going on elsewhere needs, the weights aside."""
        rng = np.frombuffer(json.dumps(self.rng.bit_generator.state).encode(), np.uint8)
        arrays: dict[str, NDArray[Any]] = {"rng": rng}
        for index, table in enumerate(self.tables):
            arrays |= {f"{index}/{name}": array for name, array in table.games.state().items()}
        return arrays

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Takes over what `state` returned."""
        self.rng.bit_generator.state = json.loads(state["rng"].tobytes())
        for index, table in enumerate(self.tables):
            prefix = f"{index}/"
            table.games.restore({k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)})
