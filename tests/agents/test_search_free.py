"""KLENT's policy and returns, against their definitions, and its action values, against what actions are worth."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import minimize

from agents.alphazero.config import AlphaZeroConfig
from agents.alphazero.learner import Learner
from agents.alphazero.network import NetConfig, PolicyValueNet
from agents.alphazero.replay import Positions
from agents.alphazero.search_free import RegularisedPolicy, lambda_returns
from envs.chance import seed_states
from envs.games.connect_four import ConnectFour
from envs.games.game import States
from envs.games.go.game import Go


class Judge:
    """Random logits and action values."""

    def __init__(self, n: int, actions: int) -> None:
        rng = np.random.default_rng(3)
        self.logits = rng.normal(size=(n, actions)).astype(np.float32)
        self.q = rng.uniform(-1, 1, size=(n, actions)).astype(np.float32)

    def judge_actions(self, states: States) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        return self.logits[: len(states)], self.q[: len(states)]


def objective(
    policy: NDArray[np.float64], q: NDArray[np.float64], prior: NDArray[np.float64], kl: float, h: float
) -> float:
    """What KLENT maximises (eq. 2 of the paper)."""
    return float(policy @ q - kl * (policy @ np.log(policy / prior)) - h * (policy @ np.log(policy)))


@pytest.mark.parametrize(("kl", "entropy"), [(0.1, 0.03), (1.0, 0.0), (0.2, 0.5)])
def test_no_policy_gains_more(kl: float, entropy: float) -> None:
    """Against a general optimiser on the simplex, over the legal actions of Connect Four with one full column."""
    game, n = ConnectFour(), 4
    states = game.init(n)
    for _ in range(6):
        game.step(states, np.zeros(n, np.int64))
    judge = Judge(n, game.num_actions)
    decision = RegularisedPolicy(game, judge, kl, entropy).run(states, seed_states(range(n)))
    legal = game.legal_mask(states)[0]
    assert not legal[0] and not decision.policy[:, 0].any()
    for i in range(n):
        q = judge.q[i, legal].astype(float)
        prior = np.exp(judge.logits[i, legal].astype(float))
        prior /= prior.sum()

        def cost(x: NDArray[np.float64], q: NDArray[np.float64] = q, prior: NDArray[np.float64] = prior) -> float:
            policy = np.exp(x - x.max())
            return -objective(policy / policy.sum(), q, prior, kl, entropy)

        best = minimize(cost, np.zeros(legal.sum()), tol=1e-12).fun
        ours = decision.policy[i, legal].astype(float)
        assert -objective(ours / ours.sum(), q, prior, kl, entropy) == pytest.approx(best, abs=1e-6)
        assert decision.value[i] == pytest.approx(ours @ q, abs=1e-6)
        assert legal[decision.action[i]]


def test_actions_are_drawn_from_the_policy() -> None:
    game, n = ConnectFour(), 20_000
    judge = Judge(1, 7)
    judge.logits, judge.q = judge.logits.repeat(n, 0), judge.q.repeat(n, 0)
    decision = RegularisedPolicy(game, judge, 0.3, 0.3).run(game.init(n), seed_states(range(n)))
    np.testing.assert_allclose(np.bincount(decision.action, minlength=7) / n, decision.policy[0], atol=0.015)


@settings(deadline=None)
@given(
    st.lists(st.lists(st.floats(-1, 1), min_size=1, max_size=6), min_size=1, max_size=4),
    st.sampled_from([0.0, 0.5, 0.88, 1.0]),
)
def test_returns_are_the_weighted_mean_of_all_n_step_returns(games: list[list[float]], decay: float) -> None:
    """G_t = (1 - decay) * sum of decay^(n-1) * v(t + n), and the rest of the weight on the outcome (Sutton 1988)."""
    starts = np.cumsum([0, *map(len, games)])
    outcomes = np.array([1, 0, -1, 1][: len(games)])
    out = np.empty(starts[-1])
    lambda_returns(np.concatenate(games), starts, outcomes, decay, out)
    for g, values in enumerate(games):
        last = len(values) - 1
        for t in range(len(values)):
            steps = range(1, last - t + 1)
            expected = sum((1 - decay) * decay ** (n - 1) * values[t + n] for n in steps)
            expected += decay ** (last - t) * outcomes[g]
            assert out[starts[g] + t] == pytest.approx(expected, abs=1e-12)


def test_action_values_learn_what_was_played_and_nothing_else() -> None:
    """Two actions were played, one always won and one always lost; the head learns both, the value neither."""
    game = Go(3, komi=0.0)
    config = AlphaZeroConfig("go:size=3,komi=0", method="klent", blocks=1, channels=16, learning_rate=3e-3)
    net = PolicyValueNet(game, NetConfig(1, 16, action_values=True))
    learner = Learner(net, config, torch.device("cpu"))
    states = game.init(64)
    batch = Positions.empty(game, 64)
    batch.observation[:], batch.legal[:] = game.observe(states), game.legal_mask(states)
    batch.policy[:] = batch.legal / batch.legal.sum(axis=1, keepdims=True)
    batch.outcome[:, 1] = 1
    batch.action[:32], batch.action_return[:32] = 4, 1.0  # the centre, its own image under every symmetry
    batch.action[32:], batch.action_return[32:] = 9, -1.0  # the pass
    for _ in range(200):
        losses = learner.learn(batch)
    assert losses.action_value < 0.02
    with torch.inference_mode():
        out = learner.average(torch.from_numpy(batch.observation[:1]))
    assert out.action_values[0, 4] > 0.8 and out.action_values[0, 9] < -0.8 and abs(float(out.value[0])) < 0.1
