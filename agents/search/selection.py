"""Which action a simulation tries next: the two rules, jitted, over one node's tried actions and its best untried one.

Notation: N(a) visits of a child (those under way included), Q(a) its mean value from the side to move (those under way
not included; -1 if there are no others; the outcome where the child is settled), P(a) the prior, V the evaluator's
value of the node.

PUCT (Silver et al. 2018):  argmax Q(a) + c * P(a) * sqrt(sum N) / (1 + N(a)),
    c = log((1 + sum N + c_base) / c_base) + c_init; an untried action has the node's mean value less
    fpu_reduction * sqrt(the prior already tried).

Gumbel (Danihelka et al. 2022):  at the root sequential halving over g(a) + log P(a) + sigma(Q(a)) with Gumbel noise
    g; inside, deterministically, argmax pi'(a) - N(a) / (1 + sum N), pi' = softmax(log P + sigma(completed Q)),
    sigma(q) = (c_visit + max N) * c_scale * (q + 1) / 2; an untried action's Q is completed by the mixed value of
    their appendix D.

Under either rule untried actions differ in their prior alone, so only the best of them can be next. Under Gumbel all of
them have one completed Q, so pi' needs an exponential for each tried action, not for each action.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from envs.jit import kernel

PUCT, GUMBEL = 0, 1


@kernel
def q_of(child: Any, to_play: int) -> float:
    """Q(a) of a tried action for the player `to_play`, -1 as long as its first simulation is under way."""
    if child.visits == 0:
        return -1.0
    mean: float = child.low if child.low == child.high else child.value_sum / child.visits
    return mean if to_play == 0 else -mean


@kernel
def bounds_of(child: Any, to_play: int) -> tuple[int, int]:
    """The least and the most that the player `to_play` can reach from a child, as far as it is proven."""
    return (child.low, child.high) if to_play == 0 else (-child.high, -child.low)


@kernel
def puct_action(
    nodes: NDArray[Any], untried: NDArray[Any], b: int, node: int, c_init: float, c_base: float, fpu_reduction: float
) -> tuple[int, int]:
    """The action PUCT tries next at a node, the lowest of equals, and its child, -1 if it has none yet."""
    record = nodes[b, node]
    total = record.visits + record.pending - 1  # the node's own evaluation is no try of an action
    scale = (math.log((1 + total + c_base) / c_base) + c_init) * math.sqrt(max(total, 1))
    best, best_child, best_score, tried = -1, -1, -np.inf, 0.0
    c = record.first_child
    while c >= 0:
        child = nodes[b, c]
        tried += child.prior
        score = q_of(child, record.to_play) + scale * child.prior / (1 + child.visits + child.pending)
        if score > best_score or (score == best_score and child.action < best):
            best, best_child, best_score = child.action, c, score
        c = child.sibling
    action = record.best_untried
    if action >= 0:
        mean = record.value_sum / record.visits if record.visits > 0 else record.value
        first = (mean if record.to_play == 0 else -mean) - fpu_reduction * math.sqrt(tried)
        score = first + scale * untried[b, node, action]
        if score > best_score or (score == best_score and action < best):
            best, best_child = action, -1
    return best, best_child


@kernel
def completion(nodes: NDArray[Any], b: int, node: int, c_visit: float, c_scale: float) -> tuple[float, float, int]:
    """What Gumbel's rules need of a node: (the mixed value, the slope of sigma, sum N)."""
    record = nodes[b, node]
    total, most, tried, weighted = 0, 0, 0.0, 0.0
    c = record.first_child
    while c >= 0:
        child = nodes[b, c]
        visits = child.visits + child.pending
        total += visits
        most = max(most, visits)
        tried += child.prior
        weighted += child.prior * q_of(child, record.to_play)
        c = child.sibling
    value = record.value if record.to_play == 0 else -record.value
    if total > 0:
        value = (value + total * weighted / tried) / (1 + total)
    return value, (c_visit + most) * c_scale * 0.5, total


@kernel
def weigh(nodes: NDArray[Any], b: int, node: int, mixed: float, slope: float) -> tuple[float, float]:
    """(highest, total): pi'(a) is P(a) * exp(sigma(Q(a)) - sigma(mixed) - highest) / total."""
    record = nodes[b, node]
    highest = 0.0 if record.best_untried >= 0 else -np.inf
    c = record.first_child
    while c >= 0:
        highest = max(highest, slope * (q_of(nodes[b, c], record.to_play) - mixed))
        c = nodes[b, c].sibling
    total = record.untried_share * math.exp(-highest)
    c = record.first_child
    while c >= 0:
        total += nodes[b, c].prior * math.exp(slope * (q_of(nodes[b, c], record.to_play) - mixed) - highest)
        c = nodes[b, c].sibling
    return highest, total


@kernel
def gumbel_inner_action(
    nodes: NDArray[Any], untried: NDArray[Any], b: int, node: int, c_visit: float, c_scale: float
) -> tuple[int, int]:
    """The action Gumbel's deterministic rule tries next below the root, and its child, -1 if it has none yet."""
    record = nodes[b, node]
    mixed, slope, total = completion(nodes, b, node, c_visit, c_scale)
    highest, weights = weigh(nodes, b, node, mixed, slope)
    best, best_child, best_score = -1, -1, -np.inf
    c = record.first_child
    while c >= 0:
        child = nodes[b, c]
        policy = child.prior * math.exp(slope * (q_of(child, record.to_play) - mixed) - highest) / weights
        score = policy - (child.visits + child.pending) / (1 + total)
        if score > best_score or (score == best_score and child.action < best):
            best, best_child, best_score = child.action, c, score
        c = child.sibling
    action = record.best_untried
    if action >= 0:
        score = untried[b, node, action] * math.exp(-highest) / weights
        if score > best_score or (score == best_score and action < best):
            best, best_child = action, -1
    return best, best_child


@kernel
def gumbel_root_action(
    nodes: NDArray[Any],
    untried: NDArray[Any],
    scores: NDArray[Any],
    visits_before: NDArray[Any],
    b: int,
    wanted: int,
    c_visit: float,
    c_scale: float,
) -> tuple[int, int]:
    """Among the root's legal actions with `wanted` visits in this search, that of highest g + log P + sigma(Q), and its
    child, -1 if it has none yet; (-1, -1) if there is no such action. scores[b, a] is g + log P."""
    record = nodes[b, 0]
    mixed, slope, _ = completion(nodes, b, 0, c_visit, c_scale)
    best, best_child, best_score = -1, -1, -np.inf
    c = record.first_child
    while c >= 0:
        child = nodes[b, c]
        if child.visits + child.pending - visits_before[b, child.action] == wanted:
            score = scores[b, child.action] + slope * (q_of(child, record.to_play) - mixed)
            if score > best_score or (score == best_score and child.action < best):
                best, best_child, best_score = child.action, c, score
        c = child.sibling
    if wanted == 0:
        for a in range(scores.shape[1]):
            if untried[b, 0, a] > 0 and (scores[b, a] > best_score or (scores[b, a] == best_score and a < best)):
                best, best_child, best_score = a, -1, scores[b, a]
    return best, best_child


def considered_visits(max_considered: int, num_simulations: int) -> NDArray[np.int32]:
    """Sequential halving as a table: row m, column s is the number of visits an action must have to be tried by
    simulation s when m actions are considered. Shape [max_considered + 1, num_simulations].

    Karnin, Koren, Somekh 2013; the schedule of Danihelka et al. 2022: log2(m) phases of equal budget, in each the
    surviving half is tried equally often.
    """
    table = np.zeros((max_considered + 1, num_simulations), np.int32)
    for m in range(max_considered + 1):
        sequence: list[int] = []
        if m <= 1:
            sequence = list(range(num_simulations))
        visits, left = [0] * m, m
        while len(sequence) < num_simulations:
            for _ in range(max(1, int(num_simulations / (math.ceil(math.log2(m)) * left)))):
                sequence += visits[:left]
                for i in range(left):
                    visits[i] += 1
            left = max(2, left // 2)
        table[m] = sequence[:num_simulations]
    return table
