"""The board of a GTP engine: a game in which either player may move at any time, and which may be taken up again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from envs.errors import LabError
from envs.games.game import States
from envs.games.go.game import Go
from envs.games.go.layout import BLACK, PLY_CAP, RUNNING, WHITE
from rl_lab.go_io.gtp_text import GtpError


class Board:
    """A position, how it came about, and what undo goes back to.

    In GTP a player may move twice in a row, and a stone may follow two passes, to show what is dead. The rows of the
    lab hold that too: the turn is given to who moves, and a game that has ended is taken up again. Only a game that the
    ply cap has ended forgets its earlier positions then, since its row has no room for more.
    """

    def __init__(self, game: Go) -> None:
        self.game = game
        self._rows: list[States] = [game.init(1)]
        self.moves: list[tuple[int, int]] = []
        """(player, action) of each move since the start."""
        self.stones: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())
        """Black's and White's stones at the start."""

    @property
    def states(self) -> States:
        """The position, a batch of one; a copy."""
        return self._rows[-1].copy()

    @property
    def is_over(self) -> bool:
        """Whether two passes have ended the game; the ply cap, of which GTP knows nothing, has not."""
        last = self._rows[-1]
        return bool(last["terminated"][0]) and last["end_reason"][0] != PLY_CAP

    @property
    def is_empty(self) -> bool:
        """Whether nothing has been played or set up."""
        return not self.moves and self.stones == ((), ())

    @property
    def komi(self) -> float:
        return float(self._rows[-1]["komi2"][0]) / 2

    def set_komi(self, komi: float) -> None:
        """Changes the komi of the game in progress; raises LabError for one that the lab does not have."""
        half_komi = Go(self.game.size, komi).half_komi
        for row in self._rows:
            row["komi2"] = half_komi

    def start(self) -> States:
        """The position before the first move, a batch of one; a copy."""
        return self._rows[0].copy()

    def begin(self, stones: tuple[Sequence[int], Sequence[int]] = ((), ()), to_play: int = 0) -> None:
        """Starts again from these stones of Black and White; raises LabError if they cannot stand so."""
        board = np.zeros(self.game.num_actions - 1, np.uint8)
        for stone, actions in zip((BLACK, WHITE), stones, strict=True):
            board[list(actions)] = stone
        first = self.game.init(1)
        if board.any() or to_play:
            first = self.game.set_up(board.reshape(self.game.board_shape), to_play)
        first["komi2"] = self._rows[-1]["komi2"]
        self._rows, self.moves = [first], []
        self.stones = (tuple(stones[0]), tuple(stones[1]))

    def position(self, player: int) -> States:
        """The position with that player to move in a running game, a batch of one."""
        states = self.states
        if states["terminated"][0] and states["ply"][0] >= states["max_plies"][0]:
            states = self.game.set_up(self.game.stones(states[0]), player)
            states["komi2"] = self._rows[-1]["komi2"]
        elif states["terminated"][0]:
            states["terminated"], states["outcome"], states["end_reason"], states["passes"] = False, 0, RUNNING, 0
        if states["to_play"][0] != player:
            states["to_play"], states["passes"] = player, 0
        return states

    def play(self, player: int, action: int) -> None:
        """Plays a move of either player; raises GtpError if it is illegal. A pass in a game that is over stays one."""
        is_pass = action == self.game.num_actions - 1
        states = self.states if self.is_over and is_pass else self.position(player)
        if not is_pass and not self.game.legal_mask(states)[0, action]:
            raise GtpError("illegal move")
        self.game.step(states, np.array([action]))
        self._rows.append(states)
        self.moves.append((player, action))

    def undo(self) -> None:
        """Takes the last move back; raises GtpError if there is none."""
        if not self.moves:
            raise GtpError("cannot undo")
        self._rows.pop()
        self.moves.pop()

    def set_up(self, stones: tuple[Sequence[int], Sequence[int]], to_play: int) -> None:
        """As `begin`, with a GtpError."""
        try:
            self.begin(stones, to_play)
        except LabError as error:
            raise GtpError(str(error)) from None
