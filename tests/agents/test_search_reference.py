"""The array search against its slow twin, simulation for simulation, and its schedule against mctx's."""

from __future__ import annotations

import numpy as np
import pytest
from hashed import HashEvaluator, random_positions
from numpy.typing import NDArray

from agents.rollout import RolloutEvaluator
from agents.search import Search, SearchConfig
from agents.search.reference import ReferenceSearch
from agents.search.selection import considered_visits
from envs.chance import Seeds, draw_seeds, gumbel, seed_states
from envs.games.connect_four import ConnectFour
from envs.games.game import Game, States
from envs.games.go.game import Go
from envs.games.tic_tac_toe import TicTacToe

GAMES = [TicTacToe(), ConnectFour(), Go(3, komi=0.0), Go(5)]


def assert_equals_reference(search: Search, states: States) -> None:
    """Every number of a search without reuse or Dirichlet noise: visits, Q, policy, value and action."""
    result = search.run(states, seed_states(range(len(states))))
    seeds = seed_states(range(len(states)))
    tree_seeds, noise = draw_seeds(seeds), np.zeros((len(states), search.game.num_actions))
    if search.config.rule == "gumbel" and search.config.gumbel_scale > 0:
        noise = search.config.gumbel_scale * gumbel(seeds, search.game.num_actions)
    reference = ReferenceSearch(search.game, search.evaluator, search.config)
    for i in range(len(states)):
        root = reference.run(states[i : i + 1], noise[i], tree_seeds[i : i + 1])
        visits = [root.tries(a) for a in range(search.game.num_actions)]
        np.testing.assert_array_equal(result.visits[i], visits)
        np.testing.assert_array_equal(np.isnan(result.q[i]), np.array(visits) == 0)
        for a in root.children:
            assert result.q[i, a] == pytest.approx(root.q(a), abs=1e-6)
        policy = np.zeros(search.game.num_actions)
        policy[list(root.prior)] = list(reference.policy(root).values())
        np.testing.assert_allclose(result.policy[i], policy, atol=1e-5)
        assert result.value[i] == pytest.approx(reference.value(root), abs=1e-5)
        assert result.action[i] == reference.action(root, noise[i])


@pytest.mark.parametrize("game", GAMES, ids=lambda g: g.spec)
@pytest.mark.parametrize("rule", ["puct", "gumbel"])
@pytest.mark.parametrize("num_simulations", [1, 16, 50])
def test_equals_the_reference_on_random_games(game: Game, rule: str, num_simulations: int) -> None:
    rng = np.random.default_rng([num_simulations, len(rule)])
    config = SearchConfig(rule=rule, num_simulations=num_simulations, max_considered=6, gumbel_scale=0.0)
    search = Search(game, HashEvaluator(game, 5), config)
    assert_equals_reference(search, random_positions(game, 12, 20, rng))
    assert_equals_reference(search, random_positions(game, 12, 40, rng))  # where most lines end in the tree


@pytest.mark.parametrize("game", [Go(3, komi=0.0), ConnectFour()], ids=lambda g: g.spec)
@pytest.mark.parametrize(("max_considered", "scale"), [(1, 1.0), (2, 1.0), (3, 5.0), (7, 2.0), (8, 1.0), (16, 1.0)])
def test_gumbel_noise_equals_the_reference(game: Game, max_considered: int, scale: float) -> None:
    """Noise, and any number of considered actions, a power of two or not, more or fewer than are legal."""
    config = SearchConfig(rule="gumbel", num_simulations=24, max_considered=max_considered, gumbel_scale=scale)
    search = Search(game, HashEvaluator(game, 9), config)
    states = random_positions(game, 8, 4, np.random.default_rng(0))
    assert_equals_reference(search, states)


@pytest.mark.parametrize("game", GAMES, ids=lambda g: g.spec)
@pytest.mark.parametrize("rule", ["puct", "gumbel"])
@pytest.mark.parametrize("leaves", [4, 7])
def test_waves_equal_the_reference(game: Game, rule: str, leaves: int) -> None:
    """With several simulations under way at once, each a visit without a value until it returns.

    50 is no multiple of 4 or 7.
    """
    rng = np.random.default_rng([leaves, len(rule)])
    config = SearchConfig(rule=rule, num_simulations=50, leaves_per_wave=leaves, max_considered=6)
    search = Search(game, HashEvaluator(game, 6), config)
    assert_equals_reference(search, random_positions(game, 8, 12, rng))


@pytest.mark.parametrize("game", GAMES, ids=lambda g: g.spec)
@pytest.mark.parametrize("rule", ["puct", "gumbel"])
def test_a_search_that_proves_nothing_equals_the_reference(game: Game, rule: str) -> None:
    config = SearchConfig(rule=rule, num_simulations=50, leaves_per_wave=3, max_considered=6, proves=False)
    search = Search(game, HashEvaluator(game, 6), config)
    assert_equals_reference(search, random_positions(game, 8, 40, np.random.default_rng(3)))


@pytest.mark.parametrize("game", GAMES, ids=lambda g: g.spec)
@pytest.mark.parametrize(("rule", "leaves"), [("puct", 1), ("puct", 8), ("gumbel", 4)])
def test_random_games_equal_the_reference(game: Game, rule: str, leaves: int) -> None:
    """An evaluator that is all chance: both searches give node n of tree b the same random state."""
    config = SearchConfig(rule=rule, num_simulations=50, leaves_per_wave=leaves)
    search = Search(game, RolloutEvaluator(game), config)
    assert_equals_reference(search, random_positions(game, 8, 12, np.random.default_rng(leaves)))


@pytest.mark.parametrize("value", [-0.5, 0.0, 0.5])
@pytest.mark.parametrize(("game", "leaves"), [(ConnectFour(), 7), (TicTacToe(), 5), (Go(5), 26)], ids=str)
def test_a_wave_spreads_over_different_children(game: Game, leaves: int, value: float) -> None:
    """A leaf that waits for its evaluation looks lost, so the next simulation goes elsewhere."""

    def uniform(states: States, seeds: Seeds) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        return np.zeros((len(states), game.num_actions), np.float32), np.full(len(states), value, np.float32)

    config = SearchConfig(rule="puct", num_simulations=leaves, leaves_per_wave=leaves)
    visits = Search(game, uniform, config).run(game.init(2), seed_states([0, 1])).visits
    assert visits.max() == 1
    np.testing.assert_array_equal(visits.sum(axis=1), leaves)


# mctx's get_sequence_of_considered_visits, of which those for 0, 1, 7 and 8 are cases of its own seq_halving_test.py.
MCTX = {
    (0, 16): list(range(16)),
    (1, 16): list(range(16)),
    (2, 7): [0, 0, 1, 1, 2, 2, 3],
    (3, 12): [0, 0, 0, 1, 1, 1, 2, 2, 3, 3, 4, 4],
    (4, 16): [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5],
    (7, 24): [0] * 7 + [1, 1, 1, 2, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8],
    (8, 2): [0, 0],
    (8, 13): [0] * 8 + [1, 1, 1, 1, 2],
    (8, 24): [0] * 8 + [1] * 4 + [2] * 4 + [3, 3, 4, 4, 5, 5, 6, 6],
    (8, 47): [0] * 8 + [1] * 4 + [2] * 4 + [3] * 4 + [v for v in range(4, 17) for _ in (0, 1)] + [17],
}


@pytest.mark.parametrize(("considered", "num_simulations"), MCTX)
def test_the_schedule_of_visits_is_that_of_mctx(considered: int, num_simulations: int) -> None:
    table = considered_visits(8, num_simulations)
    assert table.shape == (9, num_simulations)
    assert table[considered].tolist() == MCTX[considered, num_simulations]
