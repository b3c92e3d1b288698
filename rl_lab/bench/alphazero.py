"""AlphaZero: how much of the net's own speed is left when search and rules run around it, and where the time goes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from envs.parallel import available_cores, get_num_threads, set_num_threads
from rl_lab.bench.harness import Benchmark, Contest, rate

GAMES = 128
"""Games side by side, and so the positions that the net judges at once."""
WHOLE_RUN = "AlphaZero, play and learning, Go 5x5, one thread"
ITERATIONS = 6
"""About as many as half a game of Go 5x5 lasts."""

if TYPE_CHECKING:
    from agents.alphazero.trainer import Trainer


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
    net, game = trainer.workers[0].tables[0].evaluator.net, trainer.game
    planes = torch.from_numpy(game.observe(game.init(GAMES)))

    def play() -> float:
        return float(sum(harvest.evaluations for harvest in trainer.play()))

    @torch.inference_mode()
    def judge() -> float:
        net(planes, whole_board=True)
        return GAMES

    # A context manager is a decorator too: each measurement enters it anew.
    return Contest(on_threads(threads)(lambda: rate(play)), on_threads(threads)(lambda: rate(judge)))


class Shares:
    """Seconds by what they were spent on; what a part spends inside another counts for itself alone."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._inside = [0.0]
        """For each part under way, the outermost first, what the parts inside it have taken."""

    def time(self, part: str, owner: Any, method: str) -> None:
        """Counts from now on what `owner` spends in its `method`."""
        self.seconds[part] = 0.0
        setattr(owner, method, self._timed(part, getattr(owner, method)))

    def _timed(self, part: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            self._inside.append(0.0)
            start = time.perf_counter()
            try:
                return method(*args, **kwargs)
            finally:
                taken = time.perf_counter() - start
                self.seconds[part] += taken - self._inside.pop()
                self._inside[-1] += taken

        return call

    def told(self, total: float) -> str:
        """Such as "select 0.4%, expand 1.6%, evaluate 65.0%, backward 0.1%, learn 31.2%, the rest 1.7%"."""
        parts = {**self.seconds, "the rest": total - sum(self.seconds.values())}
        return ", ".join(f"{part} {seconds / total:.1%}" for part, seconds in parts.items())


def watched(trainer: Trainer) -> Shares:
    """A watch on the parts of a trainer with one worker and one size of board."""
    shares, search = Shares(), trainer.workers[0].tables[0].player
    shares.time("select", search, "_simulate")
    shares.time("expand", search, "_expand")
    shares.time("evaluate", search, "evaluator")
    shares.time("backward", search, "_backward")
    shares.time("learn", trainer, "_learn")
    return shares


def whole_run(remarks: list[str]) -> Contest:
    """Positions that a run learns from, per second: Go 5x5 with the settings that ship, one worker, on the CPU."""
    from agents.alphazero.config import AlphaZeroConfig
    from agents.alphazero.trainer import Trainer

    with on_threads(1):
        trainer = Trainer(AlphaZeroConfig(workers=1, device="cpu"))
        while not trainer.learner.steps:
            trainer.iterate()
    shares = watched(trainer)

    def learn() -> float:
        before, start = trainer.positions, time.perf_counter()
        for part in shares.seconds:
            shares.seconds[part] = 0.0
        for _ in range(ITERATIONS):
            trainer.iterate()
        seconds = time.perf_counter() - start
        remarks[:] = [f"{WHOLE_RUN}: {shares.told(seconds)}"]
        return (trainer.positions - before) / seconds

    return Contest(on_threads(1)(learn), remarks=remarks)


def benchmarks() -> list[Benchmark]:
    """The rows of this file: self-play on one thread and on all cores, and learning with it."""
    remarks: list[str] = []
    learning = Benchmark(WHOLE_RUN, "positions/s", lambda: whole_run(remarks), rounds=1, warm_up=False)
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
    ] + [learning]
