"""The phases of a search that know no rules, jitted: down the trees, into new leaves, back up, and what came of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.search import selection
from agents.search.selection import PUCT
from envs.games.game import HEADER
from envs.jit import kernel

LEAST_PRIOR = 1e-37
"""The prior of a legal action is never below this, so that 0 means illegal or tried."""
_FIELDS: Mapping[str, Any] = np.dtype(HEADER).fields or {}
TO_PLAY, TERMINATED, OUTCOME = (_FIELDS[name][1] for name in ("to_play", "terminated", "outcome"))


@kernel
def _find_best_untried(record: Any, untried: NDArray[Any]) -> None:
    """Brings what a node keeps of its untried actions, untried[a], up to date."""
    best, highest, share = -1, np.float32(0), 0.0
    for a in range(untried.size):
        share += untried[a]
        if untried[a] > highest:
            best, highest = a, untried[a]
    record.best_untried, record.untried_share = best, share


@kernel
def _add_node(nodes: NDArray[Any], untried: NDArray[Any], size: NDArray[Any], b: int, parent: int, action: int) -> Any:
    """Makes the node that an untried action leads to, not yet evaluated, and returns its index."""
    child = size[b]
    size[b] += 1
    record = nodes[b, child]
    record.parent, record.action, record.first_child = parent, action, -1
    record.visits, record.pending, record.value_sum = 0, 0, 0.0
    record.low, record.high, record.evaluated = -1, 1, False
    record.prior = untried[b, parent, action]
    record.sibling = nodes[b, parent].first_child
    nodes[b, parent].first_child = child
    untried[b, parent, action] = 0
    _find_best_untried(nodes[b, parent], untried[b, parent])
    return child


@kernel
def simulate(
    nodes: NDArray[Any],
    untried: NDArray[Any],
    size: NDArray[Any],
    rule: int,
    constants: tuple[float, float, float, float, float],
    scores: NDArray[Any],
    visits_before: NDArray[Any],
    schedules: NDArray[Any],
    leaves: NDArray[Any],
    new: NDArray[Any],
    start: int,
    stop: int,
) -> None:
    """Walks trees start..stop to leaves[b, k], K simulations each, and marks their paths pending.

    A leaf is settled, or was not in the tree: then it is made, and new[b, k] says so. A settled root is searched on.
    schedules[b, k] is the visit count that Gumbel's root looks for.
    """
    c_init, c_base, fpu_reduction, c_visit, c_scale = constants
    for b in range(start, stop):
        for k in range(leaves.shape[1]):
            node = 0
            new[b, k] = False
            while nodes[b, node].evaluated and (node == 0 or nodes[b, node].low < nodes[b, node].high):
                if rule == PUCT:
                    action, child = selection.puct_action(nodes, untried, b, node, c_init, c_base, fpu_reduction)
                elif node > 0:
                    action, child = selection.gumbel_inner_action(nodes, untried, b, node, c_visit, c_scale)
                else:
                    wanted = schedules[b, k]
                    action, child = selection.gumbel_root_action(
                        nodes, untried, scores, visits_before, b, wanted, c_visit, c_scale
                    )
                if child < 0:
                    new[b, k] = True
                    child = _add_node(nodes, untried, size, b, node, action)
                node = child
            leaves[b, k] = node
            while node >= 0:
                nodes[b, node].pending += 1
                node = nodes[b, node].parent


@kernel
def open_leaves(
    nodes: NDArray[Any],
    rows: NDArray[Any],
    trees: NDArray[Any],
    leaves: NDArray[Any],
    first_row: int,
    actions: NDArray[Any],
    start: int,
    stop: int,
) -> None:
    """Gives the new node leaves[i] of tree trees[i] the row first_row + i, a copy of its parent's, and fills actions[i]
    with what is to be played there."""
    for i in range(start, stop):
        record = nodes[trees[i], leaves[i]]
        record.row = first_row + i
        actions[i] = record.action
        rows[record.row] = rows[nodes[trees[i], record.parent].row]


@kernel
def read_headers(
    nodes: NDArray[Any],
    rows: NDArray[Any],
    trees: NDArray[Any],
    leaves: NDArray[Any],
    running: NDArray[Any],
    start: int,
    stop: int,
) -> None:
    """Notes of each new leaf who moves and whether the game is over, running[i] if not; if it is, the leaf is settled,
    and its value is the outcome."""
    for i in range(start, stop):
        record = nodes[trees[i], leaves[i]]
        row = rows[record.row]
        record.to_play = row[TO_PLAY]
        running[i] = row[TERMINATED] == 0
        if not running[i]:
            record.low = record.high = record.value = np.int8(row[OUTCOME])


@kernel
def install(
    nodes: NDArray[Any],
    untried: NDArray[Any],
    trees: NDArray[Any],
    leaves: NDArray[Any],
    mask: NDArray[Any],
    logits: NDArray[Any],
    values: NDArray[Any],
    is_finite: NDArray[Any],
    start: int,
    stop: int,
) -> None:
    """Writes evaluations into nodes: softmax of logits[i] over the legal actions, and values[i], from the side to move.

    is_finite[0] becomes False if some answer is not.
    """
    weights = np.empty(mask.shape[1])
    for i in range(start, stop):
        record = nodes[trees[i], leaves[i]]
        record.evaluated = True
        record.value = values[i] if record.to_play == 0 else -values[i]
        highest, total = -np.inf, 0.0
        for a in range(weights.size):
            if mask[i, a]:
                highest = max(highest, np.float64(logits[i, a]))
        for a in range(weights.size):
            weights[a] = math.exp(logits[i, a] - highest) if mask[i, a] else 0.0
            total += weights[a]
        if not (np.isfinite(total) and np.isfinite(values[i])):
            is_finite[0] = False
        prior = untried[trees[i], leaves[i]]
        for a in range(weights.size):
            prior[a] = max(weights[a] / total, LEAST_PRIOR) if mask[i, a] else 0.0
        _find_best_untried(record, prior)


@kernel
def _narrow(nodes: NDArray[Any], b: int, node: int) -> bool:
    """Brings the bounds of a node up to date with those of its children; whether they have changed."""
    record = nodes[b, node]
    side = 1 - 2 * record.to_play
    least, most = -1, -1  # for the side to move
    if record.best_untried >= 0:
        most = 1
    c = record.first_child
    while c >= 0:
        low, high = selection.bounds_of(nodes[b, c], record.to_play)
        least, most = max(least, low), max(most, high)
        c = nodes[b, c].sibling
    low, high = min(side * least, side * most), max(side * least, side * most)
    changed: bool = low != record.low or high != record.high
    record.low, record.high = low, high
    if low == high:
        record.value = low
    return changed


@kernel
def backward(nodes: NDArray[Any], leaves: NDArray[Any], proves: bool, start: int, stop: int) -> None:
    """Adds the value of leaves[b, k] to every node on its path, which is then no longer pending.

    If the search `proves`, what a settled leaf means for the nodes above is worked out first, and from a node that is
    settled so the outcome goes up instead.
    """
    for b in range(start, stop):
        for k in range(leaves.shape[1]):
            node = leaves[b, k]
            value = nodes[b, node].value
            narrows = proves and nodes[b, node].low == nodes[b, node].high
            while node >= 0:
                record = nodes[b, node]
                if narrows and node != leaves[b, k]:
                    narrows = _narrow(nodes, b, node)
                if record.low == record.high:
                    value = record.value
                record.pending -= 1
                record.visits += 1
                record.value_sum += value
                node = record.parent


@kernel
def view_roots(
    nodes: NDArray[Any],
    untried: NDArray[Any],
    visits: NDArray[Any],
    q: NDArray[Any],
    prior: NDArray[Any],
    log_prior: NDArray[Any],
) -> None:
    """Fills visits, q (NaN where never tried), prior and log_prior, all [B, A], with what the roots know."""
    for b in range(visits.shape[0]):
        visits[b], q[b], prior[b] = 0, np.nan, untried[b, 0]
        c = nodes[b, 0].first_child
        while c >= 0:
            child = nodes[b, c]
            visits[b, child.action] = child.visits
            if child.visits > 0:
                q[b, child.action] = selection.q_of(child, nodes[b, 0].to_play)
            prior[b, child.action] = child.prior
            c = child.sibling
        for a in range(visits.shape[1]):
            log_prior[b, a] = math.log(prior[b, a]) if prior[b, a] > 0 else -np.inf


@kernel
def follow(nodes: NDArray[Any], b: int, node: int, line: NDArray[Any]) -> int:
    """Writes the action that leads to `node` and the most visited ones after it, the lowest of equals, into `line`;
    returns how many they are."""
    length = 0
    while node >= 0:
        line[length] = nodes[b, node].action
        length += 1
        best, most = -1, 0
        c = nodes[b, node].first_child
        while c >= 0:
            child = nodes[b, c]
            if child.visits > most or (child.visits == most and best >= 0 and child.action < nodes[b, best].action):
                best, most = c, child.visits
            c = child.sibling
        node = best
    return length


@kernel
def set_root_prior(nodes: NDArray[Any], untried: NDArray[Any], prior: NDArray[Any]) -> None:
    """Gives the roots' legal actions the prior [B, A]."""
    for b in range(prior.shape[0]):
        c = nodes[b, 0].first_child
        while c >= 0:
            nodes[b, c].prior = prior[b, nodes[b, c].action]
            c = nodes[b, c].sibling
        for a in range(prior.shape[1]):
            if untried[b, 0, a] > 0:
                untried[b, 0, a] = max(prior[b, a], LEAST_PRIOR)
        _find_best_untried(nodes[b, 0], untried[b, 0])


@kernel
def compact_rows(rows: NDArray[Any], kept: NDArray[Any]) -> None:
    """Moves rows[kept[i]] to rows[i]; `kept` ascends."""
    for i in range(kept.size):
        if kept[i] != i:
            rows[i] = rows[kept[i]]


@kernel
def conclude(
    nodes: NDArray[Any],
    untried: NDArray[Any],
    c_visit: float,
    c_scale: float,
    policy: NDArray[Any],
    value: NDArray[Any],
) -> None:
    """Fills policy[b] with Gumbel's improved policy and value[b] with what it earns by the completed Q."""
    for b in range(policy.shape[0]):
        root = nodes[b, 0]
        mixed, slope, _ = selection.completion(nodes, b, 0, c_visit, c_scale)
        highest, total = selection.weigh(nodes, b, 0, mixed, slope)
        for a in range(policy.shape[1]):
            policy[b, a] = untried[b, 0, a] * math.exp(-highest) / total
        earned = root.untried_share * math.exp(-highest) / total * mixed
        c = root.first_child
        while c >= 0:
            child = nodes[b, c]
            q = selection.q_of(child, root.to_play)
            share = child.prior * math.exp(slope * (q - mixed) - highest) / total
            policy[b, child.action] = share
            earned += share * q
            c = child.sibling
        value[b] = earned


@kernel
def _best_bounds(nodes: NDArray[Any], b: int) -> tuple[int, int]:
    """The highest low bound of a root's actions for its side to move, and the highest high of those that have it."""
    root = nodes[b, 0]
    least, most = (-1, 1) if root.best_untried >= 0 else (-1, -1)
    c = root.first_child
    while c >= 0:
        low, high = selection.bounds_of(nodes[b, c], root.to_play)
        if low > least or (low == least and high > most):
            least, most = low, high
        c = nodes[b, c].sibling
    return least, most


@kernel
def choose(
    nodes: NDArray[Any],
    untried: NDArray[Any],
    scores: NDArray[Any],
    visits_before: NDArray[Any],
    c_visit: float,
    c_scale: float,
    action: NDArray[Any],
) -> None:
    """Fills action[b] with the action of most visits in this search, the one of highest scores[b, a] + sigma(Q) of
    equals, the lowest of equals again. Left out is what is proven no better than another action, which may be."""
    for b in range(action.size):
        root = nodes[b, 0]
        mixed, slope, _ = selection.completion(nodes, b, 0, c_visit, c_scale)
        least, most = _best_bounds(nodes, b)
        best, visits, highest = -1, 0, -np.inf
        for a in range(scores.shape[1]):
            if least < 1 and untried[b, 0, a] > 0 and scores[b, a] > highest:
                best, highest = a, scores[b, a]
        c = root.first_child
        while c >= 0:
            child = nodes[b, c]
            low, high = selection.bounds_of(child, root.to_play)
            n = child.visits - visits_before[b, child.action]
            score = scores[b, child.action] + slope * (selection.q_of(child, root.to_play) - mixed)
            outdone = least > high or (least == high and most > low)
            equal = n == visits and (score > highest or (score == highest and child.action < best))
            if not outdone and (n > visits or equal):
                best, visits, highest = child.action, n, score
            c = child.sibling
        action[b] = best
