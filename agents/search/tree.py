"""The search tree as arrays: B trees of up to N nodes over A actions, node 0 the root of each.

    nodes      [B, N]      NODE records: links, statistics, and what the search must know of a state
    untried    [B, N, A]   the prior of the legal actions that nobody has tried yet, 0 elsewhere
    rows       [B * N]     the game's rows in one pool, in the order in which they were made; a node knows its row
    log_prior  [B, A]      of the roots, -inf for illegal actions
    seeds      [B]         the random state of each tree; its branch n is for the evaluation of node n

An action that was tried is a node of its own, in a list from `first_child` along `sibling`, and has its prior there. So
a walk looks at the tried actions, which are few, and at the best untried one, which is kept, however wide the board.

All values in the tree are player 0's, so a backup is a sum and nothing depends on whose turn follows whose.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.search.walk import compact_rows, follow, set_root_prior, view_roots
from envs.chance import Seeds
from envs.games.game import Game, States, as_items

NODE = np.dtype(
    [
        ("parent", "i4"),  # -1 at the root
        ("action", "i4"),  # the action that led here
        ("row", "i4"),  # where its state is in the pool
        ("first_child", "i4"),  # -1 if no action was tried
        ("sibling", "i4"),  # the next child of the parent, -1 at the end
        ("best_untried", "i4"),  # the untried action of highest prior, -1 if all were tried
        ("visits", "i4"),  # simulations that passed through or ended here, its own evaluation included
        ("pending", "i4"),  # simulations under way through here: visits whose value is not known yet
        ("value_sum", "f8"),  # sum of the values backed up, player 0's
        ("value", "f8"),  # the evaluator's value, or the outcome if it is settled; player 0's
        ("untried_share", "f8"),  # the sum of the priors of its untried actions
        ("prior", "f4"),  # of the action that led here
        ("to_play", "i1"),
        ("low", "i1"),  # the least outcome that player 0 is known to reach from here, and the most that player 1 must
        ("high", "i1"),  # allow; where they are equal the node is settled, as it is where the game is over
        ("evaluated", "?"),
    ]
)
LINKS = ("parent", "first_child", "sibling")


@dataclass
class RootView:
    """What the roots know of their actions."""

    visits: NDArray[np.int32]
    """[B, A]"""
    q: NDArray[np.float32]
    """[B, A] from the root's side to move, NaN where never tried."""
    prior: NDArray[np.float32]
    """[B, A], 0 for illegal actions."""


@dataclass
class Tree:
    """The arrays above, how many nodes each tree has in use, and how many rows are in use in all."""

    nodes: NDArray[np.void]
    untried: NDArray[np.float32]
    rows: States
    log_prior: NDArray[np.float64]
    seeds: Seeds
    size: NDArray[np.int32]
    """[B]"""
    used: int = 0

    @staticmethod
    def allocate(game: Game, batch: int, capacity: int) -> Tree:
        """Room for `batch` trees of `capacity` nodes; the contents mean nothing yet."""
        return Tree(
            nodes=np.zeros((batch, capacity), NODE),
            untried=np.empty((batch, capacity, game.num_actions), np.float32),
            rows=np.zeros(batch * capacity, game.state_dtype),
            log_prior=np.empty((batch, game.num_actions)),
            seeds=np.zeros(batch, np.uint64),
            size=np.zeros(batch, np.int32),
        )

    def first(self, n: int) -> Tree:
        """The first n trees, in the same memory."""
        parts = {name: getattr(self, name)[:n] for name in ("nodes", "untried", "log_prior", "seeds", "size")}
        return replace(self, **parts)

    def grown(self, capacity: int) -> Tree:
        """The same trees in arrays with room for `capacity` nodes each, which is more."""
        nodes = np.zeros((self.batch, capacity), NODE)
        nodes[:, : self.capacity] = self.nodes
        untried = np.empty((self.batch, capacity, self.untried.shape[2]), np.float32)
        untried[:, : self.capacity] = self.untried
        rows = np.zeros(self.batch * capacity, self.rows.dtype)
        as_items(rows)[: self.used] = as_items(self.rows)[: self.used]
        return replace(self, nodes=nodes, untried=untried, rows=rows)

    @property
    def batch(self) -> int:
        """B."""
        return len(self.size)

    @property
    def capacity(self) -> int:
        """N."""
        return int(self.nodes.shape[1])

    @property
    def bytes_of_rows(self) -> NDArray[np.uint8]:
        """The pool as bytes: the search copies rows and reads their header, and knows no more of them."""
        return self.rows.view(np.uint8).reshape(len(self.rows), -1)

    def state(self, b: int, node: int) -> np.void:
        """The state of a node."""
        row: np.void = self.rows[self.nodes[b, node]["row"]]
        return row

    def child(self, b: int, node: int, action: int) -> int:
        """The node that an action leads to, -1 if it was never tried."""
        return next((n for n in self.children(b, node) if self.nodes[b, n]["action"] == action), -1)

    def children(self, b: int, node: int) -> list[int]:
        """The nodes that the tried actions lead to, the latest first."""
        found, child = [], int(self.nodes[b, node]["first_child"])
        while child >= 0:
            found.append(child)
            child = int(self.nodes[b, child]["sibling"])
        return found

    def plant(self, trees: NDArray[np.int64], states: States) -> None:
        """Makes states[i] the only node of tree trees[i], not yet evaluated."""
        rows = np.arange(self.used, self.used + len(trees))
        self.used += len(trees)
        as_items(self.rows)[rows] = as_items(states)
        self.size[trees] = 1
        roots = np.zeros(len(trees), NODE)
        for link in LINKS:
            roots[link] = -1
        roots["row"] = rows
        roots["to_play"] = states["to_play"]
        roots["low"], roots["high"] = -1, 1
        self.nodes[trees, 0] = roots

    def promote(self, b: int, state: np.void, max_depth: int = 2) -> bool:
        """Makes the descendant of root b that equals `state` the new root, with all below it; False if there is none.

        A state holds its own history, so equal rows are the same line of play.
        """
        wanted = state.tobytes()
        level = [0]
        for _ in range(max_depth):
            level = [c for n in level for c in self.children(b, n) if self.nodes[b, c]["evaluated"]]
            for node in level:
                if self.state(b, node).tobytes() == wanted:
                    self._keep_subtree(b, node)
                    return True
        return False

    def _keep_subtree(self, b: int, root: int) -> None:
        """Moves the subtree of `root` to the front. Parents come before children, so one pass finds it."""
        new_index = np.full(self.capacity, -1, np.int32)
        kept: list[int] = []
        for node in range(root, int(self.size[b])):
            if node == root or new_index[self.nodes[b, node]["parent"]] >= 0:
                new_index[node] = len(kept)
                kept.append(node)
        nodes = self.nodes[b, kept]
        for link in LINKS:
            nodes[link] = np.where(nodes[link] >= 0, new_index[nodes[link]], -1)
        nodes[0]["parent"] = nodes[0]["sibling"] = -1
        self.nodes[b, : len(kept)] = nodes
        self.untried[b, : len(kept)] = self.untried[b, kept]
        self.size[b] = len(kept)

    def keep_rows_of(self, trees: NDArray[np.int64]) -> None:
        """Makes room in the pool: the rows of these trees move to its front, all others are given up."""
        owned = [(b, n) for b in trees for n in range(self.size[b])]
        b, n = np.array(owned, np.int64).reshape(-1, 2).T
        order = np.argsort(self.nodes["row"][b, n])
        b, n = b[order], n[order]
        compact_rows(self.bytes_of_rows, self.nodes["row"][b, n])
        self.nodes["row"][b, n] = np.arange(len(n))
        self.used = len(n)

    def view_roots(self) -> RootView:
        """Visits, Q and prior of the roots' actions; `log_prior` is brought up to date."""
        shape = self.log_prior.shape
        view = RootView(np.empty(shape, np.int32), np.empty(shape, np.float32), np.empty(shape, np.float32))
        view_roots(self.nodes, self.untried, view.visits, view.q, view.prior, self.log_prior)
        return view

    def set_root_prior(self, prior: NDArray[Any]) -> None:
        """Gives the roots' legal actions another prior [B, A]."""
        set_root_prior(self.nodes, self.untried, prior)

    def lines(self, b: int) -> dict[int, list[int]]:
        """For each action of root b that was tried, the line of most visited actions that begins with it."""
        room = np.empty(self.size[b], np.int32)
        tried = (c for c in self.children(b, 0) if self.nodes[b, c]["visits"] > 0)
        found = (room[: follow(self.nodes, b, node, room)].tolist() for node in tried)
        return {line[0]: line for line in found}
