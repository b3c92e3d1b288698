"""A row of Go as a line of moves: found again from the row alone, whatever the rules."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.engines.lines import line_of, moves_of
from envs.chance import choose, seed_states
from envs.games.game import States
from envs.games.go.game import Go


def random_play(game: Go, seed: int, plies: int, sizes: list[int] | None = None) -> tuple[States, list[int]]:
    states = game.init(1, None if sizes is None else np.array(sizes))
    seeds, actions = seed_states([seed]), list[int]()
    while len(actions) < plies and not states["terminated"][0]:
        actions.append(int(choose(game.legal_mask(states), seeds)[0]))
        game.step(states, np.array(actions[-1:]))
    return states, actions


def replayed(game: Go, states: States) -> States:
    """The board after a line, each play by its own colour."""
    line = line_of(game, states)
    board = Go(line.size, line.komi, game.superko, game.suicide, game.max_plies)
    rows = board.init(1)
    for play in line.plays:
        colour, name = play.split()
        rows["to_play"], rows["passes"], rows["terminated"] = "bw".index(colour), 0, False
        action = board.parse_action(name)
        assert board.legal_mask(rows)[0, action]
        board.step(rows, np.array([action]))
    return rows


@settings(max_examples=80, deadline=None)
@given(
    size=st.integers(2, 9),
    superko=st.sampled_from(["positional", "situational"]),
    suicide=st.booleans(),
    seed=st.integers(0, 2**32),
    plies=st.integers(0, 200),
)
def test_the_moves_are_found_again(size: int, superko: str, suicide: bool, seed: int, plies: int) -> None:
    game = Go(size, 0.5, superko, suicide)
    states, actions = random_play(game, seed, plies)
    found = moves_of(game, states)
    # Under situational superko the suicide of a single stone leaves the same trace as a pass.
    assert found == actions or (found is None and suicide and superko == "situational")


@pytest.mark.parametrize("size", [13, 19])
def test_large_boards_too(size: int) -> None:
    game = Go(size)
    states, actions = random_play(game, size, 500)
    assert moves_of(game, states) == actions


def test_a_small_board_on_a_large_canvas_is_a_board_of_its_own() -> None:
    game = Go(9)
    states, _ = random_play(game, 3, 12, [5])
    line = line_of(game, states)
    assert (line.size, len(line.plays)) == (5, 12)
    shown = replayed(game, states)
    assert np.array_equal(Go(5).stones(shown[0]), game.stones(states[0])[:5, :5])


@settings(max_examples=60, deadline=None)
@given(size=st.integers(2, 9), seed=st.integers(0, 2**32), plies=st.integers(0, 150))
def test_without_a_history_the_position_and_its_ko_are_set_up(size: int, seed: int, plies: int) -> None:
    game = Go(size, 0.5, "simple")
    states, _ = random_play(game, seed, plies)
    shown = replayed(game, states)
    assert np.array_equal(game.stones(shown[0]), game.stones(states[0]))
    assert shown["ko"] == states["ko"]


def test_a_position_that_was_set_up_is_told_as_stones() -> None:
    game = Go(5)
    states = game.parse_text("""
        . . . . .
        . X . . .
        . . O X .
        . . . . .
        . . . . .
        White to play, komi 3.5
    """)
    line = line_of(game, states)
    assert (line.komi, sorted(line.plays)) == (3.5, ["b B4", "b D3", "w C3"])
    game.step(states, np.array([24]))
    assert sorted(line_of(game, states).plays) == ["b B4", "b D3", "w C3", "w E1"]


def test_a_pass_just_played_is_told_even_without_a_history() -> None:
    game = Go(5, superko="simple")
    states = game.init(1)
    for action in (12, 25):
        game.step(states, np.array([action]))
    assert line_of(game, states).plays == ("b C3", "w pass")
