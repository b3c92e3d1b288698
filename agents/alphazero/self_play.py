"""Games of a player against itself: a fixed number side by side, a finished one replaced at once.

A plain object: who decides goes in, finished positions come out, and `state` holds all that going on elsewhere needs.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from agents.alphazero.replay import Positions
from agents.alphazero.search_free import lambda_returns
from envs.chance import Seeds, seeds_from
from envs.games.game import Game, States, TerritoryGame, player_sign


class Verdict(Protocol):
    """What is decided of n states."""

    @property
    def action(self) -> NDArray[np.int64]:
        """[n]"""

    @property
    def policy(self) -> NDArray[np.float32]:
        """[n, A], what the net's policy is to learn."""

    @property
    def prior(self) -> NDArray[np.float32] | None:
        """[n, A], the net's policy."""

    @property
    def value(self) -> NDArray[np.float32]:
        """[n], what the rest of the game is expected to be worth to the side to move."""


class Decider(Protocol):
    """Whose games they are: a Search, or a RegularisedPolicy."""

    def run(self, states: States, seeds: Seeds) -> Verdict:
        """Decides for n unfinished states; all chance in states[i] comes from seeds[i]."""


class SelfPlay:
    """`games` games of `game`. Positions wait in `pending` until their game ends and says what they were worth."""

    def __init__(
        self,
        game: Game,
        games: int,
        random_opening: float,
        search_value_share: float,
        seed: Sequence[int],
        return_decay: float = 1.0,
        vary_komi: bool = True,
        surprise_weight: float = 0.0,
        random_plies: int = 4,
        sampled_moves: int = 0,
        branching: float = 0.0,
    ) -> None:
        """`sampled_moves`: so many moves of a game are drawn from the policy, instead of what was decided."""
        self.game, self.sampled_moves = game, sampled_moves
        self.vary_komi, self.surprise_weight = vary_komi, surprise_weight
        self.random_opening, self.random_plies, self.branching = random_opening, random_plies, branching
        self.search_value_share = search_value_share
        self.return_decay = return_decay
        self.rng = np.random.default_rng(seed)
        self.states = self._start(games)
        self.starts = self.states.copy()
        """[B], where each game began."""
        self.length = np.zeros(games, np.int64)
        """[B], positions pending of each game."""
        self.pending = Positions.empty(game, games * game.max_plies)
        """Ply p of game b is row b * max_plies + p."""
        self.value = np.zeros(games * game.max_plies, np.float32)
        """The search's value of each pending position."""
        self.to_play = np.zeros(games * game.max_plies, np.int8)
        self.finished_games = 0
        self.endings: list[NDArray[np.float64]] = []
        """Of the games that have ended since `take_endings`, see ResignCalibration."""

    def _start(self, n: int) -> States:
        """n new games, a share of them a few random moves on."""
        states = self.game.init_varied(n, self.rng) if self.vary_komi else self.game.init(n)
        fresh = states.copy()
        opening = self.rng.integers(1, self.random_plies + 1, size=n) * (self.rng.random(n) < self.random_opening)
        for ply in range(self.random_plies):
            move = (opening > ply) & ~states["terminated"]
            if move.any():
                moved = states[move]
                self.game.step(moved, self.game.random_actions(moved, seeds_from(self.rng, len(moved))))
                states[move] = moved
        states[states["terminated"]] = fresh[states["terminated"]]
        return states

    def _follow(self, over: NDArray[np.int64]) -> States:
        """The games that take the place of finished ones: new, or branches of theirs."""
        states = self._start(len(over))
        chosen = np.flatnonzero(self.rng.random(len(over)) < self.branching)
        branches = self._branch(over[chosen])
        unfinished = ~branches["terminated"]
        states[chosen[unfinished]] = branches[unfinished]
        return states

    def _branch(self, over: NDArray[np.int64]) -> States:
        """Finished games as they were before one of their moves, and a random move in its place."""
        states, actions = self.starts[over], self.pending.action.reshape(len(self.length), -1)[over].astype(np.int64)
        until = self.rng.integers(self.length[over])
        for ply in range(until.max(initial=0)):
            rows = np.flatnonzero(until > ply)
            moved = states[rows]
            self.game.step(moved, actions[rows, ply])
            states[rows] = moved
        self.game.step(states, self.game.random_actions(states, seeds_from(self.rng, len(states))))
        return states

    def step(self, player: Decider) -> Positions:
        """Plays one move in every game and returns the positions of the games that ended with it."""
        rows = np.arange(len(self.states)) * self.game.max_plies + self.length
        found = player.run(self.states, seeds_from(self.rng, len(self.states)))
        self.pending.observation[rows] = self.game.observe(self.states)
        self.pending.legal[rows] = self.game.legal_mask(self.states)
        self.pending.policy[rows] = found.policy
        self.pending.action[rows] = action = self._action(found)
        self.pending.weight[rows] = divergence(found.policy, found.prior)
        self.value[rows] = found.value
        self.to_play[rows] = self.states["to_play"]
        self.length += 1
        self.game.step(self.states, action)
        over = np.flatnonzero(self.states["terminated"])
        positions = self._harvest(over)
        if len(over):
            self.endings.append(self._endings(over))
            self.finished_games += len(over)
            self.states[over] = self.starts[over] = self._follow(over)
            self.length[over] = 0
        return positions

    def _action(self, found: Verdict) -> NDArray[np.int64]:
        """What is played: early in a game, where many moves are good, a draw from the policy, if that is wished."""
        if not self.sampled_moves:
            return found.action
        so_far = found.policy.cumsum(axis=1)
        drawn = (so_far > self.rng.random((len(so_far), 1)) * so_far[:, -1:]).argmax(axis=1)
        return np.where(self.length < self.sampled_moves, drawn, found.action)

    def _harvest(self, over: NDArray[np.int64]) -> Positions:
        """The pending positions of finished games, with what their games came to."""
        rows, game_of = self._rows_of(over)
        final = self.states[over]
        sign = player_sign(self.to_play[rows])
        positions = self.pending[rows]
        value = self.value[rows]
        result = sign * final["outcome"][game_of]
        share = self.search_value_share
        positions.outcome[:] = 0
        positions.outcome[np.arange(len(rows)), 1 - result] = 1 - share
        positions.outcome[:, 0] += share * (1 + value) / 2
        positions.outcome[:, 2] += share * (1 - value) / 2
        if isinstance(self.game, TerritoryGame):
            positions.ownership = sign[:, None, None] * self.game.ownership(final)[game_of]
            positions.margin = sign * self.game.margin(final)[game_of]
        starts = np.concatenate([[0], np.cumsum(self.length[over])])
        returns = np.empty(len(rows))
        lambda_returns(sign * value, starts, final["outcome"], self.return_decay, returns)
        positions.action_return[:] = sign * returns
        positions.weight[:] = surprise_shares(positions.weight, starts, self.surprise_weight)
        return positions

    def _rows_of(self, over: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """(the rows of `pending` that belong to these games, which of the games each belongs to)."""
        rows = [b * self.game.max_plies + np.arange(self.length[b]) for b in over]
        return np.concatenate([*rows, np.arange(0)]), np.repeat(np.arange(len(over)), self.length[over])

    def _endings(self, over: NDArray[np.int64]) -> NDArray[np.float64]:
        """The lowest value of each player in finished games, 1 for one that never moved, and the outcome. [n, 3]"""
        rows, game_of = self._rows_of(over)
        endings = np.ones((len(over), 3))
        np.minimum.at(endings, (game_of, self.to_play[rows]), self.value[rows])
        endings[:, 2] = self.states["outcome"][over]
        return endings

    def take_endings(self) -> NDArray[np.float64]:
        """The endings of the games that have ended since the last call, see ResignCalibration. Shape [n, 3]."""
        taken, self.endings = self.endings, []
        return np.concatenate([np.empty((0, 3)), *taken])

    def state(self) -> dict[str, NDArray[np.generic]]:
        """All that going on elsewhere needs."""
        used = self._used_rows()
        return {
            "rng": np.frombuffer(json.dumps(self.rng.bit_generator.state).encode(), np.uint8),
            "states": self.states.view(np.uint8),
            "starts": self.starts.view(np.uint8),
            "length": self.length,
            "to_play": self.to_play[used],
            "value": self.value[used],
            "finished_games": np.array(self.finished_games),
            **self.pending[used].arrays(),
        }

    def restore(self, state: dict[str, NDArray[np.generic]]) -> None:
        """Takes over what `state` returned."""
        self.rng.bit_generator.state = json.loads(state["rng"].tobytes())
        self.states, self.starts = (
            np.ascontiguousarray(state[name]).view(self.game.state_dtype) for name in ("states", "starts")
        )
        self.length = np.array(state["length"], np.int64)
        self.finished_games = state["finished_games"].item()
        used = self._used_rows()
        self.to_play[used] = state["to_play"]
        self.value[used] = state["value"]
        for name, array in self.pending.arrays().items():
            array[used] = state[name]

    def _used_rows(self) -> NDArray[np.int64]:
        plies = np.arange(len(self.to_play)) % self.game.max_plies
        return np.flatnonzero(plies < np.repeat(self.length, self.game.max_plies))


def divergence(policy: NDArray[np.float32], prior: NDArray[np.float32] | None) -> NDArray[np.float64]:
    """KL(policy || prior) of each row, 0 or more; 0 if there is no prior. Shape [n]."""
    if prior is None:
        return np.zeros(len(policy))
    ratio = np.maximum(policy, 1e-9) / np.maximum(prior, 1e-9)
    return np.asarray(np.maximum((policy * np.log(ratio)).sum(axis=1, dtype=np.float64), 0))


def surprise_shares(
    surprise: NDArray[np.floating[Any]], starts: NDArray[np.int64], weight: float
) -> NDArray[np.float64]:
    """The chance of positions to be drawn: the share `weight` by their surprise in their game, the rest alike.

    Game g is positions starts[g] to starts[g + 1]; its mean is 1 ("policy surprise weighting" of KataGo, Wu 2022).
    """
    lengths = np.diff(starts)
    totals = np.add.reduceat(np.append(surprise, 0.0), starts[:-1]) if len(lengths) else np.empty(0)
    mean = np.repeat(totals / np.maximum(lengths, 1), lengths)
    shares = np.ones(len(surprise))
    np.divide(surprise, mean, out=shares, where=mean > 0)
    return np.asarray(1 - weight + weight * shares)
