"""Tree search judged by random games: simulations per second from the empty 9x9 board, one single game."""

from __future__ import annotations

from agents.registry import make_agent
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
        )
    ]
