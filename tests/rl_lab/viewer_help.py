"""Agents and helpers for the tests of sessions."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import numpy as np

from agents.agent import Agent, Decision, Watch, sample_actions, uniform_policy
from envs.chance import Seeds
from envs.games.game import Game, States
from rl_lab.viewer.frame import Phase
from rl_lab.viewer.session import Session


class First(Agent):
    """Plays the first legal action, and believes whatever it is told to."""

    def __init__(self, game: Game, value: float = 0.25) -> None:
        super().__init__("first")
        self.game, self.value, self.resets, self.closed = game, value, 0, False

    def act(self, states: States, seeds: Seeds) -> Decision:
        mask = self.game.legal_mask(states)
        return Decision(mask.argmax(axis=1), uniform_policy(mask), np.full(len(states), self.value, np.float32))

    def reset(self) -> None:
        self.resets += 1

    def close(self) -> None:
        self.closed = True


class Chancy(First):
    """Plays any legal action."""

    def act(self, states: States, seeds: Seeds) -> Decision:
        decision = super().act(states, seeds)
        decision.action = sample_actions(decision.policy, seeds)
        return decision


class Slow(First):
    """Thinks until it is let go."""

    def __init__(self, game: Game) -> None:
        super().__init__(game)
        self.started, self.go = threading.Event(), threading.Event()

    def act(self, states: States, seeds: Seeds) -> Decision:
        self.started.set()
        assert self.go.wait(5)
        return super().act(states, seeds)


class Ponderer(First):
    """Thinks until it is stopped, and tells all the while what it has found."""

    thoughts = 0

    def think(self, states: States, seeds: Seeds, watch: Watch, interval: float = 0.1) -> Decision:
        self.thoughts += 1
        while watch(self.act(states, seeds)):
            time.sleep(0.002)
        return self.act(states, seeds)


def until(session: Session, condition: Callable[[], bool], seconds: float = 5.0) -> None:
    """Updates the session until the condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, (session.phase, session.message)
        session.update()
        time.sleep(0.0005)


def settle(session: Session) -> None:
    """Updates the session until it waits for a person or is over."""
    until(session, lambda: session.phase is Phase.OVER or (session.phase is Phase.THINK and not session.thinking))
