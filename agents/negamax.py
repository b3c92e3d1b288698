"""Alpha-beta search. `agents/alpha_beta.py` plays with it, and `agents/solver.py` proves values with it.

Fail-soft negamax (Fishburn, 1983) with a transposition table, iterative deepening and a history heuristic
(Schaeffer, 1989), over the Game interface alone. A node's children are made by one `step` of copies of its
row. Who moves next is read from the rows: a move need not pass the turn.

*What the table may forget: nothing.* Where the rules look back (Go's superko), two games that reach the same
board may have different futures, so results keyed by the board are unsound (the graph-history interaction
problem; Kishimoto and Mueller, 2004). The key here is a digest of the whole state row, which holds all that
the rules can look at. In games whose row is the board that finds every transposition. In Go it finds few, and
mostly remembers, from one deepening to the next, what was proved and by which move; enough for 3x3.

*What is proved.* A result is `proved` if no position where the depth limit stopped the search had part in it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from agents.scripted import successors, value_for
from envs.errors import LabError
from envs.games.game import Game, States, TerritoryGame

Horizon = Callable[[States], NDArray[np.float32]]
"""Values [n], from the side to move, of unfinished positions where the depth limit stops a search."""

MAX_ENTRIES = 500_000
LOSS, DRAW, WIN = -1.0, 0.0, 1.0


@dataclass(slots=True)
class Result:
    """What a search found out about a position; the value is from its side to move.

    Fail-soft: exact if alpha < value < beta, an upper bound if value <= alpha, a lower one if value >= beta.
    """

    value: float
    proved: bool
    action: int


@dataclass(slots=True)
class Entry:
    """A Result in the table, with the search it came from."""

    result: Result
    depth: int
    alpha: float
    beta: float

    def answers(self, depth: int, alpha: float, beta: float) -> bool:
        """Whether it settles a search of this depth and window."""
        value = self.result.value
        if not (self.result.proved or self.depth >= depth):
            return False
        is_lower, is_upper = value > self.alpha, value < self.beta
        return (is_lower and value >= beta) or (is_upper and value <= alpha) or (is_lower and is_upper)


def field_spans(dtype: np.dtype[np.void]) -> list[tuple[int, int]]:
    """The (start, stop) bytes of a row that fields fill; what pads them may differ between equal rows."""
    spans: list[tuple[int, int]] = []
    for field, offset, *_ in sorted((dtype.fields or {}).values(), key=lambda item: item[1]):
        joins = bool(spans) and spans[-1][1] == offset
        start = spans.pop()[0] if joins else offset
        spans.append((start, offset + field.itemsize))
    return spans


class Negamax:
    """A search and its memory: the transposition table, the history heuristic, the count of nodes."""

    def __init__(self, game: Game, horizon: Horizon, max_nodes: int | None = None) -> None:
        self.game, self.horizon, self.max_nodes = game, horizon, max_nodes
        self.on_node: Callable[[], None] = lambda: None
        """Called before each position is expanded; what it raises ends the search."""
        self.nodes = 0
        self.spans = field_spans(game.state_dtype)
        self.table: dict[bytes, Entry] = {}
        self.history = np.zeros((2, game.num_actions))

    def search(self, state: States, depth: int, alpha: float, beta: float, symmetric: NDArray[np.int64]) -> Result:
        """Searches one unfinished position (a batch of one) to `depth` >= 1 plies.

        `symmetric` lists the game's symmetries (indices) that map the position *and its history* to
        themselves, 0, the identity, among them. Not checked. Raises LabError when `max_nodes` are spent.
        """
        key = self.key(state)
        entry = self.table.get(key)
        if entry is not None and entry.answers(depth, alpha, beta):
            return entry.result
        hint = entry.result.action if entry is not None else -1
        result = self._expand(state, depth, alpha, beta, symmetric, hint)
        if len(self.table) >= MAX_ENTRIES:
            self.table.clear()
        self.table[key] = Entry(result, depth, alpha, beta)
        return result

    def line(self, state: States, length: int) -> list[int]:
        """The best play found from `state`, at most `length` actions."""
        actions: list[int] = []
        state = state.copy()
        while len(actions) < length and (entry := self.table.get(self.key(state))) is not None:
            actions.append(entry.result.action)
            self.game.step(state, np.array(actions[-1:]))
        return actions

    def key(self, state: States) -> bytes:
        """What the table knows a position by: a digest of all of it."""
        row, digest = state.tobytes(), blake2b(digest_size=16)
        for start, stop in self.spans:
            digest.update(row[start:stop])
        return digest.digest()

    def _expand(
        self, state: States, depth: int, alpha: float, beta: float, symmetric: NDArray[np.int64], hint: int
    ) -> Result:
        if self.nodes == self.max_nodes:
            raise LabError(f"The search spent its {self.nodes} nodes without an answer; allow it more.")
        self.on_node()
        self.nodes += 1
        mover = int(state["to_play"][0])
        _, actions, after = successors(self.game, state)
        values = value_for(after, np.full(len(after), mover))
        order = self._order(mover, actions, after, values, hint)
        ended = after["terminated"].tolist()
        if depth == 1:
            self._judge(mover, after, values)
        # Of moves that are each other's images only one is tried.
        images = self.game.symmetry_actions[symmetric[:, None], actions]
        is_needed = images.min(axis=0) == actions
        best, proved = Result(2 * LOSS, False, -1), True
        for i in order[is_needed[order]].tolist():
            if ended[i] or depth == 1:
                child = Result(float(values[i]), ended[i], -1)
            else:
                fixed = symmetric[images[:, i] == actions[i]]
                child = self._descend(after[i : i + 1], mover, depth - 1, max(alpha, best.value), beta, fixed)
            if child.value >= beta:
                self.history[mover, actions[i]] += depth * depth
                return Result(child.value, child.proved, int(actions[i]))
            proved = proved and child.proved
            if child.value > best.value:
                best = Result(child.value, False, int(actions[i]))
        return Result(best.value, proved, best.action)

    def _descend(
        self, child: States, mover: int, depth: int, alpha: float, beta: float, symmetric: NDArray[np.int64]
    ) -> Result:
        """Searches a child; the window and the value are the mover's at its parent."""
        if child["to_play"][0] == mover:
            return self.search(child, depth, alpha, beta, symmetric)
        found = self.search(child, depth, -beta, -alpha, symmetric)
        return Result(-found.value, found.proved, found.action)

    def _judge(self, mover: int, after: States, values: NDArray[np.float32]) -> None:
        """Fills in what the horizon says of the unfinished children, for the mover at their parent."""
        running = np.flatnonzero(~after["terminated"])
        leaves = after[running]
        values[running] = self.horizon(leaves) * np.where(leaves["to_play"] == mover, 1, -1)

    def _order(
        self,
        mover: int,
        actions: NDArray[np.int64],
        after: States,
        outcomes: NDArray[np.float32],
        hint: int,
    ) -> NDArray[np.int64]:
        """Wins, the table's move, captures (a better margin), what often cut off before; losses last."""
        cuts = self.history[mover, actions]
        rank = cuts / (1 + cuts.max())
        if isinstance(self.game, TerritoryGame):
            rank += self.game.margin(after) * (1 - 2 * mover)
        rank[actions == hint] = 1e6
        return np.argsort(-rank - 2e6 * outcomes, kind="stable")
