"""Tournaments: how much faster games are in lockstep (one search for all games of an agent) than one by one."""

from __future__ import annotations

import time

from rl_lab.bench.alphazero import on_threads
from rl_lab.bench.harness import Benchmark, Contest, Measure

GAMES = 64
SIMULATIONS = 8
GAME = "go:size=5,max_plies=24"  # as many moves as a game of trained nets has; new ones would play to the usual cap


def lockstep() -> Contest:
    """Games a second between two alphazero agents at Go 5x5, 64 at once and one at a time.

    The nets are new, of the size that the demo trains: what they play does not matter to their speed. Both play whole
    games of the same schedule, one at a time only the first two, on one thread.
    """
    from agents.alphazero.config import AlphaZeroConfig
    from agents.alphazero.network import NetConfig, PolicyValueNet
    from agents.alphazero.player import AlphaZeroAgent
    from envs.games.registry import make_game
    from rl_lab.arena.play import play_games
    from rl_lab.arena.tournament import round_robin, warm_up

    config = AlphaZeroConfig()
    game = make_game(GAME)
    shape = NetConfig(config.blocks, config.channels)
    agents = [AlphaZeroAgent(game, PolicyValueNet(game, shape).eval(), SIMULATIONS, name) for name in ("a", "b")]
    schedule = round_robin(game, agents, GAMES)
    warm_up(game, agents)

    def measure(parallel_games: int, games: int) -> Measure:
        def games_per_second() -> float:
            start = time.perf_counter()
            play_games(game, agents, schedule[:games], parallel_games)
            return games / (time.perf_counter() - start)

        return on_threads(1)(games_per_second)

    return Contest(measure(GAMES, GAMES), measure(1, 2))


def benchmarks() -> list[Benchmark]:
    """The rows of this file."""
    return [
        Benchmark(
            f"Tournament of alphazero agents, Go 5x5, {GAMES} games at once",
            "games/s",
            lockstep,
            "one by one",
            wanted=10,
        )
    ]
