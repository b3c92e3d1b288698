"""A player that searches by alpha-beta to a fixed depth, deeper each time."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from agents.agent import REPORT_SECONDS, Agent, Decision, Reports, Watch, carry_on
from agents.negamax import DRAW, LOSS, WIN, Horizon, Negamax, Result
from envs.chance import Seeds, check_seeds, uniform
from envs.errors import LabError
from envs.games.game import Game, States, TerritoryGame, player_sign

MAX_DEPTH = 64


def squashed_margin(game: Game) -> Horizon:
    """Judges by tanh of the margin in a TerritoryGame, by 0 in any other; never as much as a proved win."""

    def judge(states: States) -> NDArray[np.float32]:
        if not isinstance(game, TerritoryGame):
            return np.zeros(len(states), np.float32)
        points = game.board_shape[0] * game.board_shape[1]
        margin = game.margin(states) * player_sign(states["to_play"])
        return np.tanh(margin / points).astype(np.float32)

    return judge


@dataclass(frozen=True)
class Found:
    """What a search to some depth found: its result, and the play that it expects."""

    result: Result
    line: list[int]


class _Deepening(NamedTuple):
    """A search that goes deeper step by step."""

    search: Negamax
    results: Iterator[Found]


class _Stopped(Exception):
    """A search is to end where it is."""


class AlphaBetaAgent(Agent):
    """Plays the best move of an alpha-beta search of `depth` plies, deepened one ply at a time.

    Ties are broken by chance. It wins as soon as it can and, when it must lose, plays the move that held out
    longest in the search.
    """

    def __init__(self, game: Game, depth: int = 4) -> None:
        """Raises LabError if depth is not 1 to 64."""
        if not 1 <= depth <= MAX_DEPTH:
            raise LabError(f"depth of agent 'alphabeta' must be 1 to {MAX_DEPTH}, not {depth}.")
        super().__init__(f"alphabeta:depth={depth}")
        self.game, self.depth = game, depth

    def act(self, states: States, seeds: Seeds) -> Decision:
        """See Agent.act; the policy is all on one action, and +1 and -1 as value are proved."""
        return self.think(states, seeds, carry_on, math.inf)

    def think(self, states: States, seeds: Seeds, watch: Watch, interval: float = REPORT_SECONDS) -> Decision:
        """See Agent.think; a search that is stopped leaves what the deepening before it has found."""
        check_seeds(seeds, len(states))
        reports = Reports(watch, interval)

        def report() -> None:
            if not reports.go_on(lambda: self._decision(found)):
                raise _Stopped

        begun = [self._deepen(states[i : i + 1], seeds[i : i + 1]) for i in range(len(states))]
        found = [next(row.results) for row in begun]  # the first ply of each: something to play
        try:
            for i, row in enumerate(begun):
                row.search.on_node = report
                for found[i] in row.results:
                    report()
        except _Stopped:
            pass
        return self._decision(found)

    def _decision(self, found: list[Found]) -> Decision:
        action = np.array([each.result.action for each in found], np.int64)
        policy = np.zeros((len(found), self.game.num_actions), np.float32)
        policy[np.arange(len(found)), action] = 1
        value = np.array([each.result.value for each in found], np.float32)
        return Decision(action, policy, value, lines=[{each.result.action: each.line} for each in found])

    def _deepen(self, state: States, seed: Seeds) -> _Deepening:
        """Searches one position, deeper each time, up to where the result cannot change."""
        search = Negamax(self.game, squashed_margin(self.game))
        # Less than any cutoff adds: it breaks ties.
        search.history = uniform(seed, search.history.size).reshape(search.history.shape)
        return _Deepening(search, self._results(search, state))

    def _results(self, search: Negamax, state: States) -> Iterator[Found]:
        """What each depth finds, the last of them what to play."""
        identity = np.zeros(1, np.int64)
        best = Found(Result(DRAW, False, -1), [])
        for depth in range(1, self.depth + 1):
            found = search.search(state, depth, LOSS, WIN, identity)
            if found.value > LOSS or best.result.action < 0:
                best = Found(found, search.line(state, depth))
            if found.proved or abs(found.value) == WIN:
                yield Found(Result(found.value, found.proved, best.result.action), best.line)
                return
            yield best
