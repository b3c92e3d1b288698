"""The search once more, slow and obvious: one tree, plain Python objects, the formulas as the papers print them.

Nothing in the lab plays with it, and it shares no code with the array search but its configuration. It exists so that
the array search can be held against something a person can check by reading; tests/agents does.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from agents.agent import Evaluator
from agents.search.config import SearchConfig
from envs.chance import Seeds, branch_seeds
from envs.games.game import Game, States

LEAST_PRIOR = float(np.float32(1e-37))
"""No legal action is thought less likely than this."""


@dataclass
class Node:
    """One position. Values are player 0's. Without a prior it is a leaf: the game is over, or nobody has judged it."""

    index: int
    """How many nodes the tree had before."""
    state: States
    to_play: int
    low: int
    high: int
    """The bounds of the outcome that are proven; equal where it is settled."""
    value: float
    prior: dict[int, float] = field(default_factory=dict)
    children: dict[int, Node] = field(default_factory=dict)
    visits: int = 0
    pending: int = 0
    """Simulations under way through here, which count as visits that have not told their value yet."""
    value_sum: float = 0.0

    def q(self, action: int) -> float:
        """The mean value of a tried action from this node's side to move, -1 if no simulation has returned from it."""
        child = self.children[action]
        if not child.visits:
            return -1.0
        return (1 - 2 * self.to_play) * (child.low if child.is_settled else child.value_sum / child.visits)

    @property
    def is_settled(self) -> bool:
        """Whether the outcome is proven."""
        return self.low == self.high

    def bounds(self, action: int) -> tuple[int, int]:
        """What an action is proven to be worth to the side to move: at least, at most."""
        if action not in self.children:
            return -1, 1
        child = self.children[action]
        return (child.low, child.high) if self.to_play == 0 else (-child.high, -child.low)

    def narrow(self) -> bool:
        """Takes over what the children prove: the best of their least and of their most; whether that is news."""
        before = self.low, self.high
        least, most = (max(part) for part in zip(*map(self.bounds, self.prior), strict=True))
        self.low, self.high = (least, most) if self.to_play == 0 else (-most, -least)
        if self.is_settled:
            self.value = self.low
        return (self.low, self.high) != before

    def tries(self, action: int) -> int:
        """How often an action was tried."""
        return self.children[action].visits + self.children[action].pending if action in self.children else 0


class ReferenceSearch:
    """Searches from one state, one simulation after another."""

    def __init__(self, game: Game, evaluator: Evaluator, config: SearchConfig) -> None:
        self.game, self.evaluator, self.config = game, evaluator, config

    def run(self, state: States, gumbel: NDArray[np.float64], tree_seed: Seeds) -> Node:
        """The root after all simulations; `gumbel` [A] is the root's noise, tree_seed [1] the tree's random state."""
        self.size, self.tree_seed = 0, tree_seed
        root = self.make(state)
        self.evaluate(root)
        root.visits, root.value_sum = 1, root.value
        halving = self.halving(root, gumbel)
        done = 0
        while done < self.config.num_simulations:
            wave = min(self.config.leaves_per_wave, self.config.num_simulations - done)
            paths = [self.walk(root, halving) for _ in range(wave)]
            for path in paths:
                if not path[-1].is_settled and not path[-1].prior:
                    self.evaluate(path[-1])
            for path in paths:
                self.back_up(path)
            done += wave
        return root

    def back_up(self, path: list[Node]) -> None:
        """Tells the nodes of a path what its last one is worth, and what follows from that."""
        value = path[-1].value
        is_news = self.config.proves and path[-1].is_settled
        for node in reversed(path):
            if is_news and node is not path[-1]:
                is_news = node.narrow()
            if node.is_settled:
                value = node.low
            node.pending -= 1
            node.visits += 1
            node.value_sum += value

    def walk(self, root: Node, halving: Iterator[int]) -> list[Node]:
        """The nodes from the root to a leaf, which is added if it is new; they are pending from now on."""
        path = [root]
        while path[-1].prior and (path[-1] is root or not path[-1].is_settled):
            node = path[-1]
            action = next(halving) if node is root and self.config.rule == "gumbel" else self.select(node)
            if action not in node.children:
                state = node.state.copy()
                self.game.step(state, np.array([action]))
                node.children[action] = self.make(state)
            path.append(node.children[action])
        for node in path:
            node.pending += 1
        return path

    def make(self, state: States) -> Node:
        """A leaf, whose value is the outcome if the game is over there."""
        row = state[0]
        self.size += 1
        outcome = int(row["outcome"])
        low, high = (outcome, outcome) if row["terminated"] else (-1, 1)
        return Node(self.size - 1, state.copy(), int(row["to_play"]), low, high, outcome)

    def evaluate(self, node: Node) -> None:
        """Gives a node the evaluator's value and its policy over the legal actions."""
        logits, value = self.evaluator(node.state, branch_seeds(self.tree_seed, np.array([node.index])))
        legal = [int(a) for a in np.flatnonzero(self.game.legal_mask(node.state)[0])]
        node.value = (1 - 2 * node.to_play) * float(value[0])
        highest = max(float(logits[0, a]) for a in legal)
        weights = {a: math.exp(float(logits[0, a]) - highest) for a in legal}
        total = sum(weights.values())
        node.prior = {a: max(float(np.float32(weight / total)), LEAST_PRIOR) for a, weight in weights.items()}

    def halving(self, root: Node, gumbel: NDArray[np.float64]) -> Iterator[int]:
        """Gumbel's actions at the root, for ever: sequential halving (Karnin, Koren, Somekh 2013).

        The budget is shared out among log2(m) phases. A phase tries its n survivors in rounds, each of them once a
        round, the best first by what is known by then; after it the better half survives, but never fewer than two.
        """
        survivors = list(root.prior)
        m = n = min(self.config.max_considered, len(survivors))
        phases = max(1, math.ceil(math.log2(m)))
        while True:
            for _ in range(max(1, self.config.num_simulations // (phases * n))):
                tried: list[int] = []
                while len(tried) < n:
                    scores = self.root_scores(root, gumbel)
                    tried.append(best_of({a: scores[a] for a in survivors if a not in tried}))
                    yield tried[-1]
                survivors = tried
            n = max(min(2, m), n // 2)

    def root_scores(self, root: Node, gumbel: NDArray[np.float64]) -> dict[int, float]:
        """g + log P + sigma(completed Q) of each legal action."""
        sigma = self.sigma(root)
        return {a: gumbel[a] + math.log(root.prior[a]) + sigma[a] for a in root.prior}

    def select(self, node: Node) -> int:
        """The action the rule tries next; ties go to the lowest action."""
        if self.config.rule == "puct":
            return best_of(self.puct_scores(node))
        policy = self.improved_policy(node)
        total = sum(node.tries(a) for a in node.prior)
        return best_of({a: policy[a] - node.tries(a) / (1 + total) for a in node.prior})

    def puct_scores(self, node: Node) -> dict[int, float]:
        """Q + U of each legal action (Silver et al. 2018), untried ones with the reduced first-play value."""
        c = self.config
        total = node.visits + node.pending - 1
        tried = sum(node.prior[a] for a in sorted(node.children))
        first = (1 - 2 * node.to_play) * node.value_sum / node.visits - c.fpu_reduction * math.sqrt(tried)
        scale = (math.log((1 + total + c.c_base) / c.c_base) + c.c_init) * math.sqrt(max(total, 1))
        return {
            a: (node.q(a) if a in node.children else first) + scale * node.prior[a] / (1 + node.tries(a))
            for a in node.prior
        }

    def completed_q(self, node: Node) -> dict[int, float]:
        """Q of each legal action, untried ones with the mixed value (Danihelka et al. 2022, appendix D)."""
        total = sum(node.tries(a) for a in node.prior)
        mixed = (1 - 2 * node.to_play) * node.value
        if total > 0:
            tried = sum(node.prior[a] for a in sorted(node.children))
            weighted = sum(node.prior[a] * node.q(a) for a in sorted(node.children))
            mixed = (mixed + total * weighted / tried) / (1 + total)
        return {a: node.q(a) if a in node.children else mixed for a in node.prior}

    def sigma(self, node: Node) -> dict[int, float]:
        """sigma(completed Q) of each legal action (Danihelka et al. 2022, eq. 8), for Q scaled to 0 .. 1."""
        most = max(node.tries(a) for a in node.prior)
        scale = (self.config.c_visit + most) * self.config.c_scale
        return {a: scale * (q + 1) / 2 for a, q in self.completed_q(node).items()}

    def improved_policy(self, node: Node) -> dict[int, float]:
        """softmax(log P + sigma(completed Q)) over the legal actions."""
        sigma = self.sigma(node)
        scores = {a: math.log(node.prior[a]) + sigma[a] for a in node.prior}
        highest = max(scores.values())
        weights = {a: math.exp(score - highest) for a, score in scores.items()}
        total = sum(weights.values())
        return {a: weight / total for a, weight in weights.items()}

    def policy(self, root: Node) -> dict[int, float]:
        """What to learn from a finished search: visit shares, or Gumbel's improved policy."""
        if self.config.rule == "puct":
            return {a: root.tries(a) / (root.visits - 1) for a in root.prior}
        return self.improved_policy(root)

    def action(self, root: Node, gumbel: NDArray[np.float64]) -> int:
        """What to play after a search: the most tried action, of equals the likeliest, or by Gumbel's scores the best.

        An action is left out if another is at least as good, whatever comes of both, and may be better.
        """
        sensible = [a for a in root.prior if not any(outdoes(root.bounds(o), root.bounds(a)) for o in root.prior)]
        most = max(root.tries(a) for a in sensible)
        scores = root.prior if self.config.rule == "puct" else self.root_scores(root, gumbel)
        return best_of({a: scores[a] for a in sensible if root.tries(a) == most})

    def value(self, root: Node) -> float:
        """The root's value from its side to move: the outcome if it is proven; else the mean of its simulations, or
        what Gumbel's policy earns."""
        if root.is_settled:
            return (1 - 2 * root.to_play) * root.low
        if self.config.rule == "puct":
            return (1 - 2 * root.to_play) * root.value_sum / root.visits
        policy, q = self.improved_policy(root), self.completed_q(root)
        return sum(policy[a] * q[a] for a in root.prior)


def outdoes(other: tuple[int, int], one: tuple[int, int]) -> bool:
    """Whether `other` is at least as good as `one`, whatever comes of both, and may be better."""
    return other[0] >= one[1] and other[1] > one[0]


def best_of(scores: dict[int, float]) -> int:
    """The action of highest score, the lowest one of equals."""
    return max(scores, key=lambda a: (scores[a], -a))
