"""Random actions where actions are numbers; where they are a list, agents/scripted.py's RandomAgent plays."""

from __future__ import annotations

import numpy as np
from gymnasium import spaces

from agents.agent import Agent, Decision
from envs.chance import Seeds, uniform
from envs.games.game import States


class RandomBoxAgent(Agent):
    """Draws each number of an action uniformly from the box."""

    def __init__(self, box: spaces.Box) -> None:
        super().__init__("random")
        self.box = box

    def act(self, states: States, seeds: Seeds) -> Decision:
        """See Agent.act; the value is 0."""
        low, high = self.box.low, self.box.high
        action = (low + (high - low) * uniform(seeds, len(low))).astype(np.float32)
        return Decision(action, np.zeros((len(states), 0), np.float32), np.zeros(len(states), np.float32))
