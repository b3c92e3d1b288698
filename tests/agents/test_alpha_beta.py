"""Alpha-beta against known values: solved games, an exact outside solver, and positions with one right move."""

import numpy as np
import pytest

from agents.alpha_beta import AlphaBetaAgent
from agents.scripted import RandomAgent
from agents.solver import Solver, solve
from envs.chance import seed_states
from envs.errors import LabError
from envs.games.connect_four import ConnectFour
from envs.games.game import Game, States
from envs.games.go.game import Go
from envs.games.tic_tac_toe import TicTacToe


def plain_negamax(game: Game, state: States) -> int:
    """The value for player 0 by the definition, without any device."""
    if state["terminated"][0]:
        return int(state["outcome"][0])
    values = []
    for action in np.flatnonzero(game.legal_mask(state)[0]):
        after = state.copy()
        game.step(after, np.array([action]))
        values.append(plain_negamax(game, after))
    return max(values) if state["to_play"][0] == 0 else min(values)


def test_tic_tac_toe_is_a_draw_from_the_start_and_after_each_first_move():
    game = TicTacToe()
    assert solve(game, game.init(1)).tolist() == [0]
    after = game.init(9)
    game.step(after, np.arange(9))
    assert solve(game, after).tolist() == [0] * 9


def test_tic_tac_toe_values_agree_with_plain_negamax():
    game, seeds = TicTacToe(), seed_states(range(60))
    states = game.init(60)
    for _ in range(4):
        game.step(states, RandomAgent(game).act(states, seeds).action)
    expected = [plain_negamax(game, states[i : i + 1]) for i in range(60)]
    assert set(expected) == {-1, 0, 1}
    assert solve(game, states).tolist() == expected


@pytest.mark.parametrize("komi", [-2.5, 0.5, 1.0, 3.5])
def test_go_with_superko_agrees_with_plain_negamax(komi):
    """Repetitions arise on 2x2 within few plies; the ply cap keeps the plain search short."""
    game = Go(size=2, komi=komi, max_plies=6)
    states = game.init(5)
    game.step(states, np.arange(5))
    assert solve(game, states).tolist() == [plain_negamax(game, states[i : i + 1]) for i in range(5)]


def test_one_solver_may_be_asked_about_many_positions():
    game = TicTacToe()
    solver = Solver(game)
    after = game.init(9)
    game.step(after, np.arange(9))
    assert [solver.solve(after[i : i + 1]) for i in range(9)] == [0] * 9
    asked = solver.nodes
    assert solver.solve(after[:1]) == 0
    assert solver.nodes - asked < asked / 9


@pytest.mark.parametrize("seed", range(8))
def test_late_connect_four_agrees_with_an_exact_solver(seed):
    bitbully = pytest.importorskip("bitbully", reason="the exact Connect Four solver: pip install bitbully")
    game, seeds, agent = ConnectFour(), seed_states([seed]), RandomAgent(ConnectFour())
    peer = bitbully.BitBully()
    score = 99
    # Random play until 12 cells are free, drawn anew until nobody wins within the next five moves.
    while abs(score) > 4:
        state, moves = game.init(1), []
        while len(moves) < 30 and not state["terminated"][0]:
            moves.append(int(agent.act(state, seeds).action[0]))
            game.step(state, np.array(moves[-1:]))
        # The score is 0 for a draw, else (moves the winner has to spare), + for the side to move.
        score = 99 if state["terminated"][0] else peer.negamax(bitbully.Board.from_moves(moves))
    assert solve(game, state).tolist() == [np.sign(score) * (1 - 2 * state["to_play"][0])]
    decision = AlphaBetaAgent(game, depth=12).act(state, seeds)
    assert decision.value[0] == np.sign(score)
    after = state.copy()
    game.step(after, decision.action)
    assert solve(game, after).tolist() == solve(game, state).tolist()


@pytest.mark.parametrize(("komi", "value"), [(0.5, 1), (1.0, 0), (1.5, -1)])
def test_go_2x2_is_black_by_one_point(komi, value):
    game = Go(size=2, komi=komi)
    assert solve(game, game.init(1)).tolist() == [value]


@pytest.mark.parametrize(("komi", "value"), [(8.5, 1), (9.5, -1)])
def test_go_3x3_is_black_by_the_whole_board(komi, value):
    game = Go(size=3, komi=komi)
    assert solve(game, game.init(1), max_nodes=100_000).tolist() == [value]


def test_go_3x3_is_lost_for_black_without_the_centre():
    """With the first stone in the corner White gets the centre, and with it the board."""
    game = Go(size=3, komi=0.5)
    state = game.init(1)
    game.step(state, np.array([game.parse_action("A1")]))
    assert solve(game, state, max_nodes=100_000).tolist() == [-1]


def test_a_search_that_may_not_look_long_enough_says_so():
    game = Go(size=3, komi=8.5)
    with pytest.raises(LabError, match="100 nodes"):
        solve(game, game.init(1), max_nodes=100)


def test_tic_tac_toe_player_avoids_the_double_threat():
    """X holds two opposite corners round an O: a third corner loses, an edge draws."""
    game = TicTacToe()
    state = game.parse_text("X . .\n. O .\n. . X\nO to play")
    for seed in range(5):
        decision = AlphaBetaAgent(game, depth=7).act(state, seed_states([seed]))
        assert game.action_name(int(decision.action[0])) in ("B3", "A2", "C2", "B1")
        assert decision.value[0] == 0


def test_connect_four_player_makes_an_open_three():
    """Two discs side by side with room on both sides: a third on the bottom row cannot be answered."""
    game = ConnectFour()
    state = game.parse_text(".......\n" * 4 + "..OO...\n..XX...")
    decision = AlphaBetaAgent(game, depth=3).act(state, seed_states([0]))
    assert decision.value[0] == 1
    assert game.action_name(int(decision.action[0])) in ("2", "5")
    assert len(decision.variations[0]) == 3
    for action in decision.variations[0]:
        game.step(state, np.array([action]))
    assert state["terminated"][0] and state["outcome"][0] == 1


def test_a_winner_hurries_and_a_loser_holds_out():
    game = ConnectFour()
    seeds = seed_states([0])
    won = game.parse_text(".......\n" * 4 + "..OOO..\n..XXX..")
    assert AlphaBetaAgent(game, depth=6).act(won, seeds).variations[0] in ([1], [5])
    # X threatens B3, and once that is stopped gets two threats with A1: lost, but not at once.
    game = TicTacToe()
    decision = AlphaBetaAgent(game, depth=7).act(game.parse_text("X . X\n. . O\n. . .\nO to play"), seeds)
    assert decision.value[0] == -1
    assert game.action_name(int(decision.action[0])) == "B3"


def test_go_player_saves_stones_that_would_be_captured_next():
    game = Go(size=5, komi=0.5)
    state = game.parse_text(". . . . .\n. O O O .\nO X X X .\n. O O O .\n. . . . .\nBlack to play")
    for seed in range(5):
        decision = AlphaBetaAgent(game, depth=2).act(state, seed_states([seed]))
        assert game.action_name(int(decision.action[0])) == "E3"


def test_ties_are_broken_by_the_rows_own_seed():
    game, agent = ConnectFour(), AlphaBetaAgent(ConnectFour(), depth=1)
    decision = agent.act(game.init(7 * 300), seed_states(range(7 * 300)))
    np.testing.assert_allclose(np.bincount(decision.action, minlength=7) / 300, 1, atol=0.3)
    assert (decision.policy[np.arange(7 * 300), decision.action] == 1).all()
    again = agent.act(game.init(7), seed_states(range(100, 107)))
    assert again.action.tolist() == decision.action[100:107].tolist()
