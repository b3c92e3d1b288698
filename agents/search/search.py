"""Tree search in three named phases over a batch of trees: simulate, expand, backward.

    simulate   walks every tree from its root to a leaf by the selection rule (jitted; knows no rules)
    expand     makes the leaves' states, `dst = src; game.step`, and asks the evaluator (only this knows the game)
    backward   adds the leaves' values along their paths (jitted)

With `leaves_per_wave` K > 1 each tree sends K simulations before it hears from the evaluator. Those under way count as
visits whose values are not known yet (Liu et al. 2020, "Watch the unobserved"), so the others go elsewhere; had they
counted as losses ("virtual loss", Chaslot et al. 2008), four at a time of 64 would have scored 45 % against one, not
49 %. Only a new leaf counts as lost until it is evaluated, so that no second simulation runs into it.

A search that `proves` knows of every node the bounds of its outcome, as far as the game's ends in the tree prove them
("MCTS-solver", Winands et al. 2008, with the bounds of Cazenave and Saffidine 2010). A node whose bounds are equal is
settled: it is judged by its outcome, not by its mean, and searched no further.

Chance belongs to its tree: row b's random state gives the root's noise and the tree's seed, whose branch n is what the
evaluator is given with node n. So what a search finds does not depend on the trees beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.agent import Evaluator
from agents.search import selection
from agents.search.config import SearchConfig, SearchResult
from agents.search.selection import GUMBEL, PUCT
from agents.search.tree import RootView, Tree
from agents.search.walk import backward, choose, conclude, install, open_leaves, read_headers, simulate
from envs.chance import Seeds, branch_seeds, check_seeds, draw_seeds, gamma, gumbel
from envs.errors import LabError
from envs.games.game import Game, States
from envs.parallel import for_slices

MIN_TREES_PER_THREAD = 16
FIRST_CAPACITY = 4096
"""Nodes that a tree has room for at first, if it may become larger; it grows when it has to."""
REUSE_CAPACITY = 3
"""A tree is carried over if with this search it is not larger than so many searches."""


class Search:
    """Searches batches of states of one game; with `reuse`, carries each tree over to the next call.

    Slot b of a call continues slot b of the call before if its state lies one or two moves below that root.
    """

    def __init__(
        self,
        game: Game,
        evaluator: Evaluator,
        config: SearchConfig,
        reuse: bool = False,
        forbidden: Sequence[int] = (),
    ) -> None:
        """`forbidden` actions count as illegal in new roots, where some other action has to be legal."""
        self.game = game
        self.evaluator = evaluator
        self.config = config
        self.reuse = reuse
        self.forbidden = list(forbidden)
        self.tree: Tree | None = None
        """The trees of the last call, or None after `reset`."""
        self._buffers: Tree | None = None
        self._before: RootView
        """The roots when the last call began, and the scores of their actions under Gumbel."""
        self._scores: NDArray[Any]
        self._considered = np.zeros((1, 0), np.int32)
        if config.rule == "gumbel":
            most = min(config.max_considered, game.num_actions)
            self._considered = selection.considered_visits(most, config.num_simulations)

    def reset(self) -> None:
        """Forgets the trees of the last call."""
        self.tree = None

    def lines(self, b: int) -> dict[int, list[int]]:
        """For each action that was tried in slot b the line of play expected after it, as actions, it being the first.

        As `found`: of the last call, or of the one in progress for its `go_on`.
        """
        return self.tree.lines(b) if self.tree else {}

    def run(self, states: States, seeds: Seeds, go_on: Callable[[], bool] = lambda: True) -> SearchResult:
        """Searches from n unfinished states; all chance in tree b comes from seeds[b], which is advanced in place.

        After each wave `go_on` is asked whether there should be another; it may look at `found` and `lines`. What it
        raises ends the search. Raises LabError if `seeds` are not the random states of n rows, and if the evaluator's
        answer is not finite.
        """
        check_seeds(seeds, len(states))
        old, self.tree = self.tree, None
        tree = self._prepare_roots(old, states, draw_seeds(seeds))
        before = tree.view_roots()
        if self.config.rule == "puct" and self.config.dirichlet_fraction > 0:
            tree.set_root_prior(self._with_noise(before.prior, seeds))
        scores = tree.log_prior
        if self.config.rule == "gumbel" and self.config.gumbel_scale > 0:
            scores = scores + self.config.gumbel_scale * gumbel(seeds, self.game.num_actions)
        self._before, self._scores = before, scores
        try:
            self._run_waves(tree, go_on)
        except BaseException:
            self.tree = None  # whatever fails leaves no tree to go on from
            raise
        return self.found()

    def found(self) -> SearchResult:
        """What the last call has found, or the one in progress so far; not before there was one."""
        assert self.tree is not None
        after, root = self.tree.view_roots(), self.tree.nodes[:, 0]
        visits, side = after.visits, 1 - 2 * root["to_play"]
        nodes, untried, action = self.tree.nodes, self.tree.untried, np.empty(len(visits), np.int64)
        c_visit, c_scale = self.config.c_visit, self.config.c_scale
        if self.config.rule == "puct":
            policy = visits / visits.sum(axis=1, keepdims=True)
            value = side * root["value_sum"] / root["visits"]
            choose(nodes, untried, self._scores, np.zeros_like(visits), c_visit, 0.0, action)
        else:
            policy, value = np.empty(visits.shape), np.empty(len(visits))
            conclude(nodes, untried, c_visit, c_scale, policy, value)
            choose(nodes, untried, self._scores, self._before.visits, c_visit, c_scale, action)
        value = np.where(root["low"] == root["high"], side * root["low"], value)
        prior = self._before.prior
        return SearchResult(action, policy.astype(np.float32), value.astype(np.float32), prior, visits, after.q)

    def _run_waves(self, tree: Tree, go_on: Callable[[], bool]) -> None:
        """Simulates, expands and backs up until the budget is spent or `go_on` says no; `tree` becomes self.tree."""
        config, before, scores = self.config, self._before, self._scores
        num_legal = (before.prior > 0).sum(axis=1)
        for done in range(0, config.num_simulations, config.leaves_per_wave):
            wave = min(config.leaves_per_wave, config.num_simulations - done)
            tree = self._make_room(tree, wave)
            leaves, new = self._simulate(tree, scores, before.visits, self._schedule(num_legal, done, wave))
            self._expand(tree, leaves, new)
            self._backward(tree, leaves)
            self.tree = tree
            if not go_on():
                break

    def _prepare_roots(self, old: Tree | None, states: States, tree_seeds: Seeds) -> Tree:
        """Trees whose roots are the given states, evaluated; continued from the last call where possible."""
        tree = self._room(len(states))
        tree.seeds[:] = tree_seeds
        carry_on = self.reuse and old is not None and old.batch == tree.batch
        continued = [carry_on and tree.promote(b, states[b]) and self._has_room(tree, b) for b in range(len(states))]
        tree.keep_rows_of(np.flatnonzero(continued))
        fresh = np.flatnonzero(~np.array(continued))
        tree.plant(fresh, states[fresh])
        self._evaluate(tree, fresh, np.zeros_like(fresh), states[fresh])
        root = tree.nodes[:, 0]
        root["value_sum"] = np.where(root["visits"] == 0, root["value"], root["value_sum"])
        root["visits"] = np.maximum(root["visits"], 1)
        return tree

    @property
    def _most_nodes(self) -> int:
        return self.config.num_simulations * (REUSE_CAPACITY if self.reuse else 1) + 1

    def _room(self, n: int) -> Tree:
        """n trees in arrays that are kept from call to call."""
        if self._buffers is None or self._buffers.batch < n:
            self._buffers = Tree.allocate(self.game, n, min(self._most_nodes, FIRST_CAPACITY))
        return self._buffers.first(n)

    def _make_room(self, tree: Tree, wave: int) -> Tree:
        """The trees, in larger arrays if those they are in are too small for another wave."""
        if tree.capacity < self._most_nodes and (needed := int(tree.size.max()) + wave) > tree.capacity:
            self._buffers = tree = tree.grown(min(max(2 * tree.capacity, needed), self._most_nodes))
        return tree

    def _has_room(self, tree: Tree, b: int) -> bool:
        return int(tree.size[b]) + self.config.num_simulations <= self._most_nodes

    def _with_noise(self, prior: NDArray[np.float32], seeds: Seeds) -> NDArray[np.float64]:
        """The prior mixed with Dirichlet noise over the legal actions. Shape [n, A]."""
        legal = prior > 0
        alpha = self.config.dirichlet_total / legal.sum(axis=1, keepdims=True)
        noise = np.where(legal, gamma(seeds, np.broadcast_to(alpha, prior.shape)), 0.0)
        noise /= np.maximum(noise.sum(axis=1, keepdims=True), 1e-300)
        fraction = self.config.dirichlet_fraction
        return (1 - fraction) * prior + fraction * noise

    def _schedule(self, num_legal: NDArray[np.int64], done: int, wave: int) -> NDArray[np.int32]:
        """The visit counts that Gumbel's roots look for in the next simulations, 0 for PUCT. Shape [B, wave]."""
        if self.config.rule == "puct":
            return np.zeros((len(num_legal), wave), np.int32)
        rows = np.minimum(num_legal, len(self._considered) - 1)
        return np.ascontiguousarray(self._considered[rows, done : done + wave])

    def _simulate(
        self, tree: Tree, scores: NDArray[Any], before: NDArray[Any], schedules: NDArray[Any]
    ) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
        """(leaves [B, wave], whether each is a new node [B, wave]) of the next simulations; schedules [B, wave]."""
        c = self.config
        leaves = np.empty(schedules.shape, np.int32)
        new = np.empty(leaves.shape, np.bool_)
        rule = PUCT if c.rule == "puct" else GUMBEL
        constants = (c.c_init, c.c_base, c.fpu_reduction, c.c_visit, c.c_scale)
        for_slices(
            lambda start, stop: simulate(
                tree.nodes, tree.untried, tree.size,
                rule, constants, scores, before, schedules, leaves, new, start, stop,
            ),
            len(leaves),
            MIN_TREES_PER_THREAD,
        )  # fmt: skip
        return leaves, new

    def _expand(self, tree: Tree, leaves: NDArray[np.int32], new: NDArray[np.bool_]) -> None:
        """Makes and evaluates the states of the leaves that are new."""
        b, k = np.nonzero(new)
        n = leaves[b, k]
        nodes, rows, first, last = tree.nodes, tree.bytes_of_rows, tree.used, tree.used + len(n)
        actions, running = np.empty(len(n), np.int64), np.empty(len(n), np.bool_)
        for_slices(lambda i, j: open_leaves(nodes, rows, b, n, first, actions, i, j), len(n), MIN_TREES_PER_THREAD)
        states = tree.rows[first:last]
        tree.used = last
        self.game.step(states, actions)
        for_slices(lambda i, j: read_headers(nodes, rows, b, n, running, i, j), len(n))
        if running.all():
            self._evaluate(tree, b, n, states)
        else:
            self._evaluate(tree, b[running], n[running], states[running])

    def _evaluate(self, tree: Tree, b: NDArray[np.int64], n: NDArray[Any], states: States) -> None:
        """Asks the evaluator about the unfinished states of nodes n[i] of trees b[i]."""
        if len(states) == 0:
            return
        mask = self.game.legal_mask(states)
        mask[np.ix_(n == 0, self.forbidden)] = False  # node 0 is a root
        logits, values = self.evaluator(states, branch_seeds(tree.seeds[b], n))
        is_finite = np.ones(1, np.bool_)
        arrays = (tree.nodes, tree.untried, b, n, mask, logits, values, is_finite)
        for_slices(lambda i, j: install(*arrays, i, j), len(states), MIN_TREES_PER_THREAD)
        if not is_finite[0]:
            raise LabError(
                "The evaluator's answer is not finite: its net is beyond use, an earlier checkpoint may not be."
            )

    def _backward(self, tree: Tree, leaves: NDArray[np.int32]) -> None:
        proves = self.config.proves
        for_slices(lambda a, b: backward(tree.nodes, leaves, proves, a, b), len(leaves), MIN_TREES_PER_THREAD)
