"""A round robin: every agent against every other, with both colours, from the same openings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from agents.agent import Agent
from envs.chance import seed_of, seed_states
from envs.errors import LabError
from envs.games.game import Game
from rl_lab.arena.openings import random_openings
from rl_lab.arena.play import Fixture, GameRecord, play_games

Progress = Callable[[int, int, GameRecord], None]
"""Called as progress(games finished, games in all, the game that has just ended)."""


@dataclass
class Tournament:
    """A tournament that has been played."""

    game: Game
    agents: list[str]
    """The agents' names, in the order they were given."""
    seed: int
    records: list[GameRecord] = field(default_factory=list)
    """All games, in the order of the schedule."""


def round_robin(
    game: Game, agents: Sequence[Agent], games: int = 40, opening_plies: int = 2, seed: int = 0
) -> list[Fixture]:
    """The schedule of a round robin with `games` games a pairing, rounded up to an even number: two from each opening.

    Every pairing plays the same openings, each once with either colouring. Ordered by opening, then by pairing, then
    by colours. The same arguments give the same schedule, in which every game has a seed of its own. Raises LabError
    for fewer than two agents, for two of the same name, for numbers out of range, and if the game has too few openings.
    """
    names = [agent.name for agent in agents]
    if len(names) < 2:
        raise LabError(f"A tournament needs two agents or more, not {len(names)}.")
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise LabError(f"The agent '{twice}' is given twice; the agents of a tournament must differ.")
    if games < 1:
        raise LabError(f"A pairing needs one game or more, not {games}.")
    if seed < 0:
        raise LabError(f"The seed must be 0 or more, not {seed}.")
    openings = random_openings(game, (games + 1) // 2, opening_plies, np.random.default_rng(seed))
    return [
        Fixture(seats, opening, pair, seed_of(seed, pair, *seats))
        for pair, opening in enumerate(openings)
        for a, b in combinations(range(len(agents)), 2)
        for seats in ((a, b), (b, a))
    ]


def play_tournament(
    game: Game,
    agents: Sequence[Agent],
    schedule: Sequence[Fixture],
    seed: int = 0,
    parallel_games: int = 128,
    progress: Progress | None = None,
) -> Tournament:
    """Plays a schedule; all pairings run side by side, at most `parallel_games` games at once.

    A game's moves and result depend on its fixture alone (see play_games), so part of a schedule gives part of the
    games. `seed` is what the schedule was made with; it is kept for the report.
    """
    played = 0

    def finished(record: GameRecord) -> None:
        nonlocal played
        played += 1
        if progress:
            progress(played, len(schedule), record)

    for agent in agents:
        # Compiling an agent's kernels is not its thinking time, so it decides once before the games.
        agent.act(game.init(1), seed_states([0]))
    records = play_games(game, agents, schedule, parallel_games, finished)
    return Tournament(game, [agent.name for agent in agents], seed, records)
