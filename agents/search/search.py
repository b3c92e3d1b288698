"""Tree search in three named phases over a batch of trees: simulate, expand, backward.

    simulate   walks every tree from its root to a leaf by the selection rule (jitted; knows no rules)
    expand     makes the leaves' states, `dst = src; game.step`, and asks the evaluator (only this knows the game)
    backward   adds the leaves' values along their paths (jitted)

With `leaves_per_wave` K > 1 each tree sends K simulations before it hears from the evaluator; those under way
count as losses, so that they spread ("virtual loss", Chaslot et al. 2008).

Chance belongs to its tree: row b's random state gives the root's noise and the tree's seed, whose branch n is what the
evaluator is given with node n. So what a search finds does not depend on the trees beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from agents.agent import Evaluator
from agents.search import selection
from agents.search.selection import GUMBEL, PUCT
from agents.search.tree import RootView, Tree
from agents.search.walk import backward, conclude, install, open_leaves, read_headers, simulate
from envs.chance import Seeds, branch_seeds, check_seeds, draw_seeds, gamma, gumbel
from envs.errors import LabError
from envs.games.game import Game, States
from envs.parallel import for_slices

MIN_TREES_PER_THREAD = 16


@dataclass(frozen=True)
class SearchConfig:
    """How to search. The letters are explained in selection.py."""

    rule: Literal["puct", "gumbel"] = "puct"
    """How simulations choose actions. Gumbel learns from few simulations; inside the tree it trusts the policy so far
    that with a bad one it can overlook a refutation however long it searches, which PUCT does not."""
    num_simulations: int = 64
    """Simulations a move, beside what a reused tree brings."""
    leaves_per_wave: int = 1
    """Simulations of one tree that are evaluated together."""
    c_init: float = 1.25
    """PUCT: exploration at few visits."""
    c_base: float = 19652.0
    """PUCT: how slowly exploration grows with visits."""
    fpu_reduction: float = 0.2
    """PUCT: how much worse than its parent an untried action is taken to be."""
    dirichlet_fraction: float = 0.0
    """PUCT: the share of Dirichlet noise in the root's prior; 0.25 in self-play."""
    dirichlet_total: float = 10.0
    """PUCT: the noise's concentration, shared out among the legal actions."""
    max_considered: int = 16
    """Gumbel: actions that enter sequential halving at the root."""
    gumbel_scale: float = 1.0
    """Gumbel: the noise that makes the root explore; 0 plays the best."""
    c_visit: float = 50.0
    """Gumbel: weight of values at few visits."""
    c_scale: float = 1.0
    """Gumbel: weight of values against the prior."""

    def __post_init__(self) -> None:
        if self.rule not in ("puct", "gumbel"):
            raise LabError(f"rule must be puct or gumbel, not '{self.rule}'.")
        for key in ("num_simulations", "leaves_per_wave", "max_considered"):
            if getattr(self, key) < 1:
                raise LabError(f"{key} must be at least 1, not {getattr(self, key)}.")


@dataclass
class SearchResult:
    """What a search found for n roots. Values are from the root's side to move."""

    action: NDArray[np.int64]
    """[n], the best action: most visited under PUCT, the winner of sequential halving under Gumbel."""
    policy: NDArray[np.float32]
    """[n, A], what to learn from the search: visit shares under PUCT, the completed-Q policy under Gumbel."""
    value: NDArray[np.float32]
    """[n], the root's value: the mean of its simulations under PUCT; under Gumbel, whose root explores on purpose,
    what the improved policy earns."""
    prior: NDArray[np.float32]
    """[n, A], the evaluator's policy, without noise."""
    visits: NDArray[np.int32]
    """[n, A]"""
    q: NDArray[np.float32]
    """[n, A], NaN where never tried."""


class Search:
    """Searches batches of states of one game; with `reuse`, carries each tree over to the next call.

    Slot b of a call continues slot b of the call before if its state lies one or two moves below that root.
    """

    def __init__(self, game: Game, evaluator: Evaluator, config: SearchConfig, reuse: bool = False) -> None:
        self.game = game
        self.evaluator = evaluator
        self.config = config
        self.reuse = reuse
        self.tree: Tree | None = None
        """The trees of the last call, or None after `reset`."""
        self._buffers: Tree | None = None
        self._considered = np.zeros((1, 0), np.int32)
        if config.rule == "gumbel":
            most = min(config.max_considered, game.num_actions)
            self._considered = selection.considered_visits(most, config.num_simulations)

    def reset(self) -> None:
        """Forgets the trees of the last call."""
        self.tree = None

    def variation(self, b: int) -> list[int]:
        """The line of play that the last call expects in slot b, as actions."""
        return self.tree.principal_variation(b) if self.tree else []

    def run(self, states: States, seeds: Seeds) -> SearchResult:
        """Searches from n unfinished states; all chance in tree b comes from seeds[b], which is advanced in place.

        Raises LabError if `seeds` are not the random states of n rows, and if the evaluator's answer is not finite.
        """
        config, n = self.config, len(states)
        check_seeds(seeds, n)
        old, self.tree = self.tree, None  # whatever fails below leaves no tree to go on from
        tree = self._prepare_roots(old, states, draw_seeds(seeds))
        before = tree.view_roots()
        if config.rule == "puct" and config.dirichlet_fraction > 0:
            tree.set_root_prior(self._with_noise(before.prior, seeds))
        scores = tree.log_prior
        if config.rule == "gumbel" and config.gumbel_scale > 0:
            scores = scores + config.gumbel_scale * gumbel(seeds, self.game.num_actions)
        num_legal = (before.prior > 0).sum(axis=1)
        for done in range(0, config.num_simulations, config.leaves_per_wave):
            wave = min(config.leaves_per_wave, config.num_simulations - done)
            leaves, new = self._simulate(tree, scores, before.visits, self._schedule(num_legal, done, wave))
            self._expand(tree, leaves, new)
            self._backward(tree, leaves)
        self.tree = tree
        return self._result(tree, before, scores)

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

    def _room(self, n: int) -> Tree:
        """n trees in arrays that are kept from call to call."""
        if self._buffers is None or self._buffers.batch < n:
            capacity = self.config.num_simulations * (3 if self.reuse else 1) + 1
            self._buffers = Tree.allocate(self.game, n, capacity)
        return self._buffers.first(n)

    def _has_room(self, tree: Tree, b: int) -> bool:
        return int(tree.size[b]) + self.config.num_simulations <= tree.capacity

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
        logits, values = self.evaluator(states, branch_seeds(tree.seeds[b], n))
        is_finite = np.ones(1, np.bool_)
        arrays = (tree.nodes, tree.untried, b, n, mask, logits, values, is_finite)
        for_slices(lambda i, j: install(*arrays, i, j), len(states), MIN_TREES_PER_THREAD)
        if not is_finite[0]:
            raise LabError(
                "The evaluator's answer is not finite: its net is beyond use, an earlier checkpoint may not be."
            )

    @staticmethod
    def _backward(tree: Tree, leaves: NDArray[np.int32]) -> None:
        for_slices(lambda a, b: backward(tree.nodes, leaves, a, b), len(leaves), MIN_TREES_PER_THREAD)

    def _result(self, tree: Tree, before: RootView, scores: NDArray[Any]) -> SearchResult:
        after = tree.view_roots()
        visits, root = after.visits, tree.nodes[:, 0]
        if self.config.rule == "puct":
            policy = visits / visits.sum(axis=1, keepdims=True)
            action = visits.argmax(axis=1)
            value = (1 - 2 * root["to_play"]) * root["value_sum"] / root["visits"]
        else:
            policy, value = np.empty(visits.shape), np.empty(len(visits))
            action = np.empty(len(visits), np.int64)
            conclude(tree.nodes, tree.untried, scores, before.visits,
                     self.config.c_visit, self.config.c_scale, policy, value, action)  # fmt: skip
        return SearchResult(action, policy.astype(np.float32), value.astype(np.float32), before.prior, visits, after.q)
