"""Moves and targets without a search: one judgement of the net a move (KLENT; Ota, Osa, Omura, Harada, ICML 2026).

Beside its policy pi the net tells Q(a), what each action is worth. The policy that gains most by Q, less
kl * KL(pi' || pi), plus entropy * H(pi'), is known in closed form (their eq. 3):

    pi'(a) ~ exp((Q(a) + kl * log pi(a)) / (kl + entropy))

It acts, and it is what the net's policy learns. Q(a) of the action played learns the lambda-return of the game, whose
later values are E[Q(a)] under pi' (their algorithm 1).
"""

from __future__ import annotations

import math
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from agents.agent import Decision
from envs.chance import Seeds, choose
from envs.games.game import Game, States
from envs.jit import kernel
from envs.parallel import for_slices


class ActionValueEvaluator(Protocol):
    """A net that judges actions."""

    def judge_actions(self, states: States) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(policy logits [n, A], Q [n, A] in [-1, 1] from the side to move)."""


@kernel
def improve(
    logits: NDArray[Any],
    q: NDArray[Any],
    mask: NDArray[Any],
    kl: float,
    entropy: float,
    prior: NDArray[Any],
    policy: NDArray[Any],
    value: NDArray[Any],
    start: int,
    stop: int,
) -> None:
    """Fills prior[i] with pi and policy[i] with pi' over the legal actions, 0 elsewhere, and value[i] with the mean of
    Q under pi'."""
    for i in range(start, stop):
        highest, highest_logit, total, total_prior, mean = -np.inf, -np.inf, 0.0, 0.0, 0.0
        for a in range(mask.shape[1]):
            if mask[i, a]:
                highest = max(highest, (q[i, a] + kl * logits[i, a]) / (kl + entropy))
                highest_logit = max(highest_logit, logits[i, a])
        for a in range(mask.shape[1]):
            prior[i, a] = math.exp(logits[i, a] - highest_logit) if mask[i, a] else 0.0
            weight = math.exp((q[i, a] + kl * logits[i, a]) / (kl + entropy) - highest) if mask[i, a] else 0.0
            policy[i, a] = weight
            total_prior += prior[i, a]
            total += weight
            mean += weight * q[i, a]
        prior[i] /= total_prior
        policy[i] /= total
        value[i] = mean / total


@kernel
def lambda_returns(values: NDArray[Any], starts: NDArray[Any], outcomes: NDArray[Any], decay: float, out: Any) -> None:
    """Fills out[t] with the lambda-return after ply t: (1 - decay) * values[t + 1] + decay * out[t + 1], and after the
    last ply the outcome. Game g is plies starts[g] to starts[g + 1], its outcome outcomes[g]; all are player 0's.
    """
    for g in range(outcomes.size):
        following = np.float64(outcomes[g])
        for t in range(starts[g + 1] - 1, starts[g] - 1, -1):
            out[t] = following
            following = (1 - decay) * values[t] + decay * following


class RegularisedPolicy:
    """Decides by pi'; what Search is to AlphaZero, this is to KLENT."""

    def __init__(self, game: Game, evaluator: ActionValueEvaluator, kl: float, entropy: float) -> None:
        self.game, self.evaluator = game, evaluator
        self.kl, self.entropy = kl, entropy

    def run(self, states: States, seeds: Seeds) -> Decision:
        """Draws an action of each unfinished state from pi', with the chance of seeds[i], advanced in place."""
        mask = self.game.legal_mask(states)
        logits, q = self.evaluator.judge_actions(states)
        prior, policy = np.empty((2, *mask.shape), np.float32)
        value = np.empty(len(states), np.float32)
        weights = (self.kl, self.entropy)
        for_slices(lambda i, j: improve(logits, q, mask, *weights, prior, policy, value, i, j), len(states))
        return Decision(choose(policy, seeds), policy, value, prior, q=np.where(mask, q, np.nan).astype(np.float32))
