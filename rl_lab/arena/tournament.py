"""A round robin in memory: for measuring a learner on the way, where nothing has to outlive the process.

A tournament that is kept is rl_lab/arena/session.py's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from agents.agent import Agent
from envs.chance import seed_states
from envs.errors import LabError
from envs.games.game import Game
from rl_lab.arena import schedule
from rl_lab.arena.openings import Judge, draw_openings, least_depth
from rl_lab.arena.play import Fixture, GameRecord, play_games

Progress = Callable[[int, int, GameRecord], None]
"""Called as progress(games finished, games in all, the game that has just ended)."""
MOST_GAMES = 1_000_000


@dataclass
class Tournament:
    """A tournament that has been played."""

    game: Game
    agents: list[str]
    """The agents' names, in the order they were given."""
    seed: int
    records: list[GameRecord] = field(default_factory=list)
    """All games, in the order of the schedule."""


def check_agents(names: Sequence[str]) -> None:
    """Raises LabError for fewer than two agents and for two of the same name."""
    if len(names) < 2:
        raise LabError(f"A tournament needs two agents or more, not {len(names)}.")
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise LabError(f"The agent '{twice}' is given twice; the agents of a tournament must differ.")


def check_numbers(games: int, seed: int) -> None:
    """Raises LabError for a number out of range."""
    if not 1 <= games <= MOST_GAMES:
        raise LabError(f"A pairing needs one game or more, at most {MOST_GAMES:,}, not {games}.")
    if seed < 0:
        raise LabError(f"The seed must be 0 or more, not {seed}.")


def round_robin(
    game: Game,
    agents: Sequence[Agent],
    games: int = 40,
    opening_plies: int = 2,
    seed: int = 0,
    judge: Judge | None = None,
) -> list[Fixture]:
    """The schedule of a round robin with `games` games a pairing, rounded up to an even number: two from each opening.

    Every pairing plays the same openings, each once with either colouring; with a judge they are balanced. The same
    arguments give the same schedule, in which every game has a seed of its own. Raises LabError for fewer than two
    agents, for two of the same name, for numbers out of range, and if the game has too few openings.
    """
    names = [agent.name for agent in agents]
    check_agents(names)
    check_numbers(games, seed)
    pairs = (games + 1) // 2
    depth = least_depth(game, pairs, opening_plies, seed)
    openings = [drawn.actions for drawn in draw_openings(game, pairs, depth, seed, judge)[:pairs]]
    return schedule.fixtures(names, schedule.round_robin(names)([]), openings, 0, seed)


def warm_up(game: Game, agents: Sequence[Agent]) -> None:
    """Lets every agent decide once: compiling its kernels is not its thinking time."""
    for agent in agents:
        try:
            agent.act(game.init(1), seed_states([0]))
        except (LabError, MemoryError):
            raise
        except Exception:
            continue  # it will lose its games by it, see play.py


def play_tournament(
    game: Game,
    agents: Sequence[Agent],
    schedule: Sequence[Fixture],
    seed: int = 0,
    parallel_games: int = 128,
    progress: Progress | None = None,
) -> Tournament:
    """Plays a schedule; all pairings run side by side, at most `parallel_games` games at once.

    A game's moves and result depend on its fixture alone (see stream_games), so part of a schedule gives part of the
    games. `seed` is what the schedule was made with; it is kept for the report.
    """
    played = 0

    def finished(record: GameRecord) -> None:
        nonlocal played
        played += 1
        if progress:
            progress(played, len(schedule), record)

    warm_up(game, agents)
    records = play_games(game, agents, schedule, parallel_games, finished)
    return Tournament(game, [agent.name for agent in agents], seed, records)
