"""Skiers that are optimisers: torch.optim moves the position, and the slope under the skis is the gradient.

Each slot is one torch parameter, so it has its own moments and its own count of steps. What an optimiser would move is
clipped to max_step along each axis, as every skier's step is; where actions are discrete it takes the nearest there is.
The default settings were searched for on training landscapes (scripts/tune_skier.py, docs/worlds.md).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import Parameter
from torch.optim import SGD, Adam, Optimizer

from agents.agent import Agent, Decision
from agents.solo.certain import certain
from agents.solo.options import (
    AdamOptions,
    GradientDescentOptions,
    MomentumOptions,
    NoisyDescentOptions,
    OptimizerOptions,
)
from envs.chance import Seeds, normal
from envs.games.game import States
from envs.solo.skier import Skier


class SkierAgent(Agent):
    """A skier that wants to move by some displacement, whatever the actions are called."""

    def __init__(self, world: Skier, name: str) -> None:
        super().__init__(name)
        self.world = world

    def act(self, states: States, seeds: Seeds) -> Decision:
        """See Agent.act; the policy is one-hot where actions are discrete, the value 0."""
        moves = np.clip(self.displacements(states, seeds) / self.world.max_step, -1, 1)
        value = np.zeros(len(states), np.float32)
        if self.world.actions == "continuous":
            return Decision(moves.astype(np.float32), np.zeros((len(states), 0), np.float32), value)
        available = self.world.moves[:, : self.world.dims]
        action = np.square(moves[:, None] - available).sum(axis=2).argmin(axis=1)
        return certain(action, len(available), value)

    @abstractmethod
    def displacements(self, states: States, seeds: Seeds) -> NDArray[np.float64]:
        """Where each skier would go from its position, were there no limit to its step. Shape [n, dims]."""


class OptimumAgent(SkierAgent):
    """Knows the landscape and goes straight to its lowest point: what nobody who must look for it can surpass."""

    def displacements(self, states: States, seeds: Seeds) -> NDArray[np.float64]:
        """See SkierAgent.displacements."""
        way: NDArray[np.float64] = states["lowest"] - states["position"]
        return way[:, : self.world.dims]


class OptimizerAgent(SkierAgent):
    """An optimiser of torch.optim. Its memory of a slot is fresh unless it made that episode's step before."""

    def __init__(
        self, world: Skier, name: str, make: Callable[[list[Parameter]], Optimizer], noise: float = 0.0
    ) -> None:
        super().__init__(world, name)
        self.make = make
        self.noise = noise
        """The standard deviation of normal noise that is added to the gradient."""
        self.reset()

    def reset(self) -> None:
        """See Agent.reset."""
        self._make_slots(0)

    def _make_slots(self, n: int) -> None:
        """n parameters and their gradients, rows of one tensor each."""
        self._positions, self._gradients = torch.zeros((2, n, self.world.dims), dtype=torch.float64)
        self._slots = [Parameter(row) for row in self._positions]
        for slot, gradient in zip(self._slots, self._gradients, strict=True):
            slot.grad = gradient
        self._next_ply: NDArray[np.integer[Any]] = np.zeros(n, np.int64)
        self._optimizer: Optimizer = self.make(self._slots or [Parameter(torch.zeros(1))])

    def displacements(self, states: States, seeds: Seeds) -> NDArray[np.float64]:
        """See SkierAgent.displacements."""
        if len(states) != len(self._slots):
            self._make_slots(len(states))
        for slot in np.flatnonzero(states["ply"] != self._next_ply):
            self._optimizer.state.pop(self._slots[slot], None)
        self._next_ply = states["ply"] + 1
        observation = self.world.observe(states).astype(np.float64)
        dims = self.world.dims
        start, gradient = observation[:, :dims], observation[:, dims + 1 : 2 * dims + 1]
        if self.noise:
            gradient = gradient + self.noise * normal(seeds, dims)
        self._positions.copy_(torch.from_numpy(start))
        self._gradients.copy_(torch.from_numpy(gradient))
        self._optimizer.step()
        return np.asarray(self._positions.numpy() - start)


def optimizer_agent(world: Skier, options: OptimizerOptions) -> OptimizerAgent:
    """The optimiser that the options are for: torch's SGD, plain, with noise or with momentum, or its Adam."""
    match options:
        case AdamOptions(lr, beta1):
            return OptimizerAgent(world, options.spec, lambda slots: Adam(slots, lr, (beta1, 0.999)))
        case MomentumOptions(lr, momentum):
            return OptimizerAgent(world, options.spec, lambda slots: SGD(slots, lr, momentum))
        case NoisyDescentOptions(lr, noise):
            return OptimizerAgent(world, options.spec, lambda slots: SGD(slots, lr), noise)
        case GradientDescentOptions(lr):
            return OptimizerAgent(world, options.spec, lambda slots: SGD(slots, lr))
