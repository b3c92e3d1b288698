"""The nets that ship: their files are whole, their cards are filled in, and what is known to be true they know."""

from importlib.util import find_spec

import numpy as np
import pytest

from agents.registry import make_agent
from envs.chance import seed_states
from envs.games.registry import make_game
from rl_lab.results.solved import Play
from rl_lab.results.strength import opens_at_centre, value_kept, wins_from_start
from rl_lab.zoo import nets
from rl_lab.zoo.recipes import RECIPES
from tests.agents.tic_tac_toe_truth import all_positions, true_values

NAMES = nets.net_names()


def test_there_are_some() -> None:
    assert "tic_tac_toe" in NAMES
    assert set(NAMES) <= set(RECIPES)


@pytest.mark.parametrize("name", NAMES)
def test_a_net_is_whole_and_measured(name: str) -> None:
    card = nets.open_net(name).card
    assert card.strength
    elo = [level.elo for level in card.levels]
    assert card.levels_measured and elo[0] == 0 and None not in elo
    assert np.corrcoef(np.arange(10), np.array(elo, float))[0, 1] > 0.95, "they rise evenly"
    assert card.rounding.same_best_move > 0.99
    game = make_game(card.game)
    decision = make_agent(f"zoo:{name},simulations=8", game).act(game.init(2), seed_states([1, 2]))
    assert game.legal_mask(game.init(2))[np.arange(2), decision.action].all()


def test_tic_tac_toe_is_perfect_everywhere() -> None:
    game, positions = make_game("tic_tac_toe"), all_positions()
    action = make_agent("zoo", game).act(positions, seed_states(range(len(positions)))).action
    after = positions.copy()
    game.step(after, action)
    assert (-true_values(after) == true_values(positions)).all()


def test_connect_four_opens_where_it_wins() -> None:
    game = make_game("connect_four")
    decision = make_agent("zoo", game).act(game.init(1), seed_states([0]))
    assert game.action_name(int(decision.action[0])) == "4" and decision.value[0] > 0


@pytest.mark.skipif(find_spec("bitbully") is None, reason="the exact Connect Four solver: pip install bitbully")
@pytest.mark.parametrize("play", ["random", "strong"])
def test_connect_four_keeps_what_the_solver_says(play: Play) -> None:
    """docs/results.md has the figures of 2,000 positions; these are a sample."""
    assert value_kept(play, 200)("connect_four", "zoo") > 0.9


@pytest.mark.parametrize("opponent", ["random", "greedy", "rollout:simulations=1000", "alphabeta:depth=3"])
@pytest.mark.parametrize("agent", ["zoo:go", "zoo:go,simulations=64"])
def test_go_takes_the_whole_5x5_board(agent: str, opponent: str) -> None:
    assert wins_from_start(opponent, 20)("go:size=5", agent) == 1  # by all 25 points: the komi is 24.5


def test_go_opens_at_the_centre_of_5x5() -> None:
    assert opens_at_centre("go:size=5", "zoo:go,simulations=64") == 1
