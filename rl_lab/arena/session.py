"""One process at work on a stored tournament: it claims games, plays them in lockstep, and stores each as it ends.

Any number of processes may work on one file, and a process may die at any moment: what is to be played is worked out
from what is stored, round by round (schedule.py), so the same command goes on wherever things stand.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from agents.agent import Agent
from envs.games.game import Game
from rl_lab.arena.claims import Claims
from rl_lab.arena.openings import Drawn
from rl_lab.arena.play import Fixture, GameRecord, stream_games
from rl_lab.arena.schedule import Pairing, Round, Schedule, fixtures
from rl_lab.arena.store import Filter, Key, Store

OPENINGS_AT_ONCE = 64  # how many are drawn ahead, since judging them takes time and a test may end early
POLL_SECONDS = 1.0  # between two looks at what other processes have done

DrawOpenings = Callable[[int, Sequence[Drawn]], list[Drawn]]
"""Continues a list of openings to at least so many."""


@dataclass(frozen=True)
class Plan:
    """What is to be played."""

    game: Game
    agents: Sequence[Agent]
    schedule: Schedule
    pairs: int
    """Openings in each match; two games from each."""
    draw: DrawOpenings
    seed: int
    parallel_games: int = 128


class Session:
    """Plays a plan, together with all other processes that have opened the same store."""

    def __init__(self, plan: Plan, store: Store, claims: Claims) -> None:
        self.plan, self.store, self._claims = plan, store, claims
        self.names = [agent.name for agent in plan.agents]
        self.records: dict[Key, GameRecord] = {}
        """All games of the file that this process knows of, those of other processes and agents too."""
        self.total = 0
        """How many games the plan has up to the end of the round that is being played."""
        self.round = 0
        self._meetings: set[tuple[frozenset[str], int]] = set()
        self._news: list[GameRecord] = []
        self._last_number = 0
        self._next_look = self._next_claim = 0.0

    def play(self) -> Generator[list[GameRecord], None, None]:
        """Plays until nothing of the plan is missing; yields the games that are new, at first those in the file.

        Closing the iterator leaves the games that are running unplayed.
        """
        self._look()
        yield self._take_news()
        rounds: list[Round] = []
        while pairings := self.plan.schedule(rounds):
            first = len(rounds) * self.plan.pairs
            self.round = len(rounds) + 1
            self.total += 2 * self.plan.pairs * len(pairings)
            self._meetings |= {(frozenset(pairing), len(rounds)) for pairing in pairings}
            yield from self._play_round(pairings, first)
            rounds.append({pairing: self._score(pairing, first) for pairing in pairings})

    @property
    def done(self) -> int:
        """How many games of the plan have been played."""
        pairs = self.plan.pairs
        return sum((frozenset(r.agents), r.pair // pairs) in self._meetings for r in self.records.values())

    def played(self, pairing: Pairing, number: int) -> list[GameRecord]:
        """The games of those two from the opening of that number that have ended, the first one's as player 0 first."""
        a, b = pairing
        return [self.records[key] for key in ((a, b, number), (b, a, number)) if key in self.records]

    def _play_round(self, pairings: Sequence[Pairing], first: int) -> Generator[list[GameRecord], None, None]:
        waiting: dict[Key, Fixture] = {}
        chunks = iter(range(first, first + self.plan.pairs, OPENINGS_AT_ONCE))
        end = first + self.plan.pairs

        def source(free: int) -> list[Fixture]:
            while len(waiting) < free and (start := next(chunks, None)) is not None:
                waiting.update(self._missing(pairings, start, min(start + OPENINGS_AT_ONCE, end)))
            return self._claim(waiting, free)

        while True:
            for ended in stream_games(self.plan.game, self.plan.agents, source, self.plan.parallel_games):
                with interrupts_held_back():
                    for _, record in ended:
                        self._keep(record)
                # What others have played may decide the match while we are still playing.
                if time.monotonic() >= self._next_look:
                    self._look()
                yield self._take_news()
            # What is still waiting is being played by others, who may die over it.
            self._look()
            if self._news:
                yield self._take_news()
            for key in [key for key in waiting if key in self.records]:
                del waiting[key]
            if not waiting:
                return
            time.sleep(POLL_SECONDS)

    def _missing(self, pairings: Sequence[Pairing], start: int, stop: int) -> dict[Key, Fixture]:
        """The games from the openings start .. stop-1 that are not played, as far as we know."""
        drawn = self.store.openings()
        if len(drawn) < stop:
            self.store.add_openings(self.plan.draw(stop, drawn))
            drawn = self.store.openings()
        openings = [opening.actions for opening in drawn[start:stop]]
        games = fixtures(self.names, pairings, openings, start, self.plan.seed)
        keyed = {(self.names[f.seats[0]], self.names[f.seats[1]], f.pair): f for f in games}
        return {key: fixture for key, fixture in keyed.items() if key not in self.records}

    def _claim(self, waiting: dict[Key, Fixture], free: int) -> list[Fixture]:
        """Games for us to play, taken out of `waiting`."""
        if not waiting or time.monotonic() < self._next_claim:
            return []
        keys = self.store.claim(self._claims, list(waiting), free)
        if len(keys) < min(free, len(waiting)):  # the rest is with other processes: no need to ask again at every move
            self._next_claim = time.monotonic() + POLL_SECONDS
        return [waiting.pop(key) for key in keys]

    def _keep(self, record: GameRecord) -> None:
        """Stores a game; one that another process has stored first is dropped, and theirs read later."""
        if self.store.add(self._claims, record):
            self._news.append(record)
            self.records[(*record.agents, record.pair)] = record

    def _look(self) -> None:
        """Reads the games that others have stored."""
        self._next_look = time.monotonic() + POLL_SECONDS
        for record in self.store.games(Filter(after=self._last_number)):
            self._last_number = record.number
            key = (*record.agents, record.pair)
            if key not in self.records:
                self.records[key] = record
                self._news.append(record)

    def _take_news(self) -> list[GameRecord]:
        news, self._news = self._news, []
        return news

    def _score(self, pairing: Pairing, first: int) -> float:
        """The mean score of the first of the two in the round whose openings begin at number `first`."""
        games = [record for i in range(first, first + self.plan.pairs) for record in self.played(pairing, i)]
        return sum(record.score(record.agents.index(pairing[0])) for record in games) / len(games)


@contextmanager
def interrupts_held_back() -> Iterator[None]:
    """Ctrl-C inside takes effect at the end, so that games that are over are all stored."""
    asked: list[int] = []
    try:
        before = signal.signal(signal.SIGINT, lambda signum, frame: asked.append(signum))
    except ValueError:  # not in the main thread, which alone is interrupted
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if asked:
        raise KeyboardInterrupt
