"""Go against boards and rules that were written elsewhere, and against positions with known answers."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from sgfmill import boards

from envs.errors import LabError
from envs.games.conformance import check_game
from envs.games.go.game import Go, default_komi
from envs.games.go.layout import BLACK, EMPTY, WHITE, state_dtype
from envs.games.match import Match

SGF_COLOR = {None: EMPTY, "b": BLACK, "w": WHITE}


def sgfmill_stones(board: boards.Board) -> NDArray[np.uint8]:
    """The stones of an sgfmill board in our layout: row 0 at the top."""
    size = board.side
    return np.array([[SGF_COLOR[board.get(size - 1 - r, c)] for c in range(size)] for r in range(size)], np.uint8)


@pytest.mark.parametrize(
    ("game", "games"),
    [
        (Go(2), 16),
        (Go(3), 64),
        (Go(4, superko="situational", suicide=True), 16),
        (Go(5, superko="simple"), 16),
        (Go(9), 6),
        (Go(13, max_plies=250), 4),
        (Go(19, max_plies=250), 4),
    ],
    ids=lambda value: getattr(value, "spec", None),
)
def test_keeps_the_contract(game: Go, games: int) -> None:
    """Each capacity of row (9, 13, 19) and each repetition rule; the cap spares long fillings of large boards."""
    check_game(game, games)


def random_action(mask: NDArray[np.bool_], rng: np.random.Generator) -> int:
    return int(rng.choice(np.flatnonzero(mask)))


@pytest.mark.parametrize(("size", "games"), [(2, 400), (3, 400), (5, 1500), (7, 600), (9, 600), (13, 80), (19, 36)])
def test_boards_and_scores_equal_sgfmill_on_random_games(size: int, games: int) -> None:
    """Over 200,000 random moves in all: every board after every move, every final area score."""
    game = Go(size)
    rng = np.random.default_rng(size)
    for _ in range(games):
        states, board = game.init(1), boards.Board(size)
        seen = {game.stones(states[0]).tobytes()}
        while not states["terminated"][0]:
            mask = game.legal_mask(states)[0]
            action = random_action(mask, rng)
            color = "bw"[int(states["to_play"][0])]
            if action != size * size:
                board.play(size - 1 - action // size, action % size, color)
            game.step(states, np.array([action]))
            stones = sgfmill_stones(board)
            np.testing.assert_array_equal(game.stones(states[0]), stones)
            if action != size * size:
                assert stones.tobytes() not in seen, "a whole-board position recurred"
                seen.add(stones.tobytes())
        assert float(game.margin(states)[0]) == board.area_score() - default_komi(size)


@pytest.mark.parametrize(
    ("size", "superko", "suicide"),
    [
        (3, "positional", False),
        (5, "positional", True),
        (5, "situational", False),
        (4, "situational", True),
        (5, "simple", False),
    ],
)
def test_legal_moves_equal_a_slow_reference(size: int, superko: str, suicide: bool) -> None:
    """Every point of every position of random games, tried out on an sgfmill board with the whole history kept."""
    game = Go(size, superko=superko, suicide=suicide)
    rng = np.random.default_rng(7)
    for _ in range(40):
        states, board = game.init(1), boards.Board(size)
        history = {(game.stones(states[0]).tobytes(), 0)}
        ko: int | None = None
        while not states["terminated"][0]:
            to_play = int(states["to_play"][0])
            mask = game.legal_mask(states)[0]
            forbidden = game.observe(states)[0, 6].ravel()
            for action in range(size * size):
                expected, repeats = slow_legality(game, board, action, to_play, history, ko)
                assert (mask[action], bool(forbidden[action])) == (expected, repeats), (
                    f"{game.action_name(action)} in\n{game.text(states[0])}"
                )
            action = random_action(mask, rng)
            if action == size * size:
                ko = None
            else:
                point = board.play(size - 1 - action // size, action % size, "bw"[to_play])
                ko = None if point is None else (size - 1 - point[0]) * size + point[1]
            game.step(states, np.array([action]))
            history.add((game.stones(states[0]).tobytes(), 1 - to_play))


def slow_legality(
    game: Go, board: boards.Board, action: int, to_play: int, history: set[tuple[bytes, int]], ko: int | None
) -> tuple[bool, bool]:
    """(legal, forbidden only by the repetition rule), found by playing the move on a copy of the board."""
    size = game.size
    row, column = size - 1 - action // size, action % size
    if board.get(row, column) is not None:
        return False, False
    after = board.copy()
    after.play(row, column, "bw"[to_play])
    if after.get(row, column) is None and not game.suicide:
        return False, False
    stones = sgfmill_stones(after).tobytes()
    repeats = {
        "simple": action == ko,
        "situational": (stones, 1 - to_play) in history,
        "positional": (stones, 0) in history or (stones, 1) in history,
    }[game.superko]
    return not repeats, repeats


def test_rules_equal_openspiel_on_random_games() -> None:
    """Legal moves and results on 9x9; games in which a superko event happened are compared up to it."""
    pyspiel = pytest.importorskip("pyspiel", reason="OpenSpiel is in the extra `peers`")
    size, rng, finished = 9, np.random.default_rng(1), 0
    peer_game = pyspiel.load_game("go", {"board_size": size, "komi": 7.5})
    game = Go(size, komi=7.5, max_plies=2 * size * size)
    for _ in range(60):
        states, peer = game.init(1), peer_game.new_initial_state()
        while not states["terminated"][0] and not peer.is_terminal():
            mask, forbidden = game.legal_mask(states)[0], game.observe(states)[0, 6].ravel()
            ours = set(np.flatnonzero(mask))
            theirs = {openspiel_to_ours(a, size) for a in peer.legal_actions()}
            # OpenSpiel forbids the simple ko only and ends the game at a superko repetition; we forbid the move.
            assert ours <= theirs and all(forbidden[a] for a in theirs - ours)
            action = random_action(mask, rng)
            game.step(states, np.array([action]))
            peer.apply_action(ours_to_openspiel(action, size))
        if states["terminated"][0]:
            finished += 1
            assert peer.is_terminal() and peer.returns()[0] == states["outcome"][0]
    assert finished >= 50


def openspiel_to_ours(action: int, size: int) -> int:
    """OpenSpiel counts rows from the bottom; the pass is size**2 in both."""
    return action if action == size * size else (size - 1 - action // size) * size + action % size


ours_to_openspiel = openspiel_to_ours  # the flip is its own inverse


def play(game: Go, moves: str) -> Match:
    match = Match(game)
    for move in moves.split():
        match.play(game.parse_action(move))
    return match


def test_ko_may_not_be_taken_back_at_once() -> None:
    game = Go(5, komi=0.5)
    match = play(game, "B3 C3 A2 D2 B1 C1 C2")  # Black has just filled; White takes B2 ... Black may not retake
    match.play(game.parse_action("B2"))
    with pytest.raises(LabError):
        match.play(game.parse_action("C2"))
    for move in ("E5", "E4", "C2"):  # after an exchange elsewhere the retake is legal
        match.play(game.parse_action(move))


def test_two_passes_end_the_game_and_the_empty_board_is_nobodys() -> None:
    match = play(Go(9, komi=7.0), "pass pass")
    assert match.terminated and match.result_text == "W+7"


def test_whole_komi_can_draw() -> None:
    match = play(Go(2, komi=0.0), "pass pass")
    assert match.terminated and match.state["outcome"] == 0 and match.result_text == "draw"


@pytest.mark.parametrize("game", [Go(2), Go(5), Go(9), Go(5, komi=25.5), Go(5, komi=-25.5)])
def test_a_varied_komi_never_decides_the_game_alone(game: Go) -> None:
    komi = game.init_varied(4000, np.random.default_rng(0))["komi2"] / 2
    assert 0.47 < (komi == game.komi).mean() < 0.9
    assert len(np.unique(komi)) > 8
    assert (np.abs(komi) <= max(game.size**2 - 0.5, abs(game.half_komi / 2))).all()


def test_the_ply_cap_scores_the_board_as_it_stands_and_says_so() -> None:
    match = play(Go(5, komi=0.5, max_plies=1), "C3")
    assert match.terminated and match.result_text == "B+24.5 (ply cap)"


def test_a_batch_may_mix_board_sizes() -> None:
    """A 5x5 board on a 9x9 canvas plays and looks like a 5x5 board, with the rest of the canvas off the board."""
    canvas, small = Go(9), Go(5)
    rng = np.random.default_rng(3)
    mixed = canvas.init(2, sizes=np.array([5, 9]), komi=np.array([24.5, 7.0]))
    alone = small.init(1)
    while not alone["terminated"][0]:
        mask, small_mask = canvas.legal_mask(mixed), small.legal_mask(alone)[0]
        np.testing.assert_array_equal(mask[0, :81].reshape(9, 9)[:5, :5].ravel(), small_mask[:25])
        assert mask[0, :81].sum() == small_mask[:25].sum()
        planes, small_planes = canvas.observe(mixed)[0], small.observe(alone)[0]
        np.testing.assert_array_equal(planes[:, :5, :5], small_planes)
        assert (planes[:-1, 5:] == 0).all() and (planes[-1, 5:] == 128).all()
        action = random_action(small_mask, rng)
        row, column = divmod(action, 5)
        canvas.step(mixed, np.array([81 if action == 25 else row * 9 + column, random_action(mask[1], rng)]))
        small.step(alone, np.array([action]))
    assert mixed["outcome"][0] == alone["outcome"][0]
    np.testing.assert_array_equal(canvas.margin(mixed)[:1], small.margin(alone))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"size": 1}, "2 to 19"),
        ({"size": 20}, "2 to 19"),
        ({"komi": 0.3}, "multiple of 0.5"),
        ({"komi": float("nan")}, "komi"),
        ({"komi": 500.0}, "komi"),
        ({"superko": "never"}, "positional"),
        ({"max_plies": -1}, "max_plies"),
        ({"max_plies": 10**6}, "max_plies"),
    ],
)
def test_bad_options_are_one_clear_sentence(options: dict[str, object], words: str) -> None:
    with pytest.raises(LabError, match=words):
        Go(**options)


@pytest.mark.parametrize("diagram", ["", ". .\n. .", "X O\nO X", ". . .\n. . .\n. . Q"])
def test_bad_diagrams_are_refused(diagram: str) -> None:
    with pytest.raises(LabError):
        Go(3 if diagram.count("\n") != 1 or "X" not in diagram else 2).parse_text(diagram)


def test_a_row_is_small() -> None:
    assert state_dtype(9).itemsize <= 4096


def test_sensible_playouts_leave_eyes_and_end() -> None:
    game = Go(9)
    states = game.init(64)
    game.playout(states, np.arange(64, dtype=np.uint64))
    assert states["terminated"].all() and (states["end_reason"] == 1).mean() > 0.9
