"""A linear axis with round ticks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

TICKS = 6  # about so many
MARGIN = 0.04  # of the range, beyond the outermost values


@dataclass(frozen=True)
class Axis:
    """Maps [low, high] to positions [start, stop], which may fall."""

    low: float
    high: float
    start: float
    stop: float

    @staticmethod
    def over(values: Sequence[float], start: float, stop: float) -> Axis:
        """An axis with room for all values, of which there is one or more."""
        low, high = min(values), max(values)
        room = MARGIN * (high - low) or 1.0
        return Axis(low - room, high + room, start, stop)

    def place(self, value: float) -> float:
        """Where a value lies."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.stop - self.start)

    @property
    def ticks(self) -> list[float]:
        """Round numbers within the range: multiples of 1, 2 or 5 times a power of ten."""
        raw = (self.high - self.low) / TICKS
        power = 10.0 ** math.floor(math.log10(raw))
        step = power * next(m for m in (1, 2, 5, 10) if m * power >= raw)
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        return [k * step for k in range(first, last + 1)]
