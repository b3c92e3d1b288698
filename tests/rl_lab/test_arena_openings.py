"""Openings: legal, different, balanced, the same for the same seed, and readable from files."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.solver import solve
from envs.chance import Seeds
from envs.errors import LabError
from envs.games.connect_four import ConnectFour
from envs.games.game import Game, States
from envs.games.go.game import Go
from envs.games.go.layout import BLACK, WHITE
from envs.games.match import Match
from envs.games.tic_tac_toe import TicTacToe
from rl_lab.arena.classes import count_classes
from rl_lab.arena.opening_files import OpeningFile
from rl_lab.arena.openings import BAND, Drawn, draw_openings, least_depth, open_game, rollout_judge
from rl_lab.go_io.sgf import write_sgf

GAMES: list[Game] = [TicTacToe(), ConnectFour(), Go(5), Go(9)]


def name_of(game: Game) -> str:
    return game.spec


def positions(game: Game, openings: list[Drawn]) -> set[tuple[str, int]]:
    states = open_game(game, [opening.actions for opening in openings])
    return {(game.text(state), int(state["to_play"])) for state in states}


@pytest.mark.parametrize("game", GAMES, ids=name_of)
def test_openings_are_legal_unfinished_and_different(game: Game) -> None:
    openings = draw_openings(game, 30, 3, seed=0)
    for opening in openings:
        match = Match(game)
        for action in opening.actions:
            match.play(action)
        assert not match.terminated
        assert len(opening.actions) == 3
        assert "pass" not in [game.action_name(action) for action in opening.actions]
    assert len(positions(game, openings)) == len(openings) >= 30


def test_openings_depend_on_the_seed_alone_and_go_on_as_if_drawn_at_once() -> None:
    game = Go(5)
    judge = rollout_judge(game)
    few, many, other = (draw_openings(game, n, 3, seed, judge) for n, seed in ((10, 1), (150, 1), (10, 2)))
    assert many[: len(few)] == few != other
    assert draw_openings(game, 150, 3, 1, judge, few) == many


def test_openings_are_as_much_deeper_as_it_takes() -> None:
    game = TicTacToe()
    assert [least_depth(game, n, 0, seed=0) for n in (1, 2, 9, 10, 72, 73)] == [0, 1, 1, 2, 2, 3]
    nine = draw_openings(game, 9, 1, seed=0)
    assert sorted(opening.actions for opening in nine) == [(i,) for i in range(9)]
    assert {len(opening.actions) for opening in draw_openings(game, 20, 1, 0, known=nine)[9:]} == {2}
    with pytest.raises(LabError, match="ask for fewer games"):
        least_depth(game, 6000, 8, seed=0)
    with pytest.raises(LabError, match="depth must be 0 or more"):
        least_depth(game, 1, -1, seed=0)


def test_openings_that_are_rotations_of_each_other_are_one_class() -> None:
    game = TicTacToe()
    nine = [(action,) for action in range(9)]
    assert [count_classes(game, openings) for openings in (nine, nine[:4], [(0,), (4,)], [()])] == [3, 2, 2, 1]
    assert count_classes(ConnectFour(), [(0,), (6,), (3,)]) == 2
    drawn = [opening.actions for opening in draw_openings(Go(3), 60, 2, 0)]
    assert len(drawn) >= 60 > 12 >= count_classes(Go(3), drawn)


def test_openings_are_within_the_band_as_the_judge_sees_them() -> None:
    game = ConnectFour()
    openings = draw_openings(game, 100, 4, 0, rollout_judge(game))
    values = np.array([opening.value for opening in openings], np.float64)
    assert (np.abs(values) <= BAND).all()
    unjudged = open_game(game, [opening.actions for opening in draw_openings(game, 100, 4, 0)])
    judged = rollout_judge(game)(unjudged, np.arange(len(unjudged)).astype(np.uint64))
    assert (np.abs(judged) > BAND).mean() > 0.2


def test_balanced_openings_are_seldom_decided_by_perfect_play() -> None:
    """Of random tic-tac-toe positions after three moves half are lost for a side; the judge rejects most of those."""
    game = TicTacToe()

    def decided(openings: list[Drawn]) -> float:
        return float(np.mean([solve(game, open_game(game, [o.actions]))[0] != 0 for o in openings]))

    assert decided(draw_openings(game, 60, 3, 0)) > 0.4
    assert decided(draw_openings(game, 60, 3, 0, rollout_judge(game))) < 0.25


def test_where_nothing_is_balanced_the_most_even_are_taken() -> None:
    game = Go(5)

    def judge(states: States, seeds: Seeds) -> np.ndarray:
        return -0.5 - np.linspace(0, 0.4, len(states), dtype=np.float32)

    openings = draw_openings(game, 8, 2, 0, judge)
    everything = draw_openings(game, 8, 2, 0)
    assert openings[0].actions == everything[0].actions
    assert 8 <= sum(opening.block == 0 for opening in openings) == -(-len(everything) // 8)


def test_a_text_file_of_openings(tmp_path: Path) -> None:
    game, path = TicTacToe(), tmp_path / "openings.txt"
    path.write_text("# three, one of them twice\nA1 B2 C3\n\nC3 B2 A1  # the same position\nB2 A1\n")
    file = OpeningFile(game, path)
    assert [opening.actions for opening in file.openings] == [tuple(map(game.parse_action, ("A1", "B2", "C3"))), (4, 6)]
    assert file.draw(2, []) == file.openings
    with pytest.raises(LabError, match="2 different openings, enough for 4 games of each two agents, not for 6"):
        file.draw(3, [])
    assert [len(opening.actions) for opening in OpeningFile(game, path, plies=2).openings] == [2, 2, 2][:3]
    path.write_text("B2\n")
    assert OpeningFile(game, path).text != file.text


def test_sgf_files_of_openings(tmp_path: Path) -> None:
    game = Go(5)
    both = write_sgf(game, [0, 1, 2]) + write_sgf(game, [3, 4, 5])
    (tmp_path / "b.sgf").write_bytes(both)
    (tmp_path / "a.sgf").write_bytes(write_sgf(game, [7, 8]))
    assert [o.actions for o in OpeningFile(game, tmp_path).openings] == [(7, 8), (0, 1, 2), (3, 4, 5)]
    assert [o.actions for o in OpeningFile(game, tmp_path / "b.sgf", plies=2).openings] == [(0, 1), (3, 4)]


@given(st.integers(0, 2**32 - 1), st.integers(0, 60))
def test_a_position_set_up_in_sgf_is_reached_by_moves(seed: int, plies: int) -> None:
    """Whatever stones lie there and whoever moves next."""
    game = Go(5)
    position, moves = game.init(1), np.random.default_rng(seed)
    for _ in range(plies):
        if game.legal_mask(position)[0, :-1].any():
            game.step(position, np.array([moves.choice(np.flatnonzero(game.legal_mask(position)[0, :-1]))]))
    stones, to_play = game.stones(position[0]), int(position["to_play"][0])
    black, white = (np.flatnonzero(stones.ravel() == colour).tolist() for colour in (BLACK, WHITE))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "x.sgf"
        path.write_bytes(write_sgf(game, [], stones=(black, white), to_play=to_play))
        opening = OpeningFile(game, path).openings[0].actions
    found = open_game(game, [opening])[0]
    assert np.array_equal(game.stones(found), stones) and found["to_play"] == to_play
    assert not found["terminated"]
    assert opening[-1:] != (game.num_actions - 1,) or not (black, white)[1 - to_play]


def test_of_a_handicap_game_the_first_moves_after_its_stones_count(tmp_path: Path) -> None:
    game, path = Go(5), tmp_path / "x.sgf"
    path.write_bytes(write_sgf(game, [12, 13, 14], stones=((6, 18), ()), to_play=1))
    assert OpeningFile(game, path, plies=2).openings[0].actions == (6, 25, 18, 12, 13)
    with pytest.raises(LabError, match="has 3 moves, fewer than the 4"):
        OpeningFile(game, path, plies=4)


BAD = {
    "no such file": (None, "Cannot read"),
    "nothing in it": ("# nothing\n", "no opening"),
    "unknown move": ("A1 Z9", "line 1"),
    "taken twice": ("A1 A1", "line 1, move 2"),
    "the game is over": ("A1 B1 A2 B2 A3", "ends the game"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_one_sentence(name: str, tmp_path: Path) -> None:
    text, message = BAD[name]
    path = tmp_path / "openings.txt"
    if text is not None:
        path.write_text(text)
    with pytest.raises(LabError, match=message):
        OpeningFile(TicTacToe(), path)


@pytest.mark.parametrize("data", [b"A1\0", b"A1 \x1b[31mB2", "A1 B2\n".encode("utf-16"), bytes(range(256))])
def test_a_file_that_is_no_text_is_not_printed(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "openings.txt"
    path.write_bytes(data)
    with pytest.raises(LabError, match="is no text in UTF-8") as caught:
        OpeningFile(TicTacToe(), path)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(("data", "message"), [(b"rubbish", "not readable"), (b"(;GM[1]SZ[9];B[aa])", "size 9, not 5")])
def test_a_bad_sgf_file_is_one_sentence(data: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "x.sgf"
    path.write_bytes(data)
    with pytest.raises(LabError, match=message):
        OpeningFile(Go(5), path)
    with pytest.raises(LabError, match="games of Go"):
        OpeningFile(TicTacToe(), path)
