"""Catch, played perfectly."""

from __future__ import annotations

import numpy as np

from agents.agent import Agent, Decision
from agents.solo.certain import certain
from envs.chance import Seeds
from envs.games.game import States
from envs.solo.catch import Catch


class PerfectCatcher(Agent):
    """Moves under the ball, then stays: catches every ball (envs/solo/catch.py says why)."""

    def __init__(self, world: Catch) -> None:
        super().__init__("perfect")
        self.world = world

    def act(self, states: States, seeds: Seeds) -> Decision:
        """See Agent.act; the value is +1 or -1, whether the ball can still be caught."""
        away = states["ball"].astype(np.int64) - states["paddle"]
        can_catch = np.abs(away) < self.world.rows - states["ply"]
        return certain(1 + np.sign(away), 3, np.where(can_catch, 1, -1))
