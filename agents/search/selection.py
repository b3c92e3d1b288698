"""Which action a simulation tries next: the two rules, jitted, over one node's edges.

Notation: N(a) visits of a child (those under way included), Q(a) its mean value from the side to move, P(a) the
prior, V the evaluator's value of the node.

PUCT (Silver et al. 2018):  argmax Q(a) + c * P(a) * sqrt(sum N) / (1 + N(a)),
    c = log((1 + sum N + c_base) / c_base) + c_init; an untried action has the node's mean value less
    fpu_reduction * sqrt(the prior already tried).

Gumbel (Danihelka et al. 2022):  at the root sequential halving over g(a) + log P(a) + sigma(Q(a)) with Gumbel noise
    g; inside, deterministically, argmax pi'(a) - N(a) / (1 + sum N), pi' = softmax(log P + sigma(completed Q)),
    sigma(q) = (c_visit + max N) * c_scale * (q + 1) / 2; an untried action's Q is completed by the mixed value of
    their appendix D.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from envs.jit import kernel

PUCT, GUMBEL = 0, 1
NO_PRIOR = 1e-38


@kernel
def edge(nodes: NDArray[Any], children: NDArray[Any], b: int, node: int, action: int) -> tuple[int, float]:
    """(N, Q from the side to move at `node`) of an action; simulations under way count as lost. Q is 0 if N is 0."""
    child = children[b, node, action]
    if child < 0:
        return 0, 0.0
    visits = nodes[b, child].visits + nodes[b, child].pending
    if visits == 0:
        return 0, 0.0
    total = nodes[b, child].value_sum if nodes[b, node].to_play == 0 else -nodes[b, child].value_sum
    return visits, (total - nodes[b, child].pending) / visits


@kernel
def puct_action(
    nodes: NDArray[Any],
    children: NDArray[Any],
    prior: NDArray[Any],
    logits: NDArray[Any],
    b: int,
    node: int,
    c_init: float,
    c_base: float,
    fpu_reduction: float,
) -> int:
    """The action PUCT tries next at a node."""
    num_actions = prior.shape[2]
    record = nodes[b, node]
    total = record.visits + record.pending - 1  # the node's own evaluation is no try of an action
    tried = 0.0
    for a in range(num_actions):
        if children[b, node, a] >= 0:
            tried += prior[b, node, a]
    mean = record.value_sum / record.visits if record.visits > 0 else record.value
    first = (mean if record.to_play == 0 else -mean) - fpu_reduction * math.sqrt(tried)
    scale = (math.log((1 + total + c_base) / c_base) + c_init) * math.sqrt(max(total, 1))
    best, best_score = -1, -np.inf
    for a in range(num_actions):
        if logits[b, node, a] > -np.inf:  # legal, however small the prior
            visits, q = edge(nodes, children, b, node, a)
            score = (q if visits > 0 else first) + scale * prior[b, node, a] / (1 + visits)
            if score > best_score:
                best, best_score = a, score
    return best


@kernel
def completed_q(
    nodes: NDArray[Any],
    children: NDArray[Any],
    prior: NDArray[Any],
    b: int,
    node: int,
    q: NDArray[Any],
    visits: NDArray[Any],
    c_visit: float,
    c_scale: float,
) -> None:
    """Fills visits[a] = N(a) and q[a] = sigma(Q(a)), untried actions completed by the mixed value."""
    num_actions = prior.shape[2]
    total, most, tried, weighted = 0, 0, 0.0, 0.0
    for a in range(num_actions):
        visits[a], q[a] = edge(nodes, children, b, node, a)
        total += visits[a]
        most = max(most, visits[a])
        if visits[a] > 0:
            p = max(np.float64(prior[b, node, a]), NO_PRIOR)
            tried += p
            weighted += p * q[a]
    value = nodes[b, node].value if nodes[b, node].to_play == 0 else -nodes[b, node].value
    if total > 0:
        value = (value + total * weighted / tried) / (1 + total)
    scale = (c_visit + most) * c_scale * 0.5
    for a in range(num_actions):
        q[a] = scale * ((q[a] if visits[a] > 0 else value) + 1)


@kernel
def improved_policy(logits: NDArray[Any], b: int, node: int, q: NDArray[Any], out: NDArray[Any]) -> None:
    """Fills out[a] with softmax(log P + sigma(completed Q)); 0 for illegal actions."""
    highest = -np.inf
    for a in range(out.size):
        out[a] = logits[b, node, a] + q[a]
        highest = max(highest, out[a])
    total = 0.0
    for a in range(out.size):
        out[a] = math.exp(out[a] - highest)
        total += out[a]
    for a in range(out.size):
        out[a] /= total


@kernel
def gumbel_inner_action(
    logits: NDArray[Any], b: int, node: int, q: NDArray[Any], visits: NDArray[Any], policy: NDArray[Any]
) -> int:
    """The action Gumbel's deterministic rule tries next below the root; `policy` is scratch."""
    improved_policy(logits, b, node, q, policy)
    total = visits.sum()
    best, best_score = -1, -np.inf
    for a in range(policy.size):
        if logits[b, node, a] > -np.inf:
            score = policy[a] - visits[a] / (1 + total)
            if score > best_score:
                best, best_score = a, score
    return best


@kernel
def gumbel_root_action(
    logits: NDArray[Any], gumbel: NDArray[Any], b: int, q: NDArray[Any], visits: NDArray[Any], considered: int
) -> int:
    """Among the legal actions with `considered` visits, that of highest g + log P + sigma(Q); -1 if there is none."""
    best, best_score = -1, -np.inf
    for a in range(visits.size):
        if visits[a] == considered and logits[b, 0, a] > -np.inf:
            score = gumbel[b, a] + logits[b, 0, a] + q[a]
            if score > best_score:
                best, best_score = a, score
    return best


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
