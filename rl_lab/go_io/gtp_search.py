"""An agent's tree search against the clock, and without end: for `time_settings` and for analysis.

A search runs to its end or is stopped by an exception from its evaluator, which leaves no result. So against the clock
a small search comes first, which says how fast the machine is and stands if there is no time for more, then one as
large as there is time for; and a search without end is a row of searches, each with twice the simulations of the one
before, of which the latest to end is shown.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.agent import Agent, Decision, Evaluator
from agents.search import Search
from envs.chance import Seeds
from envs.games.game import Game, States

FEW = 16  # simulations of the small search
CAUTION = 0.8  # of the time that is left, what the next one should take
WORTHWHILE = 1.5  # how much larger the next one must be
ANALYSIS_BYTES = 1 << 29  # of the rows in the largest tree
MAX_ANALYSIS = 1 << 19


class _Stopped(Exception):
    """A search has been stopped."""


class _Watched:
    """An evaluator that stops its search when `should_stop` says so, and thinks nothing of some moves of the root."""

    def __init__(
        self, evaluator: Evaluator, should_stop: Callable[[], bool], root: States, forbidden: Sequence[int]
    ) -> None:
        self.evaluator, self.should_stop = evaluator, should_stop
        self.root, self.forbidden = root.tobytes(), list(forbidden)

    def __call__(self, states: States, seeds: Seeds) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        if self.should_stop():
            raise _Stopped
        logits, values = self.evaluator(states, seeds)
        if self.forbidden and len(states) == 1 and states.tobytes() == self.root:
            logits = logits.copy()
            logits[0, self.forbidden] = logits.min() - 100
        return logits, values


class Thinker:
    """Searches as an agent does, for one state at a time."""

    def __init__(self, search: Search) -> None:
        self.search = search

    @staticmethod
    def of(agent: Agent) -> Thinker | None:
        """None for an agent without a search."""
        search = getattr(agent, "search", None)
        return Thinker(search) if isinstance(search, Search) else None

    def think(
        self,
        states: States,
        seeds: Seeds,
        simulations: int,
        should_stop: Callable[[], bool],
        forbidden: Sequence[int] = (),
    ) -> Decision | None:
        """What a search with so many simulations finds in a batch of one, None if it was stopped."""
        watched = _Watched(self.search.evaluator, should_stop, states, forbidden)
        search = Search(self.search.game, watched, replace(self.search.config, num_simulations=simulations))
        try:
            found = search.run(states, seeds.copy())
        except _Stopped:
            return None
        lines = [search.variation(0)]
        return Decision(found.action, found.policy, found.value, found.prior, found.visits, found.q, lines)

    def think_within(self, states: States, seeds: Seeds, seconds: float) -> Decision:
        """What the agent's simulations find, or as many of them as there is time for."""
        start = time.monotonic()
        end = start + seconds
        most = self.search.config.num_simulations
        done = min(FEW, most)
        best = decision = self.think(states, seeds, done, lambda: False)
        assert best
        while decision:
            best, now = decision, time.monotonic()
            # A larger search is a faster one, so what the first speed allows may leave time for another.
            more = int(min(most, CAUTION * done / max(1e-9, now - start) * (end - now)))
            if more <= done or (more < most and more < WORTHWHILE * done):
                break
            done, start = more, now
            decision = self.think(states, seeds, done, lambda: time.monotonic() >= end)
        return best


class EndlessThought:
    """A search in a thread of its own, for as long as the `with` block lasts; `latest` is what it has found by now."""

    def __init__(self, thinker: Thinker, states: States, seeds: Seeds, forbidden: Sequence[int]) -> None:
        self.latest: Decision | None = None
        self.error: Exception | None = None
        self._stop, self.news = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._search, args=(thinker, states, seeds, forbidden), daemon=True)

    def __enter__(self) -> EndlessThought:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def first(self) -> Decision:
        """The first finding, waited for; raises what the search has raised."""
        self.news.wait()
        if self.error:
            raise self.error
        assert self.latest
        return self.latest

    def _search(self, thinker: Thinker, *search: Any) -> None:
        states, seeds, forbidden = search
        game = thinker.search.game
        simulations, most = FEW, min(MAX_ANALYSIS, ANALYSIS_BYTES // game.state_dtype.itemsize)
        try:
            while simulations <= most:
                # The first goes to its end: there is always something to show.
                stop = self._stop.is_set if self.latest else lambda: False
                decision = thinker.think(states, seeds, simulations, stop, forbidden)
                if decision is None:
                    return
                self.latest = decision
                self.news.set()
                simulations *= 2
        except Exception as error:
            self.error = error
            self.news.set()


@dataclass(frozen=True)
class MoveInfo:
    """What is known of a move; the value is from the side to move, in [-1, 1]."""

    action: int
    visits: int
    value: float
    prior: float
    line: list[int]


def move_infos(game: Game, decision: Decision, forbidden: Sequence[int] = ()) -> list[MoveInfo]:
    """The moves that a decision about one state has tried, the best first; without a search those it might have played,
    with one visit each. The line of play is known for the move it has chosen alone."""
    chosen, policy = int(decision.action[0]), decision.policy[0]
    visits = (policy > 0).astype(np.int32) if decision.visits is None else decision.visits[0]
    prior = policy if decision.prior is None else decision.prior[0]
    q = np.full(len(policy), np.nan) if decision.q is None else decision.q[0]
    value = np.where(np.isfinite(q), q, decision.value[0])
    tried = [int(action) for action in np.flatnonzero(visits) if action not in forbidden]
    tried.sort(key=lambda a: (-visits[a], a != chosen, -policy[a], -value[a], a))
    main = decision.variations[0] if decision.variations else []
    return [
        MoveInfo(a, int(visits[a]), float(value[a]), float(prior[a]), main if main[:1] == [a] else [a]) for a in tried
    ]
