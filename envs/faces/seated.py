"""A board game as a single-agent world: the agent sits in one seat, one of the opponents answers from the other.

Whenever it is an agent's turn to act, the player to move is the agent's seat; what the opponent plays is part of the
world's step. Rewards are the agent's: +1 for a win, -1 for a loss, 0 for a draw and before the end.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from envs.chance import Seeds, draw_seeds, uniform
from envs.errors import LabError
from envs.faces.opponents import Opponent, resigned
from envs.games.game import Game, States, as_items, player_sign, row_dtype
from envs.games.scene import Scene
from envs.solo.world import WORLD_FIELDS, World

Seat = Literal["first", "second", "random"]
SEATS = ("first", "second", "random")
MAX_OPPONENTS = 256


@dataclass(frozen=True)
class Seated(World):
    """`game` against one of `opponents`, from the seat that moves "first", "second", or one drawn at "random".

    Each episode draws its opponent, equally likely or in proportion to `weights`, and its seat, if that is random.

    State: the header, WORLD_FIELDS, `seat` (the player, 0 or 1, that the agent is), `opponent` (whom it plays, an
    index) and `board`, a row of the game. `ply` counts the agent's own moves. In a forfeited episode the board is
    where the illegal action was tried.
    """

    game: Game
    opponents: tuple[Opponent, ...]
    seat: Seat = "random"
    weights: tuple[float, ...] = ()
    """How likely each opponent is, in any unit; empty for equally."""

    name = "seated"

    def __post_init__(self) -> None:
        if self.seat not in SEATS:
            raise LabError(f"seat must be one of {', '.join(SEATS)}, not '{self.seat}'.")
        if not 1 <= len(self.opponents) <= MAX_OPPONENTS:
            raise LabError(f"There must be 1 to {MAX_OPPONENTS} opponents, not {len(self.opponents)}.")
        if self.weights and len(self.weights) != len(self.opponents):
            raise LabError(f"{len(self.opponents)} opponents need as many weights, not {len(self.weights)}.")
        if not all(0 < weight < math.inf for weight in self.weights):
            raise LabError(f"The weights of opponents must be above 0 and finite, not {self.weights}.")

    @property
    def spec(self) -> str:
        """The game, the seat and the opponents, for people and for telling worlds apart; no spec string."""
        names = " or ".join(getattr(opponent, "name", type(opponent).__name__) for opponent in self.opponents)
        return f"{self.game.spec}, {self.seat} seat, against {names}"

    @cached_property
    def state_dtype(self) -> np.dtype[np.void]:
        return row_dtype([*WORLD_FIELDS, ("seat", "i1"), ("opponent", "u1"), ("board", self.game.state_dtype)])

    @cached_property
    def action_space(self) -> spaces.Discrete:
        return spaces.Discrete(self.game.num_actions)

    @cached_property
    def observation_space(self) -> spaces.Box:
        return planes_space(self.game)

    @property
    def observation_names(self) -> tuple[str, ...]:
        return self.game.observation_planes

    @property
    def max_steps(self) -> int:
        return self.game.max_plies

    @property
    def masks_actions(self) -> bool:
        return True

    def init(self, seeds: Seeds) -> States:
        states = np.repeat(as_items(self._start), len(seeds)).view(self.state_dtype)
        states["seed"] = seeds
        luck = uniform(draw_seeds(states["seed"]), 2)
        states["seat"] = luck[:, 0] < 0.5 if self.seat == "random" else self.seat == "second"
        states["opponent"] = self._thresholds.searchsorted(luck[:, 1], side="right")
        self._let_opponents_move(states)
        return states

    def step(self, states: States, actions: NDArray[Any]) -> None:
        running = ~states["terminated"]
        self.game.step(states["board"], np.asarray(actions))
        states["ply"] += running
        self._let_opponents_move(states)
        self._settle(states, np.flatnonzero(running & states["board"]["terminated"]))

    def forfeit(self, states: States, rows: NDArray[np.int64]) -> None:
        boards = states["board"]
        boards["terminated"][rows] = True
        boards["outcome"][rows] = -player_sign(states["seat"][rows])
        self._settle(states, rows)

    def observe(self, states: States) -> NDArray[np.uint8]:
        return self.game.observe(states["board"])

    def legal_mask(self, states: States) -> NDArray[np.bool_]:
        return self.game.legal_mask(states["board"])

    def info(self, states: States) -> dict[str, NDArray[Any]]:
        """{"seat": the player, 0 or 1, that the agent is}."""
        return {"seat": states["seat"].copy()}

    def action_name(self, action: Any) -> str:
        return self.game.action_name(int(action))

    def text(self, state: np.void) -> str:
        return self.game.text(state["board"])

    def scene(self, state: np.void) -> Scene:
        return self.game.scene(state["board"])

    @cached_property
    def _start(self) -> States:
        """A row before anything is drawn, a batch of one."""
        start = np.zeros(1, self.state_dtype)
        as_items(start["board"])[:] = as_items(self.game.init(1))
        return start

    @cached_property
    def _thresholds(self) -> NDArray[np.float64]:
        """[k - 1]: a number from [0, 1) means the opponent whose index is the number of thresholds it reaches."""
        weights = np.array(self.weights or [1.0] * len(self.opponents))
        thresholds: NDArray[np.float64] = np.cumsum(weights / weights.sum())[:-1]
        return thresholds

    def _let_opponents_move(self, states: States) -> None:
        """Plays the other seat's moves until it is the agent's turn in every running row."""
        boards, seat = states["board"], states["seat"]
        ended, to_play = boards["terminated"], boards["to_play"]
        rows = np.flatnonzero(~ended & (to_play != seat))
        while len(rows):
            whom, moved = states["opponent"][rows], 0
            for number, opponent in enumerate(self.opponents):
                moved += self._let_move(opponent, states, rows[whom == number])
            if moved < len(rows):
                raise LabError(f"These episodes were begun against more opponents than the {len(self.opponents)} here.")
            rows = rows[~ended[rows] & (to_play[rows] != seat[rows])]

    def _let_move(self, opponent: Opponent, states: States, rows: NDArray[np.int64]) -> int:
        """Plays a move of `opponent` in those rows, and returns how many they are."""
        if len(rows) == 0:
            return 0
        boards, seeds = states["board"], states["seed"][rows]
        chosen = as_items(boards)[rows].view(boards.dtype)
        # Its memory would follow a slot; here the rows change from call to call, and so would its play.
        opponent.reset()
        choice = opponent.choose(chosen, seeds)
        if choice.forfeits:
            gone = resigned(choice.forfeits)
            chosen["terminated"][gone], chosen["outcome"][gone] = True, -player_sign(chosen["to_play"][gone])
        self.game.step(chosen, choice.action)
        states["seed"][rows] = seeds
        as_items(boards)[rows] = as_items(chosen)
        return len(rows)

    @staticmethod
    def _settle(states: States, rows: NDArray[np.int64]) -> None:
        """Ends those rows, whose boards have come to an end: the agent's outcome, reward and last view."""
        if len(rows) == 0:
            return
        boards = states["board"]
        # The last observation is the agent's too, whoever moved last.
        boards["to_play"][rows] = states["seat"][rows]
        states["terminated"][rows] = True
        outcome = boards["outcome"][rows] * player_sign(states["seat"][rows])
        states["outcome"][rows] = outcome
        states["reward"][rows] = outcome


def planes_space(game: Game) -> spaces.Box:
    """The space of a game's observations: uint8 planes, most of them 0 or 1.

    The planes that `plane_offset_scale` tells a net to rescale hold larger numbers, 0 to 255.
    """
    _, scale = game.plane_offset_scale
    high = np.where(scale == 1, 1, 255).astype(np.uint8)
    shape = game.observation_shape
    return spaces.Box(0, np.broadcast_to(high[:, None, None], shape).copy(), shape, np.uint8)
