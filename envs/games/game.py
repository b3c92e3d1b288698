"""The one abstraction of the lab: a batch of game states is a 1-D structured array, and one element is one whole state.

Every state dtype begins with the same header:

    field        type   meaning
    to_play      i1     the player to move, 0 or 1; player 0 moves first
    terminated   ?      the game is over
    outcome      i1     +1 player 0 won, -1 player 1 won, 0 a draw; valid only when terminated
    spare        u1     always 0: it brings the next field to an even address
    ply          i2     moves made so far, passes included

so a gather `states[index]` copies whole games, and the same array serves random play, search trees, self-play,
the arena and the window. Everything is batch-first: a single game is a batch of one.

Shape letters, the same everywhere: n or B games, A actions, C planes, H rows, W columns.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from envs.chance import Seeds, choose
from envs.games.scene import Scene

HEADER: list[tuple[str, str]] = [
    ("to_play", "i1"),
    ("terminated", "?"),
    ("outcome", "i1"),
    ("spare", "u1"),
    ("ply", "i2"),
]

States = NDArray[np.void]  # 1-D, of a game's state_dtype


def row_dtype(fields: list[Any]) -> np.dtype[np.void]:
    """The dtype of a state: HEADER and `fields`, aligned as a C compiler would, with names for the gaps between them.

    Without nameless bytes a row is its bytes: equal states have equal bytes, and `as_items` copies lose nothing.
    """
    filled: list[Any] = []
    end = 0
    for name, *form in [*HEADER, *fields, ("_end", "u8", 0)]:
        field = np.dtype([(name, *form)])
        gap = -end % field[0].base.alignment
        if gap:
            filled.append((f"_gap{end}", "u1", gap))
        filled.append((name, *form))
        end += gap + field.itemsize
    return np.dtype(filled[:-1], align=True)


def as_items(states: States) -> NDArray[np.void]:
    """The same rows as opaque items: numpy copies those in one piece each, states field by field (3 times slower)."""
    return states.view(f"V{states.dtype.itemsize}")


Actions = NDArray[np.integer[Any]]


def player_sign(to_play: NDArray[np.int8]) -> NDArray[np.int8]:
    """+1 where player 0 is meant, -1 where player 1: turns a value of that player to player 0's side and back."""
    return (1 - 2 * to_play).astype(np.int8)


def outcome_to_move(states: States) -> NDArray[np.float32]:
    """The outcome of finished games from the side to move, in {-1, 0, +1}. Shape [n]."""
    return (states["outcome"] * player_sign(states["to_play"])).astype(np.float32)


@dataclass(frozen=True)
class Symmetry:
    """One rotation or reflection of a board: transpose first, then flip rows, then flip columns."""

    transpose: bool = False
    flip_rows: bool = False
    flip_columns: bool = False

    def apply(self, planes: NDArray[Any]) -> NDArray[Any]:
        """Maps an array of shape [..., H, W]; a view where possible."""
        if self.transpose:
            planes = np.swapaxes(planes, -1, -2)
        if self.flip_rows:
            planes = planes[..., ::-1, :]
        if self.flip_columns:
            planes = planes[..., ::-1]
        return planes


IDENTITY = Symmetry()
MIRROR = (IDENTITY, Symmetry(flip_columns=True))
DIHEDRAL = tuple(Symmetry(t, r, c) for t in (False, True) for r in (False, True) for c in (False, True))


class Game(ABC):
    """The rules of a two-player, zero-sum, perfect-information board game.

    Subclasses are frozen dataclasses of their options (hashable, comparable), and hold no game in progress.
    """

    name: ClassVar[str]
    """The name in spec strings, e.g. "connect_four"."""
    player_names: ClassVar[tuple[str, str]] = ("Black", "White")
    symmetries: ClassVar[tuple[Symmetry, ...]] = (IDENTITY,)
    """The board symmetries that leave the rules unchanged; the first is the identity."""

    @property
    @abstractmethod
    def spec(self) -> str:
        """The spec string that makes an equal game, e.g. "go:size=5,komi=24.5"."""

    @property
    @abstractmethod
    def state_dtype(self) -> np.dtype[np.void]:
        """The structured dtype of one state; begins with HEADER."""

    @property
    @abstractmethod
    def num_actions(self) -> int:
        """A: actions are 0 .. A-1 in every state, legal or not."""

    @property
    @abstractmethod
    def board_shape(self) -> tuple[int, int]:
        """(H, W)."""

    @property
    @abstractmethod
    def observation_planes(self) -> tuple[str, ...]:
        """One line of meaning for each of the C observation planes."""

    @property
    @abstractmethod
    def max_plies(self) -> int:
        """No game is longer than this many moves."""

    @property
    def observation_shape(self) -> tuple[int, int, int]:
        """(C, H, W)."""
        return (len(self.observation_planes), *self.board_shape)

    @property
    def plane_offset_scale(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Two arrays of shape [C]: a net should see (plane - offset) * scale. The default is 0/1 planes as they are."""
        planes = len(self.observation_planes)
        return np.zeros(planes, np.float32), np.ones(planes, np.float32)

    @property
    def on_board_plane(self) -> int | None:
        """The observation plane that is 1 on the board, for games whose batches may mix board sizes."""
        return None

    @abstractmethod
    def init(self, n: int) -> States:
        """n games at the start. Shape [n]."""

    def init_varied(self, n: int, rng: np.random.Generator) -> States:
        """n games at the start, with what may differ from game to game (a komi) drawn at random, for self-play."""
        return self.init(n)

    @abstractmethod
    def step(self, states: States, actions: Actions) -> None:
        """Plays actions[i] in states[i], in place. Finished rows stay as they are, whatever their action.

        Legality is not checked here: the caller has looked at legal_mask (Match and the faces do it for people).
        """

    @abstractmethod
    def legal_mask(self, states: States) -> NDArray[np.bool_]:
        """The legal actions, bool[n, A]; all False in a finished row, at least one True in any other."""

    @abstractmethod
    def observe(self, states: States) -> NDArray[np.uint8]:
        """What the player to move sees, uint8[n, C, H, W]; own pieces always in the first planes."""

    def random_actions(self, states: States, seeds: Seeds) -> Actions:
        """A uniformly random legal action for each unfinished row; `seeds` (uint64[n]) are advanced. Shape [n]."""
        return choose(self.legal_mask(states), seeds)

    @abstractmethod
    def playout(self, states: States, seeds: NDArray[np.uint64], sensible: bool = True) -> None:
        """Plays every row to its end with uniformly random legal moves, in place.

        `seeds` (uint64[n]) are the rows' random states and are advanced, so equal seeds give equal games.
        `sensible` leaves out moves that no player would make, if the game knows such (Go: filling an own eye).
        """

    @abstractmethod
    def action_name(self, action: int) -> str:
        """The action in the game's own notation, e.g. "C3" or "pass"."""

    @abstractmethod
    def parse_action(self, text: str) -> int:
        """The inverse of action_name, any case; raises LabError for text that names no action of this game."""

    @abstractmethod
    def text(self, state: np.void) -> str:
        """The position as a diagram that parse_text reads back."""

    @abstractmethod
    def parse_text(self, diagram: str) -> States:
        """A batch of one with the drawn position, its history forgotten; raises LabError if it cannot be read."""

    @abstractmethod
    def scene(self, state: np.void) -> Scene:
        """The position as drawing primitives."""

    def result_text(self, state: np.void) -> str:
        """The result of a finished game in words, e.g. "Black wins" or "B+7.5"."""
        return f"{self.player_names[0 if state['outcome'] > 0 else 1]} wins" if state["outcome"] else "draw"

    @cached_property
    def symmetry_actions(self) -> NDArray[np.int64]:
        """int64[K, A]: symmetry_actions[k, a] is what action a becomes under symmetries[k].

        The default fits games whose first H*W actions are the cells in row-major order and whose other actions
        (a pass) have no place.
        """
        rows, columns = self.board_shape
        cells = np.arange(rows * columns).reshape(rows, columns)
        table = np.tile(np.arange(self.num_actions), (len(self.symmetries), 1))
        for k, symmetry in enumerate(self.symmetries):
            # After the map, the cell at position i holds what stood at moved[i].
            moved = symmetry.apply(cells).ravel()
            table[k, moved] = np.arange(rows * columns)
        return table


class TerritoryGame(Game):
    """A game won by owning more of the board, which gives a net more to learn from than who won."""

    @abstractmethod
    def ownership(self, states: States) -> NDArray[np.int8]:
        """Who owns each point as the board stands: +1 player 0, -1 player 1, 0 neither. Shape [n, H, W]."""

    @abstractmethod
    def margin(self, states: States) -> NDArray[np.float32]:
        """Player 0's score minus player 1's as the board stands, compensation (komi) included. Shape [n]."""
