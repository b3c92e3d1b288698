"""What self-play found, kept for learning: positions in a ring, drawn from a window that grows.

A size of board has a ring of its own, so nothing is padded: a batch to learn from is a small batch of each size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from envs.games.game import Game


@dataclass
class Positions:
    """n positions with what there is to learn from them; all from the side to move."""

    observation: NDArray[np.uint8]
    """[n, C, H, W]"""
    policy: NDArray[np.float32]
    """[n, A], the search's policy."""
    legal: NDArray[np.bool_]
    """[n, A]"""
    outcome: NDArray[np.float32]
    """[n, 3], probabilities of win, draw, loss."""
    ownership: NDArray[np.int8]
    """[n, H, W], who owned each point at the end: +1 the side to move."""
    margin: NDArray[np.float32]
    """[n], the final margin."""
    action: NDArray[np.int16]
    """[n], what was played."""
    action_return: NDArray[np.float32]
    """[n], what that came to: the lambda-return after it, in [-1, 1]."""
    weight: NDArray[np.float32]
    """[n], its chance to be drawn, relative to others; 1 on average over a game."""

    def __len__(self) -> int:
        return len(self.margin)

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """The fields by name."""
        return dict(vars(self))

    def __getitem__(self, index: NDArray[np.integer] | slice) -> Positions:
        return Positions(**{name: array[index] for name, array in vars(self).items()})

    @staticmethod
    def concatenate(parts: Sequence[Positions]) -> Positions:
        """All positions of one or more parts, in order."""
        return Positions(**{name: np.concatenate([vars(part)[name] for part in parts]) for name in vars(parts[0])})

    @staticmethod
    def empty(game: Game, n: int) -> Positions:
        """n positions of zeros, each with a weight of 1."""
        height, width = game.board_shape
        return Positions(
            np.zeros((n, *game.observation_shape), np.uint8),
            np.zeros((n, game.num_actions), np.float32),
            np.zeros((n, game.num_actions), np.bool_),
            np.zeros((n, 3), np.float32),
            np.zeros((n, height, width), np.int8),
            np.zeros(n, np.float32),
            np.zeros(n, np.int16),
            np.zeros(n, np.float32),
            np.ones(n, np.float32),
        )

    def symmetrised(self, game: Game, rng: np.random.Generator) -> Positions:
        """Each position of the game under a random symmetry of it."""
        chosen = rng.integers(len(game.symmetries), size=len(self))
        out = Positions(**{name: array.copy() for name, array in vars(self).items()})
        for k, symmetry in enumerate(game.symmetries):
            rows = np.flatnonzero(chosen == k)
            moved = game.symmetry_actions[k]
            out.observation[rows] = symmetry.apply(self.observation[rows])
            out.ownership[rows] = symmetry.apply(self.ownership[rows])
            out.policy[rows[:, None], moved] = self.policy[rows]
            out.legal[rows[:, None], moved] = self.legal[rows]
            out.action[rows] = moved[self.action[rows]]
        return out


class Replay:
    """A ring of positions. The window is sqrt(played * start), between `start` and `capacity`: as play gets better
    more slowly, older games stay worth learning from for longer (cf. Wu 2019, whose exponent is 0.65).
    """

    def __init__(self, game: Game, start: int, capacity: int) -> None:
        self.game, self.start, self.capacity = game, start, max(start, capacity)
        self.ring = Positions.empty(game, self.capacity)
        self.total = 0
        """Positions ever added."""
        self._cumulative: NDArray[np.float64] | None = None
        """The sums of the weights in the window, from the oldest position on; None when they have to be worked out."""

    @property
    def window(self) -> int:
        """How many of the latest positions learning draws from."""
        grown = int((self.total * self.start) ** 0.5)
        return min(self.total, self.capacity, max(self.start, grown))

    def add(self, positions: Positions) -> None:
        """Appends positions, over the oldest if the ring is full."""
        slots = (self.total + np.arange(len(positions))) % self.capacity
        for name, array in positions.arrays().items():
            getattr(self.ring, name)[slots] = array
        self.total += len(positions)
        self._cumulative = None

    def sample(self, n: int, rng: np.random.Generator) -> Positions:
        """n positions drawn from the window by their weights, with replacement."""
        window = self.window
        if self._cumulative is None:  # once an iteration: a large window takes milliseconds
            self._cumulative = self.ring.weight[self._latest(window)].cumsum(dtype=np.float64)
        drawn = np.searchsorted(self._cumulative, rng.random(n) * self._cumulative[-1], side="right")
        return self.ring[(self.total - window + np.minimum(drawn, window - 1)) % self.capacity]

    def state(self) -> dict[str, NDArray[np.generic]]:
        """All that resuming needs: the window, since it never reaches back to what has left it."""
        return {"total": np.array(self.total), **self.ring[self._latest(self.window)].arrays()}

    def restore(self, state: dict[str, NDArray[np.generic]]) -> None:
        """Takes over what `state` returned."""
        self.total = state["total"].item()
        slots = self._latest(len(state["margin"]))
        for name, array in self.ring.arrays().items():
            array[slots] = state[name]
        self._cumulative = None

    def _latest(self, n: int) -> NDArray[np.int64]:
        """Where the latest n positions lie in the ring, oldest first."""
        return (self.total - n + np.arange(n)) % self.capacity


def draw(replays: Sequence[Replay], n: int, rng: np.random.Generator, symmetries: bool) -> list[Positions]:
    """n positions from the windows of all replays together: a batch of each size of board, none of them empty.

    With `symmetries`, each under a random symmetry of its game.
    """
    windows = np.array([replay.window for replay in replays])
    batches = []
    for replay, count in zip(replays, rng.multinomial(n, windows / windows.sum()), strict=True):
        if count:
            batch = replay.sample(count, rng)
            batches.append(batch.symmetrised(replay.game, rng) if symmetries else batch)
    return batches
