"""What a Go player is shown, plane for plane: positions with known planes, and random games told again slowly."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from envs.games.game import States
from envs.games.go.game import Go
from envs.games.go.layout import BLACK, EMPTY, OFF, PLANES, WHITE

OWN, OPPONENT, ON_BOARD, ONE, TWO, MORE, FORBIDDEN, RECENT, PASSED, KOMI = 0, 1, 2, 3, 4, 5, 6, 7, 12, 13
NUM_RECENT = 5


def liberty_counts(stones: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Each stone's number of liberties, that of its chain, by filling the chain; 0 where there is no stone."""
    size = len(stones)
    counts = np.zeros(stones.shape, np.int64)
    for start in map(tuple, np.argwhere((stones == BLACK) | (stones == WHITE)).tolist()):
        chain, edge, liberties = {start}, [start], set()
        while edge and not counts[start]:
            row, column = edge.pop()
            for r, c in ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)):
                if not (0 <= r < size and 0 <= c < size):
                    continue
                if stones[r, c] == EMPTY:
                    liberties.add((r, c))
                elif stones[r, c] == stones[start] and (r, c) not in chain:
                    chain.add((r, c))
                    edge.append((r, c))
        for point in chain if liberties else ():
            counts[point] = len(liberties)
    return counts


def expected_planes(
    stones: NDArray[np.uint8], moves: list[int], komi: float, forbidden: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """All planes from the stones and the moves so far, which alternate from Black; plane 6 is taken as given."""
    size = len(stones)
    me, you = (BLACK, WHITE) if len(moves) % 2 == 0 else (WHITE, BLACK)
    liberties, on_board = liberty_counts(stones), stones != OFF
    recent = np.zeros((NUM_RECENT, size * size), np.uint8)
    for ago, move in enumerate(reversed(moves[-NUM_RECENT:])):
        if move < size * size:
            recent[ago, move] = 1
    passed = on_board & (moves[-1:] == [size * size])
    for_me = komi if me == WHITE else -komi
    komi_plane = np.where(on_board, min(max(128 + 2 * for_me, 0), 255), 128)
    planes = [
        stones == me,
        stones == you,
        on_board,
        liberties == 1,
        liberties == 2,
        liberties >= 3,
        forbidden,
        *recent.reshape(NUM_RECENT, size, size),
        passed,
        komi_plane,
    ]
    return np.array(planes, np.uint8)


def assert_planes(game: Go, states: States, moves: list[int]) -> None:
    """One state's observation, against the slow one."""
    planes = game.observe(states)[0]
    expected = expected_planes(game.stones(states[0]), moves, float(states["komi2"][0]) / 2, planes[FORBIDDEN])
    for number, meaning in enumerate(PLANES):
        message = f"plane {number}, {meaning}, in\n{game.text(states[0])}"
        np.testing.assert_array_equal(planes[number], expected[number], err_msg=message)


@pytest.mark.parametrize(
    ("canvas", "size", "games", "stride"),
    [(2, 2, 20, 1), (5, 5, 20, 1), (9, 9, 5, 3), (13, 13, 2, 5), (19, 19, 1, 4), (9, 5, 6, 2), (19, 13, 1, 6)],
)
def test_planes_of_random_games_equal_a_slow_reference(canvas: int, size: int, games: int, stride: int) -> None:
    """Every `stride`-th position of long games that pass now and then, on boards as large as the canvas and smaller."""
    rng = np.random.default_rng([canvas, size])
    game, seen = Go(canvas), np.zeros(len(PLANES), np.bool_)
    for number in range(games):
        states = game.init(1, sizes=np.array([size]), komi=np.array([number % 5 - 2.5]))
        moves: list[int] = []
        while not states["terminated"][0]:
            if len(moves) % stride == 0 or moves[-1] == canvas * canvas:
                assert_planes(game, states, moves)
                seen |= game.observe(states)[0].any(axis=(1, 2))
            legal = np.flatnonzero(game.legal_mask(states)[0])
            passes = len(legal) == 1 or (rng.random() < 0.05 and moves[-1:] != [canvas * canvas])
            moves.append(canvas * canvas if passes else int(rng.choice(legal[:-1])))
            game.step(states, np.array([moves[-1]]))
    seen[FORBIDDEN] = True  # test_go.py looks at it
    assert seen.all() or size == 2, "the games must show every plane at work"


# A stone with one liberty, chains with two, three and four, and a liberty that two stones of a chain share.
DIAGRAM = """
     A B C D E
   5 X O . . .
   4 . . . O O
   3 . X X . O
   2 . X . . .
   1 O . . X .
  {} to play, komi 24.5
"""


def marks(rows: str) -> NDArray[np.uint8]:
    """A plane drawn as lines of 0 and 1."""
    return np.array([[int(point) for point in row] for row in rows.split()], np.uint8)


BLACK_STONES, WHITE_STONES = marks("10000 00000 01100 01000 00010"), marks("01000 00011 00001 00000 10000")


@pytest.mark.parametrize("side", ["Black", "White"])
def test_stones_and_liberties_of_a_drawn_position(side: str) -> None:
    """The corner stone A5 has the one liberty A4; B5 has B4 and C5; A1 has A2 and B1; all others have three or more."""
    game = Go(5)
    planes = game.observe(game.parse_text(DIAGRAM.format(side)))[0]
    own, opponent = (BLACK_STONES, WHITE_STONES) if side == "Black" else (WHITE_STONES, BLACK_STONES)
    np.testing.assert_array_equal(planes[OWN], own)
    np.testing.assert_array_equal(planes[OPPONENT], opponent)
    assert (planes[ON_BOARD] == 1).all()
    np.testing.assert_array_equal(planes[ONE], marks("10000 00000 00000 00000 00000"))
    np.testing.assert_array_equal(planes[TWO], marks("01000 00000 00000 00000 10000"))
    np.testing.assert_array_equal(planes[MORE], marks("00000 00011 01101 01000 00010"))
    assert not planes[FORBIDDEN:KOMI].any()
    assert (planes[KOMI] == (128 - 49 if side == "Black" else 128 + 49)).all()


@pytest.mark.parametrize(
    ("moves", "recent"),
    [
        ("", []),
        ("A1", ["A1"]),
        ("A1 pass", [None, "A1"]),
        ("A1 B2 pass C3", ["C3", None, "B2", "A1"]),
        ("A1 B2 C3 D4 E5 pass", [None, "E5", "D4", "C3", "B2"]),
        ("A1 B2 pass D4 pass A5 E1", ["E1", "A5", None, "D4", None]),
    ],
)
def test_recent_moves_and_the_pass_flag(moves: str, recent: list[str | None]) -> None:
    """The latest move first; a pass leaves its plane empty, and as the last move raises the flag."""
    game = Go(5)
    states = game.init(1)
    for move in moves.split():
        game.step(states, np.array([game.parse_action(move)]))
    planes = game.observe(states)[0]
    for ago in range(NUM_RECENT):
        expected = np.zeros(25, np.uint8)
        if ago < len(recent) and recent[ago]:
            expected[game.parse_action(str(recent[ago]))] = 1
        np.testing.assert_array_equal(planes[RECENT + ago].ravel(), expected)
    assert (planes[PASSED] == moves.endswith("pass")).all()


@pytest.mark.parametrize(
    ("size", "komi", "black", "white"),
    [
        (9, 7.0, 114, 142),
        (9, 0.0, 128, 128),
        (5, 24.5, 79, 177),
        (5, -0.5, 129, 127),
        (9, 63.5, 1, 255),
        (9, 64.0, 0, 255),
        (9, -64.0, 255, 0),
        (19, 200.5, 0, 255),
    ],
)
def test_komi_is_the_movers_own_in_half_points_about_128(size: int, komi: float, black: int, white: int) -> None:
    """What White is given counts for White and against Black, and is cut to what a byte holds."""
    game = Go(size, komi=komi)
    states = game.init(1)
    assert (game.observe(states)[0, KOMI] == black).all()
    game.step(states, np.array([0]))
    assert (game.observe(states)[0, KOMI] == white).all()
