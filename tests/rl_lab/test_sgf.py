"""SGF: what is written reads back, and no file makes a traceback."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sgfmill import sgf

from envs.chance import choose, seed_states
from envs.errors import LabError
from envs.games.go.game import Go
from envs.games.tic_tac_toe import TicTacToe
from rl_lab.go_io.save import has_sgf, save_game
from rl_lab.go_io.sgf import RULES, best_moves, load_sgf, read_sgf, write_sgf
from rl_lab.go_io.sgf_nodes import Branch
from rl_lab.viewer.frame import Player
from rl_lab.viewer.row_stages import GameStage
from rl_lab.viewer.session import Session
from rl_lab.viewer.staging import handicap_start


def random_game(game: Go, seed: int, plies: int) -> list[int]:
    seeds = seed_states([seed])
    states = game.init(1)
    actions: list[int] = []
    while len(actions) < plies and not states["terminated"][0]:
        actions.append(int(choose(game.legal_mask(states), seeds)[0]))
        game.step(states, np.array(actions[-1:]))
    return actions


@settings(max_examples=60, deadline=None)
@given(
    size=st.integers(2, 19),
    half_komi=st.integers(-8, 8),
    rules=st.sampled_from(sorted(RULES)),
    seed=st.integers(0, 2**32),
    plies=st.integers(0, 60),
    players=st.tuples(st.text(max_size=20), st.text(max_size=20)),
)
def test_what_is_written_reads_back(
    size: int, half_komi: int, rules: tuple[str, bool], seed: int, plies: int, players: tuple[str, str]
) -> None:
    game = Go(size, half_komi / 2, *rules)
    actions = random_game(game, seed, plies)
    values = [None if i % 3 == 0 else (i % 7 - 3) / 3 for i in range(len(actions))]
    back = read_sgf(write_sgf(game, actions, "B+7.5", players, values))
    assert back.game == game
    assert back.actions == actions
    assert back.result == "B+7.5"


def test_corners_and_passes_are_where_sgf_has_them() -> None:
    # Action 0 is the top left corner, "aa" in the file; 8 is the top right one, 72 the bottom left, 81 the pass.
    data = write_sgf(Go(9), [0, 8, 72, 81])
    moves = [node.get_raw("B" if i % 2 == 0 else "W") for i, node in enumerate(nodes(data))]
    assert moves == [b"aa", b"ia", b"ai", b"tt"]


def nodes(data: bytes) -> list[sgf.Tree_node]:
    sequence: list[sgf.Tree_node] = sgf.Sgf_game.from_bytes(data).get_main_sequence()
    return sequence[1:]


@pytest.mark.parametrize(
    ("result", "in_file", "back"),
    [("W+0.5", "W+0.5", "W+0.5"), ("draw", "0", "draw"), ("B+R", "B+R", "B+R"), ("B+3 (ply cap)", "B+3", "B+3")],
)
def test_results(result: str, in_file: str, back: str) -> None:
    data = write_sgf(Go(5), [12, 25, 25], result)
    assert f"RE[{in_file}]".encode() in data
    assert read_sgf(data).result == back


def test_names_rules_and_values_stand_in_the_file() -> None:
    data = write_sgf(Go(5, 24.5), [12, 6], "B+0.5", ("alphazero:runs/a]b", "random"), [0.25, None])
    root = sgf.Sgf_game.from_bytes(data).get_root()
    assert root.get("PB") == "alphazero:runs/a]b"
    assert (root.get("PW"), root.get("KM"), root.get("RU"), root.get("SZ")) == ("random", 24.5, "Chinese", 5)
    assert nodes(data)[0].get("C") == "alphazero:runs/a]b expects +0.250"
    assert not nodes(data)[1].has_property("C")


def test_a_game_longer_than_the_usual_cap_is_read() -> None:
    # On 2x2 with simple ko, games that never pass go on for ever; the usual cap is 48 plies.
    game = Go(2, 1, "simple", max_plies=60)
    states, actions = game.init(1), []
    while not states["terminated"][0]:
        actions.append(int(game.legal_mask(states)[0].argmax()))
        game.step(states, np.array(actions[-1:]))
    assert len(actions) == 60
    back = read_sgf(write_sgf(game, actions))
    assert (back.game, back.actions) == (game, actions)


def test_a_game_too_long_for_the_board_is_one_sentence() -> None:
    moves = "".join(f";B[{'a' if i % 2 else 'b'}a];W[]" for i in range(110))
    with pytest.raises(LabError, match="The game has 220 moves; on 9x9 the lab keeps 202 at most"):
        read_sgf(f"(;SZ[9]{moves})".encode())


@pytest.mark.parametrize(
    ("text", "komi"),
    [("AP[foxwq]KM[375]RU[chinese]", 7.5), ("AP[foxwq]KM[650]RU[Japanese]", 6.5), ("AP[foxwq]KM[0]HA[2]", 0)],
)
def test_the_komi_of_fox(text: str, komi: float) -> None:
    assert read_sgf(f"(;GM[1]SZ[19]{text};B[aa])".encode()).game.komi == komi


BAD = {
    "empty": (b"", "not readable as SGF"),
    "no sgf": (b"hello", "not readable as SGF"),
    "cut off": (b"(;FF[4]SZ[9];B[aa", "not readable as SGF"),
    "size that is no number": (b"(;SZ[x])", "not readable as SGF"),
    "not square": (b"(;SZ[9:7])", "not readable as SGF"),
    "too large": (b"(;SZ[25];B[aa])", "size must be 2 to 19"),
    "unknown encoding": (b"(;CA[klingon]SZ[9]PB[x];B[aa])", "not readable as SGF"),
    "an encoding that is none of text": (b"(;CA[rot13]SZ[9]PB[x];B[aa])", "not readable as SGF"),
    "komi that is no number": (b"(;SZ[9]KM[six])", "not readable as SGF"),
    "komi of quarters": (b"(;SZ[9]KM[3.75])", "multiple of 0.5"),
    "infinite komi": (b"(;SZ[9]KM[1e999])", "not readable as SGF"),
    "another game": (b"(;GM[2]SZ[9])", "another game"),
    "handicap": (b"(;SZ[9]HA[2]AB[cc][gg];W[aa])", "sets up stones"),
    "stones set up later": (b"(;SZ[9];B[aa];AW[bb])", "setup properties"),
    "White first": (b"(;SZ[9];W[aa])", "Move 1 of the SGF file is White's out of turn"),
    "twice in a row": (b"(;SZ[9];B[aa];B[bb])", "Move 2"),
    "occupied": (b"(;SZ[9];B[aa];W[aa])", "Move 2"),
    "off the board": (b"(;SZ[5];B[ii])", "not readable as SGF"),
    "after the end": (b"(;SZ[9];B[];W[];B[aa])", "Move 3"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files_are_one_sentence(name: str) -> None:
    data, message = BAD[name]
    with pytest.raises(LabError, match=message) as error:
        read_sgf(data)
    assert "\n" not in str(error.value)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_garbage_is_never_a_traceback(data: bytes) -> None:
    with pytest.raises(LabError):
        read_sgf(b"\xff" + data)


KEYS = ["B", "W", "AB", "AE", "PL", "C", "KM", "SZ", "CA", "RE", "RU", "HA", "GM", "FF"]
VALUES = ["[aa]", "[tt]", "[]", "[9]", "[5]", "[0]", "[-1]", "[1e400]", "[nan]", "[utf-8]", "[UTF-16]", "[\ud800]"]
SIGNS = ["(", ")", ";", "[", "]", "[:", ":", "\\", "[\\]", " ", "\n", "x"]
PIECES = st.sampled_from(KEYS + VALUES + SIGNS)


@settings(max_examples=400, deadline=None)
@given(st.lists(PIECES, max_size=40))
def test_nearly_sgf_reads_or_is_one_sentence(pieces: list[str]) -> None:
    data = ("(;SZ[5]" + "".join(pieces) + ")").encode("utf-8", "replace")
    try:
        read_sgf(data)
    except LabError as error:
        assert "\n" not in str(error)
    try:
        read_sgf(data, allow_setup=True, keep_variations=True)
    except LabError as error:
        assert "\n" not in str(error)


def test_deep_variations_do_not_overflow() -> None:
    assert read_sgf(b"(;SZ[5]" + b"(;B[aa]" * 1 + b"(;W[bb]" * 1 + b"(;C[x]" * 20000 + b")" * 20003).actions


@pytest.mark.parametrize("piece", [b"(;C[x]", b"(;B[aa])", b";B[aa];W[]", b"AB[aa]", b"[aa]", b"(", b"(;", b"\\", b"x"])
def test_large_files_are_read_or_refused_in_some_seconds(piece: bytes) -> None:
    start = time.process_time()
    for closed in (b"", b")"):
        with contextlib.suppress(LabError):
            read_sgf(b"(;SZ[5]" + piece * (200_000 // len(piece)) + closed, True, True)
    with pytest.raises(LabError, match="at most 2097152 are read"):
        read_sgf(piece * 3_000_000)
    assert time.process_time() - start < 30


def test_a_handicap_is_read_if_it_is_allowed() -> None:
    data = b"(;SZ[9]KM[0.5]HA[2]AB[cc][gg]PB[a]BR[3k]WR[1d];W[ee];B[ec])"
    found = read_sgf(data, allow_setup=True)
    assert (found.stones, found.to_play, found.actions) == (((20, 60), ()), 1, [40, 22])
    assert (found.players, found.ratings) == (("a", ""), ("3k", "1d"))
    assert found.start()["to_play"][0] == 1
    assert found.game.text(found.start()[0]).count("X") == 2
    again = write_sgf(found.game, found.actions, stones=found.stones, to_play=found.to_play, ratings=found.ratings)
    assert read_sgf(again, allow_setup=True) == dataclasses.replace(found, players=("", ""))
    assert b"HA[2]" in again
    whites = read_sgf(b"(;SZ[5];W[aa];B[bb])", allow_setup=True)
    assert (whites.to_play, whites.actions) == (1, [0, 6])


def test_setups_that_cannot_stand_are_one_sentence() -> None:
    for data in (b"(;SZ[2]AB[aa][ba][ab][bb])", b"(;SZ[5]AB[aa:ee])", b"(;SZ[5]AB[zz])", b"(;SZ[5]AB[aa];AW[bb])"):
        with pytest.raises(LabError):
            read_sgf(data, allow_setup=True)


def test_variations_are_kept_or_left_out() -> None:
    data = (
        b"(;SZ[5]KM[0];B[cc](;W[bb];B[dd](;W[aa])(;W[ee]C[so]))(;W[bd]C[or];B[db];B[aa])(;W[cc])(;C[no move](;W[dd])))"
    )
    assert read_sgf(data).variations == {}
    found = read_sgf(data, keep_variations=True)
    assert found.actions == [12, 6, 18, 0]
    second = [Branch(16, "or", [Branch(8)]), Branch(18)]  # out of turn and occupied points are left out
    assert found.variations == {1: second, 3: [Branch(24, "so")]}
    again = write_sgf(found.game, found.actions, variations=found.variations)
    assert read_sgf(again, keep_variations=True) == found
    unreadable = read_sgf(b"(;CA[rot13]SZ[5];B[cc](;W[bb])(;W[aa]C[so]))", keep_variations=True)
    assert unreadable.variations == {1: [Branch(0)]}


def test_what_the_mover_thought_of_is_a_comment() -> None:
    tops = [best_moves(np.array([0.25, 0.5, 0.25, 0.0])), best_moves(np.array([0.0, 1.0]))]
    assert tops == [[(1, 0.5), (0, 0.25), (2, 0.25)], []]
    data = write_sgf(Go(5), [1, 2], players=("me", "you"), values=[0.5, None], top_moves=tops)
    assert nodes(data)[0].get("C") == "me expects +0.500\nIt thought of B5 50%, A5 25%, C5 25%"
    assert not nodes(data)[1].has_property("C")


def test_load_sgf_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(LabError, match=r"Cannot read .*none\.sgf"):
        load_sgf(tmp_path / "none.sgf")
    (tmp_path / "bad.sgf").write_bytes(b"?")
    with pytest.raises(LabError, match=r"bad\.sgf: The file"):
        load_sgf(tmp_path / "bad.sgf")


def test_the_window_saves_games_side_by_side(tmp_path: Path) -> None:
    people = (Player("human"), Player("human"))
    session, folder = Session(GameStage(Go(5), people)), tmp_path / "games"
    for action in (12, 6, 25):
        session.play(action)
    first = load_sgf(save_game(session.stage, folder))
    assert (first.actions, first.result, first.players) == ([12, 6, 25], "", ("human", "human"))
    session.resign()
    assert load_sgf(save_game(session.stage, folder)).result == "B+R"
    assert sorted(p.name for p in folder.iterdir()) == ["game-1.sgf", "game-2.sgf"]
    session.close()
    assert has_sgf(session.stage) and not has_sgf(GameStage(TicTacToe(), people))


def test_a_handicap_game_and_a_loss_on_time_are_saved_as_they_were(tmp_path: Path) -> None:
    game = Go(9)
    stage = GameStage(game, (Player("human"), Player("human")), handicap_start(game, 3))
    stage.act(40, None)
    assert stage.arrive()
    stage.forfeit(0, "time")
    read = load_sgf(save_game(stage, tmp_path), allow_setup=True)
    assert read.result == "W+T" and read.actions == [40]
    assert (game.stones(read.start()[0]) == game.stones(stage.frames[0].state)).all()
    assert read.start()[0]["to_play"] == 1
