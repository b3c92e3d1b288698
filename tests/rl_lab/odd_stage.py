"""A stage for the tests of the panels: as many actions, as long names, as strange decisions as they ask for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.agent import Decision
from envs.games.registry import make_game
from envs.games.scene import Image, Scene
from rl_lab.viewer.frame import Frame, Observation, Player
from rl_lab.viewer.row_stages import GameStage
from rl_lab.viewer.stage import Stage


class OddStage(Stage):
    """Its frames are given; nothing goes on. Every action has a place on the board, in rows of 20."""

    def __init__(
        self,
        num_actions: int = 4,
        seats: tuple[str, ...] = ("Agent",),
        name: str = "odd",
        seen: NDArray[Any] | None = None,
    ) -> None:
        super().__init__([Player(name, recorded=True) for _ in seats])
        self._num_actions, self._seats, self._name = num_actions, seats, name
        self.seen = np.zeros(3) if seen is None else seen
        self.frames = [Frame(0, rewards=(0.0,) * len(seats), returns=(0.0,) * len(seats))]

    def follow(self, decision: Decision, reward: float = 0.0, over: bool = False) -> None:
        """Adds a frame to which that decision has led."""
        last, count = self.frames[-1], len(self._seats)
        action = decision.action[0]
        rewards = (reward, -reward)[:count]
        returns = tuple(a + b for a, b in zip(last.returns, rewards, strict=True))
        seat = (last.to_play + 1) % count
        self.frames.append(Frame(self.ply + 1, seat, over, rewards, returns, action, last.to_play, decision))
        self.ply += 1

    @property
    def spec(self) -> str:
        return self._name

    @property
    def seats(self) -> tuple[str, ...]:
        return self._seats

    @property
    def num_actions(self) -> int:
        return self._num_actions

    def action_name(self, action: Any) -> str:
        return f"{self._name} {action}"

    def scene(self, frame: Frame) -> Scene:
        spots = {action: (action % 20, 1.0 + action // 20, 1.0, 1.0) for action in range(self._num_actions)}
        rows = 1 + -(-self._num_actions // 20)
        return Scene(20, rows, [Image(0, 0, 20, 1, bytes(2 * 1 * 3), (2, 1))], spots)

    def observation(self, frame: Frame) -> Observation:
        return Observation((self._name,) * len(np.atleast_1d(self.seen)), self.seen)

    def question(self, frame: Frame) -> Any:
        return None

    def legal_actions(self, frame: Frame) -> list[int]:
        return list(range(self._num_actions))

    def outcome_text(self, frame: Frame) -> str:
        return f"{self._name} is over"

    def begin(self, seed: int) -> None:
        raise NotImplementedError

    def send(self, frame: Frame, action: Any) -> None:
        raise NotImplementedError

    def poll(self) -> Frame | None:
        raise NotImplementedError


def decision_of(num_actions: int, value: float = 0.0, search: bool = True, seed: int = 0) -> Decision:
    """A decision with everything in it, drawn at random."""
    rng = np.random.default_rng(seed)
    policy = rng.dirichlet(np.full(num_actions, 0.3))[None].astype(np.float32)
    made = Decision(policy.argmax(axis=1), policy, np.array([value], np.float32))
    if search:
        made.prior = policy
        made.visits = rng.integers(0, 2_000, policy.shape).astype(np.int32)
        made.q = rng.uniform(-1, 1, policy.shape).astype(np.float32)
        made.lines = [{int(action): [int(action), 0, 1] for action in range(num_actions)}]
        made.score = np.array([3.5], np.float32)
    return made


def world(*rewards: float, value: float = 50.0) -> OddStage:
    stage = OddStage()
    for reward in rewards:
        stage.follow(decision_of(4, value, search=False), reward)
    return stage


def go(moves: str = "", result: str = "") -> GameStage:
    """A game of Go 5x5 with decisions that tell everything."""
    game = make_game("go:size=5,komi=0.5")
    stage = GameStage(game, [Player("one", recorded=True), Player("two", recorded=True)])
    for k, name in enumerate(moves.split()):
        action = next(a for a in range(game.num_actions) if game.action_name(a).lower() == name)
        legal = game.legal_mask(stage.question(stage.frame))[0]
        made = decision_of(game.num_actions, 0.5, seed=k)
        assert made.visits is not None
        made.visits[0, ~legal] = 0
        policy = np.where(legal, made.policy, 0)
        made = replace(made, action=np.array([action]), policy=policy, prior=policy, lines=[{action: [action]}])
        stage.act(action, replace(made, ownership=np.full((1, 5, 5), 0.9, np.float32)))
        stage.arrive()
    return stage
