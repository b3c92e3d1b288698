"""The search tree as arrays: B trees of up to N nodes over A actions, node 0 the root of each.

    states    [B, N]      the game's rows as opaque items (game.as_items): the search copies them and looks at none
    nodes     [B, N]      NODE records: statistics, and what the search must know of a state (who moves, is it over)
    children  [B, N, A]   the node an action leads to, -1 if it was never tried
    prior     [B, N, A]   the policy of the evaluator over the legal actions, 0 elsewhere
    logits    [B, N, A]   its logarithm, -inf elsewhere
    seeds     [B]         the random state of each tree; its branch n is for the evaluation of node n

All values in the tree are player 0's, so a backup is a sum and nothing depends on whose turn follows whose.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from envs.chance import Seeds
from envs.games.game import Game, States, as_items
from envs.jit import kernel

NODE = np.dtype(
    [
        ("parent", "i4"),  # -1 at the root
        ("action", "i4"),  # the action that led here
        ("visits", "i4"),  # simulations that passed through or ended here, its own evaluation included
        ("pending", "i4"),  # simulations under way through here: they count as losses until they return
        ("value_sum", "f8"),  # sum of the values backed up, player 0's
        ("value", "f8"),  # the evaluator's value, or the outcome if the game is over here; player 0's
        ("to_play", "i1"),
        ("terminated", "?"),
        ("evaluated", "?"),
    ],
    align=True,
)


@dataclass
class Tree:
    """The arrays above, and how many nodes each tree has in use."""

    states: NDArray[np.void]
    nodes: NDArray[np.void]
    children: NDArray[np.int32]
    prior: NDArray[np.float32]
    logits: NDArray[np.float32]
    seeds: Seeds
    size: NDArray[np.int32]
    """[B]"""

    @staticmethod
    def allocate(game: Game, batch: int, capacity: int) -> Tree:
        """Room for `batch` trees of `capacity` nodes; the contents mean nothing yet."""
        edges = (batch, capacity, game.num_actions)
        return Tree(
            states=np.zeros((batch, capacity), f"V{game.state_dtype.itemsize}"),
            nodes=np.zeros((batch, capacity), NODE),
            children=np.empty(edges, np.int32),
            prior=np.empty(edges, np.float32),
            logits=np.empty(edges, np.float32),
            seeds=np.zeros(batch, np.uint64),
            size=np.zeros(batch, np.int32),
        )

    def first(self, n: int) -> Tree:
        """The first n trees, in the same memory."""
        return Tree(*(array[:n] for array in vars(self).values()))

    @property
    def batch(self) -> int:
        """B."""
        return len(self.size)

    @property
    def capacity(self) -> int:
        """N."""
        return int(self.nodes.shape[1])

    def reset(self, trees: NDArray[np.int64], states: States) -> None:
        """Makes states[i] the only node of tree trees[i], not yet evaluated."""
        self.size[trees] = 1
        self.states[trees, 0] = as_items(states)
        self.children[trees, 0] = -1
        roots = np.zeros(len(trees), NODE)
        roots["parent"] = -1
        roots["to_play"] = states["to_play"]
        self.nodes[trees, 0] = roots

    def promote(self, b: int, state: np.void, max_depth: int = 2) -> bool:
        """Makes the descendant of root b that equals `state` the new root, with all below it; False if there is none.

        A state holds its own history, so equal rows are the same line of play.
        """
        wanted = state.tobytes()
        level = [0]
        for _ in range(max_depth):
            level = [int(c) for n in level for c in self.children[b, n] if c >= 0 and self.nodes[b, c]["evaluated"]]
            for node in level:
                if self.states[b, node].tobytes() == wanted:
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
        count = len(kept)
        for array in (self.states, self.nodes, self.children, self.prior, self.logits):
            array[b, :count] = array[b, kept]
        children = self.children[b, :count]
        self.children[b, :count] = np.where(children >= 0, new_index[children], -1)
        self.nodes[b, 1:count]["parent"] = new_index[self.nodes[b, 1:count]["parent"]]
        self.nodes[b, 0]["parent"] = -1
        self.size[b] = count

    def root_edges(self) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """(visits int32[B, A], q float32[B, A] from the root's side to move, NaN where never tried)."""
        children = self.children[:, 0]
        rows = np.arange(self.batch)[:, None]
        child = self.nodes[rows, children]
        visits = np.where(children >= 0, child["visits"], 0).astype(np.int32)
        sign = 1 - 2 * self.nodes[:, :1]["to_play"]
        with np.errstate(invalid="ignore", divide="ignore"):
            q = np.where(visits > 0, sign * child["value_sum"] / visits, np.nan)
        return visits, q.astype(np.float32)

    def principal_variation(self, b: int) -> list[int]:
        """The line of most visited actions from root b."""
        line, node = [], 0
        while self.nodes[b, node]["evaluated"] and not self.nodes[b, node]["terminated"]:
            children = self.children[b, node]
            visits = np.where(children >= 0, self.nodes[b, children]["visits"], 0)
            if visits.max() == 0:
                break
            line.append(int(visits.argmax()))
            node = int(children[line[-1]])
        return line


@kernel
def install(
    nodes: NDArray[Any],
    prior: NDArray[Any],
    logits: NDArray[Any],
    trees: NDArray[Any],
    indices: NDArray[Any],
    mask: NDArray[Any],
    raw_logits: NDArray[Any],
    values: NDArray[Any],
    start: int,
    stop: int,
) -> None:
    """Writes evaluations into nodes indices[i] of trees[i]: softmax of raw_logits[i] over the legal actions, and value.

    values[i] is from the side to move, as evaluators give it.
    """
    num_actions = mask.shape[1]
    for i in range(start, stop):
        b, n = trees[i], indices[i]
        node = nodes[b, n]
        node.evaluated = True
        node.value = values[i] if node.to_play == 0 else -values[i]
        highest = -np.inf
        for a in range(num_actions):
            if mask[i, a]:
                highest = max(highest, np.float64(raw_logits[i, a]))
        total = 0.0
        for a in range(num_actions):
            if mask[i, a]:
                total += np.exp(raw_logits[i, a] - highest)
        log_total = np.log(total)
        for a in range(num_actions):
            log_p = raw_logits[i, a] - highest - log_total if mask[i, a] else -np.inf
            logits[b, n, a] = log_p
            prior[b, n, a] = np.exp(log_p)
