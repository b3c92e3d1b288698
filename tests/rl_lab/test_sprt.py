"""The sequential test: the same numbers as fishtest's, and errors no more often than promised."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import brentq

from envs.errors import LabError
from rl_lab.arena.pairs import PAIR_SCORES, pair_scores, pentanomial
from rl_lab.arena.sprt import LIMITS, NORMALIZED_ELO, EloModel, Sprt, log_likelihood_ratio, logistic_score
from tests.rl_lab.tournaments import NODES, WEIGHTS, game, outcome_probabilities

RUNS = {"logistic": 1500, "normalized": 500}


def pair_chances(difference: float, nu: float, bias: float) -> NDArray[np.float64]:
    """The chances of the five pair scores between players so many nats apart, from openings of random bias."""
    nodes, weights = (NODES, WEIGHTS / WEIGHTS.sum()) if bias else (np.zeros(1), np.ones(1))
    chances = np.zeros(5)
    for node, weight in zip(nodes, weights, strict=True):
        one, other = (outcome_probabilities(np.array(difference + bias * s * node), nu) for s in (1, -1))
        chances += weight * np.convolve(one, other)
    return chances / chances.sum()


def elo_of(chances: NDArray[np.float64], model: EloModel) -> float:
    mean = chances @ PAIR_SCORES
    if model == "logistic":
        return 400 * math.log10(mean / (1 - mean))
    deviation = math.sqrt(chances @ PAIR_SCORES**2 - mean**2)
    return (mean - 0.5) / (math.sqrt(2) * deviation) * NORMALIZED_ELO


def world_with(elo: float, nu: float, bias: float, model: EloModel) -> NDArray[np.float64]:
    """The chances of pair scores where the difference is `elo`, as the model counts it."""
    difference = brentq(lambda d: elo_of(pair_chances(d, nu, bias), model) - elo, -20, 20)
    return pair_chances(difference, nu, bias)


def play_tests(test: Sprt, chances: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """The counts of pair scores with which tests like that end, [RUNS, 5]."""
    counts = np.zeros((RUNS[test.model], 5))
    running = np.arange(len(counts))
    while len(running):
        counts[running, rng.choice(5, len(running), p=chances)] += 1
        ratio = log_likelihood_ratio(counts[running], test.elo0, test.elo1, test.model)
        running = running[(ratio < test.upper) & (ratio > test.lower)]
    return counts


def verdicts(test: Sprt, chances: NDArray[np.float64], rng: np.random.Generator) -> tuple[float, float, float]:
    """How often H0 and H1 are accepted, and the mean number of pairs."""
    counts = play_tests(test, chances, rng)
    accepted = log_likelihood_ratio(counts, test.elo0, test.elo1, test.model) > 0
    return float((~accepted).mean()), float(accepted.mean()), float(counts.sum(1).mean())


# How often games are drawn among equals is nu / (2 + nu); a bias of 3 nats lets most openings decide both games.
@pytest.mark.parametrize(
    ("elo0", "elo1", "nu", "bias", "model"),
    [
        (0, 100, 0.0, 0.0, "logistic"),
        (-50, 50, 2.0, 0.0, "logistic"),
        (0, 100, 0.0, 3.0, "logistic"),
        (0, 60, 4.0, 2.0, "logistic"),
        (0, 150, 1.0, 1.0, "normalized"),
    ],
)
def test_errors_are_no_more_frequent_than_promised(
    elo0: float, elo1: float, nu: float, bias: float, model: EloModel
) -> None:
    test = Sprt(elo0, elo1, 0.05, 0.05, model)
    rng = np.random.default_rng(1)
    margin = 0.05 + 2 * math.sqrt(0.05 * 0.95 / RUNS[model])  # two standard errors of what is counted here
    _, false_positives, at_h0 = verdicts(test, world_with(elo0, nu, bias, model), rng)
    false_negatives, _, at_h1 = verdicts(test, world_with(elo1, nu, bias, model), rng)
    assert false_positives <= margin
    assert false_negatives <= margin
    # Clear cases are safer and shorter; the test is not just timid.
    _, wrong, clear = verdicts(test, world_with(elo0 - (elo1 - elo0), nu, bias, model), rng)
    assert wrong < false_positives
    assert clear < at_h0
    assert max(at_h0, at_h1) < 60


def test_uneven_error_rates() -> None:
    test = Sprt(0, 120, alpha=0.01, beta=0.2)
    rng = np.random.default_rng(2)
    _, false_positives, _ = verdicts(test, world_with(0, 1, 0, "logistic"), rng)
    false_negatives, _, _ = verdicts(test, world_with(120, 1, 0, "logistic"), rng)
    assert false_positives <= 0.01 + 2 * math.sqrt(0.01 * 0.99 / RUNS["logistic"])
    assert 0.05 < false_negatives <= 0.2 + 2 * math.sqrt(0.2 * 0.8 / RUNS["logistic"])


# Counts, elo0, elo1, and what fishtest (server/fishtest/stats/LLRcalc.py, LLR_logistic and LLR_normalized) gives.
FISHTEST = [
    ([6, 70, 180, 80, 14], 0, 5, 0.9288892321680832, 0.5840896027215144),
    ([6, 70, 180, 80, 14], 20, 60, -17.36989095762683, -4.089012581388749),
    ([1, 5, 30, 9, 2], -10, 10, 1.2057026481158264, 0.6495421279758564),
    ([0, 3, 12, 4, 0], 20, 60, -1.8993589881348785, -0.23232045948698365),
    ([10, 0, 80, 0, 12], 0, 5, 0.08458244247766579, 0.06655583191023452),
    ([500, 9000, 21000, 9300, 550], -10, 10, 82.19796226794182, 43.60348092575004),
]


@pytest.mark.parametrize(("counts", "elo0", "elo1", "logistic", "normalized"), FISHTEST)
def test_fishtest_gives_the_same_ratio(
    counts: list[int], elo0: float, elo1: float, logistic: float, normalized: float
) -> None:
    assert log_likelihood_ratio(counts, elo0, elo1) == pytest.approx(logistic, rel=1e-9)
    assert log_likelihood_ratio(counts, elo0, elo1, "normalized") == pytest.approx(normalized, rel=1e-9)


def test_it_decides_when_a_bound_is_passed_and_stays_with_it() -> None:
    test = Sprt(0, 50)
    assert (test.verdict, test.llr, test.pairs) == (None, 0.0, 0)
    while test.verdict is None:
        before = test.llr
        test.add(1.0)
        assert test.llr > before
    assert test.verdict == "H1"
    assert test.llr >= -math.log(0.05) > before
    llr = test.llr
    pairs = test.pairs
    for _ in range(200):
        test.add(0.0)
    assert (test.verdict, test.llr, test.pairs) == ("H1", llr, pairs)


def test_pairs_one_by_one_or_together_give_the_same_ratio() -> None:
    one, together = Sprt(-5, 5), Sprt(-5, 5)
    for score in [0.5] * 6 + [0.75] * 3 + [0.25] * 2 + [1.0]:
        one.add(score)
    together.update([0, 2, 6, 3, 1])
    assert one.llr == together.llr != 0


def test_swapping_sides_turns_the_sign() -> None:
    counts = np.array([3, 10, 30, 14, 6])
    models: tuple[EloModel, ...] = ("logistic", "normalized")
    for model in models:
        ratio = float(log_likelihood_ratio(counts, 0, 7, model))
        assert float(log_likelihood_ratio(counts[::-1], -7, 0, model)) == pytest.approx(-ratio)
        assert log_likelihood_ratio(np.stack([counts, 0 * counts]), 0, 7, model).tolist() == pytest.approx([ratio, 0])


def test_one_sided_results_do_not_break_it() -> None:
    for model, limit in LIMITS.items():
        for elo0, elo1 in ((0, 5), (-limit, limit), (limit - 9, limit), (-limit, 9 - limit)):
            for pairs in (1, 1000):
                lost, *between, won = log_likelihood_ratio(pairs * np.eye(5), elo0, elo1, model)
                assert lost < 0 < won
                assert np.isfinite(between).all()


def test_pairs_from_records() -> None:
    records = [
        game("a", "b", 3, 1),  # won
        game("b", "a", 3, 0),  # drawn
        game("b", "a", 1, -1),  # won
        game("a", "b", 1, 1),  # won
        game("a", "b", 2, 1),  # alone
        game("a", "c", 2, -1),
        game("c", "a", 2, -1),
    ]
    assert pair_scores(records, "a", "b") == [1.0, 0.75]
    assert pentanomial(records, "b", "a").tolist() == [1, 1, 0, 0, 0]
    assert pentanomial(records, "b", "c").tolist() == [0] * 5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((5, 0), "elo0 must be below elo1"),
        ((0, 0), "elo0 must be below elo1"),
        ((0, math.nan), "elo0 must be below elo1"),
        ((0, 5000), "both from -1000 to 1000"),
        ((0, 600, 0.05, 0.05, "normalized"), "both from -500 to 500"),
        ((0, 5, 0.0), "alpha must be above 0"),
        ((0, 5, 0.05, 0.7), "beta must be above 0 and below 0.5"),
        ((0, 5, math.nan), "alpha must be"),
        ((0, 5, 0.05, 0.05, "bayes"), "'logistic' or 'normalized', not 'bayes'"),
    ],
)
def test_numbers_that_make_no_test_are_refused(arguments: tuple[Any, ...], message: str) -> None:
    with pytest.raises(LabError, match=message):
        Sprt(*arguments)


def test_scores_that_no_pair_has_are_refused() -> None:
    test = Sprt(0, 5)
    for score in (0.3, -1, 2, math.nan):
        with pytest.raises(LabError, match="mean score of a pair"):
            test.add(score)
    wrong: list[Any] = [[1, 2, 3], [1, 2, 3, 4, -5], [0.5] * 5]
    for counts in wrong:
        with pytest.raises(LabError, match="five whole numbers"):
            test.update(counts)
    assert test.pairs == 0
    assert logistic_score(0) == 0.5
