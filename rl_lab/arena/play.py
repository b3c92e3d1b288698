"""Games between agents in lockstep: all running games in which an agent is to move are one batch for that agent.

A search or a net costs little more for sixty states than for one, so a tournament played this way is many times
faster than one played game by game. A game is the same whatever runs beside it: its fixture has a seed of its own, and
in every game each player draws from a random state that no other game or player touches. (A net adds in another order
in a batch of another size. With the last bit of its answer the moves of an `alphazero` agent can differ.)
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from agents.agent import Agent, Decision
from envs.chance import branch_seeds, seed_states
from envs.errors import IllegalAction
from envs.games.game import Game, States
from rl_lab.arena.openings import Opening, open_game


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
    """The result in the game's words, e.g. "B+7.5"."""
    decisions: list[int] = field(default_factory=lambda: [0, 0])
    """How many moves each player chose."""
    seconds: list[float] = field(default_factory=lambda: [0.0, 0.0])
    """Each player's thinking time: its share of the time of the batches that decided its moves."""

    @property
    def plies(self) -> int:
        """The length of the game in moves, the opening's included."""
        return len(self.actions)

    def score(self, player: int) -> float:
        """What the game was worth to player 0 or 1: win 1, draw 1/2, loss 0."""
        return (1 + self.outcome * (1 - 2 * player)) / 2


def play_games(
    game: Game,
    agents: Sequence[Agent],
    fixtures: Sequence[Fixture],
    parallel_games: int = 128,
    finished: Callable[[GameRecord], None] | None = None,
) -> list[GameRecord]:
    """Plays all fixtures, at most `parallel_games` at once, and returns their records in the order of the fixtures.

    The record of a fixture (but for the times) depends on that fixture alone: not on `parallel_games`, not on the
    other fixtures. With nets it does so up to rounding, see above. `finished` is called with each record as its game
    ends. Agents forget before each move. Raises IllegalAction if an agent plays one, a fault of the agent's code.
    """
    records = [_blank_record(agents, fixture) for fixture in fixtures]
    states = open_game(game, [f.opening for f in fixtures])
    seats = np.array([f.seats for f in fixtures], np.int64).reshape(-1, 2)
    games = seed_states(f.seed for f in fixtures)
    seeds = np.stack([branch_seeds(games, np.full(len(games), player)) for player in (0, 1)], axis=1)
    unfinished = np.flatnonzero(~states["terminated"])
    while len(unfinished):
        running = unfinished[: max(1, parallel_games)]
        for i, agent in enumerate(agents):
            alive = running[~states["terminated"][running]]
            rows = alive[seats[alive, states["to_play"][alive]] == i]
            if len(rows):
                _move(game, agent, states, rows, records, seeds)
        for row in running[states["terminated"][running]]:
            records[row].outcome = int(states["outcome"][row])
            records[row].result = game.result_text(states[row])
            if finished:
                finished(records[row])
        unfinished = unfinished[~states["terminated"][unfinished]]
    return records


def _blank_record(agents: Sequence[Agent], fixture: Fixture) -> GameRecord:
    """The record of a game that is at the end of its opening."""
    first, second = fixture.seats
    actions = list(fixture.opening)
    return GameRecord(
        (agents[first].name, agents[second].name), fixture.pair, len(actions), actions, [None] * len(actions)
    )


def _move(
    game: Game,
    agent: Agent,
    states: States,
    rows: NDArray[np.int64],
    records: list[GameRecord],
    seeds: NDArray[np.uint64],
) -> None:
    """Lets the agent move in states[rows], in place, and writes the moves into the records of those games.

    seeds[row, player] is the random state of that player in that game; it advances.
    """
    batch = states[rows]
    players = batch["to_play"].copy()
    chance = seeds[rows, players]
    # An agent's memory follows one game; here games come and go. Without it, strength cannot depend on which games
    # happen to run side by side.
    agent.reset()
    start = time.perf_counter()
    decision = agent.act(batch.copy(), chance)
    seconds = (time.perf_counter() - start) / len(rows)
    _check_legal(game, agent, batch, decision)
    game.step(batch, decision.action)
    states[rows], seeds[rows, players] = batch, chance
    for row, player, action, value in zip(rows, players, decision.action, decision.value, strict=True):
        record = records[row]
        record.actions.append(int(action))
        record.values.append(float(value) if np.isfinite(value) else None)
        record.decisions[player] += 1
        record.seconds[player] += seconds


def _check_legal(game: Game, agent: Agent, states: States, decision: Decision) -> None:
    legal = game.legal_mask(states)[np.arange(len(states)), decision.action]
    if not legal.all():
        action = game.action_name(int(decision.action[legal.argmin()]))
        raise IllegalAction(f"{agent.name} played {action} in {game.spec}, where the rules do not allow it.")
