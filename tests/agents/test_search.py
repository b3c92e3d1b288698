"""The array search on games whose answers are known, its trees and its noise; its numbers: test_search_reference."""

from __future__ import annotations

import numpy as np
import pytest
from hashed import HashEvaluator, random_positions
from numpy.typing import NDArray
from tic_tac_toe_truth import all_positions, true_values

from agents.agent import sample_actions
from agents.alpha_beta import AlphaBetaAgent
from agents.rollout import RolloutEvaluator
from agents.search import Search, SearchConfig
from envs.chance import Seeds, seed_states
from envs.errors import LabError
from envs.games.connect_four import ConnectFour
from envs.games.game import Game, States
from envs.games.go.game import Go
from envs.games.tic_tac_toe import TicTacToe
from envs.parallel import set_num_threads


class ExactEvaluator:
    """The true value of a tic-tac-toe position, and logits lower by `hint` for moves that do not keep it."""

    def __init__(self, hint: float) -> None:
        self.game, self.hint = TicTacToe(), hint

    def __call__(self, states: States, seeds: Seeds) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        values, logits = true_values(states), np.zeros((len(states), 9), np.float32)
        for action in range(9):
            legal = self.game.legal_mask(states)[:, action]
            child = states[legal].copy()
            self.game.step(child, np.full(len(child), action))
            logits[legal, action] = np.where(-true_values(child) == values[legal], 0.0, -self.hint)
        return logits, values


@pytest.mark.parametrize(("rule", "hint"), [("puct", 0.0), ("puct", 1.0), ("gumbel", 1.0)])
def test_with_an_exact_evaluator_the_move_and_both_values_are_right_in_every_tic_tac_toe_position(
    rule: str, hint: float
) -> None:
    """The chosen move keeps the true value; the root's value and the move's Q round to it.

    PUCT needs the exact values alone; Gumbel, which inside the tree trusts the policy, a hint of one nat in it.
    """
    evaluator = ExactEvaluator(hint)
    game = evaluator.game
    states = all_positions()
    assert len(states) == 4520
    config = SearchConfig(rule=rule, num_simulations=256, gumbel_scale=0.0)
    result = Search(game, evaluator, config).run(states, seed_states(range(4520)))
    after, truth = states.copy(), true_values(states)
    game.step(after, result.action)
    np.testing.assert_array_equal(-true_values(after), truth)
    np.testing.assert_array_equal(np.round(result.value), truth)
    np.testing.assert_array_equal(np.round(result.q[np.arange(len(states)), result.action]), truth)


@pytest.mark.parametrize(
    "config",
    [
        SearchConfig(rule="puct", num_simulations=30, dirichlet_fraction=0.25),
        SearchConfig(rule="puct", num_simulations=30, leaves_per_wave=8),
        SearchConfig(rule="gumbel", num_simulations=30, leaves_per_wave=3),
    ],
    ids=lambda config: f"{config.rule}-{config.leaves_per_wave}",
)
def test_trees_do_not_know_of_each_other(config: SearchConfig) -> None:
    """With an evaluator that is all chance: alone or in a batch, in another slot, on two threads, the same numbers."""
    game = Go(3, komi=0.0)
    search = Search(game, RolloutEvaluator(game), config)
    states = random_positions(game, 40, 6, np.random.default_rng(1))
    seeds = seed_states(range(40))
    together = search.run(states, seeds)
    backwards_seeds = seed_states(range(39, -1, -1))
    set_num_threads(2)
    try:
        backwards = search.run(states[::-1].copy(), backwards_seeds)
    finally:
        set_num_threads(1)
    np.testing.assert_array_equal(backwards_seeds[::-1], seeds)
    for name, array in vars(together).items():
        np.testing.assert_array_equal(getattr(backwards, name)[::-1], array)
    for i in range(0, 40, 7):
        alone_seed = seed_states([i])
        alone = Search(game, search.evaluator, config).run(states[i : i + 1], alone_seed)
        for name, array in vars(together).items():
            np.testing.assert_array_equal(getattr(alone, name)[0], array[i])
        assert alone_seed[0] == seeds[i]


def test_equal_trees_with_different_seeds_differ() -> None:
    game = Go(3, komi=0.0)
    search = Search(game, RolloutEvaluator(game), SearchConfig(num_simulations=30))
    assert len(np.unique(search.run(game.init(20), seed_states(range(20))).q, axis=0)) > 15


@pytest.mark.parametrize(
    "seeds", [seed_states([1]), seed_states([1, 2, 3]), np.arange(2), [1, 2]], ids=["few", "many", "signed", "list"]
)
def test_seeds_that_are_not_one_random_state_a_row_are_one_sentence(seeds: object) -> None:
    game = TicTacToe()
    for act in (Search(game, RolloutEvaluator(game), SearchConfig()).run, AlphaBetaAgent(game).act):
        with pytest.raises(LabError, match=r"seeds must be uint64\[2\]"):
            act(game.init(2), seeds)
    with pytest.raises(LabError, match=r"seeds must be uint64\[2\]"):
        sample_actions(game.legal_mask(game.init(2)), seeds)


@pytest.mark.parametrize(("rule", "leaves"), [("puct", 4), ("puct", 7), ("gumbel", 4), ("gumbel", 7)])
def test_waves_of_leaves_spend_the_same_budget(rule: str, leaves: int) -> None:
    game = ConnectFour()
    config = SearchConfig(rule=rule, num_simulations=50, leaves_per_wave=leaves)
    search = Search(game, HashEvaluator(game, 2), config)
    result = search.run(game.init(3), seed_states(range(3)))
    np.testing.assert_array_equal(result.visits.sum(axis=1), 50)
    assert search.tree is not None
    assert (search.tree.nodes["pending"][:, : search.tree.size.max()] == 0).all()


@pytest.mark.parametrize("rule", ["puct", "gumbel"])
@pytest.mark.parametrize("game", [ConnectFour(), TicTacToe(), Go(3, komi=0.0)], ids=lambda g: g.name)
def test_a_reused_tree_carries_on_and_is_consistent(rule: str, game: Game) -> None:
    config = SearchConfig(rule=rule, num_simulations=40, gumbel_scale=0.0)
    search = Search(game, HashEvaluator(game, 3), config, reuse=True)
    states, seeds = game.init(2), seed_states(range(2))
    carried = 0
    while not states["terminated"].any():
        result = search.run(states, seeds)
        tree = search.tree
        assert tree is not None
        for b in range(2):
            nodes, size = tree.nodes[b], int(tree.size[b])
            carried += int(result.visits[b].sum() > 40)
            ended_here = nodes[0]["visits"] - 1 - result.visits[b].sum()
            assert ended_here == 0 or (ended_here > 0 and nodes[0]["low"] == nodes[0]["high"])
            for n in range(1, size):
                parent = nodes[n]["parent"]
                assert tree.child(b, parent, nodes[n]["action"]) == n and parent < n
                child = np.array([tree.state(b, parent)])
                game.step(child, nodes[n : n + 1]["action"])
                assert child.tobytes() == tree.state(b, n).tobytes()
        game.step(states, result.action)
    assert carried >= 6


def test_sequential_halving_counts_only_the_visits_of_its_own_call() -> None:
    """What a reused tree brings does not stand in for simulations: two actions get 6 of 16, two get 2."""
    game = ConnectFour()
    config = SearchConfig(rule="gumbel", num_simulations=16, max_considered=4)
    search, seeds = Search(game, HashEvaluator(game, 4), config, reuse=True), seed_states(range(8))
    states = game.init(8)
    first = search.run(states, seeds)
    assert search.tree is not None
    tree, before = search.tree, np.zeros((8, 7), np.int64)
    for b in range(8):
        for child in tree.children(b, tree.child(b, 0, first.action[b])):
            before[b, tree.nodes[b, child]["action"]] = tree.nodes[b, child]["visits"]
    assert (before.sum(axis=1) >= 4).all()
    game.step(states, first.action)
    gained = np.sort(search.run(states, seeds).visits - before)
    np.testing.assert_array_equal(gained, np.tile([0, 0, 0, 2, 2, 6, 6], (8, 1)))


def test_dirichlet_noise_moves_the_visits_and_follows_the_seed() -> None:
    game = Go(5)
    config = SearchConfig(rule="puct", num_simulations=60, dirichlet_fraction=0.25)
    visits = [
        Search(game, HashEvaluator(game, 0), config).run(game.init(4), seed_states(range(seed, seed + 4))).visits
        for seed in (0, 0, 1)
    ]
    np.testing.assert_array_equal(visits[0], visits[1])
    assert (visits[0] != visits[2]).any()
    np.testing.assert_array_equal(visits[0][1:], visits[2][:3])  # seeds 1 to 3, in whatever slot they are
