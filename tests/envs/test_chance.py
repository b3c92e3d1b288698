"""Chance against what is known of it: SplitMix64's own outputs, moments of distributions, and rows that keep apart."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from envs import chance
from envs.chance import Seeds, branch_seeds, choose, draw_seeds, gamma, gumbel, seed_of, seed_states, uniform
from envs.jit import kernel
from envs.parallel import set_num_threads

N = 200_000

# The first outputs of Vigna's splitmix64.c (https://prng.di.unimi.it/splitmix64.c).
SPLITMIX64 = {
    0: [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F, 0xF88BB8A8724C81EC],
    1234567: [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431],
}


@pytest.mark.parametrize("state", SPLITMIX64)
def test_the_generator_is_splitmix64(state: int) -> None:
    seeds = np.array([state], np.uint64)
    assert [int(draw_seeds(seeds)[0]) for _ in range(4)] == SPLITMIX64[state]
    seeds = np.array([state], np.uint64)
    assert uniform(seeds, 4)[0].tolist() == [(output >> 11) / 2**53 for output in SPLITMIX64[state]]


def assert_even(draws: NDArray[np.integer], bound: int) -> None:
    """Pearson's test: the squared deviations from equal counts stay below the mean plus five standard deviations."""
    counts = np.bincount(draws.ravel(), minlength=bound)
    assert len(counts) == bound
    expected = draws.size / bound
    assert ((counts - expected) ** 2 / expected).sum() < bound - 1 + 5 * np.sqrt(2 * (bound - 1))


def assert_moments(draws: NDArray[np.float64], mean: float, variance: float) -> None:
    """Both within five standard errors (that of the variance as the sample has it)."""
    assert abs(draws.mean() - mean) < 5 * np.sqrt(variance / draws.size)
    squares = (draws - mean) ** 2
    assert abs(squares.mean() - variance) < 5 * squares.std() / np.sqrt(draws.size)


@pytest.mark.parametrize("first", [0, 2**63])
def test_neighbouring_seeds_are_unrelated(first: int) -> None:
    """The first draws of rows seeded 0, 1, 2, ... are as even as the draws of one row, alone and in pairs."""
    draws = uniform(seed_states(range(first, first + N)), 2)
    assert_moments(draws, 1 / 2, 1 / 12)
    cells = (draws * 16).astype(np.int64)
    assert_even(cells[:, 0], 16)
    assert_even(cells[:, 0] * 16 + cells[:, 1], 256)
    assert_even(cells[:-1, 0] * 16 + cells[1:, 0], 256)


def test_one_row_is_even_and_its_draws_are_unrelated() -> None:
    cells = (uniform(seed_states([1]), N)[0] * 64).astype(np.int64)
    assert_even(cells, 64)
    assert_even((cells // 4)[:-1] * 16 + (cells // 4)[1:], 256)


@kernel
def fill(draw: int, seeds: Seeds, out: NDArray[np.float64]) -> None:
    """Draws from the jitted functions that have no batch function."""
    for i in range(len(out)):
        out[i] = chance.random_below(seeds, i, 7) if draw == 0 else chance.random_normal(seeds, i)


def test_random_below_and_random_normal() -> None:
    seeds, out = seed_states(range(N)), np.empty(N)
    fill(0, seeds, out)
    assert_even(out.astype(np.int64), 7)
    fill(1, seeds, out)
    assert_moments(out, 0, 1)
    assert_moments((abs(out) < 1).astype(float), 0.682689, 0.682689 * 0.317311)
    assert_moments(out**4, 3, 96)


@pytest.mark.parametrize("shape", [0.05, 0.5, 1.0, 3.0, 40.0])
def test_gamma_has_its_moments(shape: float) -> None:
    draws = gamma(seed_states(range(N // 10)), np.full((N // 10, 10), shape))
    assert (draws >= 0).all()
    assert_moments(draws, shape, shape)
    if shape == 1.0:  # the exponential distribution
        assert_moments((draws < 1).astype(float), 1 - np.exp(-1), np.exp(-1) * (1 - np.exp(-1)))


def test_gumbel_has_its_moments() -> None:
    draws = gumbel(seed_states(range(N // 10)), 10)
    assert_moments(draws, np.euler_gamma, np.pi**2 / 6)
    assert_moments((draws < 0).astype(float), np.exp(-1), np.exp(-1) * (1 - np.exp(-1)))


def test_choose_is_as_likely_as_the_weight() -> None:
    weights = np.array([0, 3, 0, 1, 4, 0], np.float32)
    counts = np.bincount(choose(np.tile(weights, (N, 1)), seed_states(range(N))), minlength=6)
    assert (counts[weights == 0] == 0).all()
    np.testing.assert_allclose(counts / N, weights / 8, atol=5 * np.sqrt(0.25 / N))
    mask = np.tile([True, False, True, True, False, True, True], (N, 1))
    assert_even(np.searchsorted(np.flatnonzero(mask[0]), choose(mask, seed_states(range(N)))), 5)


@settings(deadline=None)  # the first example may compile
@given(st.lists(st.one_of(st.just(0.0), st.floats(1e-30, 1e30)), min_size=1, max_size=9), st.integers(0, 2**64 - 1))
def test_choose_never_takes_a_weight_of_zero(weights: list[float], seed: int) -> None:
    column = int(choose(np.array([weights]), np.array([seed], np.uint64))[0])
    assert weights[column] > 0 or (not any(weights) and column == 0)


DRAWS: dict[str, Callable[[Seeds], NDArray[np.generic]]] = {
    "uniform": lambda seeds: uniform(seeds, 9),
    "gumbel": lambda seeds: gumbel(seeds, 9),
    "gamma": lambda seeds: gamma(seeds, np.full((len(seeds), 9), 0.3)),
    "choose": lambda seeds: choose(np.ones((len(seeds), 90)), seeds),
    "draw_seeds": draw_seeds,
    "branch_seeds": lambda seeds: branch_seeds(seeds, np.full(len(seeds), 5)),
}


@pytest.mark.parametrize("name", DRAWS)
def test_a_row_draws_the_same_in_any_batch_slot_and_number_of_threads(name: str) -> None:
    n = 40_000  # more than one thread's share of any function
    seeds, backwards = seed_states(range(n)), seed_states(range(n - 1, -1, -1))
    together = DRAWS[name](seeds)
    set_num_threads(4)
    try:
        np.testing.assert_array_equal(DRAWS[name](backwards)[::-1], together)
    finally:
        set_num_threads(1)
    np.testing.assert_array_equal(backwards[::-1], seeds)
    for row in (0, 1, n - 1):
        alone = seed_states([row])
        np.testing.assert_array_equal(DRAWS[name](alone)[0], together[row])
        assert alone[0] == seeds[row]
    assert len(np.unique(together, axis=0)) == (n if name != "choose" else 90)
    # A second call goes on where the first one ended; a branch alone is always the same.
    assert (DRAWS[name](seeds) == together).all() == (name == "branch_seeds")


def test_branches_are_unrelated_and_leave_the_row_as_it_is() -> None:
    seeds = seed_states([7]).repeat(N)
    before = seeds.copy()
    branches = branch_seeds(seeds, np.arange(N))
    np.testing.assert_array_equal(seeds, before)
    assert len(np.unique(branches)) == N
    cells = (uniform(branches, 1)[:, 0] * 16).astype(np.int64)
    assert_even(cells[:-1] * 16 + cells[1:], 256)
    # Row r's branch k and row k's branch r are not the same, nor is a branch its row.
    table = [branch_seeds(seed_states(range(50)), np.full(50, key)) for key in range(50)]
    assert len(np.unique([*table, seed_states(range(50))])) == 51 * 50


def test_a_tuple_of_numbers_is_a_seed() -> None:
    seeds = [seed_of(*numbers) for numbers in np.ndindex(8, 8, 8)] + [seed_of(*numbers) for numbers in np.ndindex(8, 8)]
    assert len(set(seeds)) == 8**3 + 8**2
    assert seed_of(3, 4) == seed_of(3, 4)
    assert seed_of(3) == seed_states([3])[0]


def test_any_whole_number_is_a_seed() -> None:
    numbers = [0, -1, 2**63, 2**64 - 2, np.int64(-3)]
    assert len(set(seed_states(numbers).tolist())) == len(numbers)
    assert seed_states([2**64 + 5]) == seed_states([5]) == seed_states(np.array([5], np.int32))
    assert len(seed_states([])) == 0
