"""One turn of the loop as data, and who takes part in it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from agents.agent import Agent, Decision

ForfeitReason = Literal["resign", "illegal", "time", "crash"]
"""Why a seat gives up; see agents.agent.Forfeit."""

WINS: dict[str, str] = {
    "resign": "by resignation",
    "time": "on time",
    "illegal": "by an illegal move",
    "crash": "by forfeit",
}
"""How the other seat has won then."""


class Phase(Enum):
    """Where in the loop an episode is."""

    OBSERVE = "observe"
    """The environment has answered: a new state, a reward."""
    THINK = "think"
    """The agent to act looks at the state."""
    ACT = "act"
    """It has chosen an action; the environment is about to answer."""
    OVER = "over"
    """The episode has ended."""


@dataclass(frozen=True)
class Player:
    """Who sits at a seat: an agent; or, without one, a person, or whoever acted when this was recorded."""

    name: str
    agent: Agent | None = None
    recorded: bool = False

    @property
    def is_human(self) -> bool:
        """Whether a person chooses the actions."""
        return self.agent is None and not self.recorded


@dataclass(frozen=True, eq=False)
class Frame:
    """One turn of the loop: a state, and what led to it (None for the first state)."""

    state: Any
    """Whatever the stage needs to draw it and to go on from it."""
    to_play: int = 0
    """The seat to act."""
    over: bool = False
    """The episode has ended."""
    rewards: tuple[float, ...] = (0.0,)
    """What each seat has received with this state."""
    returns: tuple[float, ...] = (0.0,)
    """What each seat has received since the start."""
    action: Any = None
    """An integer or, where actions are continuous, numbers [D]."""
    seat: int | None = None
    decision: Decision | None = None
    """What the agent that acted made of the state before; None if a person acted."""
    comment: str = ""
    """What somebody has written about it, in a record."""


@dataclass(frozen=True)
class Observation:
    """What the agent to act is shown, as its net sees it."""

    names: tuple[str, ...]
    """A line of meaning for each plane, or for each number; "" where nobody has given any."""
    values: NDArray[Any]
    """Planes [C, H, W], numbers [D], or a picture [H, W, 3]."""


def is_discrete(action: Any) -> bool:
    """Whether an action is one of a list, not a row of numbers."""
    return np.ndim(action) == 0
