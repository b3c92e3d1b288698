"""Games between agents in lockstep: all running games in which an agent is to move are one batch for that agent.

A search or a net costs little more for sixty states than for one, so a tournament played this way is many times
faster than one played game by game. A game is the same whatever runs beside it: its fixture has a seed of its own, and
in every game each player draws from a random state that no other game or player touches. (A net adds in another order
in a batch of another size. With the last bit of its answer the moves of an `alphazero` agent can differ.)

Games come in by a Source, which is asked whenever there is room, and go out as they end: so a process can share a
schedule with others, and keep each game the moment it is over.

A player who resigns, plays against the rules, runs out of time or no longer runs (see decide.py) loses that game, and
the others go on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from agents.agent import Agent, Forfeit
from envs.chance import branch_seeds, seed_states
from envs.games.game import Game, States, as_items
from rl_lab.arena.decide import decide, remarks
from rl_lab.arena.openings import Opening, open_game

Reason = Literal["score", "resign", "illegal", "time", "crash"]
"""How a game ended: "score" by its rules, else what its loser gave it up by (see agents.agent.Forfeit)."""
LETTERS = {"resign": "R", "time": "T", "illegal": "F", "crash": "F"}
"""What stands in a result for the winner's margin, as in SGF: resignation, time, forfeit."""


@dataclass(frozen=True)
class Fixture:
    """A game to be played."""

    seats: tuple[int, int]
    """Which agent is player 0 and which is player 1, as indices."""
    opening: Opening
    pair: int
    """The number of the opening; games of two agents with the same number differ in the colours and the seed alone."""
    seed: int
    """Where all chance in the game after the opening comes from."""


Source = Callable[[int], Sequence[Fixture]]
"""Gives up to so many games to be played next; none when there is nothing to begin at present."""


@dataclass
class GameRecord:
    """A finished game. Pairs of numbers belong to player 0 and player 1."""

    agents: tuple[str, str]
    pair: int
    """The number of the opening, the unit of the statistics."""
    opening_plies: int
    """How many of the actions are the opening's."""
    actions: list[int]
    """All actions, the opening's first."""
    values: list[float | None]
    """What the mover expected before each action, in [-1, 1] from the mover's side; None in the opening
    and where the agent gave no number."""
    outcome: int = 0
    """+1 player 0 won, 0 a draw, -1 player 1 won."""
    result: str = ""
    """The result in the game's words, e.g. "B+7.5"; where a player gave the game up, the winner's initial and a letter
    of LETTERS, e.g. "W+R"."""
    decisions: list[int] = field(default_factory=lambda: [0, 0])
    """How many moves each player chose."""
    seconds: list[float] = field(default_factory=lambda: [0.0, 0.0])
    """Each player's thinking time: its share of the time of the batches that decided its moves."""
    reason: Reason = "score"
    """How the game ended."""
    detail: str = ""
    """What happened, in one sentence, where a player gave the game up."""
    events: list[str] = field(default_factory=list)
    """What else is worth knowing, e.g. that an engine counts the score in another way."""
    seed: int = 0
    """The fixture's seed."""
    number: int = 0
    """The number of the game in its database, from 1; 0 if it is in none."""

    @property
    def plies(self) -> int:
        """The length of the game in moves, the opening's included."""
        return len(self.actions)

    def score(self, player: int) -> float:
        """What the game was worth to player 0 or 1: win 1, draw 1/2, loss 0."""
        return (1 + self.outcome * (1 - 2 * player)) / 2


@dataclass
class _Running:
    """The games in progress, n of them."""

    fixtures: list[Fixture]
    records: list[GameRecord]
    states: States
    seeds: NDArray[np.uint64]
    """[n, 2], the random state of each player of each game."""
    lost: NDArray[np.bool_]
    """[n], whether a player has given the game up."""

    @property
    def seats(self) -> NDArray[np.int64]:
        """[n, 2], who plays."""
        return np.array([fixture.seats for fixture in self.fixtures], np.int64).reshape(-1, 2)

    @property
    def over(self) -> NDArray[np.bool_]:
        """[n], which games have ended, by the rules or otherwise."""
        ended: NDArray[np.bool_] = self.states["terminated"] | self.lost
        return ended

    def part(self, rows: NDArray[np.int64]) -> _Running:
        """Those games alone."""
        states = as_items(self.states)[rows].view(self.states.dtype)
        fixtures, records = [self.fixtures[i] for i in rows], [self.records[i] for i in rows]
        return _Running(fixtures, records, states, self.seeds[rows], self.lost[rows])

    def with_games(self, other: _Running) -> _Running:
        """These games and the others."""
        states = np.concatenate([as_items(self.states), as_items(other.states)]).view(self.states.dtype)
        seeds, lost = np.concatenate([self.seeds, other.seeds]), np.concatenate([self.lost, other.lost])
        return _Running(self.fixtures + other.fixtures, self.records + other.records, states, seeds, lost)


def stream_games(
    game: Game, agents: Sequence[Agent], source: Source, parallel_games: int = 128
) -> Generator[list[tuple[Fixture, GameRecord]], None, None]:
    """Plays what `source` gives, at most `parallel_games` at once, and yields games as they end, after each move.

    Ends when no game is running and `source` gives none. The record of a fixture (but for the times) depends on that
    fixture alone: not on `parallel_games`, not on the other fixtures. With nets it does so up to rounding, see above.
    Agents forget before each move.
    """
    running = _begin(game, agents, [])
    while True:
        free = max(1, parallel_games) - len(running.records)
        fixtures = list(source(free)) if free > 0 else []
        if fixtures:
            running = running.with_games(_begin(game, agents, fixtures))
        if not running.records:
            return
        for i, agent in enumerate(agents):
            rows = np.flatnonzero(~running.over)
            rows = rows[running.seats[rows, running.states["to_play"][rows]] == i]
            if len(rows):
                _move(game, agent, running, rows)
        ended = np.flatnonzero(running.over)
        if len(ended):
            finished, running = running.part(ended), running.part(np.flatnonzero(~running.over))
            _conclude(game, agents, finished)
            yield list(zip(finished.fixtures, finished.records, strict=True))


def play_games(
    game: Game,
    agents: Sequence[Agent],
    fixtures: Sequence[Fixture],
    parallel_games: int = 128,
    finished: Callable[[GameRecord], None] | None = None,
) -> list[GameRecord]:
    """Plays all fixtures, which differ, and returns their records in the order of the fixtures; see stream_games.

    `finished` is called with each record as its game ends.
    """
    waiting = list(reversed(fixtures))

    def source(free: int) -> list[Fixture]:
        return [waiting.pop() for _ in range(min(free, len(waiting)))]

    records: dict[Fixture, GameRecord] = {}
    for ended in stream_games(game, agents, source, parallel_games):
        records.update(ended)
        for _, record in ended:
            if finished:
                finished(record)
    return [records[fixture] for fixture in fixtures]


def _begin(game: Game, agents: Sequence[Agent], fixtures: Sequence[Fixture]) -> _Running:
    """The games at the end of their openings."""
    records = []
    for fixture in fixtures:
        first, second = (agents[seat].name for seat in fixture.seats)
        actions = list(fixture.opening)
        blank: list[float | None] = [None] * len(actions)
        records.append(GameRecord((first, second), fixture.pair, len(actions), actions, blank, seed=fixture.seed))
    games = seed_states(fixture.seed for fixture in fixtures)
    seeds = np.stack([branch_seeds(games, np.full(len(games), player)) for player in (0, 1)], axis=1)
    states = open_game(game, [fixture.opening for fixture in fixtures])
    return _Running(list(fixtures), records, states, seeds, np.zeros(len(records), np.bool_))


def _move(game: Game, agent: Agent, running: _Running, rows: NDArray[np.int64]) -> None:
    """Lets the agent move in those games, in place, and writes the moves, or why there is none, into their records."""
    batch = running.states[rows]
    players = batch["to_play"].copy()
    chance = running.seeds[rows, players]
    start = time.perf_counter()
    actions, values, forfeits = decide(game, agent, batch, chance)
    seconds = (time.perf_counter() - start) / len(rows)
    plays = np.array([forfeit is None for forfeit in forfeits])
    moved = batch[plays]
    game.step(moved, actions[plays])
    as_items(running.states)[rows[plays]] = as_items(moved)
    running.seeds[rows, players] = chance
    running.lost[rows[~plays]] = True
    for row, player, action, value, forfeit in zip(rows, players, actions, values, forfeits, strict=True):
        record = running.records[row]
        record.seconds[player] += seconds
        if forfeit is not None:
            _give_up(game, record, int(player), forfeit)
            continue
        record.actions.append(int(action))
        record.values.append(float(value) if np.isfinite(value) else None)
        record.decisions[player] += 1


def _give_up(game: Game, record: GameRecord, loser: int, forfeit: Forfeit) -> None:
    record.reason, record.detail = forfeit.reason, forfeit.detail
    record.outcome = 2 * loser - 1
    record.result = f"{game.player_names[1 - loser][0]}+{LETTERS[forfeit.reason]}"


def _conclude(game: Game, agents: Sequence[Agent], finished: _Running) -> None:
    """Writes the results of games that ended by the rules, and what their players have to say about them."""
    rows = np.flatnonzero(finished.states["terminated"])
    for row in rows:
        finished.records[row].outcome = int(finished.states["outcome"][row])
        finished.records[row].result = game.result_text(finished.states[row])
    for i, agent in enumerate(agents):
        own = rows[(finished.seats[rows] == i).any(axis=1)]
        if len(own):
            for row, remark in zip(own, remarks(agent, finished.states[own]), strict=True):
                finished.records[row].events += [f"{agent.name}: {remark}"] if remark else []
