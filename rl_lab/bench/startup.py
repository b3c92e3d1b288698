"""How long one waits before anything happens: fresh processes, everything compiled once before."""

from __future__ import annotations

import subprocess
import sys
import time

from rl_lab.bench.harness import Benchmark, Contest, Measure

WORLDS = "import envs.games.registry, sys; heavy = {'torch', 'pygame'} & set(sys.modules); assert not heavy, heavy"


def seconds(*arguments: str) -> Measure:
    """The time of one fresh Python process, which must succeed."""

    def measure() -> float:
        start = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
        return time.perf_counter() - start

    return measure


def benchmarks() -> list[Benchmark]:
    """The rows of this file."""
    return [
        Benchmark(
            "import the games (no torch, no pygame)",
            "s",
            lambda: Contest(seconds("-c", WORLDS), seconds("-c", "import numba")),
            "import numba",
            less_is_better=True,
        ),
        Benchmark(
            "rl-lab --help",
            "s",
            lambda: Contest(seconds("-m", "rl_lab.cli", "--help")),
            target=1,
            less_is_better=True,
        ),
    ]
