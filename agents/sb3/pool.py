"""Whom a learner of a board game plays against while it learns: fixed players, and past versions of itself.

Each episode draws one of config.opponents, all equally likely (name one twice and it comes twice as often). "self" is
one of the last config.snapshots versions of the learner. There is a new version every config.snapshot_steps steps; the
first is the net that has learned nothing. Which of them plays is drawn anew at every update, all equally likely: one
for all games at a time, those in progress included, because so all its moves are one batch for one net. It acts by
chance, as the learner does (see Policy).

Old versions keep a learner from forgetting how to beat what it has left behind, which it may when it plays its present
self alone (Bansal et al., 2018).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3.common.base_class import BaseAlgorithm
from torch import Tensor

from agents.registry import make_agent
from agents.sb3.player import PolicyAgent, seated_view
from agents.sb3.policy import Config, blank_policy, policy_of, set_weights, weights_of
from envs.chance import seed_of
from envs.errors import LabError
from envs.faces.opponents import Opponent
from envs.faces.seated import Seated
from envs.games.game import Game

SELF = "self"


class Pool:
    """The opponents of one learner; `update` it with the learner before the first episode, and after each iteration."""

    def __init__(self, config: Config, game: Game) -> None:
        """Raises LabError if config.opponents names none, or one that does not exist."""
        specs = config.opponents.split()
        if not specs:
            raise LabError(f"opponents must name one agent or more, separated by blanks, e.g. 'random {SELF}'.")
        self._config = config
        self._past = blank_policy(config, seated_view(game), sample=True) if SELF in specs else None
        self._versions: list[dict[str, Tensor]] = []  # the oldest first
        self._last = self._updates = 0
        past = [] if self._past is None else [PolicyAgent(game, self._past, SELF)]
        names = list(dict.fromkeys(specs))
        players: list[Opponent] = [past[0] if name == SELF else make_agent(name, game) for name in names]
        weights = tuple(float(specs.count(name)) for name in names)
        self.world = Seated(game, tuple(players), "random", weights)
        """The game against these opponents, from either seat."""

    def update(self, model: BaseAlgorithm, steps: int) -> None:
        """Takes note of what the learner is like after that many steps, if it is time; draws who plays next."""
        if self._past is None:
            return
        if not self._versions or steps >= self._last + self._config.snapshot_steps:
            present = weights_of(policy_of(model).net)
            self._versions.append({name: tensor.clone() for name, tensor in present.items()})
            del self._versions[: -self._config.snapshots]
            self._last = steps
        self._updates += 1
        self._draw()

    def _draw(self) -> None:
        """Lets one of the versions play: which one depends on the run's seed and the number of updates."""
        if self._past is not None:
            drawn = seed_of(self._config.seed, self._updates) % len(self._versions)
            set_weights(self._past.net, self._versions[drawn])

    def save(self) -> dict[str, NDArray[Any]]:
        """All versions, and what decides about the next, as plain arrays."""
        arrays = {"counts": np.array([self._last, self._updates, len(self._versions)])}
        for age, version in enumerate(self._versions):
            arrays |= {f"{age}/{name}": tensor.cpu().numpy() for name, tensor in version.items()}
        return arrays

    def load(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Takes over what `save` of a pool of the same configuration gave; raises LabError for that of another."""
        if self._past is None:
            return
        own = weights_of(self._past.net)
        try:
            self._last, self._updates, count = (int(number) for number in arrays["counts"])
            self._versions = [
                {name: torch.from_numpy(arrays[f"{age}/{name}"]).to(tensor) for name, tensor in own.items()}
                for age in range(count)
            ]
            self._draw()
        except (KeyError, ValueError):
            raise LabError("The saved past versions of the learner are those of another run.") from None
