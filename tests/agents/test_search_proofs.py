"""What a search has proven is true: the bounds of its nodes against tables and the solver."""

from __future__ import annotations

import numpy as np
import pytest
from hashed import HashEvaluator, random_positions
from tic_tac_toe_truth import all_positions, true_values

from agents.search import Search, SearchConfig
from agents.search.tree import Tree
from agents.solver import Solver
from envs.chance import seed_states
from envs.games.connect_four import ConnectFour
from envs.games.game import Game, player_sign
from envs.games.go.game import Go
from envs.games.tic_tac_toe import TicTacToe


def searched(game: Game, config: SearchConfig, states: np.ndarray) -> tuple[Search, Tree]:
    search = Search(game, HashEvaluator(game, 1), config)
    search.run(states, seed_states(range(len(states))))
    assert search.tree is not None
    return search, search.tree


@pytest.mark.parametrize("rule", ["puct", "gumbel"])
@pytest.mark.parametrize("leaves", [1, 6])
def test_every_bound_in_the_trees_of_tic_tac_toe_is_true(rule: str, leaves: int) -> None:
    states = all_positions()[::7]
    _, tree = searched(TicTacToe(), SearchConfig(rule=rule, num_simulations=80, leaves_per_wave=leaves), states)
    settled_inside = 0
    for b in range(len(states)):
        nodes = tree.nodes[b, : tree.size[b]]
        rows = tree.rows[nodes["row"]]
        running = ~rows["terminated"]
        truth = rows["outcome"].astype(int)
        truth[running] = true_values(rows[running]) * player_sign(rows["to_play"][running])
        assert (nodes["low"] <= truth).all() and (truth <= nodes["high"]).all()
        settled_inside += int((nodes["low"] == nodes["high"])[running].sum())
    assert settled_inside > 1000


@pytest.mark.parametrize("rule", ["puct", "gumbel"])
@pytest.mark.parametrize(("game", "after"), [(ConnectFour(), 24), (Go(2, komi=0.5), 0), (Go(2, komi=1.0), 0)], ids=str)
def test_what_is_proven_of_a_position_is_what_the_solver_says(game: Game, after: int, rule: str) -> None:
    states = random_positions(game, 300, 40, np.random.default_rng(after))
    late = states[states["ply"] >= after][:30]
    search, tree = searched(game, SearchConfig(rule=rule, num_simulations=400, max_considered=8), late)
    roots, value = tree.nodes[:, 0], search.found().value
    solver, proven = Solver(game), 0
    for i in np.flatnonzero(roots["low"] == roots["high"]):
        truth = solver.solve(late[i : i + 1])
        assert roots["low"][i] == truth
        assert value[i] == truth * player_sign(late["to_play"])[i]
        proven += 1
    assert proven >= 5


@pytest.mark.parametrize("rule", ["puct", "gumbel"])
def test_the_move_played_is_not_proven_to_be_worse_than_another(rule: str) -> None:
    """A win that is proven is played, a loss that is proven is not if there is anything else, whatever the visits."""
    states = all_positions()
    search, tree = searched(TicTacToe(), SearchConfig(rule=rule, num_simulations=40), states)
    found, sign = search.found(), player_sign(states["to_play"])
    for b in range(len(states)):
        bounds = dict.fromkeys(np.flatnonzero(tree.untried[b, 0] > 0).tolist(), (-1, 1))
        for c in tree.children(b, 0):
            node = tree.nodes[b, c]
            bounds[int(node["action"])] = tuple(sorted((int(sign[b] * node["low"]), int(sign[b] * node["high"]))))
        low, high = bounds[int(found.action[b])]
        assert not any(other_low >= high and other_high > low for other_low, other_high in bounds.values())
    assert (found.action != found.visits.argmax(axis=1)).any()


def test_a_search_that_does_not_prove_settles_nothing_but_ends_of_games() -> None:
    game = ConnectFour()
    states = random_positions(game, 20, 38, np.random.default_rng(0))
    _, tree = searched(game, SearchConfig(num_simulations=100, proves=False), states)
    for b in range(len(states)):
        nodes = tree.nodes[b, : tree.size[b]]
        np.testing.assert_array_equal(nodes["low"] == nodes["high"], tree.rows[nodes["row"]]["terminated"])
