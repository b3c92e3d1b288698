"""A row of Go as what an engine has to be told: the moves that lead to it.

A row does not list its moves, but under a superko rule it keeps the Zobrist hash of every position so far. From one
position to the next there is one move only, so the game is found again move by move, and it is the right one if it
leads to the same row, byte for byte. So an agent needs no memory of games, and any row is as good as any other: a step
back in the window, an opening, a game of which it has seen nothing.

Some rows have no such history: those under simple ko, games that began with stones on the board, and those in which a
single stone took its own life under situational superko, which leaves the same trace as a pass. There the engine is
given the stones themselves, in any order, for none can be captured on the way (a chain with a liberty keeps one, and a
part of a chain has the points of the rest). If a ko was taken last, the stones are those before it, and the capture is
played. Of older repetitions such an engine knows nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from envs.games.game import States
from envs.games.go.coords import vertex
from envs.games.go.game import Go
from envs.games.go.kernels import WHITE_TO_PLAY, ZOBRIST
from envs.games.go.layout import BLACK, EMPTY, SITUATIONAL, WHITE

COLOURS = ("b", "w")


@dataclass(frozen=True)
class Line:
    """A board and what has been played on it, as in GTP."""

    size: int
    komi: float
    plays: tuple[str, ...]
    """Such as "b C3" or "w pass"; stones that were set up come first."""

    def leads_to(self, other: Line) -> bool:
        """Whether more plays make this line the other."""
        same_board = (self.size, self.komi) == (other.size, other.komi)
        return same_board and other.plays[: len(self.plays)] == self.plays


def line_of(game: Go, states: States) -> Line:
    """The line that leads to a batch of one; a smaller board on the game's canvas is a board of its own."""
    size, komi = int(states["size"][0]), float(states["komi2"][0]) / 2
    actions = moves_of(game, states)
    if actions is None:
        return Line(size, komi, _stones(game, states))
    names = (vertex_on(action, game.size, size) for action in actions)
    return Line(size, komi, tuple(f"{COLOURS[ply % 2]} {name}" for ply, name in enumerate(names)))


def vertex_on(action: int, canvas: int, size: int) -> str:
    """The name of a canvas's action on the board of that size in its top left corner."""
    if action == canvas * canvas:
        return "pass"
    row, column = divmod(action, canvas)
    return vertex(row * size + column, size)


def moves_of(game: Go, states: States) -> list[int] | None:
    """The moves that lead from the empty board to a batch of one, or None if its history does not tell."""
    goal = states[0]
    walk = _Walk(game, states)
    for i in range(1, int(goal["num_history"])):
        if not walk.reach(goal["history"][i]):
            return None
    while len(walk.moves) < goal["ply"]:
        walk.play(walk.pass_action)
    return walk.moves if walk.states.tobytes() == states.tobytes() else None


class _Walk:
    """A game on its way through known positions."""

    def __init__(self, game: Go, goal: States) -> None:
        self.game = game
        self.states = game.init(1, goal["size"], np.zeros(1))
        for field in ("komi2", "superko", "suicide", "max_plies"):
            self.states[field] = goal[field]
        self.moves: list[int] = []
        self.pass_action = game.num_actions - 1
        self._by_hash = _stones_by_hash(game)

    def play(self, action: int) -> None:
        self.game.step(self.states, np.array([action]))
        self.moves.append(action)

    def reach(self, key: np.uint64) -> bool:
        """Plays the move after which `key` is the latest position; False if there is none."""
        situational = self.states["superko"][0] == SITUATIONAL
        for passes in range(1 if situational else 2):  # passes are positions of their own under situational superko
            if passes:
                self.play(self.pass_action)
            state = self.states[0]
            if state["terminated"]:
                return False
            mover = int(state["to_play"])
            board = key ^ WHITE_TO_PLAY if situational and mover == 0 else key
            if situational and board == state["hash"]:
                self.play(self.pass_action)
                return True
            action = self._by_hash[mover].get(int(board ^ state["hash"]))  # a stone, and nothing else has changed
            if action is None or self.game.stones(state).flat[action] != EMPTY:
                action = self._capture(board)
            if action is not None:
                self.play(action)
                return True
        return False

    def _capture(self, board: np.uint64) -> int | None:
        """The move, if there is one, that makes a board with this hash."""
        legal = np.flatnonzero(self.game.legal_mask(self.states)[0])
        after = np.repeat(self.states, len(legal))
        self.game.step(after, legal)
        found = np.flatnonzero((after["hash"] == board) & (legal != self.pass_action))
        return int(legal[found[0]]) if len(found) else None


@cache
def _stones_by_hash(game: Go) -> tuple[dict[int, int], ...]:
    """For each colour: by which change of a position's hash a new stone is known, and its action."""
    points = _points(game)
    return tuple({int(ZOBRIST[colour, p]): action for action, p in enumerate(points)} for colour in (0, 1))


def _points(game: Go) -> list[int]:
    """The place of each point of the canvas in the padded line that the row keeps (see kernels.py)."""
    stride = game.capacity + 1
    return [(row + 1) * stride + column for row in range(game.size) for column in range(game.size)]


def _stones(game: Go, states: States) -> tuple[str, ...]:
    """Plays that set up the position of a batch of one, with the player to move next."""
    state, size = states[0], int(states["size"][0])
    stones = game.stones(state).copy()
    last: tuple[str, ...] = ()
    if state["ko"]:
        points = _points(game)
        taker, taken = points.index(int(state["recent"][0])), points.index(int(state["ko"]))
        colour = int(stones.ravel()[taker])
        stones.ravel()[taker], stones.ravel()[taken] = EMPTY, BLACK + WHITE - colour
        last = (f"{COLOURS[colour - BLACK]} {vertex_on(taker, game.size, size)}",)
    placed = tuple(
        f"{COLOURS[colour - BLACK]} {vertex_on(int(action), game.size, size)}"
        for colour in (BLACK, WHITE)
        for action in np.flatnonzero(stones.ravel() == colour)
    )
    if last or not state["ply"]:
        return placed + last
    # A pass that has just been played, so that the engine knows it may end the game.
    return placed + ((f"{COLOURS[1 - int(state['to_play'])]} pass",) if state["passes"] == 1 else ())
