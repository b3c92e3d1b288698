"""What a test that stopped by itself says about the difference: estimates that allow for the stopping.

A match that ends when its score is good overstates the difference on average. Here a possible end counts as the better
the earlier the upper bound was passed, and as the worse the earlier the lower one was (stagewise ordering; Siegmund
1978). The estimate is the mean at which the end seen would be the median one, the interval's ends are the means at
which it would be among the best or worst 2.5%. Sums of scores are taken for Brownian motion with a drift.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import log_ndtr

TERMS = 40
SHORT = 0.02  # in widths^2 / variance: up to then one reflection tells all, from then on the first TERMS waves


@dataclass(frozen=True)
class Motion:
    """Brownian motion from 0 between two bounds, and where it was seen: at a bound if it has stopped."""

    low: float
    """Below 0."""
    high: float
    """Above 0."""
    variance: float
    """Per unit of time, around the mean seen."""
    time: float
    place: float

    def worse(self, drift: float, variance: float) -> float:
        """The probability of a worse end than the one seen: beneath it at that time, or at the lower bound before."""
        short = variance * self.time < SHORT * (self.high - self.low) ** 2
        chance = self._by_reflection(drift, variance) if short else self._by_waves(drift, variance)
        return min(max(chance, 0.0), 1.0)

    def drift_where(self, probability: float, low: float, high: float) -> float:
        """The drift in [low, high] at which a worse end has that probability; low or high if it is beyond those."""

        def excess(drift: float) -> float:
            # Two games of a pair, won or lost, vary more around a mean of 1/2 than around the one seen: by half of the
            # squared distance. Wilson's interval does so for single games, and so keeps its ends within reach.
            shift = drift - self.place / self.time
            return self.worse(drift, self.variance + shift**2 / 2) - probability

        if excess(low) <= 0:
            return low
        if excess(high) >= 0:
            return high
        return float(brentq(excess, low, high))

    def _by_reflection(self, drift: float, variance: float) -> float:
        """The normal distribution, with its image behind either bound (Siegmund 1985, chapter III)."""
        deviation, fall = math.sqrt(variance * self.time), self.place - drift * self.time
        images = (
            _exp_normal(0.0, fall / deviation),
            _exp_normal(2 * drift * self.low / variance, (2 * self.low - fall) / deviation),
            -_exp_normal(2 * drift * self.high / variance, (fall - 2 * self.high) / deviation),
        )
        return sum(images)

    def _by_waves(self, drift: float, variance: float) -> float:
        """The chance to reach the lower bound ever, corrected by what happens after `time`.

        The correction is the series of eigenfunctions of the heat equation between absorbing bounds.
        """
        width, start, end = self.high - self.low, -self.low, self.place - self.low
        rate = drift / variance
        waves = np.arange(1, TERMS + 1) * math.pi / width
        decay = rate * (end - start) - variance * self.time * (waves**2 + rate**2) / 2
        shape = np.sin(waves * start) * (rate * np.sin(waves * end) - waves * np.cos(waves * end))
        series = 2 / width * np.sum(np.exp(decay) * shape / (waves**2 + rate**2))
        return float(_reaches_low(rate, start, width) + series)


def _reaches_low(rate: float, start: float, width: float) -> float:
    """The chance to reach 0 before `width` from `start`, with a drift of `rate` variances."""
    if abs(rate * width) < 1e-9:
        return 1 - start / width
    if rate > 0:
        return math.exp(-2 * rate * start) * math.expm1(-2 * rate * (width - start)) / math.expm1(-2 * rate * width)
    return 1 - math.exp(2 * rate * (width - start)) * math.expm1(2 * rate * start) / math.expm1(2 * rate * width)


def _exp_normal(exponent: float, quantile: float) -> float:
    """exp(exponent) times the normal distribution function, where either alone would be out of range."""
    return math.exp(exponent + float(log_ndtr(quantile)))
