"""What a test that stopped by itself says about the difference in strength."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rl_lab.arena.sprt import Sprt, logistic_elo, logistic_score
from rl_lab.arena.stopping import SHORT, Motion
from tests.rl_lab.test_sprt import play_tests, world_with


@pytest.mark.parametrize(
    ("low", "high", "drift", "time", "place"),
    [(-3, 3, 0.02, 100, 3), (-3, 3, 0.1, 30, 3), (-2, 5, -0.05, 40, -2), (-3, 3, 0.0, 60, 0.7), (-1, 4, 0.03, 2, 0.1)],
)
def test_the_chance_of_a_worse_end_is_that_of_simulated_walks(
    low: float, high: float, drift: float, time: float, place: float
) -> None:
    variance, step, walks = 0.05, 0.02, 2500
    rng = np.random.default_rng(0)
    at, ended = np.zeros(walks), np.zeros(walks, np.bool_)
    # A walk that is looked at in steps passes a bound unseen: the bounds are nearer by 0.583 deviations (Siegmund).
    near = 0.583 * math.sqrt(variance * step)
    for _ in range(int(time / step)):
        at += np.where(ended, 0, drift * step + math.sqrt(variance * step) * rng.normal(size=walks))
        ended |= (at <= low + near) | (at >= high - near)
    worse = np.where(ended, at < 0, at < place).mean()
    motion = Motion(low, high, variance, time, place)
    assert motion.worse(drift, variance) == pytest.approx(worse, abs=3 * math.sqrt(0.25 / walks))


def test_reflections_and_waves_agree() -> None:
    # Where either is good, at the time at which the one takes over from the other.
    for place in (-3.0, -1.0, 2.0, 4.0):
        for drift in (-0.3, 0.0, 0.2):
            motion = Motion(-3, 4, 0.5, SHORT * 49 / 0.5, place)
            ways = motion._by_reflection(drift, 0.5), motion._by_waves(drift, 0.5)
            assert ways[0] == pytest.approx(ways[1], abs=1e-4)


def test_more_drift_makes_worse_ends_rarer() -> None:
    for place, time in ((3.0, 20.0), (-3.0, 20.0), (1.0, 500.0), (3.0, 0.5)):
        motion = Motion(-3, 3, 0.1, time, place)
        chances = [motion.worse(drift, 0.1) for drift in np.linspace(-20, 20, 81)]
        assert (np.diff(chances) <= 1e-9).all()
        assert (chances[0], chances[-1]) == pytest.approx((1, 0), abs=1e-6)
        low, middle, high = (motion.drift_where(p, -20, 20) for p in (0.975, 0.5, 0.025))
        assert low < middle < high
        assert motion.drift_where(0.5, middle + 1, 20) == middle + 1


@pytest.mark.parametrize("true", [-50, 0, 50, 100, 150])
def test_estimates_are_neither_high_nor_low_and_intervals_hold(true: float) -> None:
    rng = np.random.default_rng(3)
    ends = play_tests(Sprt(0, 100), world_with(true, 1.0, 1.0, "logistic"), rng)[:400]
    estimates = []
    for counts in ends.astype(np.int64):
        test = Sprt(0, 100)
        test.update(counts)
        assert test.verdict is not None
        estimates.append(test.estimate())
    held = np.mean([e.low <= true <= e.high for e in estimates])
    above = np.mean([e.value > true for e in estimates])
    # Standard errors: 1.1 and 2.5 points. Pairs come whole, so intervals hold a little more often than they say.
    assert held >= 0.93
    assert 0.4 <= above <= 0.6


def test_a_test_that_goes_on_is_estimated_as_it_stands() -> None:
    test = Sprt(-20, 20)
    assert math.isnan(test.estimate().value)
    test.update([3, 20, 60, 26, 4])
    estimate = test.estimate()
    assert test.verdict is None
    mean = np.array([3, 20, 60, 26, 4]) @ np.arange(5) / 4 / 113
    # Had it been better at any time it would have ended: the estimate is not above the plain one.
    assert estimate.low < 0 < estimate.value < logistic_elo(mean) < estimate.high


def test_estimates_of_one_sided_tests() -> None:
    for model, elo1 in (("logistic", 50), ("normalized", 50), ("logistic", 400)):
        for score in (0.0, 0.5, 1.0):
            test = Sprt(0, elo1, model=model)
            while test.verdict is None:
                test.add(score)
                if test.pairs < 20 or test.verdict:
                    estimate = test.estimate()
                    assert estimate.low <= estimate.value <= estimate.high
            assert (test.verdict == "H1") == (score == 1)
            assert (estimate.low > 0) == (score == 1)
    assert logistic_elo(logistic_score(123)) == pytest.approx(123)
    assert (logistic_elo(1), logistic_elo(0)) == (math.inf, -math.inf)
