"""A game in progress: validated play, undo and redo."""

from __future__ import annotations

import numpy as np
import pytest

from envs.errors import IllegalAction, LabError
from envs.games.connect_four import ConnectFour
from envs.games.match import Match
from envs.games.tic_tac_toe import TicTacToe

X_WINS = ["A1", "A2", "B1", "B2", "C1"]


def played(*names: str) -> Match:
    match = Match(TicTacToe())
    for name in names:
        match.play_text(name)
    return match


def test_a_game_from_start_to_result() -> None:
    match = played(*X_WINS[:-1])
    assert (match.to_play, match.terminated, match.result_text) == (0, False, "")
    assert match.legal_actions == [0, 1, 2, 5, 8]
    match.play(8)
    assert match.history == [6, 3, 7, 4, 8]
    assert (match.terminated, match.result_text, match.legal_actions) == (True, "X wins", [])


@pytest.mark.parametrize(
    ("names", "action", "reason"),
    [
        (["B2"], 4, "B2 is not legal here."),
        ([], 9, "9 is no action of tic_tac_toe; actions are 0 to 8."),
        ([], -1, "-1 is no action of tic_tac_toe; actions are 0 to 8."),
        (X_WINS, 0, "A3 cannot be played: the game is over (X wins)."),
    ],
)
def test_an_illegal_action_changes_nothing(names: list[str], action: int, reason: str) -> None:
    match = played(*names)
    match.undo()
    match.redo()
    before, history = match.states, match.history
    with pytest.raises(IllegalAction) as error:
        match.play(action)
    assert str(error.value) == reason
    assert match.states == before
    assert match.history == history


def test_an_illegal_action_keeps_what_can_be_redone() -> None:
    match = played("A1", "B2")
    match.undo()
    with pytest.raises(IllegalAction):
        match.play_text("A1")
    assert match.redo() == 4


def test_text_that_names_no_action() -> None:
    with pytest.raises(LabError, match="'Z9' names no cell"):
        Match(TicTacToe()).play_text("Z9")


def test_undo_and_redo_are_exact() -> None:
    match, seen = Match(ConnectFour()), []
    for action in (3, 3, 2, 4, 3):
        seen.append(match.states)
        match.play(action)
    end = match.states
    for states, action in zip(reversed(seen), (3, 4, 2, 3, 3), strict=True):
        assert match.undo() == action
        assert match.states == states
    assert match.undo() is None
    assert [match.redo() for _ in range(6)] == [3, 3, 2, 4, 3, None]
    assert match.states == end


def test_a_new_move_forgets_what_was_undone() -> None:
    match = played("A1", "A2", "A3")
    match.undo()
    match.undo()
    match.play_text("B2")
    assert match.history == [6, 4]
    assert match.redo() is None
    assert match.undo() == 4


def test_a_match_from_a_position() -> None:
    game = TicTacToe()
    states = game.parse_text("XO.\n.X.\nO..")
    for start in (states, states[0]):
        match = Match(game, start)
        match.play_text("C1")
        assert match.result_text == "X wins"
        assert match.undo() == 8
        assert match.undo() is None
    assert game.text(states[0]) == game.text(match.state)


def test_what_a_match_hands_out_are_copies() -> None:
    match = played("A1")
    match.states["ply"] = 7
    match.state["ply"] = 7
    match.history.append(5)
    assert match.state["ply"] == 1
    assert match.history == [6]


def test_actions_may_be_numpy_integers() -> None:
    match = Match(ConnectFour())
    match.play(np.int32(3))
    assert match.history == [3]
    assert type(match.history[0]) is int
