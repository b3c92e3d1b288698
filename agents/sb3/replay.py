"""What DQN remembers: the last steps of n environments, each state once, with its legal actions.

A state's successor is the next row of its slot, so observations and masks are stored once, not twice. The last step of
a truncated episode has no successor there (the next row begins another episode), and is the only kind that is never
learned from; returns over several steps end before it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3.common.buffers import BaseBuffer, ReplayBuffer


class Batch(NamedTuple):
    """b steps, for the target returns + discounts * Q(next_observations)."""

    observations: NDArray[np.generic]
    """[b, ...]."""
    actions: NDArray[np.int64]
    """[b]."""
    returns: NDArray[np.float32]
    """[b]: the discounted sum of the next rewards."""
    discounts: NDArray[np.float32]
    """[b]: gamma to the number of those rewards; 0 if the episode terminated among them."""
    next_observations: NDArray[np.generic]
    """[b, ...]: what was seen after those rewards; of some other episode where the discount is 0."""
    next_masks: NDArray[np.bool_] | None
    """[b, A]: the actions that were legal then; None if all always are."""
    weights: NDArray[np.float32]
    """[b]: 0 for the last steps of truncated episodes, which teach nothing; else 1."""


class StepReplay(ReplayBuffer):
    """A ring of `buffer_size // n_envs` rows of one step in each environment; row `pos` holds the newest states."""

    def __init__(
        self,
        buffer_size: int,
        observation_space: spaces.Space[object],
        action_space: spaces.Discrete,
        device: torch.device | str = "auto",
        n_envs: int = 1,
        optimize_memory_usage: bool = False,
        *,
        n_step: int,
        gamma: float,
        masked: bool,
    ) -> None:
        """The first six are stable-baselines3's; `masked` says that `add` gets legal actions."""
        BaseBuffer.__init__(self, buffer_size, observation_space, action_space, device, n_envs)
        # A ring must hold a whole return and the state after it.
        self.buffer_size = max(buffer_size // n_envs, n_step + 1)
        self.n_step, self.gamma, self.masked = n_step, gamma, masked
        self.num_actions = int(action_space.n)
        shape = (self.buffer_size, n_envs)
        self.observations = np.zeros((*shape, *self.obs_shape), observation_space.dtype)
        self.masks = np.zeros((*shape, (self.num_actions + 7) // 8 if masked else 0), np.uint8)
        """Legal actions, one bit each."""
        self.actions = np.zeros(shape, np.int64)
        self.rewards = np.zeros(shape, np.float32)
        self.terminated = np.zeros(shape, np.bool_)
        self.truncated = np.zeros(shape, np.bool_)

    def add(  # type: ignore[override]  # a step is told with masks, and without infos
        self,
        observations: NDArray[np.generic],
        actions: NDArray[np.integer],
        rewards: NDArray[np.float32],
        terminated: NDArray[np.bool_],
        truncated: NDArray[np.bool_],
        next_observations: NDArray[np.generic],
        masks: NDArray[np.bool_] | None = None,
        next_masks: NDArray[np.bool_] | None = None,
    ) -> None:
        """One step in each environment; where it ended an episode, what is next is the beginning of another."""
        here, after = self.pos, (self.pos + 1) % self.buffer_size
        for row, seen, legal in ((here, observations, masks), (after, next_observations, next_masks)):
            self.observations[row] = seen.reshape(self.observations[row].shape)
            if legal is not None:
                self.masks[row] = np.packbits(legal, axis=1)
        self.actions[here], self.rewards[here] = actions, rewards
        self.terminated[here], self.truncated[here] = terminated, truncated
        self.pos = after
        self.full = self.full or after == 0

    def cut(self) -> None:
        """The episodes in progress will not go on: their last steps are as if truncated."""
        last = self.pos - 1
        if self.size() > 0:
            self.truncated[last] = ~self.terminated[last]

    def size(self) -> int:
        """Rows that can be learned from: not the newest, whose actions are still to come."""
        return self.buffer_size - 1 if self.full else self.pos

    def draw(self, batch_size: int, rng: np.random.Generator) -> Batch:
        """Steps at random, all equally likely."""
        oldest = self.pos + 1 if self.full else 0
        rows = (oldest + rng.integers(self.size(), size=batch_size)) % self.buffer_size
        return self.batch(rows, rng.integers(self.n_envs, size=batch_size))

    def batch(self, rows: NDArray[np.int64], slots: NDArray[np.int64]) -> Batch:
        """The steps in those rows and slots, each with up to n_step rewards.

        A return ends with its episode, or where what is remembered ends.
        """
        ahead = np.arange(self.n_step)
        path = (rows[:, None] + ahead) % self.buffer_size, slots[:, None]
        terminated, truncated = self.terminated[path], self.truncated[path]
        known = ahead < (self.pos - rows)[:, None] % self.buffer_size
        ended = (terminated | truncated).cumsum(axis=1) - (terminated | truncated)  # before this step
        counts = known & ~truncated & (ended == 0)
        powers = np.float32(self.gamma) ** np.arange(self.n_step + 1, dtype=np.float32)
        length = counts.sum(axis=1)
        after = (rows + length) % self.buffer_size
        return Batch(
            observations=self.observations[rows, slots],
            actions=self.actions[rows, slots],
            returns=(self.rewards[path] * powers[:-1] * counts).sum(axis=1),
            discounts=powers[length] * ~(terminated & counts).any(axis=1),
            next_observations=self.observations[after, slots],
            next_masks=self._unpacked(after, slots),
            weights=(length > 0).astype(np.float32),
        )

    def _unpacked(self, rows: NDArray[np.int64], slots: NDArray[np.int64]) -> NDArray[np.bool_] | None:
        if not self.masked:
            return None
        return np.unpackbits(self.masks[rows, slots], axis=1, count=self.num_actions).astype(np.bool_)
