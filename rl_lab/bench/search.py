"""Tree search by itself: judged by random games, and by numbers that cost nothing. Simulations per second at Go 9x9."""

from __future__ import annotations

import numpy as np

from agents.registry import make_agent
from agents.search import Search, SearchConfig
from envs.chance import seed_states
from envs.games.go.game import Go
from rl_lab.bench.harness import Benchmark, Contest, Measure, rate

SIMULATIONS = 1000


def ours() -> Measure:
    """Our agent `rollout`, asked for one move."""
    game = Go(size=9)
    agent = make_agent(f"rollout:simulations={SIMULATIONS}", game)
    seeds = seed_states([0])

    def think() -> float:
        agent.reset()
        agent.act(game.init(1), seeds)
        return SIMULATIONS

    return lambda: rate(think)


def open_spiel() -> Measure:
    """OpenSpiel's MCTSBot in C++ with one random rollout a simulation."""
    import pyspiel

    game = pyspiel.load_game("go", {"board_size": 9, "komi": 7.0})
    start = game.new_initial_state()
    evaluator = pyspiel.RandomRolloutEvaluator(1, 1)
    bot = pyspiel.MCTSBot(game, evaluator, 2.0, SIMULATIONS, 1000, False, 1, False)

    def think() -> float:
        bot.mcts_search(start)
        return SIMULATIONS

    return lambda: rate(think)


def search_alone() -> Measure:
    """64 games of Go 9x9 after 30 random moves, 64 simulations a move, numbers at random for a net."""
    game, games, simulations = Go(size=9), 64, 64
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(games, game.num_actions)).astype(np.float32)
    values = rng.normal(scale=0.1, size=games).astype(np.float32)
    config = SearchConfig(rule="gumbel", num_simulations=simulations)
    search = Search(game, lambda states, _: (logits[: len(states)], values[: len(states)]), config)
    states, seeds = game.init(games), seed_states(range(games))
    for _ in range(30):
        game.step(states, game.random_actions(states, seeds))

    def think() -> float:
        search.run(states, seeds)
        return float(games * simulations)

    return lambda: rate(think)


def benchmarks() -> list[Benchmark]:
    """The rows of this file."""
    return [
        Benchmark(
            "MCTS with random games, Go 9x9",
            "simulations/s",
            lambda: Contest(ours(), open_spiel()),
            "OpenSpiel C++",
            wanted=4,
            packages={"pyspiel": "open-spiel"},
        ),
        Benchmark(
            "Search and rules alone, Go 9x9, 64 games, 64 simulations a move",
            "simulations/s",
            lambda: Contest(search_alone()),
            target=200_000,
        ),
    ]
