"""What an environment costs: a batched step with all that a learner reads, and the bytes of a state."""

from __future__ import annotations

import numpy as np

from envs.chance import choose, seed_states
from envs.games.go.game import Go
from rl_lab.bench.harness import Benchmark, Contest, Measure, rate
from rl_lab.bench.random_go import ours as random_play

BATCH, PLIES = 256, 80


def step_mask_observe() -> Measure:
    """States per second: step, the whole legal mask (superko included) and the observation, at Go 9x9.

    The first 80 plies of 256 random games, whose moves have been drawn beforehand.
    """
    game = Go(size=9)
    states, seeds = game.init(BATCH), seed_states(range(BATCH))
    moves = np.zeros((PLIES, BATCH), np.int64)
    for t in range(PLIES):
        mask = game.legal_mask(states)
        mask[:, -1] = False  # no passes: every row is in play to the end
        moves[t] = choose(mask, seeds)
        game.step(states, moves[t])

    def play() -> float:
        states = game.init(BATCH)
        for actions in moves:
            game.step(states, actions)
            game.legal_mask(states)
            game.observe(states)
        return float(moves.size)

    return lambda: rate(play)


def benchmarks() -> list[Benchmark]:
    """The rows of this file."""
    return [
        Benchmark(
            "Go 9x9 step + legal mask + observation",
            "states/s",
            lambda: Contest(step_mask_observe(), random_play(9, 256)),
            "our random play",  # no mask, no planes: how much those cost
            target=600_000,
        ),
        Benchmark(
            "Go 9x9 state",
            "bytes",
            lambda: Contest(lambda: float(Go(size=9).state_dtype.itemsize)),
            target=4096,
            less_is_better=True,
            rounds=1,
        ),
    ]
