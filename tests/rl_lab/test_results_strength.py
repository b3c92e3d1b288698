"""Measures of strength, held against agents of which the strength is known."""

from importlib.util import find_spec

import numpy as np
import pytest

from agents.solver import solve
from envs.games.connect_four import ConnectFour
from rl_lab.results import strength
from rl_lab.results.solved import ILLEGAL, SolvedPositions, solved_positions

needs_solver = pytest.mark.skipif(
    find_spec("bitbully") is None, reason="the exact Connect Four solver: pip install bitbully"
)


def test_wins_from_the_start_are_those_of_the_first_player() -> None:
    wins = strength.wins_from_start("random", 10)
    assert wins("connect_four", "rollout:simulations=200") == 1
    assert strength.wins_from_start("rollout:simulations=200", 10)("connect_four", "random") == 0
    assert strength.wins_from_start("alphabeta:depth=9", 4)("tic_tac_toe", "alphabeta:depth=9") == 0, "a draw is no win"


def test_the_centre_is_the_middle_of_the_board() -> None:
    assert strength.opens_at_centre("go:size=3", "rollout:simulations=2000") == 1
    assert strength.opens_at_centre("go:size=2", "rollout:simulations=50") in (0, 1)


def test_a_balanced_score_has_both_colours_and_an_interval() -> None:
    score = strength.balanced_score("random", 20)("hex:size=3", "rollout:simulations=100")
    assert score.low < score.mean <= score.high and score.mean > 0.7


def test_sizes_that_are_solved_are_known_to_who_searches_them_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strength, "SOLVED_MARGINS", {2: 1})
    assert strength.solved_sizes("go:size=2", "alphabeta:depth=20") == 1
    monkeypatch.setattr(strength, "SOLVED_MARGINS", {2: 3})
    assert strength.solved_sizes("go:size=2", "alphabeta:depth=20") == 0


@needs_solver
@pytest.mark.parametrize("play", ["random", "strong"])
def test_solved_positions_are_different_and_repeatable(play: str) -> None:
    first, again = (solved_positions(play, 60, 5) for _ in range(2))
    assert first.states.tobytes() == again.states.tobytes() and (first.values == again.values).all()
    assert len({discs.tobytes() for discs in first.states["discs"]}) == 60
    assert not first.states["terminated"].any()
    assert ((first.values != ILLEGAL) == ConnectFour().legal_mask(first.states)).all()


@needs_solver
def test_the_solver_says_what_our_own_says() -> None:
    game, solved = ConnectFour(), solved_positions("random", 400, 3)
    late = np.flatnonzero(solved.states["ply"] >= 26)[:6]
    assert len(late) == 6
    for row in late:
        mover = 1 - 2 * int(solved.states["to_play"][row])
        for action in np.flatnonzero(solved.values[row] != ILLEGAL):
            after = solved.states[row : row + 1].copy()
            game.step(after, np.array([action]))
            truth = after["outcome"] if after["terminated"][0] else solve(game, after)
            assert mover * int(truth[0]) == solved.values[row, action]


def test_kept_and_can_fail() -> None:
    values = np.array([[1, 0, -1, -2, 1, 0, 0], [-1, -1, -1, -2, -1, -1, -1]], np.int8)
    solved = SolvedPositions(ConnectFour().init(2), values)
    assert solved.kept(np.array([4, 0])).tolist() == [True, True]
    assert solved.kept(np.array([1, 6])).tolist() == [False, True]
    assert solved.can_fail.tolist() == [True, False]


@needs_solver
def test_who_searches_keeps_the_value_more_often_than_who_does_not() -> None:
    searcher, anyone = (strength.value_kept("random", 200)("connect_four", a) for a in ("alphabeta:depth=4", "random"))
    assert searcher > anyone + 0.1
    assert strength.value_kept("random", 200, True)("connect_four", "random") < anyone, "where all moves are alike"
