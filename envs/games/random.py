"""Chance for the kernels of the games in this folder."""

from __future__ import annotations

from typing import Any

import numpy as np

from envs.jit import kernel


@kernel
def random_below(seeds: Any, i: int, bound: int) -> np.int64:
    """A random number in 0 .. bound-1 by SplitMix64 (Steele, Lea, Flood 2014), whose state seeds[i] advances."""
    seeds[i] += np.uint64(0x9E3779B97F4A7C15)
    z = seeds[i]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return np.int64(((z >> np.uint64(32)) * np.uint64(bound)) >> np.uint64(32))
