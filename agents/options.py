"""Options of agents that play by rules, search, a net or a policy. No heavy imports: reading a spec needs no torch."""

from __future__ import annotations

import math
from dataclasses import dataclass

from envs.errors import LabError

MAX_SIMULATIONS = 1_000_000
MAX_LEAVES = 256
MAX_SECONDS = 86_400.0
DEFAULT_SIMULATIONS = 64


def check_range(what: str, value: float, low: float, high: float) -> None:
    """Raises LabError unless low <= value <= high; NaN is not."""
    if not low <= value <= high:
        raise LabError(f"{what} must be {low} to {high}, not {value}.")


@dataclass(frozen=True)
class NoOptions:
    """For agents that have nothing to set."""


@dataclass(frozen=True)
class AlphaBetaOptions:
    """Options of `alphabeta`."""

    depth: int = 4
    """How many plies it searches, 1 to 64."""


@dataclass(frozen=True)
class RolloutOptions:
    """Options of `rollout`."""

    simulations: int = 200
    """Random games a move, 1 to 1,000,000."""

    def __post_init__(self) -> None:
        check_range("simulations of agent 'rollout'", self.simulations, 1, MAX_SIMULATIONS)


@dataclass(frozen=True)
class AlphaZeroOptions:
    """Options of `alphazero`."""

    simulations: int | None = None
    """Simulations a move, 1 to 1,000,000; by default 64, or as many as there is time for if `time` is given."""
    time: float = 0.0
    """Seconds a move, 0 for no clock. With `simulations` beside it, whichever comes first ends the search."""
    resign: str = ""
    """Below which value of a position, -1 to 0, it resigns; `auto`: below that which training has found safe, for nets
    that know it. By default never."""
    leaves: int = 0
    """Simulations that are evaluated together, 1 to 256; 0: chosen by the number of simulations."""

    def __post_init__(self) -> None:
        what = "of agent 'alphazero'"
        if self.simulations is not None:
            check_range(f"simulations {what}", self.simulations, 1, MAX_SIMULATIONS)
        check_range(f"leaves {what}", self.leaves, 0, MAX_LEAVES)
        if not 0 <= self.time <= MAX_SECONDS:
            raise LabError(f"time {what} must be 0 (no clock) to {MAX_SECONDS:g} seconds, not {self.time:g}.")
        if self.resign not in ("", "auto"):
            self._resign_value()

    @property
    def resign_below(self) -> float | None:
        """The value below which it resigns; None for never and for "auto"."""
        return None if self.resign in ("", "auto") else self._resign_value()

    @property
    def budget(self) -> int | None:
        """Simulations a move; None: as many as there is time for."""
        return DEFAULT_SIMULATIONS if self.simulations is None and not self.time else self.simulations

    @property
    def text(self) -> str:
        """What a spec says of them in its canonical spelling, without what is not given."""
        given = {
            "simulations": self.budget,
            "time": f"{self.time:g}" if self.time else None,
            "resign": self.resign or None,
            "leaves": self.leaves or None,
        }
        return ",".join(f"{key}={value}" for key, value in given.items() if value is not None)

    def _resign_value(self) -> float:
        try:
            value = float(self.resign)
        except ValueError:
            value = math.nan
        if not -1 <= value <= 0:
            raise LabError(
                f"resign of agent 'alphazero' must be a value from -1 to 0, or auto, not '{self.resign}'; "
                "without it the agent never resigns."
            )
        return value


@dataclass(frozen=True)
class PolicyOptions:
    """Options of `ppo` and `dqn`."""

    sample: bool = False
    """Whether it acts by chance, as it did when it learned; else it does what seems best."""
    trust: bool = False
    """Whether to read a zip of stable-baselines3, which can run any code."""
