"""The lab's GTP engine: the commands of GTP 2, their answers, and that no input ends it."""

from __future__ import annotations

import io
import os
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envs.errors import LabError
from rl_lab.go_io.gtp_engine import GtpEngine
from rl_lab.go_io.gtp_server import MAX_LINE, serve
from rl_lab.go_io.gtp_session import Session
from rl_lab.go_io.sgf import read_sgf


def engine(agent: str = "random", size: int = 5, **options: float) -> GtpEngine:
    return GtpEngine(Session(agent, size, **options))


def ask(gtp: GtpEngine, *lines: str) -> str:
    """The last answer to some lines, without the "= " or with the "? "."""
    for line in lines:
        text = "".join(gtp.respond(line.encode()))
    assert text.endswith("\n\n") and "\n\n" not in text[:-1]
    return text[1:].strip() if text.startswith("=") else text.strip()


REQUIRED = [
    "protocol_version",
    "name",
    "version",
    "known_command",
    "list_commands",
    "quit",
    "boardsize",
    "clear_board",
    "komi",
    "play",
    "genmove",
    "undo",
    "reg_genmove",
    "time_settings",
    "time_left",
    "kgs-time_settings",
    "fixed_handicap",
    "place_free_handicap",
    "set_free_handicap",
    "final_score",
    "final_status_list",
    "loadsgf",
    "showboard",
    "lz-analyze",
    "kata-analyze",
    "kata-genmove_analyze",
    "lz-genmove_analyze",
    "gogui-analyze_commands",
]


def test_all_commands_that_controllers_want_are_known() -> None:
    gtp = engine()
    assert ask(gtp, "protocol_version") == "2"
    listed = ask(gtp, "list_commands").split("\n")
    assert set(REQUIRED) <= set(listed)
    assert all(ask(gtp, f"known_command {name}") == "true" for name in listed)
    assert ask(gtp, "known_command nonsense") == "false"


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("7 protocol_version", "=7 2\n\n"),
        ("0007 protocol_version", "=0007 2\n\n"),
        ("protocol_version", "= 2\n\n"),
        ("  8\tprotocol_version  # what for?", "=8 2\n\n"),
        ("proto\x00col_\x07version\r", "= 2\n\n"),
        ("9", "?9 unknown command\n\n"),
        ("9 9", "?9 unknown command\n\n"),
        ("no_such_command", "? unknown command\n\n"),
        ("# only a comment", ""),
        (" \t\r", ""),
        ("", ""),
    ],
)
def test_ids_comments_and_control_characters(line: str, text: str) -> None:
    assert "".join(engine().respond(line.encode())) == text


def test_a_game_with_undo_handicap_and_scores() -> None:
    gtp = engine()
    assert ask(gtp, "komi 0.5", "play b c3", "play W C3") == "? illegal move"
    assert ask(gtp, "play white b2") == ""
    assert "".join(gtp.respond(b"showboard")).startswith("= \n   A B C D E\n 5 . . . . .")
    assert ask(gtp, "undo", "list_stones white") == ""
    assert ask(gtp, "final_score") == "B+24.5"
    assert ask(gtp, "undo", "undo") == "? cannot undo"
    assert ask(gtp, "fixed_handicap 2") == "? invalid number of stones"
    assert ask(gtp, "boardsize 9", "fixed_handicap 5") == "C3 G7 C7 G3 E5"
    assert ask(gtp, "fixed_handicap 2") == "? board not empty"
    assert ask(gtp, "list_stones b") == "C7 G7 E5 C3 G3"
    assert "White to play" in ask(gtp, "showboard")
    assert ask(gtp, "undo") == "? cannot undo"
    assert ask(gtp, "clear_board", "set_free_handicap A1 A1") == "? bad vertex list"
    assert ask(gtp, "set_free_handicap A1 J9", "list_stones b") == "J9 A1"
    assert len(ask(gtp, "clear_board", "place_free_handicap 12").split()) == 12


@pytest.mark.parametrize(
    ("size", "stones", "points"),
    [
        (7, 4, "C3 E5 C5 E3"),
        (8, 2, "C3 F6"),
        (9, 9, "C3 G7 C7 G3 C5 G5 E7 E3 E5"),
        (13, 6, "D4 K10 D10 K4 D7 K7"),
        (19, 7, "D4 Q16 D16 Q4 D10 Q10 K10"),
        (19, 8, "D4 Q16 D16 Q4 D10 Q10 K16 K4"),
    ],
)
def test_the_fixed_handicap_is_that_of_gtp(size: int, stones: int, points: str) -> None:
    assert ask(engine(size=size), f"fixed_handicap {stones}") == points


def test_two_passes_end_the_game_and_a_stone_takes_it_up_again() -> None:
    gtp = engine()
    ask(gtp, "play b c3", "play w pass", "play b pass")
    assert ask(gtp, "genmove w") == "pass"
    assert ask(gtp, "genmove b") == "pass"
    assert ask(gtp, "undo", "undo", "play w c2", "list_stones w") == "C2"
    assert ask(gtp, "genmove b") != "pass"


def test_a_player_may_move_twice_and_superko_holds() -> None:
    gtp = engine()
    assert ask(gtp, "play b c3", "play b c2", "play b pass", "play b pass", "genmove w") not in ("pass", "")
    moves = ("b b3", "b a2", "b b1", "w c3", "w d2", "w c1", "b c2", "w b2")  # White takes the ko at C2
    assert [ask(gtp, "clear_board", *(f"play {move}" for move in moves)), ask(gtp, "list_stones b")] == ["", "B3 A2 B1"]
    assert ask(gtp, "play b c2") == "? illegal move"
    assert ask(gtp, "play b e5", "play w e1", "play b c2") == ""


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("boardsize 1", "? unacceptable size"),
        ("boardsize 25", "? unacceptable size"),
        ("boardsize 999999999999999999", "? unacceptable size"),
        ("boardsize five", "? syntax error: 'five' is no whole number"),
        ("boardsize", "? syntax error: 1 arguments are needed, not 0"),
        ("boardsize 5 5", "? syntax error: 1 arguments are needed, not 2"),
        ("komi x", "? syntax error: 'x' is no number"),
        ("komi nan", "? syntax error: 'nan' is no number"),
        ("komi 1e999", "? syntax error: '1e999' is no number"),
        ("komi 0.3", "? unacceptable komi: komi must be a multiple of 0.5, not 0.3."),
        ("komi 1000", "? unacceptable komi: komi must be within the 25 points of the board, not 1000.0."),
        ("play b i5", "? syntax error: 'i5' is no vertex of this board"),
        (f"play b a{'1' * 5000}", f"? syntax error: 'a{'1' * 19}' is no vertex of this board"),
        ("play b f6", "? syntax error: 'f6' is no vertex of this board"),
        ("play blue a1", "? syntax error: 'blue' is no color"),
        ("genmove", "? syntax error: 1 arguments are needed, not 0"),
        ("final_status_list happy", "? syntax error: a status is one of alive, dead, seki"),
        ("loadsgf /no/such/file", "? cannot load file: Cannot read /no/such/file: No such file or directory."),
        ("time_settings -1 0 0", "? syntax error: times are not negative"),
        ("time_left b 5", "? syntax error: 3 arguments are needed, not 2"),
        ("lz-analyze interval", "? syntax error: 'interval' needs a value"),
    ],
)
def test_what_is_wrong_is_said_and_changes_nothing(line: str, answer: str) -> None:
    gtp = engine()
    ask(gtp, "play b c3")
    before = ask(gtp, "showboard")
    assert ask(gtp, line) == answer
    assert ask(gtp, "showboard") == before


def test_komi_stays_from_game_to_game_and_else_is_the_sizes_own() -> None:
    gtp = engine()
    assert ask(gtp, "get_komi") == "24.5"
    assert ask(gtp, "boardsize 9", "get_komi") == "7"
    assert ask(gtp, "komi 6.5", "boardsize 5", "clear_board", "get_komi") == "6.5"
    assert ask(gtp, "play b c3", "komi -3", "final_score") == "B+28"
    assert ask(engine(komi=3.5), "boardsize 9", "get_komi") == "3.5"


def test_sgf_files_load_and_print(tmp_path: Path) -> None:
    gtp, path = engine(), tmp_path / "game.sgf"
    path.write_text("(;SZ[9]KM[5.5]HA[2]AB[cc][gg];W[ee];B[cg];W[gc])")
    assert ask(gtp, f"loadsgf {path}") == ""
    assert (ask(gtp, "list_stones w"), ask(gtp, "get_komi")) == ("G7 E5", "5.5")
    assert ask(gtp, f"loadsgf {path} 2", "list_stones w") == "E5"
    back = read_sgf(ask(gtp, "printsgf").encode(), allow_setup=True)
    assert (back.actions, back.to_play, len(back.stones[0])) == ([40], 1, 2)
    path.write_text("(;SZ[9];B[aa];W[aa])")
    assert ask(gtp, f"loadsgf {path}").startswith("? cannot load file")
    assert ask(gtp, "list_stones w") == "E5"
    # By the file's rules a chain may take its own life, by the engine's it may not; and the size is another.
    path.write_text("(;SZ[7]KM[3]RU[NZ];B[ba];W[];B[bb];W[];B[ac];W[aa];B[gg];W[ab])")
    assert ask(gtp, f"loadsgf {path}") == "? illegal move"
    assert (ask(gtp, "list_stones w"), ask(gtp, "get_komi")) == ("E5", "5.5")
    assert ask(gtp, "boardsize 7", "kata-set-rules new-zealand", f"loadsgf {path}", "get_komi") == "3"


def test_a_file_without_a_komi_leaves_the_komi(tmp_path: Path) -> None:
    gtp, path = engine(), tmp_path / "game.sgf"
    path.write_text("(;SZ[9];B[cc])")
    assert ask(gtp, "komi 6.5", f"loadsgf {path}", "get_komi") == "6.5"
    assert ask(gtp, "clear_board", "get_komi") == "6.5"
    path.write_text("(;SZ[9]KM[0];B[cc])")
    assert ask(gtp, f"loadsgf {path}", "get_komi") == "0"


def test_nobody_waits_for_a_pipe(tmp_path: Path) -> None:
    gtp, pipe = engine(), tmp_path / "pipe"
    os.mkfifo(pipe)
    assert ask(gtp, f"loadsgf {pipe}") == f"? cannot load file: {pipe}: this is no file."
    assert ask(gtp, f"printsgf {pipe}") == "? cannot write file: it is none"


def test_the_ply_cap_ends_no_game_over_gtp() -> None:
    gtp = engine(size=2)
    cap = int(gtp.session.board.states["max_plies"][0])
    ask(gtp, *["play b pass"] * cap)  # of one player, so that they are no two passes in a row
    assert gtp.session.board.states["terminated"][0]
    assert ask(gtp, "lz-analyze w").startswith("info")
    assert ask(gtp, "play b a1", "play w pass", "play b pass", "lz-analyze w") == "? the game is over"


def test_dead_stones_are_captured_before_a_pass_in_a_cleanup() -> None:
    gtp = engine("rollout:simulations=200", size=7)
    black, white = "C1 C2 C3 C4 C5 C6 C7", "D1 D2 D3 D4 D5 D6 D7"
    moves = [f"b {point}" for point in black.split()] + [f"w {point}" for point in white.split()] + ["w A4"]
    ask(gtp, *(f"play {move}" for move in moves), "play b pass", "play w pass")
    assert ask(gtp, "genmove b") == "pass"
    assert ask(gtp, "kgs-genmove_cleanup b") != "pass"
    for _ in range(40):
        ask(gtp, "play w pass")
        if ask(gtp, "kgs-genmove_cleanup b") == "pass":
            break
    assert ask(gtp, "final_status_list dead") == ""
    assert "A4" not in ask(gtp, "list_stones w")


def test_dead_alive_and_seki_by_random_games() -> None:
    gtp = engine(size=7)
    black, white = "C1 C2 C3 C4 C5 C6 C7", "D1 D2 D3 D4 D5 D6 D7"
    moves = [f"b {point}" for point in black.split()] + [f"w {point}" for point in white.split()] + ["w A4"]
    ask(gtp, *(f"play {move}" for move in moves))
    assert ask(gtp, "final_status_list dead") == "A4"
    assert ask(gtp, "final_status_list alive").split("\n") == ["C7 C6 C5 C4 C3 C2 C1", "D7 D6 D5 D4 D3 D2 D1"]
    assert ask(gtp, "final_status A4") == "dead"
    assert ask(gtp, "final_score") == "W+16"  # 21 points to 28 and 9: the dead stone is off the board
    # A finished game is counted as it stands: by its rules a dead stone must be captured.
    assert ask(gtp, "play b pass", "play w pass", "final_score") == "W+31"


def test_rules_by_name_and_by_json() -> None:
    gtp = engine()
    assert '"ko": "POSITIONAL"' in ask(gtp, "kata-get-rules")
    assert ask(gtp, "kata-set-rules tromp-taylor") == ""
    assert '"suicide": true' in ask(gtp, "kata-get-rules")
    assert ask(gtp, 'kata-set-rules {"ko":"SIMPLE","scoring":"AREA","suicide":false}') == ""
    assert ask(gtp, "kata-set-rules japanese").startswith("? unknown rules")
    assert ask(gtp, 'kata-set-rules {"ko":"SIMPLE","scoring":"TERRITORY","suicide":false}').startswith("? these rules")


@pytest.mark.parametrize(("option", "value"), [("resign", 2.0), ("seed", -1), ("size", 30), ("komi", 0.25)])
def test_wrong_settings_are_one_sentence(option: str, value: float) -> None:
    with pytest.raises(LabError):
        Session("random", **{option: value})


def served(data: bytes) -> bytes:
    """What the engine writes until its input ends."""
    out = io.BytesIO()
    serve(ENGINE, io.BytesIO(data), out)
    ENGINE.has_quit = False
    return out.getvalue()


ENGINE = engine()
WORDS = sorted({*ENGINE.names, "b", "w", "a1", "pass", "5", "-1", "1e9", "\x00", "#", "é", "interval", "{}", "9" * 30})
COMMANDS = st.lists(st.sampled_from([w for w in WORDS if w not in ("printsgf", "quit")]), max_size=5).map(" ".join)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300))
def test_random_bytes_do_not_end_it(data: bytes) -> None:
    assert served(data.replace(b"quit", b"") + b"\n42 protocol_version\n").endswith(b"=42 2\n\n")


@settings(max_examples=150, deadline=None)
@given(st.lists(COMMANDS, max_size=8))
def test_commands_with_wrong_words_do_not_end_it_and_are_answered_one_by_one(lines: list[str]) -> None:
    text = served("\n".join([*(f"1 {line}" for line in lines), "42 protocol_version\n"]).encode()).decode()
    answers = text.split("\n\n")
    assert answers[-2:] == ["=42 2", ""]
    assert len(answers) == len(lines) + 2
    assert all(re.match(r"[=?]1(\s|$)", answer) for answer in answers[:-2])
    assert "internal error" not in text


def test_a_huge_line_is_one_short_answer() -> None:
    assert served(b"9" * (3 * MAX_LINE) + b"\nname\n") == b"? line too long\n\n= rl-lab random\n\n"
    assert served(b"17 play b " + b"9" * (3 * MAX_LINE) + b"\n") == b"?17 line too long\n\n"


def test_quit_is_answered_and_nothing_after_it() -> None:
    assert served(b"5 quit\nname\n") == b"=5 \n\n"
