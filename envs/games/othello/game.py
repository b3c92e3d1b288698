"""Othello (Goro Hasegawa, 1971; after Reversi, 1883) on 8x8 and 6x6 squares, as a Game."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from envs.errors import LabError
from envs.games.coords import cell_name, column_names, parse_cell
from envs.games.diagram import SYMBOLS, read_cells
from envs.games.game import IDENTITY, Actions, States, Symmetry, TerritoryGame
from envs.games.othello import kernels
from envs.games.othello.kernels import START_BLACK, START_WHITE, STATE
from envs.games.scene import Box, Circle, Label, Line, Primitive, Scene
from envs.parallel import for_slices

PLANES = ("own discs", "opponent's discs", "squares where a disc can be placed now")


@dataclass(frozen=True)
class Othello(TerritoryGame):
    """Black begins; a new disc turns over the opposing discs it encloses in a line, and must turn over one at least.

    Who cannot place a disc must pass, which is a move of its own and not allowed otherwise. When neither can, the game
    ends and more discs win. The margin is the plain difference of discs: empty squares count for nobody (the World
    Othello Federation gives them to the winner, which changes no winner).

    State: the header, `size` u1, `last` u1 and `discs` u8[2], see othello/kernels.py.
    """

    name: ClassVar[str] = "othello"
    # Of the eight symmetries of the square those that keep the colours of the four discs at the start.
    symmetries: ClassVar[tuple[Symmetry, ...]] = (
        IDENTITY,
        Symmetry(transpose=True),
        Symmetry(flip_rows=True, flip_columns=True),
        Symmetry(transpose=True, flip_rows=True, flip_columns=True),
    )

    size: int = 8
    """The board is size x size, 8 or 6."""

    def __post_init__(self) -> None:
        if self.size not in (6, 8):
            raise LabError(f"Othello boards are 8x8 or 6x6, so size must be 8 or 6, not {self.size}.")

    @property
    def spec(self) -> str:
        return f"{self.name}:size={self.size}"

    @property
    def state_dtype(self) -> np.dtype[np.void]:
        return STATE

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
    def max_plies(self) -> int:
        return 2 * (self.size**2 - 4)  # no two passes in a row

    def init(self, n: int) -> States:
        states = np.zeros(n, STATE)
        states["size"] = self.size
        states["discs"] = START_BLACK, START_WHITE
        return states

    def step(self, states: States, actions: Actions) -> None:
        squares = np.ascontiguousarray(actions, np.int64)
        for_slices(lambda start, stop: kernels.step_rows(states, squares, start, stop), len(states))

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

    def ownership(self, states: States) -> NDArray[np.int8]:
        owners = np.empty((len(states), *self.board_shape), np.int8)
        for_slices(lambda start, stop: kernels.owner_rows(states, owners, start, stop), len(states))
        return owners

    def margin(self, states: States) -> NDArray[np.float32]:
        difference: NDArray[np.float32] = self.ownership(states).sum(axis=(1, 2), dtype=np.float32)
        return difference

    def action_name(self, action: int) -> str:
        return "pass" if action == self.size**2 else cell_name(action, self.size)

    def parse_action(self, text: str) -> int:
        return self.size**2 if text.strip().lower() == "pass" else parse_cell(text, self.size, ", or pass")

    def result_text(self, state: np.void) -> str:
        """The winner and the margin, e.g. "B+12", or "draw"."""
        margin = int(self.margin(state.reshape(1))[0])
        return f"{self.player_names[margin < 0][0]}+{abs(margin)}" if margin else "draw"

    def cells(self, state: np.void) -> NDArray[np.int8]:
        """0 for an empty square, 1 for Black's disc, 2 for White's. Shape [size, size]."""
        cells: NDArray[np.int8] = self.ownership(state.reshape(1))[0] % np.int8(3)
        return cells

    def _last_line(self, state: np.void) -> str:
        """Who is to play, also after the end: it does not follow from the discs."""
        line = f"{self.player_names[state['to_play']]} to play"
        return f"{line}; neither can move: {self.result_text(state)}" if state["terminated"] else line

    def text(self, state: np.void) -> str:
        lines = ["  " + " ".join(column_names(self.size))]
        for r, row in enumerate(self.cells(state)):
            lines.append(f"{r + 1} " + " ".join(SYMBOLS[cell] for cell in row))
        return "\n".join([*lines, self._last_line(state)])

    def parse_text(self, diagram: str) -> States:
        """Reads what `text` writes; letters, row numbers, spaces and the last line (Black to play) may be left out.

        Besides shape and symbols it checks that the four squares in the middle, taken from the start, hold discs, and
        that the last line says what the board says. `ply` is the number of discs placed: passes are forgotten.
        """
        cells, last_line = read_cells(diagram, self, "Othello", column_names(self.size).upper())
        middle = slice(self.size // 2 - 1, self.size // 2 + 1)
        if not cells[middle, middle].all():
            raise LabError("The four squares in the middle have discs from the start on, and here one is empty.")
        states = self.init(1)
        rim = 4 - self.size // 2
        bits = np.uint64(1) << np.arange(64, dtype=np.uint64).reshape(8, 8)
        inside = bits[rim : 8 - rim, rim : 8 - rim]
        states["discs"] = [np.bitwise_or.reduce(inside[cells == color], initial=np.uint64(0)) for color in (1, 2)]
        states["ply"] = np.count_nonzero(cells) - 4
        states["to_play"] = last_line.casefold().startswith("white")
        kernels.settle_row(states)
        if last_line and last_line.casefold() != (line := self._last_line(states[0])).casefold():
            raise LabError(f"The diagram says '{last_line}', but its discs say '{line}'.")
        return states

    def scene(self, state: np.void) -> Scene:
        """The board, the last disc ringed, a small ring wherever a disc can be placed, and the discs of each below."""
        size, edge = self.size, 0.7
        items: list[Primitive] = [Box(0, 0, size + 2 * edge, size + 2 * edge, "board")]
        for k in range(size + 1):
            items += [Line(edge, edge + k, edge + size, edge + k), Line(edge + k, edge, edge + k, edge + size)]
        items += [Circle(edge + x, edge + y, 0.06, "grid") for x in (2, size - 2) for y in (2, size - 2)]
        for k, name in enumerate(column_names(size)):
            items += [Label(edge + k + 0.5, 0.38, name, size=0.36), Label(0.36, edge + k + 0.5, str(k + 1), size=0.36)]
        cells = self.cells(state)
        for (row, column), cell in np.ndenumerate(cells):
            if cell:
                items.append(Circle(edge + column + 0.5, edge + row + 0.5, 0.42, f"stone_{cell - 1}"))
        for row, column in np.argwhere(self.observe(state.reshape(1))[0, 2]):
            items.append(Circle(edge + column + 0.5, edge + row + 0.5, 0.12, "grid", 0.03))
        if state["last"]:
            row, column = divmod(int(state["last"]) - 1, 8)
            rim = 4 - size // 2
            items.append(Circle(edge + column - rim + 0.5, edge + row - rim + 0.5, 0.2, "mark", width=0.06))
        black, white = (int(np.count_nonzero(cells == color)) for color in (1, 2))
        items.append(Label(edge + size / 2, size + 1.5 * edge, f"Black {black}, White {white}", size=0.36))
        spots = {r * size + c: (edge + c, edge + r, 1.0, 1.0) for r in range(size) for c in range(size)}
        return Scene(size + 2 * edge, size + 2 * edge, items, spots)
