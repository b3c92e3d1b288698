"""Pairs of games from one opening with colours swapped, as the five scores that a pair can have."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from rl_lab.arena.play import GameRecord

PAIR_SCORES = np.arange(5) / 4
"""The mean score of a pair: 0, 1/4, 1/2, 3/4 or 1."""


def pair_scores(records: Iterable[GameRecord], agent: str, opponent: str) -> list[float]:
    """The agent's mean score in each complete pair against the opponent, in the order of the pairs' numbers.

    A pair is two games with the same pair number, one with either colour; a game without its partner is left out.
    """
    games: dict[int, tuple[list[float], list[float]]] = defaultdict(lambda: ([], []))
    for record in records:
        if set(record.agents) == {agent, opponent}:
            player = record.agents.index(agent)
            games[record.pair][player].append(record.score(player))
    return [(one + other) / 2 for _, seats in sorted(games.items()) for one, other in zip(*seats, strict=False)]


def pentanomial(records: Iterable[GameRecord], agent: str, opponent: str) -> NDArray[np.int64]:
    """How many complete pairs gave the agent each of PAIR_SCORES against the opponent. Shape [5]."""
    scores = np.array(pair_scores(records, agent, opponent))
    return np.bincount((4 * scores).astype(np.int64), minlength=5)
