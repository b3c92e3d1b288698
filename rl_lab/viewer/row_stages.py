"""The lab's own environments on the stage: board games and worlds, whose states are rows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from envs.chance import seed_states
from envs.games.game import Game, States, TerritoryGame
from envs.games.scene import Scene
from envs.solo.world import World
from rl_lab.viewer.frame import Frame, Observation, Player
from rl_lab.viewer.stage import Stage, check_action


class GameStage(Stage):
    """A board game between two players."""

    def __init__(self, game: Game, players: Sequence[Player], start: np.void | None = None) -> None:
        """`start`: the position that every game begins with, if it is not the game's own."""
        super().__init__(players)
        self.game, self.start = game, start
        self._next: Frame | None = None
        self.restart(0)
        self.arrive()

    @property
    def spec(self) -> str:
        return self.game.spec

    @property
    def seats(self) -> tuple[str, ...]:
        return self.game.player_names

    @property
    def num_actions(self) -> int:
        return self.game.num_actions

    def action_name(self, action: Any) -> str:
        return self.game.action_name(int(action))

    def scene(self, frame: Frame) -> Scene:
        return self.game.scene(frame.state)

    def observation(self, frame: Frame) -> Observation:
        return Observation(self.game.observation_planes, self.game.observe(self.question(frame))[0])

    def question(self, frame: Frame) -> States:
        states = self.game.init(1)
        states[0] = frame.state
        return states

    def legal_actions(self, frame: Frame) -> list[int]:
        legal: list[int] = np.flatnonzero(self.game.legal_mask(self.question(frame))[0]).tolist()
        return legal

    def preview(self, frame: Frame, action: int) -> Frame | None:
        return self._after(frame, action)

    def areas(self, frame: Frame) -> NDArray[Any] | None:
        return self.game.ownership(self.question(frame))[0] if isinstance(self.game, TerritoryGame) else None

    def tallies(self, frame: Frame, seat: int) -> tuple[str, ...]:
        names = frame.state.dtype.names or ()
        told = [f"{frame.state['captures'][seat]} captured"] if "captures" in names else []
        if seat == 1 and "komi2" in names:
            told.append(f"komi {frame.state['komi2'] / 2:g}")
        return tuple(told)

    def outcome_text(self, frame: Frame) -> str:
        text = self.game.result_text(frame.state)
        margin = float(self.game.margin(self.question(frame))[0]) if isinstance(self.game, TerritoryGame) else 0.0
        if not margin:
            return text
        _, space, remark = text.partition(" ")  # after "W+24.5", which only those who know Go can read
        komi = f", komi {frame.state['komi2'] / 2:g} counted" if "komi2" in (frame.state.dtype.names or ()) else ""
        return f"{self.seats[int(margin < 0)]} wins by {abs(margin):g}{komi}{space}{remark}"

    def begin(self, seed: int) -> None:
        states = self.game.init(1)
        if self.start is not None:
            states[0] = self.start
        self._next = self._frame(states)

    def send(self, frame: Frame, action: Any) -> None:
        check_action(self, frame, action)
        self._next = self._after(frame, action)

    def poll(self) -> Frame | None:
        return self._next

    def _after(self, frame: Frame, action: int) -> Frame:
        states = self.question(frame)
        self.game.step(states, np.array([action]))
        return self._frame(states)

    def _frame(self, states: States) -> Frame:
        state = states[0]
        outcome = float(state["outcome"]) if state["terminated"] else 0.0
        return Frame(state, int(state["to_play"]), bool(state["terminated"]), (outcome, -outcome))


class WorldStage(Stage):
    """A world of the lab, in which one agent acts."""

    def __init__(self, world: World, player: Player, seed: int = 0) -> None:
        super().__init__([player])
        self.world = world
        self._next: Frame | None = None
        self.restart(seed)
        self.arrive()

    @property
    def spec(self) -> str:
        return self.world.spec

    @property
    def seats(self) -> tuple[str, ...]:
        return ("Agent",)

    @property
    def num_actions(self) -> int:
        space = self.world.action_space
        return int(space.n) if isinstance(space, spaces.Discrete) else 0

    def action_name(self, action: Any) -> str:
        return self.world.action_name(action)

    def scene(self, frame: Frame) -> Scene:
        return self.world.scene(frame.state)

    def observation(self, frame: Frame) -> Observation:
        return Observation(self.world.observation_names, self.world.observe(self.question(frame))[0])

    def question(self, frame: Frame) -> States:
        states = _blank(self.world)
        states[0] = frame.state
        return states

    def legal_actions(self, frame: Frame) -> list[int]:
        if not self.num_actions:
            return []
        legal: list[int] = np.flatnonzero(self.world.legal_mask(self.question(frame))[0]).tolist()
        return legal

    def outcome_text(self, frame: Frame) -> str:
        info = {name: values[0] for name, values in self.world.info(self.question(frame)).items()}
        numbers = ((name, value.item()) for name, value in info.items() if np.ndim(value) == 0)
        told = ", ".join(
            f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}" for name, value in numbers
        )
        how = {1: "done", 0: "over", -1: "lost"}[int(frame.state["outcome"])]
        ending = "out of steps" if frame.state["truncated"] else how
        return f"{ending} after {int(frame.state['ply'])} steps" + (f" ({told})" if told else "")

    def begin(self, seed: int) -> None:
        self._next = self._frame(self.world.init(seed_states([seed])))

    def send(self, frame: Frame, action: Any) -> None:
        if self.num_actions:
            check_action(self, frame, action)
        states = self.question(frame)
        self.world.step(states, np.asarray(action)[None])
        self._next = self._frame(states)

    def poll(self) -> Frame | None:
        return self._next

    def _frame(self, states: States) -> Frame:
        state = states[0]
        return Frame(state, 0, bool(state["terminated"] | state["truncated"]), (float(state["reward"]),))


@lru_cache(maxsize=4)
def _start(world: World) -> States:
    return world.init(seed_states([0]))


def _blank(world: World) -> States:
    """A row to write a state into."""
    return _start(world).copy()
