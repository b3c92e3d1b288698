"""The search once more, slow and obvious: one tree, plain Python objects, the formulas as the papers print them.

Nothing in the lab plays with it. It exists so that the array search can be held against something a person can
check by reading; tests/agents/test_search.py does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from agents.agent import Evaluator
from agents.search.search import SearchConfig
from agents.search.selection import considered_visits
from envs.games.game import Game, States


@dataclass
class Node:
    """One position. Values are player 0's."""

    state: States
    to_play: int
    terminated: bool
    value: float = 0.0
    log_prior: dict[int, float] = field(default_factory=dict)
    prior: dict[int, float] = field(default_factory=dict)
    children: dict[int, Node] = field(default_factory=dict)
    visits: int = 0
    value_sum: float = 0.0

    def q(self, action: int) -> float:
        """The mean value of a tried action from this node's side to move."""
        child = self.children[action]
        return (1 - 2 * self.to_play) * child.value_sum / child.visits

    def tries(self, action: int) -> int:
        """How often an action was tried."""
        return self.children[action].visits if action in self.children else 0


class ReferenceSearch:
    """Searches from one state, one simulation at a time."""

    def __init__(self, game: Game, evaluator: Evaluator, config: SearchConfig) -> None:
        self.game, self.evaluator, self.config = game, evaluator, config

    def run(self, state: States, gumbel: NDArray[np.float64]) -> Node:
        """The root after all simulations; `gumbel` [A] is the root's noise."""
        root = self.evaluate(state)
        root.visits, root.value_sum = 1, root.value
        m = min(self.config.max_considered, self.game.num_actions, len(root.prior))
        schedule = considered_visits(m, self.config.num_simulations)[m]
        for wanted in schedule:
            path, node = [root], root
            while not node.terminated:
                action = self.select(node, node is root, int(wanted), gumbel)
                if action not in node.children:
                    node.children[action] = self.expand(node, action)
                    path.append(node.children[action])
                    break
                node = node.children[action]
                path.append(node)
            for visited in path:
                visited.visits += 1
                visited.value_sum += path[-1].value
        return root

    def expand(self, parent: Node, action: int) -> Node:
        """The position after an action, evaluated, or with its outcome if the game is over there."""
        state = parent.state.copy()
        self.game.step(state, np.array([action]))
        if state["terminated"][0]:
            return Node(state, int(state["to_play"][0]), True, float(state["outcome"][0]))
        return self.evaluate(state)

    def evaluate(self, state: States) -> Node:
        """A node with the evaluator's value and its policy over the legal actions."""
        logits, value = self.evaluator(state)
        legal = [int(a) for a in np.flatnonzero(self.game.legal_mask(state)[0])]
        highest = max(float(logits[0, a]) for a in legal)
        log_total = math.log(sum(math.exp(float(logits[0, a]) - highest) for a in legal))
        to_play = int(state["to_play"][0])
        node = Node(state.copy(), to_play, False, (1 - 2 * to_play) * float(value[0]))
        for a in legal:
            log_p = float(logits[0, a]) - highest - log_total
            node.log_prior[a] = float(np.float32(log_p))
            node.prior[a] = float(np.float32(math.exp(log_p)))
        return node

    def select(self, node: Node, is_root: bool, wanted: int, gumbel: NDArray[np.float64]) -> int:
        """The action the rule tries next; ties go to the lowest action."""
        if self.config.rule == "puct":
            return best_of(self.puct_scores(node))
        sigma = self.sigma(node)
        if is_root:
            scores = {a: gumbel[a] + node.log_prior[a] + sigma[a] for a in node.prior if node.tries(a) == wanted}
            return best_of(scores)
        policy = self.improved_policy(node)
        total = sum(node.tries(a) for a in node.prior)
        return best_of({a: policy[a] - node.tries(a) / (1 + total) for a in node.prior})

    def puct_scores(self, node: Node) -> dict[int, float]:
        """Q + U of each legal action (Silver et al. 2018), untried ones with the reduced first-play value."""
        c = self.config
        total = node.visits - 1
        tried = sum(node.prior[a] for a in sorted(node.children))
        first = (1 - 2 * node.to_play) * node.value_sum / node.visits - c.fpu_reduction * math.sqrt(tried)
        scale = (math.log((1 + total + c.c_base) / c.c_base) + c.c_init) * math.sqrt(max(total, 1))
        return {
            a: (node.q(a) if a in node.children else first) + scale * node.prior[a] / (1 + node.tries(a))
            for a in node.prior
        }

    def sigma(self, node: Node) -> dict[int, float]:
        """sigma(completed Q) of each legal action (Danihelka et al. 2022, eq. 8 and appendix D)."""
        total = sum(node.tries(a) for a in node.prior)
        most = max(node.tries(a) for a in node.prior)
        mixed = (1 - 2 * node.to_play) * node.value
        if total > 0:
            tried = sum(node.prior[a] for a in sorted(node.children))
            weighted = sum(node.prior[a] * node.q(a) for a in sorted(node.children))
            mixed = (mixed + total * weighted / tried) / (1 + total)
        scale = (self.config.c_visit + most) * self.config.c_scale * 0.5
        return {a: scale * ((node.q(a) if a in node.children else mixed) + 1) for a in node.prior}

    def improved_policy(self, node: Node) -> dict[int, float]:
        """softmax(log P + sigma(completed Q)) over the legal actions."""
        sigma = self.sigma(node)
        scores = {a: node.log_prior[a] + sigma[a] for a in node.prior}
        highest = max(scores.values())
        weights = {a: math.exp(score - highest) for a, score in scores.items()}
        total = sum(weights.values())
        return {a: weight / total for a, weight in weights.items()}


def best_of(scores: dict[int, float]) -> int:
    """The action of highest score, the lowest one of equals."""
    return max(scores, key=lambda a: (scores[a], -a))
