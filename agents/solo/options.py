"""Options of the optimisers (agents/solo/optimizers.py); apart from them, so that reading a spec needs no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from envs.errors import LabError


def check_between(what: str, value: float, low: float, high: float) -> None:
    """Raises LabError unless low <= value <= high; NaN is not."""
    if not low <= value <= high:
        raise LabError(f"{what} must be {low:g} to {high:g}, not {value:g}.")


class _Options:
    """What the options of all optimisers have."""

    name: ClassVar[str]

    @property
    def spec(self) -> str:
        """The spec string of the agent, all options given."""
        values = [f"{key}={value:g}" for key, value in vars(self).items()]
        return f"{self.name}:{','.join(values)}"


@dataclass(frozen=True)
class GradientDescentOptions(_Options):
    """Options of `gd`."""

    name = "gd"

    lr: float = 0.5
    """The learning rate, 0 to 100."""

    def __post_init__(self) -> None:
        check_between("lr of agent 'gd'", self.lr, 0, 100)


@dataclass(frozen=True)
class NoisyDescentOptions(_Options):
    """Options of `sgd_noise`."""

    name = "sgd_noise"

    lr: float = 1.0
    """The learning rate, 0 to 100."""
    noise: float = 0.5
    """The standard deviation of the noise on each slope, 0 to 1,000."""

    def __post_init__(self) -> None:
        check_between("lr of agent 'sgd_noise'", self.lr, 0, 100)
        check_between("noise of agent 'sgd_noise'", self.noise, 0, 1000)


@dataclass(frozen=True)
class MomentumOptions(_Options):
    """Options of `momentum`."""

    name = "momentum"

    lr: float = 0.05
    """The learning rate, 0 to 100."""
    momentum: float = 0.9
    """The share of the last move that goes on, 0 to 1."""

    def __post_init__(self) -> None:
        check_between("lr of agent 'momentum'", self.lr, 0, 100)
        check_between("momentum of agent 'momentum'", self.momentum, 0, 1)


@dataclass(frozen=True)
class AdamOptions(_Options):
    """Options of `adam`."""

    name = "adam"

    lr: float = 0.5
    """The learning rate, 0 to 100."""
    beta1: float = 0.9
    """How slowly the mean of the slopes forgets, 0 to 0.9999."""

    def __post_init__(self) -> None:
        check_between("lr of agent 'adam'", self.lr, 0, 100)
        check_between("beta1 of agent 'adam'", self.beta1, 0, 0.9999)


OptimizerOptions = GradientDescentOptions | NoisyDescentOptions | MomentumOptions | AdamOptions
