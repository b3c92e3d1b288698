"""AlphaZero self-play: how much of the net's own speed is left when search and rules run around it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from envs.parallel import available_cores, get_num_threads, set_num_threads
from rl_lab.bench.harness import Benchmark, Contest, rate

GAMES = 128
"""Games side by side, and so the positions that the net judges at once."""


@contextmanager
def on_threads(threads: int) -> Iterator[None]:
    """torch and the kernels use so many threads inside."""
    import torch

    before = torch.get_num_threads(), get_num_threads()
    torch.set_num_threads(threads)
    set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before[0])
        set_num_threads(before[1])


def self_play(threads: int) -> Contest:
    """Evaluations per second at Go 9x9, 4 blocks of 64 channels, 16 simulations a move, on the CPU.

    Ours is whole moves of self-play; the other is the same net in the same precision, given a batch of ready-made
    planes over and over.
    """
    import torch

    from agents.alphazero.config import AlphaZeroConfig
    from agents.alphazero.trainer import Trainer

    config = AlphaZeroConfig(
        "go:size=9", blocks=4, channels=64, games=GAMES, moves=1, simulations=16, workers=threads, device="cpu"
    )
    with on_threads(threads):  # which its workers share
        trainer = Trainer(config)
    net, game = trainer.workers[0].evaluator.net, trainer.game
    planes = torch.from_numpy(game.observe(game.init(GAMES)))

    def play() -> float:
        return float(sum(harvest.evaluations for harvest in trainer.play()))

    @torch.inference_mode()
    def judge() -> float:
        net(planes, whole_board=True)
        return GAMES

    # A context manager is a decorator too: each measurement enters it anew.
    return Contest(on_threads(threads)(lambda: rate(play)), on_threads(threads)(lambda: rate(judge)))


def benchmarks() -> list[Benchmark]:
    """The rows of this file: on one thread, and on all cores."""
    rows = [("one thread", 1), ("all cores", available_cores())]
    return [
        Benchmark(
            f"AlphaZero self-play, Go 9x9, {where}",
            "evaluations/s",
            partial(self_play, threads),
            "the net alone",
            wanted=0.9,
        )
        for where, threads in rows
    ]
