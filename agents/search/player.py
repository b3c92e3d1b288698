"""A tree search as a player, which somebody may look at while it thinks, stop, and let think on without end."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from agents.agent import REPORT_SECONDS, Agent, Decision, Forfeit, Reports, Watch, carry_on
from agents.search.config import SearchConfig
from agents.search.search import Search
from agents.search.tree import NODE
from envs.chance import Seeds
from envs.games.game import Game, States

ENDLESS_BYTES = 1 << 29
"""What the nodes and rows of the trees of one search may take, where no number of simulations limits them."""


class Territory(NamedTuple):
    """How n games are expected to end; see `ownership` and `score` of Decision."""

    ownership: NDArray[np.float32]
    score: NDArray[np.float32]


class SearchAgent(Agent):
    """Plays the best action that its search finds.

    With `seconds` a search ends when they are over, for n states asked about together n times as many, or when its
    trees have taken ENDLESS_BYTES; it tries each root at least once, whatever the clock says. With `resign_below` the
    agent gives up where it values its position lower.
    """

    def __init__(self, name: str, search: Search, seconds: float = 0.0, resign_below: float | None = None) -> None:
        super().__init__(name)
        self.search, self.seconds, self.resign_below = search, seconds, resign_below

    @property
    def game(self) -> Game:
        """The game it plays."""
        return self.search.game

    def reset(self) -> None:
        """See Agent.reset: forgets the trees."""
        self.search.reset()

    def act(self, states: States, seeds: Seeds) -> Decision:
        """See Agent.act."""
        return self.think(states, seeds, carry_on, math.inf)

    def choose(self, states: States, seeds: Seeds) -> Decision:
        """See Agent.choose: neither lines of play nor how the game will end."""
        self._search(states, seeds, lambda: True)
        return self._settle(self._decision(), states, seeds)

    def think(self, states: States, seeds: Seeds, watch: Watch, interval: float = REPORT_SECONDS) -> Decision:
        """See Agent.think."""
        reports, territory = Reports(watch, interval), self.territory(states)

        def explained() -> Decision:
            decision = self._decision()
            decision.lines = [self.search.lines(b) for b in range(len(states))]
            if territory is not None:
                decision.ownership, decision.score = territory
            return decision

        self._search(states, seeds, lambda: reports.go_on(explained))
        return self._settle(explained(), states, seeds)

    def _settle(self, found: Decision, states: States, seeds: Seeds) -> Decision:
        """What the agent makes of what its search has found."""
        return found

    def _search(self, states: States, seeds: Seeds, go_on: Callable[[], bool]) -> None:
        """Searches until the budget is spent, or `go_on` says no."""
        end = time.monotonic() + self.seconds * len(states) if self.seconds else math.inf
        self.search.run(states, seeds, lambda: go_on() and time.monotonic() < end and not self._is_full())

    def _is_full(self) -> bool:
        """Whether the trees of an agent that the clock alone limits have taken what one search may take."""
        tree = self.search.tree
        return bool(self.seconds) and tree is not None and tree.used >= most_simulations(self.game)

    def territory(self, states: States) -> Territory | None:
        """How n unfinished games are expected to end, if the agent can tell."""
        return None

    def without(self, forbidden: Sequence[int]) -> Self:
        """This agent, with a tree of its own, for one position, of which it leaves out `forbidden` actions, not all."""
        return self._other(self.search.config, forbidden)

    def endless(self, forbidden: Sequence[int] = ()) -> Self:
        """An agent for long thoughts about one position: as `without`, but it goes on until it is stopped, or its tree
        has taken ENDLESS_BYTES; it does not resign."""
        other = self._other(replace(self.search.config, num_simulations=most_simulations(self.game)), forbidden)
        other.seconds, other.resign_below = 0.0, None
        return other

    def _other(self, config: SearchConfig, forbidden: Sequence[int]) -> Self:
        other = copy.copy(self)
        other.search = Search(self.game, self.search.evaluator, config, forbidden=forbidden)
        return other

    def _decision(self) -> Decision:
        found = self.search.found()
        decision = Decision(found.action, found.policy, found.value, found.prior, found.visits, found.q)
        if self.resign_below is not None and (found.value < self.resign_below).any():
            lost = (found.value < self.resign_below).tolist()
            decision.forfeits = [Forfeit("resign") if given_up else None for given_up in lost]
        return decision


def most_simulations(game: Game) -> int:
    """How many simulations one search of one position may have within ENDLESS_BYTES."""
    node_bytes = game.state_dtype.itemsize + NODE.itemsize + 4 * game.num_actions
    return max(1, ENDLESS_BYTES // node_bytes)
