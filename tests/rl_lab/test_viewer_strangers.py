"""Agents that others have written may tell anything: it becomes a message in the window, which goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from window_help import until, windows

from agents.agent import Agent, Decision
from rl_lab.viewer.frame import Player
from rl_lab.viewer.window import Window

NONSENSE: dict[str, Callable[[int], dict[str, Any]]] = {
    "action beyond the last": lambda n: {"action": np.array([n])},
    "negative action": lambda n: {"action": np.array([-1])},
    "no action": lambda n: {"action": np.zeros(0, int)},
    "no policy": lambda n: {"policy": None},
    "short policy": lambda n: {"policy": np.ones((1, n - 1))},
    "infinite value": lambda n: {"value": np.array([np.inf])},
    "values in words": lambda n: {"q": np.array([["good"] * n])},
    "a line of what is no action": lambda n: {"lines": [{0: [0, n]}]},
    "a line after what is no action": lambda n: {"lines": [{n: [0]}]},
    "a line of fractions": lambda n: {"lines": [{0: [0.5]}]},
    "lines that are no list": lambda n: {"lines": None},
    "forfeit in words": lambda n: {"forfeits": ["I give up"]},
    "score of two": lambda n: {"score": np.zeros(2)},
    "flat areas": lambda n: {"ownership": np.zeros((1, 25))},
}


class Stranger(Agent):
    """Decides on action 0, with something wrong about it."""

    def __init__(self, num_actions: int, wrong: dict[str, Any]) -> None:
        super().__init__("stranger")
        even = np.full((1, num_actions), 1 / num_actions, np.float32)
        told = {"action": np.array([0]), "policy": even, "value": np.zeros(1, np.float32)}
        self.decision = Decision(**{**told, **wrong})

    def act(self, states: Any, seeds: Any) -> Decision:
        return self.decision


@pytest.fixture
def open_window(tmp_path: Path) -> Iterator[Callable[..., Window]]:
    with windows(tmp_path) as make:
        yield make


@pytest.mark.parametrize("wrong", NONSENSE)
@pytest.mark.parametrize("env", ["go:size=5", "snake"])
def test_nonsense_is_a_message(open_window: Callable[..., Window], env: str, wrong: str) -> None:
    window = open_window(env, *["random"] * (2 if env.startswith("go") else 1))
    window.desk.do("pause")
    session = window.desk.session
    stranger = Stranger(session.stage.num_actions, NONSENSE[wrong](session.stage.num_actions))
    session.stage.players = tuple(Player("stranger", stranger) for _ in session.stage.players)
    window.desk.do("restart")
    window.desk.do("pause")
    until(window, lambda: session.message != "")
    assert "stranger) failed: " in session.message and session.stage.ply == 0 and not window.desk.closed
    for _ in range(3):
        window.desk.do("panel")
        window.tick()
    window.desk.do("step")  # asks again
    until(window, lambda: not session.thinking and session.message != "")


def test_nets_think_on_one_core_and_leave_the_others_to_the_window(open_window: Callable[..., Window]) -> None:
    before, seen = torch.get_num_threads(), []

    class Counting(Stranger):
        def act(self, states: Any, seeds: Any) -> Decision:
            seen.append(torch.get_num_threads())
            return self.decision

    window = open_window("snake", "random")
    session = window.desk.session
    session.stage.players = (Player("counting", Counting(4, {})),)
    window.desk.do("restart")
    until(window, lambda: len(seen) > 0)
    assert set(seen) == {1} and torch.get_num_threads() == before
