"""What self-play costs: processor time of 1,000 moves against the board's size, the simulations, the games at once.

One thread, one net (4 blocks of 64 channels), Go. The net sees every point once a simulation, so the cost should grow
with the points and with the simulations, and the games at once should not matter. Processor time, since other programs
do not count in it.
"""

from __future__ import annotations

import time
from functools import partial

from rl_lab.bench.alphazero import on_threads
from rl_lab.bench.harness import Benchmark, Contest

SIZES = (5, 7, 9, 13, 19)
SIMULATIONS = (8, 16, 32, 64)
GAMES = (64, 128, 256)


def self_play(size: int, simulations: int, games: int) -> Contest:
    """Seconds of processor time per 1,000 moves, measured on one move in each game."""
    from agents.alphazero.config import AlphaZeroConfig
    from agents.alphazero.trainer import Trainer

    config = AlphaZeroConfig(
        f"go:size={size}",
        blocks=4,
        channels=64,
        games=games,
        moves=1,
        simulations=simulations,
        workers=1,
        window_start=1,
        window_max=1,
        device="cpu",
    )
    with on_threads(1):
        trainer = Trainer(config)

    def play() -> float:
        start = time.process_time()
        trainer.play()
        return (time.process_time() - start) / games * 1000

    return Contest(on_threads(1)(play))


def benchmarks() -> list[Benchmark]:
    """The rows of this file: one of the three grows, the others stay in the middle."""
    cases = [(size, 16, 64) for size in SIZES]
    cases += [(9, simulations, 64) for simulations in SIMULATIONS]
    cases += [(9, 16, games) for games in GAMES]
    return [
        Benchmark(
            f"1,000 moves of self-play, Go {size}x{size}, {simulations} simulations, {games} games",
            "s",
            partial(self_play, size, simulations, games),
            less_is_better=True,
            rounds=3,
        )
        for size, simulations, games in dict.fromkeys(cases)
    ]
