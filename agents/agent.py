"""What acts: an agent looks at a batch of states and decides for each of them.

Chance belongs to its row (envs/chance.py): what an agent decides for state i depends on that state, on seeds[i] and, if
the agent has one, on the memory of slot i; not on the states beside it.
"""

from __future__ import annotations

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from envs.chance import Seeds, check_seeds, choose
from envs.faces.opponents import Choice
from envs.games.game import States
from envs.jit import kernel


@dataclass(frozen=True)
class Forfeit:
    """Why a player gives up a game instead of acting in it."""

    reason: Literal["resign", "illegal", "time", "crash"]
    """It resigns; its move is against the rules or no move at all; it took too long; it no longer runs."""
    detail: str = ""
    """What happened, in one sentence."""


@dataclass
class Decision:
    """What an agent chose for n states, and what it can tell of why. In games, values are from the side to move, in
    [-1, 1]."""

    action: NDArray[Any]
    """[n], integers legal in their states; where actions are continuous, floats [n, D]."""
    policy: NDArray[np.float32]
    """[n, A], the distribution the agent acted by; zero on illegal actions. [n, 0] where actions are continuous."""
    value: NDArray[np.float32]
    """[n], what the agent expects of the rest of the episode; 0 if it has no opinion."""
    prior: NDArray[np.float32] | None = None
    """[n, A], the net's policy before any search."""
    visits: NDArray[np.int32] | None = None
    """[n, A], how often the search tried each action."""
    q: NDArray[np.float32] | None = None
    """[n, A], the search's value of each tried action; NaN where it tried none."""
    lines: list[dict[int, list[int]]] = field(default_factory=list)
    """For each state the line of play expected after each tried action, as actions, that action being the first of
    them; empty if the agent does not search."""
    forfeits: list[Forfeit | None] | None = None
    """For each state why the agent gives the game up, None where it acts; `action` says nothing where it does not.
    None altogether: it acts in every state."""
    ownership: NDArray[np.float32] | None = None
    """[n, H, W], whose each point will be in the end: +1 the side's to move, -1 the other's. None if it cannot tell."""
    score: NDArray[np.float32] | None = None
    """[n], the margin expected in the end, from the side to move, komi included. None if it cannot tell."""

    @property
    def variations(self) -> list[list[int]]:
        """For each state the line of play expected after the chosen action; empty if the agent does not search."""
        return [lines.get(int(action), []) for lines, action in zip(self.lines, self.action, strict=False)]


Watch = Callable[[Decision], bool]
"""Is told what a thought has found so far, and says whether it should go on."""

REPORT_SECONDS = 0.1


class Reports:
    """Tells a watch at once, and then every `interval` seconds."""

    def __init__(self, watch: Watch, interval: float) -> None:
        self.watch, self.interval = watch, interval
        self._due = -math.inf

    def go_on(self, found: Callable[[], Decision]) -> bool:
        """Whether the thought should go on; to be asked often. `found` is called when it is time for a report."""
        if time.monotonic() < self._due:
            return True
        wanted = self.watch(found())
        self._due = time.monotonic() + self.interval
        return wanted


def carry_on(decision: Decision) -> bool:
    """The watch of a thought that nobody stops."""
    return True


class Evaluator(Protocol):
    """Judges positions for a search: a net, or any function of states."""

    def __call__(self, states: States, seeds: Seeds) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(policy logits float32[n, A], value float32[n] in [-1, 1] from the side to move). Rows are not finished.

        All chance in judging states[i] comes from seeds[i], which may be advanced; a net needs none.
        """
        ...


class Agent(ABC):
    """A player. It may keep memory between calls (a search tree), but must be right on any states at any time."""

    def __init__(self, name: str) -> None:
        self.name = name
        """How tables call it: its spec string."""

    @abstractmethod
    def act(self, states: States, seeds: Seeds) -> Decision:
        """Decides for n unfinished states; all chance in states[i] comes from seeds[i], which is advanced in place."""

    def think(self, states: States, seeds: Seeds, watch: Watch, interval: float = REPORT_SECONDS) -> Decision:
        """As `act`, for somebody who looks on: `watch` is told what has been found so far, and stops it by False.

        It is told as soon as there is an action for each state, then about every `interval` seconds (0: as often as
        there may be news), not in the end. A thought that nobody stops returns what `act` does, and one that is stopped
        its best so far; `seeds` are advanced alike. What `watch` raises ends the thought. Agents that do not search
        decide at once, and tell nobody before.
        """
        return self.act(states, seeds)

    def choose(self, states: States, seeds: Seeds) -> Choice:
        """As `act`, without telling why, which is quicker for some agents: for steps that nobody looks at."""
        return self.act(states, seeds)

    def reset(self) -> None:  # noqa: B027 - an agent without memory has nothing to forget
        """Forgets any memory of games in progress."""

    def finished(self, states: States) -> list[str]:
        """What the agent has to say about n games of its own that are over, "" where nothing; for the record only."""
        return [""] * len(states)

    def close(self) -> None:  # noqa: B027 - most agents hold nothing but memory
        """Gives back what outlives memory, such as processes. The agent must not act any more."""


@kernel
def _share(mask: Any, policy: Any) -> None:
    for i in range(mask.shape[0]):
        count = 0
        for a in range(mask.shape[1]):
            count += mask[i, a]
        share = np.float32(1) / np.float32(max(1, count))
        for a in range(mask.shape[1]):
            policy[i, a] = share if mask[i, a] else np.float32(0)


def uniform_policy(mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """The uniform distribution over the legal actions, all 0 where there are none. Shape [n, A]."""
    policy = np.empty(mask.shape, np.float32)
    _share(mask, policy)
    return policy


def sample_actions(policy: NDArray[Any], seeds: Seeds) -> NDArray[np.int64]:
    """One action a row, drawn from unnormalised weights [n, A]; never one of weight zero. Shape [n].

    Raises LabError unless there is a random state for each row.
    """
    check_seeds(seeds, len(policy))
    return choose(policy, seeds)
