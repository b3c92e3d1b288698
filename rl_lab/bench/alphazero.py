"""AlphaZero self-play: how much of the net's own speed is left when search and rules run around it."""

from __future__ import annotations

from rl_lab.bench.harness import Benchmark, Contest, Measure, rate

GAMES = 128
"""Games side by side, and so the positions that the net judges at once."""


def on_one_thread(measure: Measure) -> Measure:
    """The measurement with torch kept to the calling thread, as the kernels are."""
    import torch

    def measure_so() -> float:
        before = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            return measure()
        finally:
            torch.set_num_threads(before)

    return measure_so


def self_play() -> Contest:
    """Evaluations per second at Go 9x9, 4 blocks of 64 channels, 16 simulations a move, on the CPU.

    Ours is whole moves of self-play; the other is the same net in the same precision, given a batch of ready-made
    planes over and over.
    """
    import torch

    from agents.alphazero.config import AlphaZeroConfig
    from agents.alphazero.trainer import Trainer

    config = AlphaZeroConfig("go:size=9", blocks=4, channels=64, games=GAMES, simulations=16, device="cpu")
    trainer = Trainer(config)
    evaluator, game = trainer.evaluator, trainer.game
    planes = torch.from_numpy(game.observe(game.init(GAMES)))

    def play() -> float:
        before = evaluator.evaluations
        trainer.self_play.step(trainer.search)
        return float(evaluator.evaluations - before)

    @torch.inference_mode()
    def judge() -> float:
        evaluator.net(planes, whole_board=True)
        return GAMES

    return Contest(on_one_thread(lambda: rate(play)), on_one_thread(lambda: rate(judge)))


def benchmarks() -> list[Benchmark]:
    """The rows of this file."""
    return [Benchmark("AlphaZero self-play, Go 9x9", "evaluations/s", self_play, "the net alone")]
