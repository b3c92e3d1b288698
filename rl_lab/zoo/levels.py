"""How a net plays at a level: a setting, the policy that it makes of a search, and a ladder of settings to choose from.

A weak player for people should be weak as a person is: it sees the plausible moves, and takes one that is not the best.
So a level draws from what a search found, at a temperature, and only from moves that are not far behind the best:

    share(a)  =  (visits(a) + PRIOR_VISITS * prior(a)) / their sum
    policy    ~  share ** (1 / temperature), where share >= CUT * the greatest, else 0
    policy    =  (1 - mistakes) * policy + mistakes * (all moves equally)

The prior in the share makes few simulations, even one, a smooth beginning: then the net's own taste decides. Only the
weakest levels make `mistakes`, and they are moves on the board: a pass by mistake would be no fun for anyone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.options import MAX_SIMULATIONS, check_range
from envs.jit import kernel
from envs.parallel import for_slices
from rl_lab.zoo.options import LEVELS

PRIOR_VISITS = 4.0
CUT = 0.1
LEAST_TEMPERATURE = 0.01  # below it a draw is the best move, but for numbers too small to hold
MIN_ROWS_PER_THREAD = 256


@dataclass(frozen=True)
class Setting:
    """One way to play."""

    simulations: int
    """Simulations of the search a move, 1 or more."""
    temperature: float = 0.0
    """0 plays the search's best move."""
    mistakes: float = 0.0
    """The share of moves that are drawn from all legal ones, in [0, 1]."""

    def __post_init__(self) -> None:
        check_range("simulations of a level", self.simulations, 1, MAX_SIMULATIONS)
        check_range("temperature of a level", self.temperature, 0, 10)
        check_range("mistakes of a level", self.mistakes, 0, 1)

    @property
    def plays_best(self) -> bool:
        """Whether it always plays the search's best move."""
        return self.temperature == 0 and self.mistakes == 0

    @property
    def text(self) -> str:
        """The setting in a few words."""
        words = [f"{self.simulations} simulation{'s' if self.simulations > 1 else ''}"]
        words += [f"temperature {self.temperature:.2f}"] if self.temperature else []
        words += [f"{100 * self.mistakes:.0f}% mistakes"] if self.mistakes else []
        return ", ".join(words)


def ladder(simulations: int) -> list[Setting]:
    """Settings from nearly random play to the best move of so many simulations, each stronger than the one before."""
    careless = [Setting(1, 1.0, mistakes) for mistakes in (0.9, 0.6, 0.4, 0.25, 0.12)]
    tasteful = [Setting(1, temperature) for temperature in (1.0, 0.6, 0.3)]
    steps = max(1, round(math.log(simulations, 4)))
    searching = [Setting(round(simulations ** (i / steps)), 0.25) for i in range(1, steps)]
    return [*careless, *tasteful, *searching, Setting(simulations)]


def between(settings: Sequence[Setting], place: float) -> Setting:
    """The setting at a place on a ladder, 0 the first; between two rungs simulations change by factors."""
    i = min(int(place), len(settings) - 2)
    low, high, share = settings[i], settings[i + 1], place - i
    return Setting(
        round(low.simulations ** (1 - share) * high.simulations**share),
        round((1 - share) * low.temperature + share * high.temperature, 3),
        round((1 - share) * low.mistakes + share * high.mistakes, 3),
    )


def default_levels(simulations: int) -> list[Setting]:
    """Ten levels at even places of the ladder, for a net that has not been calibrated yet."""
    rungs = ladder(simulations)
    return [between(rungs, float(place)) for place in np.linspace(0, len(rungs) - 1, LEVELS)]


def even_levels(settings: Sequence[Setting], elo: NDArray[np.float64]) -> list[Setting]:
    """Ten settings whose ratings rise evenly from the first of a ladder to its last, read between the rungs.

    `elo` [n] are the measured ratings. A rung that did worse than one below it (by chance, or because the net is no
    better for it) counts as that one.
    """
    rising = np.maximum.accumulate(elo) + 1e-6 * np.arange(len(elo))  # strictly, so that it can be inverted
    targets = np.linspace(rising[0], rising[-1], LEVELS)
    places = np.interp(targets, rising, np.arange(len(elo)))
    return [between(settings, float(place)) for place in places[:-1]] + [settings[-1]]


def soften(
    setting: Setting,
    visits: NDArray[np.int32],
    prior: NDArray[np.float32],
    legal: NDArray[np.bool_],
    has_place: NDArray[np.bool_],
) -> NDArray[np.float32]:
    """The policy of a setting, see above: visits, prior and legal are [n, A], `has_place` [A] says what is a move on
    the board. Shape [n, A], rows sum to 1, zero where illegal."""
    policy = np.empty(prior.shape, np.float32)
    temperature = max(setting.temperature, LEAST_TEMPERATURE)
    arrays = (visits, prior, legal, has_place, temperature, setting.mistakes, policy)
    for_slices(lambda i, j: _soften(*arrays, i, j), len(policy), MIN_ROWS_PER_THREAD)
    return policy


@kernel
def _soften(
    visits: Any, prior: Any, legal: Any, has_place: Any, temperature: Any, mistakes: Any, policy: Any,
    start: int, stop: int,
) -> None:  # fmt: skip
    # A loop and not numpy's power, whose last bit may depend on the place in the array.
    for i in range(start, stop):
        greatest, placed, allowed = 0.0, 0, 0
        for a in range(policy.shape[1]):
            greatest = max(greatest, visits[i, a] + PRIOR_VISITS * prior[i, a])
            allowed += legal[i, a]
            placed += legal[i, a] and has_place[a]
        total = 0.0
        for a in range(policy.shape[1]):
            share = (visits[i, a] + PRIOR_VISITS * prior[i, a]) / greatest
            policy[i, a] = share ** (1 / temperature) if share >= CUT else 0.0
            total += policy[i, a]
        for a in range(policy.shape[1]):
            may_slip = legal[i, a] and (has_place[a] or placed == 0)
            slip = mistakes / (placed if placed > 0 else allowed) if may_slip else 0.0
            policy[i, a] = (1 - mistakes) * policy[i, a] / total + slip
