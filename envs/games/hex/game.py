"""Hex (Piet Hein, 1942; John Nash, 1948) on rhombi of 3x3 to 13x13 cells, as a Game."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from envs.errors import LabError
from envs.games.coords import cell_name, column_names, parse_cell
from envs.games.diagram import check_status, read_cells, status_line
from envs.games.game import IDENTITY, Actions, Game, States, Symmetry
from envs.games.hex import diagram, kernels
from envs.games.hex.kernels import CAPACITY, STATE, STRIDE
from envs.games.scene import Scene
from envs.parallel import for_slices

PLANES = (
    "own stones",
    "opponent's stones",
    "own stones whose chain touches a side of one's own",
    "opponent's stones whose chain touches a side of theirs",
    "cells along one's own sides",
    "cells along the opponent's sides",
)
SWAP_PLANE = "everywhere, if the swap is possible now"


@dataclass(frozen=True)
class Hex(Game):
    """Two players place stones in turns; Black, who begins, connects top and bottom, White left and right.

    A stone stays where it is, and exactly one player connects (Nash), so there are no draws. With `swap` White may
    answer the first stone by taking it over: it becomes a white one on its mirror image, which is as good for White as
    it was for Black. State: the header, `size` u1, `swap` bool, `last` u1 and `board` u1[225], see hex/kernels.py.
    """

    name: ClassVar[str] = "hex"
    symmetries: ClassVar[tuple[Symmetry, ...]] = (IDENTITY, Symmetry(flip_rows=True, flip_columns=True))

    size: int = 11
    """The board is size x size, 3 to 13."""
    swap: bool = False
    """Whether White may swap (pie rule): one more action, legal only as White's first."""

    def __post_init__(self) -> None:
        if not 3 <= self.size <= CAPACITY:
            raise LabError(f"Hex boards are 3x3 to 13x13, so size must be 3 to 13, not {self.size}.")

    @property
    def spec(self) -> str:
        return f"{self.name}:size={self.size}{',swap=true' if self.swap else ''}"

    @property
    def state_dtype(self) -> np.dtype[np.void]:
        return STATE

    @property
    def num_actions(self) -> int:
        return self.size**2 + self.swap

    @property
    def board_shape(self) -> tuple[int, int]:
        return (self.size, self.size)

    @property
    def observation_planes(self) -> tuple[str, ...]:
        return (*PLANES, SWAP_PLANE) if self.swap else PLANES

    @property
    def max_plies(self) -> int:
        return self.size**2 + self.swap

    def init(self, n: int) -> States:
        states = np.zeros(n, STATE)
        states["size"], states["swap"] = self.size, self.swap
        states["board"] = kernels.empty_board(self.size)
        return states

    def step(self, states: States, actions: Actions) -> None:
        cells = np.ascontiguousarray(actions, np.int64)
        for_slices(lambda start, stop: kernels.step_rows(states, cells, start, stop), len(states))

    def legal_mask(self, states: States) -> NDArray[np.bool_]:
        mask = np.empty((len(states), self.num_actions), np.bool_)
        for_slices(lambda start, stop: kernels.legal_rows(states, mask, start, stop), len(states))
        return mask

    def observe(self, states: States) -> NDArray[np.uint8]:
        planes = np.empty((len(states), *self.observation_shape), np.uint8)
        for_slices(lambda start, stop: kernels.observe_rows(states, planes, start, stop), len(states))
        return planes

    def playout(self, states: States, seeds: NDArray[np.uint64], sensible: bool = True) -> None:
        for_slices(lambda start, stop: kernels.playout_rows(states, seeds, start, stop), len(states), min_rows=16)

    def action_name(self, action: int) -> str:
        return "swap" if action == self.size**2 else cell_name(action, self.size)

    def parse_action(self, text: str) -> int:
        if self.swap and text.strip().lower() == "swap":
            return self.size**2
        return parse_cell(text, self.size, ", or swap" if self.swap else "")

    def cells(self, state: np.void) -> NDArray[np.uint8]:
        """The bytes of the cells (see hex/kernels.py). Shape [size, size]."""
        board: NDArray[np.uint8] = state["board"].reshape(STRIDE, STRIDE)
        return board[1 : self.size + 1, 1 : self.size + 1]

    def text(self, state: np.void) -> str:
        return f"{diagram.draw(self.cells(state))}\n{status_line(self, state)}"

    def parse_text(self, diagram: str) -> States:
        """Reads what `text` writes; letters, row numbers, spaces and the last line may be left out.

        Besides shape and symbols it checks that the stones can have come about by turns, that the winner moved last,
        and that the last line says what the board says. Where a swap could have been played or not, the last line
        decides, and without one there was none. It does not check that the last stone completed the chain.
        """
        cells, last_line = read_cells(diagram, self, "Hex", column_names(self.size).upper())
        states = self.init(1)
        kernels.set_up_row(states, cells)
        if states["ply"] != 1:  # a single stone is the last one, and the one that a swap needs
            states["last"] = 0
        stones = int(states["ply"][0])
        for to_play, swapped in self._turns(cells, int(states["outcome"][0])):
            states["to_play"], states["ply"] = to_play, stones + swapped
            if last_line.casefold() in ("", status_line(self, states[0]).casefold()):
                return states
        check_status(self, states, last_line)
        return states

    def _turns(self, cells: NDArray[np.int8], outcome: int) -> list[tuple[int, bool]]:
        """Every (player to move, was there a swap) that can have led to these stones; raises LabError if none can."""
        xs, os = (int(np.count_nonzero(cells == color)) for color in (kernels.BLACK, kernels.WHITE))
        turns = [(xs - os, False), (xs - os + 1, self.swap and os > 0)]
        turns = [(to_play, swapped) for k, (to_play, swapped) in enumerate(turns) if to_play in (0, 1) and swapped == k]
        if not turns:
            raise LabError(f"Black (X) moves first and turns alternate, so {xs} X and {os} O cannot be.")
        # After the end the loser is to play.
        turns = [turn for turn in turns if outcome in (0, 2 * turn[0] - 1)]
        if not turns:
            winner = self.player_names[0 if outcome > 0 else 1]
            raise LabError(f"{winner} is connected and so moved last, but {xs} X and {os} O say otherwise.")
        return turns

    def scene(self, state: np.void) -> Scene:
        row, column = divmod(int(state["last"]), STRIDE)
        return diagram.scene(self.cells(state), (row - 1, column - 1) if state["last"] else None)
