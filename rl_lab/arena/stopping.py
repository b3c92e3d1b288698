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

TERMS = 1000  # of the series; all but the first few are 0 unless the test has hardly begun
REACH = 8.0  # standard errors around the plain mean in which means are looked for


@dataclass(frozen=True)
class Motion:
    """Brownian motion from 0 between two bounds, and where it was seen: at a bound if it has stopped."""

    low: float
    """Below 0."""
    high: float
    """Above 0."""
    variance: float
    """Per unit of time."""
    time: float
    place: float

    def worse(self, drift: float) -> float:
        """The probability of a worse end than the one seen: beneath it at that time, or at the lower bound before.

        The first term is the chance to reach the lower bound ever, the series (eigenfunctions of the heat equation
        between absorbing bounds) corrects it by what happens after `time`.
        """
        width, start, end = self.high - self.low, -self.low, self.place - self.low
        rate = drift / self.variance
        waves = np.arange(1, TERMS + 1) * math.pi / width
        decay = rate * (end - start) - self.variance * self.time * (waves**2 + rate**2) / 2
        shape = np.sin(waves * start) * (rate * np.sin(waves * end) - waves * np.cos(waves * end))
        series = 2 / width * np.sum(np.exp(decay) * shape / (waves**2 + rate**2))
        return float(np.clip(_reaches_low(rate, start, width) + series, 0.0, 1.0))

    def drift_where(self, probability: float) -> float:
        """The drift at which a worse end has that probability, within REACH standard errors of the plain estimate."""
        middle, reach = self.place / self.time, REACH * math.sqrt(self.variance / self.time)
        low, high = middle - reach, middle + reach
        if self.worse(low) <= probability:
            return low
        if self.worse(high) >= probability:
            return high
        return float(brentq(lambda drift: self.worse(drift) - probability, low, high))


def _reaches_low(rate: float, start: float, width: float) -> float:
    """The chance to reach 0 before `width` from `start`, with a drift of `rate` variances."""
    if abs(rate * width) < 1e-9:
        return 1 - start / width
    if rate > 0:
        return math.exp(-2 * rate * start) * math.expm1(-2 * rate * (width - start)) / math.expm1(-2 * rate * width)
    return 1 - math.exp(2 * rate * (width - start)) * math.expm1(2 * rate * start) / math.expm1(2 * rate * width)
