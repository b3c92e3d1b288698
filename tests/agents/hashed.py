"""An evaluator that is arbitrary but fixed, and random positions: what searches are compared on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from envs.chance import Seeds
from envs.games.game import Game, States


class HashEvaluator:
    """A random evaluator that gives the same position the same answer, in any batch."""

    def __init__(self, game: Game, seed: int) -> None:
        self.game, self.seed = game, seed

    def __call__(self, states: States, seeds: Seeds) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        observations = self.game.observe(states)
        logits = np.empty((len(states), self.game.num_actions), np.float32)
        values = np.empty(len(states), np.float32)
        for i, observation in enumerate(observations):
            rng = np.random.default_rng([self.seed, *np.frombuffer(observation.tobytes()[:400], np.uint8)])
            logits[i] = rng.normal(size=self.game.num_actions)
            values[i] = rng.uniform(-1, 1)
        return logits, values


def random_positions(game: Game, n: int, plies: int, rng: np.random.Generator) -> States:
    """n unfinished positions after up to `plies` random moves."""
    found = []
    while len(found) < n:
        states = game.init(1)
        for _ in range(rng.integers(plies + 1)):
            before = states.copy()
            game.step(states, np.array([rng.choice(np.flatnonzero(game.legal_mask(states)[0]))]))
            if states["terminated"][0]:
                states = before
                break
        found.append(states)
    return np.concatenate(found)
