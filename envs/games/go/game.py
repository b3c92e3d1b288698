"""Go by area scoring, 2x2 to 19x19, as a Game."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from envs.errors import LabError
from envs.games.game import DIHEDRAL, Actions, States, Symmetry, TerritoryGame, as_items
from envs.games.go import diagram, kernels, random_play, views
from envs.games.go.coords import parse_vertex, vertex
from envs.games.go.layout import (
    BLACK,
    CAPACITIES,
    EMPTY,
    KOMI_PLANE,
    KOMI_ZERO,
    OFF,
    ON_BOARD_PLANE,
    PLANES,
    PLY_CAP,
    POSITIONAL,
    SIMPLE,
    SITUATIONAL,
    WHITE,
    max_plies_limit,
    state_dtype,
)
from envs.games.scene import Scene
from envs.parallel import for_slices

SUPERKO = {"positional": POSITIONAL, "situational": SITUATIONAL, "simple": SIMPLE}

# Where best play is solved or believed known (van der Werf 2003, 2009 up to 7x7), the komi is that margin: best play
# draws, and both sides have something to play for. Where Black can own the whole board (3x3, 5x5), such a komi would
# leave Black no way to win, so it is half a point less: Black wins by taking everything and by nothing else.
# Larger boards have the customary komi of area scoring, a whole 7 on 9x9 (believed fair) and 7.5 above.
BEST_PLAY_MARGIN = {2: 1, 3: 9, 4: 2, 5: 25, 6: 4, 7: 9, 9: 7}


def default_komi(size: int) -> float:
    """White's compensation on a size x size board if none is given; the reason stands above."""
    margin = BEST_PLAY_MARGIN.get(size, 7.5)
    return margin - 0.5 if margin == size * size else float(margin)


@dataclass(frozen=True)
class Go(TerritoryGame):
    """Go in the manner of Tromp and Taylor: area scoring, no whole-board position twice, two passes end the game.

    A batch may mix board sizes: `init(n, sizes=...)` puts smaller boards in the top-left corner of this game's
    size x size canvas, and all actions and planes are the canvas's. Board size, komi and rules live in each row.
    """

    name: ClassVar[str] = "go"
    symmetries: ClassVar[tuple[Symmetry, ...]] = DIHEDRAL

    size: int = 9
    """The board is size x size, 2 to 19."""
    komi: float | None = None
    """White's compensation, a multiple of 0.5; None for the default of the size. Whole numbers allow draws."""
    superko: str = "positional"
    """What may not recur: a "positional" or (with the player to move) "situational" board, or "simple" ko only."""
    suicide: bool = False
    """Whether a move may take one's own stones off the board."""
    max_plies: int = 0
    """The ply cap, after which the board is scored as it stands; 0 for 2 * size**2 + 40."""

    def __post_init__(self) -> None:
        if not 2 <= self.size <= CAPACITIES[-1]:
            raise LabError(f"Go boards are 2x2 to 19x19, so size must be 2 to 19, not {self.size}.")
        if self.komi is None:
            object.__setattr__(self, "komi", default_komi(self.size))
        if not math.isfinite(self.half_komi) or abs(self.half_komi) > 2 * self.size**2 + 1:
            raise LabError(f"komi must be within the {self.size**2} points of the board, not {self.komi}.")
        if self.half_komi != int(self.half_komi):
            raise LabError(f"komi must be a multiple of 0.5, not {self.komi}.")
        if self.superko not in SUPERKO:
            raise LabError(f"superko must be one of {', '.join(SUPERKO)}, not '{self.superko}'.")
        if self.max_plies == 0:
            object.__setattr__(self, "max_plies", 2 * self.size**2 + 40)
        if not 1 <= self.max_plies <= max_plies_limit(self.capacity):
            limit = max_plies_limit(self.capacity)
            raise LabError(f"max_plies must be 1 to {limit} on this board, not {self.max_plies}.")

    @property
    def half_komi(self) -> float:
        """Komi in half points."""
        assert self.komi is not None, "__post_init__ has put the board's own in its place"
        return 2 * float(self.komi)

    @property
    def capacity(self) -> int:
        """The largest board a row of this game has room for: 9, 13 or 19."""
        return next(c for c in CAPACITIES if c >= self.size)

    @property
    def spec(self) -> str:
        default = Go(self.size)
        options = [f"size={self.size}", f"komi={self.komi:g}"]  # the komi always: it says who must do what
        for key in ("superko", "suicide", "max_plies"):
            if getattr(self, key) != getattr(default, key):
                options.append(f"{key}={getattr(self, key)}")
        return f"{self.name}:{','.join(options)}"

    @property
    def state_dtype(self) -> np.dtype[np.void]:
        return state_dtype(self.capacity)

    @property
    def num_actions(self) -> int:
        return self.size**2 + 1

    @property
    def board_shape(self) -> tuple[int, int]:
        return (self.size, self.size)

    @property
    def observation_planes(self) -> tuple[str, ...]:
        return PLANES

    @property
    def plane_offset_scale(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        offset, scale = super().plane_offset_scale
        offset[KOMI_PLANE], scale[KOMI_PLANE] = KOMI_ZERO, 1 / 15
        return offset, scale

    @property
    def on_board_plane(self) -> int:
        return ON_BOARD_PLANE

    def init(self, n: int, sizes: NDArray[Any] | None = None, komi: NDArray[Any] | None = None) -> States:
        """n games at the start. `sizes` (int[n]) and `komi` (float[n]) override the game's own.

        Raises LabError for a size below 2 or above this game's, or a komi beyond the points of the board.
        """
        if sizes is None and komi is None:
            return np.repeat(as_items(self._start), n).view(self.state_dtype)
        if sizes is not None and not ((np.asarray(sizes) >= 2) & (np.asarray(sizes) <= self.size)).all():
            raise LabError(f"boards on a {self.size}x{self.size} canvas must have sizes 2 to {self.size}.")
        if komi is not None and not (np.abs(komi) <= self.size**2 + 0.5).all():
            raise LabError(f"komi must be within the {self.size**2} points of the board.")
        states = np.zeros(n, self.state_dtype)
        states["size"] = self.size if sizes is None else sizes
        states["komi2"] = self.half_komi if komi is None else np.round(2 * np.asarray(komi))
        states["superko"] = SUPERKO[self.superko]
        states["suicide"] = self.suicide
        states["max_plies"] = self.max_plies
        states["color"] = OFF
        lines = np.arange(self.size)
        inside = np.maximum(lines[:, None], lines) < states["size"][:, None, None]
        states["color"][:, self._points()] = np.where(inside, EMPTY, OFF)
        self._forget_history(states)
        return states

    @cached_property
    def _start(self) -> States:
        """The start of this game, a batch of one."""
        return self.init(1, komi=np.array([self.half_komi / 2]))

    def init_varied(self, n: int, rng: np.random.Generator) -> States:
        """Half the games at this game's komi, half at one spread about it by a board's width.

        Of those, none is decided before it begins: who takes the whole board wins.
        """
        spread = np.where(rng.random(n) < 0.5, 0.0, rng.normal(scale=self.size, size=n))
        most = max(2 * self.size**2 - 1, abs(self.half_komi))  # unless this game's own komi is like that
        half_komi = np.clip(np.round(self.half_komi + 2 * spread), -most, most)
        return self.init(n, komi=half_komi / 2)

    def _points(self) -> NDArray[np.int64]:
        """The padded index of every point of the canvas. Shape [size, size]."""
        lines = np.arange(self.size)
        return (lines[:, None] + 1) * (self.capacity + 1) + lines

    @staticmethod
    def _forget_history(states: States) -> None:
        """Makes the present position the only one that a repetition rule knows."""
        for field in ("num_history", "filter", "removed"):
            states[field] = 0
        kernels.remember_rows(states, 0, len(states))

    def step(self, states: States, actions: Actions) -> None:
        for_slices(lambda a, b: kernels.step_rows(states, actions, self.size, a, b), len(states))

    def legal_mask(self, states: States) -> NDArray[np.bool_]:
        mask = np.empty((len(states), self.num_actions), np.bool_)
        for_slices(lambda a, b: views.legal_rows(states, mask, self.size, a, b), len(states))
        return mask

    def observe(self, states: States) -> NDArray[np.uint8]:
        planes = np.empty((len(states), len(PLANES) * self.size**2), np.uint8)
        for_slices(lambda a, b: views.observe_rows(states, planes, self.size, a, b), len(states))
        return planes.reshape(len(states), *self.observation_shape)

    def random_actions(self, states: States, seeds: NDArray[np.uint64]) -> Actions:
        actions = np.empty(len(states), np.int64)
        for_slices(lambda a, b: random_play.choose_rows(states, seeds, actions, self.size, a, b), len(states))
        return actions

    def playout(self, states: States, seeds: NDArray[np.uint64], sensible: bool = True) -> None:
        for_slices(lambda a, b: random_play.playout_rows(states, seeds, sensible, a, b), len(states), min_rows=2)

    def _area(self, states: States) -> tuple[NDArray[np.int8], NDArray[np.int32]]:
        owners = np.empty((len(states), *self.board_shape), np.int8)
        margins = np.empty(len(states), np.int32)
        for_slices(lambda a, b: kernels.owner_rows(states, owners, margins, a, b), len(states))
        return owners, margins

    def ownership(self, states: States) -> NDArray[np.int8]:
        return self._area(states)[0]

    def margin(self, states: States) -> NDArray[np.float32]:
        return (self._area(states)[1] - states["komi2"] / 2).astype(np.float32)

    def action_name(self, action: int) -> str:
        return vertex(action, self.size)

    def parse_action(self, text: str) -> int:
        return parse_vertex(text, self.size)

    def result_text(self, state: np.void) -> str:
        """The result as in SGF, e.g. "B+7.5" or "draw"; says so if the ply cap ended the game."""
        margin = float(self.margin(state.reshape(1))[0])
        text = f"{'B' if margin > 0 else 'W'}+{abs(margin):g}" if margin else "draw"
        return text + (" (ply cap)" if state["end_reason"] == PLY_CAP else "")

    def stones(self, state: np.void) -> NDArray[np.uint8]:
        """EMPTY, BLACK or WHITE (OFF outside a smaller board) for each point. Shape [size, size]."""
        return np.asarray(state["color"])[self._points()]

    def text(self, state: np.void) -> str:
        return diagram.draw(self.stones(state), self.player_names[state["to_play"]], state["komi2"] / 2)

    def parse_text(self, diagram_text: str) -> States:
        stones, to_play, komi = diagram.read(diagram_text, self.size)
        return self.set_up(stones, to_play, komi)

    def set_up(self, stones: NDArray[np.uint8], to_play: int, komi: float | None = None) -> States:
        """A batch of one with EMPTY, BLACK or WHITE at each point [size, size] and no history.

        Raises LabError if a chain has no liberty, or for a komi that this board cannot have.
        """
        if komi is not None:
            Go(self.size, komi)
        states = self.init(1, komi=None if komi is None else np.array([komi]))
        points = self._points()
        # Every stone is placed as a move, which keeps chains and liberties right; a capture on the way means that
        # some chain has no liberty, whatever the order.
        for color in (BLACK, WHITE):
            for action in np.flatnonzero(stones.ravel() == color):
                states["to_play"] = color - 1
                kernels.place_rows(states, np.array([points.ravel()[action]]), 0, 1)
        if not np.array_equal(self.stones(states[0]), stones):
            raise LabError("a chain in the diagram has no liberty, so the position cannot stand.")
        states["captures"], states["ko"] = 0, 0
        states["to_play"] = to_play
        self._forget_history(states)
        return states

    def scene(self, state: np.void) -> Scene:
        last = int(state["recent"][0])
        stride = self.capacity + 1
        return diagram.scene(self.stones(state), (last // stride - 1, last % stride) if last else None)
