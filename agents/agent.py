"""What acts: an agent looks at a batch of states and decides for each of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from envs.games.game import Game, States


@dataclass
class Decision:
    """What an agent chose for n states, and what it can tell of why. Values are from the side to move, in [-1, 1]."""

    action: NDArray[np.int64]
    """[n], legal in their states."""
    policy: NDArray[np.float32]
    """[n, A], the distribution the agent acted by; zero on illegal actions."""
    value: NDArray[np.float32]
    """[n], what the agent expects of the game; 0 if it has no opinion."""
    prior: NDArray[np.float32] | None = None
    """[n, A], the net's policy before any search."""
    visits: NDArray[np.int32] | None = None
    """[n, A], how often the search tried each action."""
    q: NDArray[np.float32] | None = None
    """[n, A], the search's value of each tried action; NaN where it tried none."""
    variations: list[list[int]] = field(default_factory=list)
    """For each state the line of play the search expects, as actions; empty if the agent does not search."""


class Evaluator(Protocol):
    """Judges positions for a search: a net, or any function of states."""

    def __call__(self, states: States) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(policy logits float32[n, A], value float32[n] in [-1, 1] from the side to move). Rows are not finished."""
        ...


class Agent(ABC):
    """A player. It may keep memory between calls (a search tree), but must be right on any states at any time."""

    def __init__(self, game: Game, name: str) -> None:
        self.game = game
        self.name = name
        """How tables call it: its spec string."""

    @abstractmethod
    def act(self, states: States, rng: np.random.Generator) -> Decision:
        """Decides for n unfinished states; all chance comes from `rng`."""

    def reset(self) -> None:  # noqa: B027 - an agent without memory has nothing to forget
        """Forgets any memory of games in progress."""


def draw_seeds(rng: np.random.Generator, n: int) -> NDArray[np.uint64]:
    """n random states for jitted kernels. Shape [n]."""
    return rng.integers(0, 2**64, size=n, dtype=np.uint64)


def uniform_policy(mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """The uniform distribution over the legal actions. Shape [n, A]."""
    return np.asarray(mask / mask.sum(axis=1, keepdims=True), np.float32)


def sample_actions(policy: NDArray[Any], rng: np.random.Generator) -> NDArray[np.int64]:
    """One action a row, drawn by inverse transform from unnormalised weights [n, A]; never one of weight zero."""
    cumulative = np.cumsum(policy, axis=1, dtype=np.float64)
    threshold = rng.random(len(policy)) * cumulative[:, -1]
    return np.asarray((cumulative > threshold[:, None]).argmax(axis=1))
