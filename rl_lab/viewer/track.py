"""The numbers of an episode as arrays over its plies, quick to have at every frame of however long an episode."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.agent import Decision
from rl_lab.viewer.frame import Frame

BLOCK = 512  # frames whose numbers are kept together: only the last block of an episode is read anew
Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Track:
    """One number for each of n plies; NaN where nobody has said anything."""

    seats: NDArray[np.int64]
    """[n], who was to act."""
    values: Numbers
    """[n], what that agent expected, from player 0's side."""
    margins: Numbers
    """[n], the margin it expected, from player 0's side."""
    rewards: Numbers
    """[n], what seat 0 received with the state."""
    returns: Numbers
    """[n], what it has received since the start."""

    def values_of(self, seat: int) -> tuple[NDArray[np.intp], Numbers]:
        """(plies, values) of the seat's finite values."""
        return _known(np.where(self.seats == seat, self.values, math.nan))

    def margins_of(self, seat: int) -> tuple[NDArray[np.intp], Numbers]:
        """(plies, margins) of the seat's finite margins."""
        return _known(np.where(self.seats == seat, self.margins, math.nan))


def track_of(frames: Sequence[Frame], decision: Decision | None = None, told: bool = True) -> Track:
    """The numbers of these frames; `decision` is about the last one. Unless `told`, nothing of what agents thought."""
    blocks = [_numbers(tuple(frames[at : at + BLOCK])) for at in range(0, len(frames), BLOCK)]
    table = np.concatenate(blocks)
    # A decision lies in the frame that came of it, and is about the one before.
    thoughts = np.append(table[1:, 3:], [_thoughts(decision, frames[-1].to_play)], axis=0)
    if not told:
        thoughts[:] = math.nan
    return Track(table[:, 0].astype(np.int64), thoughts[:, 0], thoughts[:, 1], table[:, 1], table[:, 2])


@lru_cache(maxsize=512)
def _numbers(frames: tuple[Frame, ...]) -> Numbers:
    """[n, 5]: the seat to act, reward, return, and the two thoughts that led to each frame."""
    return np.array([
        (frame.to_play, frame.rewards[0], frame.returns[0], *_thoughts(frame.decision, frame.seat or 0))
        for frame in frames
    ])  # fmt: skip


def _thoughts(decision: Decision | None, seat: int) -> tuple[float, float]:
    """(value, margin) from player 0's side."""
    if decision is None:
        return math.nan, math.nan
    side = 1 - 2 * seat
    return side * float(decision.value[0]), math.nan if decision.score is None else side * float(decision.score[0])


def _known(numbers: Any) -> tuple[NDArray[np.intp], Numbers]:
    plies = np.flatnonzero(np.isfinite(numbers))
    return plies, numbers[plies]
