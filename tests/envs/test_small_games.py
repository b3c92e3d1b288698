"""Tic-tac-toe and Connect Four against known numbers, hand-made diagrams and OpenSpiel."""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np
import pytest

from envs.errors import LabError
from envs.games.conformance import check_game
from envs.games.connect_four import ConnectFour
from envs.games.game import Game, States
from envs.games.tic_tac_toe import TicTacToe

TIC_TAC_TOE, CONNECT_FOUR = TicTacToe(), ConnectFour()
GAMES = [TIC_TAC_TOE, CONNECT_FOUR]
by_name = pytest.mark.parametrize("game", GAMES, ids=lambda game: game.name)


def connect_four(rows: str) -> States:
    """The position with these bottom rows; those above are empty."""
    lines = rows.split()
    return CONNECT_FOUR.parse_text("\n".join(["......."] * (6 - len(lines)) + lines))


def children(game: Game, states: States) -> States:
    """The states after every legal action of every row."""
    rows, actions = np.nonzero(game.legal_mask(states))
    after = states[rows]
    game.step(after, actions)
    return after


def random_ends(game: Game, n: int) -> States:
    states = game.init(n)
    game.playout(states, np.arange(n, dtype=np.uint64))
    return states


@by_name
def test_keeps_the_contract(game: Game) -> None:
    check_game(game)


@by_name
def test_random_states_read_back_from_their_diagrams_whole(game: Game) -> None:
    for state in np.concatenate([random_ends(game, 50), children(game, children(game, game.init(1)))]):
        assert game.parse_text(game.text(state))[0] == state


@by_name
def test_a_step_takes_any_integer_type(game: Game) -> None:
    for dtype in (np.int8, np.int32, np.uint16):
        states = game.init(2)
        game.step(states, np.array([0, 1], dtype))
        assert states["ply"].tolist() == [1, 1]


def test_all_of_tic_tac_toe() -> None:
    """255,168 games over 5,478 positions, and best play draws."""

    @cache
    def games_and_value(board: bytes) -> tuple[int, int]:
        states = positions[board]
        if states[0]["terminated"]:
            return 1, int(states[0]["outcome"])
        results = []
        for child in children(TIC_TAC_TOE, states):
            positions[child["board"].tobytes()] = child.reshape(1)
            results.append(games_and_value(child["board"].tobytes()))
        best = max if states[0]["to_play"] == 0 else min
        return sum(games for games, _ in results), best(value for _, value in results)

    start = TIC_TAC_TOE.init(1)
    positions = {start[0]["board"].tobytes(): start}
    assert games_and_value(start[0]["board"].tobytes()) == (255168, 0)
    assert len(positions) == 5478


def test_connect_four_perft() -> None:
    """Move sequences by length: powers of 7 until a column can be full (7 sequences) at the seventh ply."""
    states, counts = CONNECT_FOUR.init(1), []
    for _ in range(7):
        states = children(CONNECT_FOUR, states)
        counts.append(len(states))
    assert counts == [7, 49, 343, 2401, 16807, 117649, 823536]


CONNECT_FOUR_MOVES = [
    # the bottom rows before the move, column, result after it
    ("OOO.... XXX....", "4", "Black wins"),
    ("....OOO ....XXX", "4", "Black wins"),
    ("OO.O... XX.X...", "3", "Black wins"),
    ("XO..... XO..... XO.....", "1", "Black wins"),
    ("......X ......X ......X ......O O.....O", "7", "Black wins"),
    ("..XX... .XOO... XOOX..O", "4", "Black wins"),
    ("...XX.. ...OOX. O..XOOX", "4", "Black wins"),
    ("XXX.... OOO...X", "4", "White wins"),
    ("OX..... OX..... OX....X", "1", "White wins"),
    ("..OO... .OXX... OXXO.XX", "4", "White wins"),
    ("OO..... XX.....", "3", ""),
    (
        "X...... X...... X...... O...... O...... O......",
        "2",
        "",
    ),  # no line from a column's top to the next foot
    ("....OO. O...XXX", "1", ""),  # nor from the end of a row to the next row
]


@pytest.mark.parametrize(("before", "column", "result"), CONNECT_FOUR_MOVES)
def test_connect_four_lines(before: str, column: str, result: str) -> None:
    states = connect_four(before)
    CONNECT_FOUR.step(states, np.array([CONNECT_FOUR.parse_action(column)]))
    assert bool(states[0]["terminated"]) == bool(result)
    assert CONNECT_FOUR.text(states[0]).splitlines()[-1].startswith(result)


def has_line(rows: list[str], symbol: str, length: int) -> bool:
    """Whether a diagram has `length` equal symbols in a line, by looking everywhere."""
    cells = {(r, c) for r, row in enumerate(rows) for c, cell in enumerate(row.split()) if cell == symbol}
    steps = [(0, 1), (1, 0), (1, 1), (1, -1)]
    return any(
        all((r + k * dr, c + k * dc) in cells for k in range(length)) for (r, c), (dr, dc) in product(cells, steps)
    )


@pytest.mark.parametrize(("game", "length"), [(TIC_TAC_TOE, 3), (CONNECT_FOUR, 4)], ids=["3", "4"])
def test_outcomes_are_what_a_plain_look_at_the_diagram_says(game: Game, length: int) -> None:
    outcomes = set()
    for state in random_ends(game, 2000):
        rows = game.text(state).splitlines()[1:-1]
        outcome = has_line(rows, "X", length) - has_line(rows, "O", length)
        assert state["outcome"] == outcome
        assert outcome or state["ply"] == game.max_plies
        outcomes.add(outcome)
    assert outcomes == {-1, 0, 1}


def test_random_play_is_uniform() -> None:
    """X wins 737/1260 of random games, O 121/420, and 8/63 are draws; 4 standard errors are allowed."""
    ends = random_ends(TIC_TAC_TOE, 40_000)
    for outcome, share in ((1, 737 / 1260), (-1, 121 / 420), (0, 8 / 63)):
        assert np.mean(ends["outcome"] == outcome) == pytest.approx(share, abs=4 * (share * (1 - share) / 4e4) ** 0.5)


def test_connect_four_observation() -> None:
    own, other, playable = CONNECT_FOUR.observe(connect_four("O...... XX....."))[0]
    assert np.argwhere(own).tolist() == [[4, 0]]
    assert np.argwhere(other).tolist() == [[5, 0], [5, 1]]
    assert np.argwhere(playable).tolist() == [[3, 0], [4, 1], *([5, column] for column in range(2, 7))]


def test_tic_tac_toe_observation() -> None:
    own, other = TIC_TAC_TOE.observe(TIC_TAC_TOE.parse_text("X.. .O. ..X".replace(" ", "\n")))[0]
    assert np.argwhere(own).tolist() == [[1, 1]]
    assert np.argwhere(other).tolist() == [[0, 0], [2, 2]]


@by_name
def test_a_winning_line_is_marked_in_the_scene(game: Game) -> None:
    for state in random_ends(game, 50):
        marks = [item for item in game.scene(state).items if item.color == "mark"]
        assert bool(marks) == bool(state["outcome"])


EMPTY_ROWS = "\n".join(["......."] * 4)
UNREADABLE = [
    (TIC_TAC_TOE, "", "3 rows of 3 cells"),
    (TIC_TAC_TOE, "XO.\n...", "3 rows of 3 cells"),
    (TIC_TAC_TOE, "XO.\n...\n....", "3 rows of 3 cells"),
    (TIC_TAC_TOE, "XO.\n...\n...\nX to play\nX to play", "3 rows of 3 cells"),
    (TIC_TAC_TOE, "XO.\n.?.\n...", "'\\?' is no cell"),
    (TIC_TAC_TOE, "XX.\n...\n...", "2 X and 0 O cannot be"),
    (TIC_TAC_TOE, "O..\n...\n...", "0 X and 1 O cannot be"),
    (TIC_TAC_TOE, "XXX\nOOO\n...", "both have three"),
    (TIC_TAC_TOE, "XXX\nOO.\nO..", "X has three in a row and so moved last"),
    (TIC_TAC_TOE, "OOO\nXX.\nX.X", "O has three in a row and so moved last"),
    (TIC_TAC_TOE, "XO.\n...\n...\nO to play", "its cells say 'X to play'"),
    (TIC_TAC_TOE, "XXX\nOO.\n...\nO to play", "its cells say 'X wins'"),
    (CONNECT_FOUR, EMPTY_ROWS, "6 rows of 7 cells"),
    (CONNECT_FOUR, EMPTY_ROWS + "\n.......\n......", "6 rows of 7 cells"),
    (CONNECT_FOUR, EMPTY_ROWS + "\n.......\n...Y...", "'Y' is no cell"),
    (CONNECT_FOUR, EMPTY_ROWS + "\nX......\n.O.....", "floats"),
    (CONNECT_FOUR, EMPTY_ROWS + "\nX......\nX......", "2 X and 0 O cannot be"),
    (CONNECT_FOUR, EMPTY_ROWS + "\nOOOO...\nXXXX...", "both have four"),
    (CONNECT_FOUR, EMPTY_ROWS + "\nOOO....\nXXXX..O", "X has four in a row and so moved last"),
    (CONNECT_FOUR, EMPTY_ROWS + "\n.......\nX......\nBlack to play", "its cells say 'White to play'"),
]


@pytest.mark.parametrize(("game", "diagram", "reason"), UNREADABLE)
def test_unreadable_diagrams(game: Game, diagram: str, reason: str) -> None:
    with pytest.raises(LabError, match=reason):
        game.parse_text(diagram)


@pytest.mark.parametrize(
    ("game", "text", "action"),
    [(TIC_TAC_TOE, " a3 ", 0), (TIC_TAC_TOE, "C1", 8), (CONNECT_FOUR, " 7", 6)]
    + [(TIC_TAC_TOE, text, None) for text in ("D1", "A0", "A4", "", "pass")]
    + [(CONNECT_FOUR, text, None) for text in ("0", "8", "", "-1", "1.0", "a", "\N{SUPERSCRIPT TWO}")],
)
def test_action_names(game: Game, text: str, action: int | None) -> None:
    if action is None:
        with pytest.raises(LabError, match="names no"):
            game.parse_action(text)
    else:
        assert game.parse_action(text) == action


@by_name
def test_openspiel_agrees_on_random_games(game: Game) -> None:
    pyspiel = pytest.importorskip("pyspiel", reason="OpenSpiel (the `peers` extra) is not installed")
    rng = np.random.default_rng(0)
    for _ in range(100):
        theirs, ours = pyspiel.load_game(game.name).new_initial_state(), game.init(1)
        while not theirs.is_terminal():
            assert np.flatnonzero(game.legal_mask(ours)[0]).tolist() == theirs.legal_actions()
            assert ours[0]["to_play"] == theirs.current_player()
            action = int(rng.choice(theirs.legal_actions()))
            theirs.apply_action(action)
            game.step(ours, np.array([action]))
        assert ours[0]["terminated"]
        assert ours[0]["outcome"] == theirs.returns()[0]
