"""Simulated tournaments between agents of known strength."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rl_lab.arena.play import GameRecord

ELO = 400 / np.log(10)
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(41)


def outcome_probabilities(x: NDArray[np.float64], nu: float) -> NDArray[np.float64]:
    """Davidson's chances of loss, draw and win at a difference of x nats. Shape [..., 3]."""
    weights = np.stack([np.exp(-x / 2), np.full_like(x, nu), np.exp(x / 2)], axis=-1)
    return weights / weights.sum(-1, keepdims=True)


@dataclass(frozen=True)
class World:
    """Where simulated games come from: ratings in Elo, and what else decides games."""

    elo: tuple[float, ...]
    openings: int
    first_move: float = 0.0
    nu: float = 0.0
    bias: float = 0.0
    """The deviation, in nats, of the advantage that an opening gives the first player."""
    challenger: bool = False
    """Only games with agent 0, instead of all."""

    @property
    def names(self) -> list[str]:
        return [f"agent{i}" for i in range(len(self.elo))]

    @property
    def seats(self) -> NDArray[np.int64]:
        """The games of one opening, [M, 2]."""
        n = len(self.elo)
        pairs = [(a, b) for a in range(n) for b in range(n) if a != b and not (self.challenger and a and b)]
        return np.array(pairs)

    def differences(self) -> NDArray[np.float64]:
        """The advantage in nats of each game's first player from a balanced opening, [M]."""
        elo, seats = np.array(self.elo), self.seats
        return (elo[seats[:, 0]] - elo[seats[:, 1]] + self.first_move) / ELO

    def play(self, rng: np.random.Generator) -> list[GameRecord]:
        bias = rng.normal(0, self.bias, (self.openings, 1))
        chances = outcome_probabilities(self.differences() + bias, self.nu)
        outcomes = (rng.random((*chances.shape[:2], 1)) > np.cumsum(chances, -1)[..., :2]).sum(-1) - 1
        return [
            game(self.names[a], self.names[b], pair, int(outcome), (pair, i))
            for pair, row in enumerate(outcomes)
            for i, ((a, b), outcome) in enumerate(zip(self.seats, row, strict=True))
        ]

    def chances(self) -> NDArray[np.float64]:
        """The mean chances of loss, draw and win of each game over all openings there could be, [M, 3]."""
        x = self.differences()[:, None] + self.bias * NODES
        return np.einsum("mkc,k->mc", outcome_probabilities(x, self.nu), WEIGHTS / WEIGHTS.sum())


def game(first: str, second: str, pair: int, outcome: int, actions: Sequence[int] = (0,)) -> GameRecord:
    """A finished game; the first of two actions or more is the opening."""
    return GameRecord((first, second), pair, min(1, len(actions) - 1), list(actions), [None] * len(actions), outcome)
