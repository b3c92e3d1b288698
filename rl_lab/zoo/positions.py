"""Positions to compare nets on."""

from __future__ import annotations

import numpy as np

from envs.chance import seed_states
from envs.games.game import Game, States


def random_positions(game: Game, n: int) -> States:
    """n unfinished positions of random games, from all their plies. Shape [n]."""
    seeds = seed_states(range(n))
    states = game.init(n)
    kept = [states.copy()]
    while not states["terminated"].all():
        game.step(states, game.random_actions(states, seeds))
        kept.append(states[~states["terminated"]].copy())
    found = np.concatenate(kept)
    return found[np.linspace(0, len(found) - 1, n).astype(np.int64)]
