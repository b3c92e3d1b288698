"""Chance that belongs to its row: every row of a batch has a random state of its own, one uint64.

So an episode, a game or a search depends on its own seed alone: not on the rows beside it, its place in the batch or
the number of threads. The generator is SplitMix64 (Steele, Lea and Flood, 2014): a counter that advances by GOLDEN, and
a hash of it. Whatever draws from `seeds` (uint64[n]) advances them in place; jitted functions advance seeds[i].
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from envs.errors import LabError
from envs.jit import kernel
from envs.parallel import for_slices

Seeds = NDArray[np.uint64]  # [n], the random state of each row

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
MIX_1, MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
U27, U30, U31, U32 = np.uint64(27), np.uint64(30), np.uint64(31), np.uint64(32)
UNIT = 2.0**-53
LEAST = 2.0**-60  # stands for 0 where a logarithm is taken
ALL_BITS = 2**64 - 1
MIN_DRAWS_PER_THREAD = 16384  # a draw takes some nanoseconds, handing a slice to a thread some microseconds


@kernel
def mix(z: Any) -> Any:
    """SplitMix64's hash of a counter: one to one, every bit of the result depends on every bit of z."""
    z = (z ^ (z >> U30)) * MIX_1
    z = (z ^ (z >> U27)) * MIX_2
    return z ^ (z >> U31)


@kernel
def next_random(state: Any, bound: Any) -> tuple[Any, Any]:
    """The next state, and a draw from range(bound); both uint64, bound < 2**32."""
    state = state + GOLDEN
    return state, ((mix(state) >> U32) * bound) >> U32


@kernel
def random_below(seeds: Any, i: int, bound: int) -> np.int64:
    """A random number in 0 .. bound-1, bound < 2**32."""
    seeds[i], draw = next_random(seeds[i], np.uint64(bound))
    return np.int64(draw)


@kernel
def random_unit(seeds: Any, i: int) -> float:
    """A random number in [0, 1)."""
    seeds[i] += GOLDEN
    return np.float64(mix(seeds[i]) >> np.uint64(11)) * UNIT


@kernel
def random_normal(seeds: Any, i: int) -> float:
    """A draw from the standard normal distribution (Box and Muller, 1958)."""
    radius = math.sqrt(-2.0 * math.log(1.0 - random_unit(seeds, i)))
    return radius * math.cos(2.0 * math.pi * random_unit(seeds, i))


@kernel
def random_gamma(seeds: Any, i: int, shape: float) -> float:
    """A draw from the gamma distribution of that shape > 0 and scale 1 (Marsaglia and Tsang, 2000)."""
    # A shape below 1 is brought above it: gamma(a) = gamma(a + 1) * u**(1/a).
    boost = 1.0
    if shape < 1.0:
        boost = (1.0 - random_unit(seeds, i)) ** (1.0 / shape)
        shape += 1.0
    d = shape - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    while True:
        x = random_normal(seeds, i)
        v = (1.0 + c * x) ** 3
        if v > 0.0 and math.log(1.0 - random_unit(seeds, i)) < 0.5 * x * x + d - d * v + d * math.log(v):
            return boost * d * v


@kernel
def _fill_uniform(seeds: Any, out: Any, start: int, stop: int) -> None:
    for i in range(start, stop):
        for j in range(out.shape[1]):
            out[i, j] = random_unit(seeds, i)


@kernel
def _fill_normal(seeds: Any, out: Any, start: int, stop: int) -> None:
    for i in range(start, stop):
        for j in range(out.shape[1]):
            out[i, j] = random_normal(seeds, i)


@kernel
def _fill_gumbel(seeds: Any, out: Any, start: int, stop: int) -> None:
    for i in range(start, stop):
        for j in range(out.shape[1]):
            out[i, j] = -np.log(-np.log(max(random_unit(seeds, i), LEAST)))


@kernel
def _fill_gamma(seeds: Any, shape: Any, out: Any, start: int, stop: int) -> None:
    for i in range(start, stop):
        for j in range(out.shape[1]):
            out[i, j] = random_gamma(seeds, i, shape[i, j])


@kernel
def _choose(weights: Any, seeds: Any, out: Any, start: int, stop: int) -> None:
    for i in range(start, stop):
        total = 0.0
        for j in range(weights.shape[1]):
            total += np.float64(weights[i, j])
        threshold = random_unit(seeds, i) * total
        passed = 0.0
        for j in range(weights.shape[1]):
            passed += np.float64(weights[i, j])  # summed as above, so that it ends at `total` to the bit
            if passed > threshold:
                out[i] = j
                break


@kernel
def _branch(seeds: Any, keys: Any, out: Any, start: int, stop: int) -> None:
    for i in range(start, stop):
        out[i] = mix(seeds[i] ^ mix(np.uint64(keys[i]) * GOLDEN + MIX_1))


def check_seeds(seeds: Seeds, n: int) -> None:
    """Raises LabError unless `seeds` are the random states of n rows."""
    if not isinstance(seeds, np.ndarray) or seeds.dtype != np.uint64 or seeds.shape != (n,):
        found = f"{seeds.dtype}{list(seeds.shape)}" if isinstance(seeds, np.ndarray) else type(seeds).__name__
        raise LabError(f"seeds must be uint64[{n}], a random state for each row (see seed_states), not {found}.")


def seed_states(numbers: Iterable[int]) -> Seeds:
    """Random states for the numbers people call seeds, which may be neighbours; taken modulo 2**64. Shape [n]."""
    return np.asarray(mix(np.fromiter((int(number) & ALL_BITS for number in numbers), np.uint64)), np.uint64)


def seed_of(first: int, *others: int) -> int:
    """One seed for a tuple of whole numbers >= 0, such as (the run's seed, which game, which ply).

    The same tuple has the same seed; a tuple that differs in any number, or in their order, has an unrelated one.
    """
    state = seed_states([first])
    for number in others:
        state = branch_seeds(state, np.array([number]))
    return int(state[0])


def seeds_from(rng: np.random.Generator, n: int) -> Seeds:
    """Random states drawn from a numpy generator, for code that has one of its own. Shape [n]."""
    return rng.integers(0, 2**64, size=n, dtype=np.uint64)


def draw_seeds(seeds: Seeds) -> Seeds:
    """A fresh random state from each row's, for an episode or a game that has its own. Shape [n]."""
    seeds += GOLDEN
    return np.asarray(mix(seeds), np.uint64)


def branch_seeds(seeds: Seeds, keys: NDArray[np.integer[Any]]) -> Seeds:
    """The random state of each row's branch with that key [n], >= 0, without advancing the row's. Shape [n]."""
    out = np.empty_like(seeds)
    for_slices(lambda start, stop: _branch(seeds, keys, out, start, stop), len(seeds), MIN_DRAWS_PER_THREAD)
    return out


def uniform(seeds: Seeds, columns: int) -> NDArray[np.float64]:
    """Numbers in [0, 1). Shape [n, columns]."""
    return _filled(_fill_uniform, seeds, (len(seeds), columns))


def gumbel(seeds: Seeds, columns: int) -> NDArray[np.float64]:
    """Draws from the standard Gumbel distribution. Shape [n, columns]."""
    return _filled(_fill_gumbel, seeds, (len(seeds), columns))


def normal(seeds: Seeds, columns: int) -> NDArray[np.float64]:
    """Draws from the standard normal distribution. Shape [n, columns]."""
    return _filled(_fill_normal, seeds, (len(seeds), columns))


def gamma(seeds: Seeds, shape: NDArray[np.float64]) -> NDArray[np.float64]:
    """Draws from gamma distributions of those shapes > 0 and scale 1. Shape [n, columns], as `shape`."""
    return _filled(_fill_gamma, seeds, shape.shape, shape)


def choose(weights: NDArray[Any], seeds: Seeds) -> NDArray[np.int64]:
    """A column of each row of weights or of a mask [n, columns], each as likely as it is heavy. Shape [n].

    Never one of weight 0, but in a row where all are: there it is 0.
    """
    out = np.zeros(len(weights), np.int64)
    rows = MIN_DRAWS_PER_THREAD // max(1, weights.shape[1])
    for_slices(lambda start, stop: _choose(weights, seeds, out, start, stop), len(out), rows)
    return out


def _filled(fill: Callable[..., None], seeds: Seeds, size: tuple[int, ...], *parameters: Any) -> NDArray[np.float64]:
    out = np.empty(size)
    rows = MIN_DRAWS_PER_THREAD // max(1, size[1])
    for_slices(lambda start, stop: fill(seeds, *parameters, out, start, stop), len(out), rows)
    return out
