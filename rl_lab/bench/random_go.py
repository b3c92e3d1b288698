"""Uniformly random Go: moves per second, every legal move and the pass equally likely, superko obeyed."""

from __future__ import annotations

import random
import time

import numpy as np

from envs.games.go.game import Go
from rl_lab.bench.harness import Benchmark, Contest, Measure, rate


def ours(size: int, batch: int) -> Measure:
    """Our random games from the empty board, `batch` at a time."""
    game = Go(size=size)
    seeds = np.arange(1, batch + 1, dtype=np.uint64)

    def play() -> float:
        states = game.init(batch)
        game.playout(states, seeds, sensible=False)
        return float(states["ply"].sum())

    return lambda: rate(play)


def open_spiel(size: int, rollouts: int, sample: int) -> Measure:
    """OpenSpiel's C++ rollouts.

    From Python the fastest way to many of them without leaving C++ is one simulation of its MCTS, whose evaluator
    then plays `rollouts` random games from the root (RandomRolloutEvaluator itself has no method in Python;
    evaluate_bots with two C++ random bots is a tenth to a fifth slower). It does not say how many moves it made, so
    the mean length of a random game is measured beforehand on `sample` games driven from Python by the same rules
    (its games end with two passes or after 2 * size**2 moves): a standard error of about 1.5 %.
    """
    import pyspiel

    game = pyspiel.load_game("go", {"board_size": size, "komi": 7.5})
    start = game.new_initial_state()
    rng = random.Random(0)
    moves = 0
    for _ in range(sample):
        state = start.clone()
        while not state.is_terminal():
            state.apply_action(rng.choice(state.legal_actions()))
            moves += 1
    mean_length = moves / sample
    evaluator = pyspiel.RandomRolloutEvaluator(rollouts, 1)
    bot = pyspiel.MCTSBot(
        game, evaluator, 2.0, 1, 1000, False, 1, False
    )  # uct_c, simulations, MB, solve, seed, verbose

    def play() -> float:
        bot.mcts_search(start)
        return rollouts * mean_length

    return lambda: rate(play)


def petting_zoo(size: int) -> Measure:
    """PettingZoo's environment with random legal actions, drawn as its documentation does, one game a measurement."""
    from pettingzoo.classic import go_v5

    env = go_v5.env(board_size=size, komi=7.5)
    rng = np.random.default_rng(0)

    def play() -> float:
        env.reset(seed=0)
        moves, start = 0, time.perf_counter()
        while env.agents:
            observation, _, termination, truncation, _ = env.last()
            over = termination or truncation
            env.step(None if over else int(rng.choice(np.flatnonzero(observation["action_mask"]))))
            moves += not over
        return moves / (time.perf_counter() - start)

    return play


SPIEL, ZOO = "OpenSpiel C++", "PettingZoo"


def benchmarks() -> list[Benchmark]:
    """The rows of this file."""
    spiel, zoo = {"pyspiel": "open-spiel"}, {"pettingzoo": "pettingzoo"}
    rows = [
        (9, lambda: Contest(ours(9, 256), open_spiel(9, 300, 400)), SPIEL, 4.5, spiel),
        (19, lambda: Contest(ours(19, 32), open_spiel(19, 30, 100)), SPIEL, 6.0, spiel),
        (9, lambda: Contest(ours(9, 256), petting_zoo(9)), ZOO, 500.0, zoo),
    ]
    return [
        Benchmark(f"random Go {size}x{size}", "moves/s", prepare, peer, wanted=wanted, packages=packages)
        for size, prepare, peer, wanted, packages in rows
    ]
