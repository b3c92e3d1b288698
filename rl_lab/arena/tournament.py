"""A round robin: every agent against every other, with both colours, from the same openings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from agents.agent import Agent
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
    opening_plies: int
    records: list[GameRecord] = field(default_factory=list)
    """All games: by opening, then by pairing, then by colours."""


def round_robin(
    game: Game,
    agents: Sequence[Agent],
    games: int = 40,
    opening_plies: int = 2,
    seed: int = 0,
    parallel_games: int = 128,
    progress: Progress | None = None,
) -> Tournament:
    """Plays a round robin with `games` games a pairing, rounded up to an even number: two from each opening.

    Every pairing plays the same openings, each once with either colouring. All pairings run side by side, at most
    `parallel_games` games at once. The same arguments give the same games again, as long as the agents take all
    chance from the generator they are given. Raises LabError for fewer than two agents, for two of the same name,
    and for numbers out of range.
    """
    names = [agent.name for agent in agents]
    _check(names, games, parallel_games, seed)
    opening_seed, *agent_seeds = np.random.SeedSequence(seed).spawn(1 + len(agents))
    openings = random_openings(game, (games + 1) // 2, opening_plies, np.random.default_rng(opening_seed))
    fixtures = [
        Fixture(seats, opening, pair)
        for pair, opening in enumerate(openings)
        for a, b in combinations(range(len(agents)), 2)
        for seats in ((a, b), (b, a))
    ]
    rngs = [np.random.default_rng(s) for s in agent_seeds]
    played = 0

    def finished(record: GameRecord) -> None:
        nonlocal played
        played += 1
        if progress:
            progress(played, len(fixtures), record)

    _warm_up(game, agents)
    records = play_games(game, agents, fixtures, rngs, parallel_games, finished)
    return Tournament(game, names, seed, opening_plies, records)


def _check(names: list[str], games: int, parallel_games: int, seed: int) -> None:
    if len(names) < 2:
        raise LabError(f"A tournament needs two agents or more, not {len(names)}.")
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise LabError(f"The agent '{twice}' is given twice; the agents of a tournament must differ.")
    if games < 1 or parallel_games < 1:
        raise LabError(f"A tournament needs one game or more, not {min(games, parallel_games)}.")
    if seed < 0:
        raise LabError(f"The seed must be 0 or more, not {seed}.")


def _warm_up(game: Game, agents: Sequence[Agent]) -> None:
    """Lets every agent decide once, so that compiling its kernels is not counted as its thinking time."""
    for agent in agents:
        agent.act(game.init(1), np.random.default_rng(0))
