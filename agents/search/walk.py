"""The phases of a search that know no rules, jitted: down the trees, back up, and what came of it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.search import selection
from agents.search.selection import PUCT
from envs.jit import kernel


@kernel
def _choose(
    nodes: NDArray[Any],
    children: NDArray[Any],
    prior: NDArray[Any],
    logits: NDArray[Any],
    b: int,
    node: int,
    rule: int,
    constants: tuple[float, float, float, float, float],
    gumbel: NDArray[Any],
    visits_before: NDArray[Any],
    wanted: int,
    scratch: tuple[NDArray[Any], NDArray[Any], NDArray[Any]],
) -> int:
    """The action that the rule tries next at a node; `wanted` is the visit count that Gumbel's root looks for."""
    c_init, c_base, fpu_reduction, c_visit, c_scale = constants
    q, visits, policy = scratch
    if rule == PUCT:
        return selection.puct_action(nodes, children, prior, logits, b, node, c_init, c_base, fpu_reduction)
    selection.completed_q(nodes, children, prior, b, node, q, visits, c_visit, c_scale)
    if node > 0:
        return selection.gumbel_inner_action(logits, b, node, q, visits, policy)
    visits -= visits_before[b]
    return selection.gumbel_root_action(logits, gumbel, b, q, visits, wanted)


@kernel
def _add_node(nodes: NDArray[Any], children: NDArray[Any], size: NDArray[Any], b: int, parent: int, action: int) -> Any:
    """Allocates the node that an action leads to, not yet evaluated, and returns its index."""
    child = size[b]
    size[b] += 1
    children[b, parent, action] = child
    children[b, child, :] = -1
    record = nodes[b, child]
    record.parent, record.action = parent, action
    record.visits, record.pending, record.value_sum = 0, 0, 0.0
    record.terminated, record.evaluated = False, False
    return child


@kernel
def simulate(
    nodes: NDArray[Any],
    children: NDArray[Any],
    prior: NDArray[Any],
    logits: NDArray[Any],
    size: NDArray[Any],
    rule: int,
    constants: tuple[float, float, float, float, float],
    gumbel: NDArray[Any],
    visits_before: NDArray[Any],
    considered: NDArray[Any],
    done: int,
    leaves: NDArray[Any],
    new: NDArray[Any],
    start: int,
    stop: int,
) -> None:
    """Walks trees start..stop to leaves[b, k], K simulations each, and marks their paths pending.

    A leaf that was not in the tree is allocated, and new[b, k] says so.
    """
    num_actions = prior.shape[2]
    scratch = (np.empty(num_actions), np.empty(num_actions, np.int64), np.empty(num_actions))
    for b in range(start, stop):
        schedule = considered[min((logits[b, 0] > -np.inf).sum(), considered.shape[0] - 1)]
        for k in range(leaves.shape[1]):
            node = 0
            new[b, k] = False
            while nodes[b, node].evaluated and not nodes[b, node].terminated:
                action = _choose(
                    nodes, children, prior, logits, b, node,
                    rule, constants, gumbel, visits_before, schedule[done + k], scratch,
                )  # fmt: skip
                child = children[b, node, action]
                if child < 0:
                    new[b, k] = True
                    child = _add_node(nodes, children, size, b, node, action)
                node = child
            leaves[b, k] = node
            while node >= 0:
                nodes[b, node].pending += 1
                node = nodes[b, node].parent


@kernel
def backward(nodes: NDArray[Any], leaves: NDArray[Any], start: int, stop: int) -> None:
    """Adds the value of leaves[b, k] to every node on its path, which is then no longer pending."""
    for b in range(start, stop):
        for k in range(leaves.shape[1]):
            node = leaves[b, k]
            value = nodes[b, node].value
            while node >= 0:
                record = nodes[b, node]
                record.pending -= 1
                record.visits += 1
                record.value_sum += value
                node = record.parent


@kernel
def conclude(
    nodes: NDArray[Any],
    children: NDArray[Any],
    prior: NDArray[Any],
    logits: NDArray[Any],
    gumbel: NDArray[Any],
    visits_before: NDArray[Any],
    c_visit: float,
    c_scale: float,
    policy: NDArray[Any],
    value: NDArray[Any],
    action: NDArray[Any],
) -> None:
    """Fills policy[b] with Gumbel's improved policy, value[b] with what it earns by the completed Q, and action[b]
    with the winner among the most tried actions."""
    num_actions = policy.shape[1]
    q, visits = np.empty(num_actions), np.empty(num_actions, np.int64)
    for b in range(policy.shape[0]):
        selection.completed_q(nodes, children, prior, b, 0, q, visits, c_visit, c_scale)
        selection.improved_policy(logits, b, 0, q, policy[b])
        scale = (c_visit + visits.max()) * c_scale * 0.5
        value[b] = (policy[b] * (q / scale - 1)).sum()
        visits -= visits_before[b]
        action[b] = selection.gumbel_root_action(logits, gumbel, b, q, visits, visits.max())
