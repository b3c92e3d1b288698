"""Replays: SGF files and games of a tournament are on the stage what they were; other files are one sentence."""

from __future__ import annotations

from pathlib import Path

import pygame
import pytest

from envs.errors import LabError
from envs.games.go.game import Go
from rl_lab import cli
from rl_lab.arena.store import Filter, Store
from rl_lab.go_io.sgf import write_sgf
from rl_lab.viewer.desk import Desk
from rl_lab.viewer.frame import Phase
from rl_lab.viewer.keys import shown_groups
from rl_lab.viewer.layout import layout
from rl_lab.viewer.panels.decision import columns_of
from rl_lab.viewer.picture import draw_picture
from rl_lab.viewer.replay import open_replay
from rl_lab.viewer.session import Session
from rl_lab.viewer.theme import LIGHT
from rl_lab.viewer.view import recall


@pytest.fixture(scope="module")
def tournament(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("tournament")
    words = ["tournament", "go:size=5", "rollout:simulations=20", "random", "--games", "4", "--out", str(out)]
    assert cli.main(words) == 0
    return out


def test_what_has_been_played_has_no_buttons_that_would_change_it(tournament: Path) -> None:
    stage = open_replay(tournament, 1).stage
    desk = Desk(Session(stage))
    commands = {button.command for button in desk.buttons()}
    assert {"pause", "step", "restart"} <= commands and not commands & {"undo", "again", "new", "save", "hint"}
    helped = {entry.command for keys in shown_groups(stage, {}).values() for entry in keys}
    assert "restart" in helped and not helped & {"undo", "redo", "again", "new", "resign"}
    desk.do("again")
    assert not desk.sessions.again
    stage.ply = len(stage.frames) - 1
    assert "N: new" not in desk.view().status
    desk.sessions.close()


# Tournaments


def test_every_game_of_a_tournament_is_shown_as_it_was(tournament: Path) -> None:
    with Store(tournament, readonly=True) as store:
        records = store.games(Filter())
    for record in records:
        stage = open_replay(tournament, record.number).stage
        assert [frame.action for frame in stage.frames[1:]] == record.actions
        assert tuple(player.name for player in stage.players) == record.agents
        told = [frame.decision and float(frame.decision.value[0]) for frame in stage.frames[1:]]
        assert told == [None if value is None else pytest.approx(value) for value in record.values]
        assert stage.frames[-1].over and stage.frames[-1].returns[0] == record.outcome
    assert open_replay(tournament / "games.sqlite").stage.players == open_replay(tournament, 1).stage.players


def test_how_a_game_was_given_up_is_told(tournament: Path, tmp_path: Path) -> None:
    copy = tmp_path / "games.sqlite"
    with Store(tournament, readonly=True) as store:
        store.connection.execute("VACUUM INTO ?", (str(copy),))
    with Store(copy) as store:
        store.connection.execute(
            "UPDATE games SET reason = 'time', outcome = -1, result = 'W+T', actions = '[0, 6]', vals = '[null, 0.5]', "
            "opening_plies = 1 WHERE id = 2"
        )
        store.connection.execute("UPDATE games SET actions = '[0, 0]' WHERE id = 3")
        store.connection.execute("UPDATE games SET actions = '[0, 99]' WHERE id = 4")
    stage = open_replay(copy, 2).stage
    stage.ply = 2
    assert stage.result_text == "White wins on time" and stage.rewards == (-1.0, 1.0)
    for number, message in ((3, "action 2: A5 is not legal"), (4, "99 is no action")):
        with pytest.raises(LabError, match=message):
            open_replay(copy, number)


# SGF


def test_what_was_thought_is_read_from_the_comments(tmp_path: Path) -> None:
    game = Go(5)
    tops = [[(12, 0.75), (25, 0.25)], [], []]
    path = tmp_path / "x.sgf"
    path.write_bytes(write_sgf(game, [12, 6, 25], "W+R", ("me", ""), [0.5, None, -0.25], tops))
    stage = open_replay(path).stage
    decisions = [frame.decision for frame in stage.frames[1:]]
    assert decisions[0] is not None and decisions[2] is not None and decisions[1] is None
    assert decisions[0].value[0] == 0.5 and decisions[2].value[0] == -0.25
    assert decisions[0].policy[0, 12] == 0.75 and decisions[0].policy[0, 25] == 0.25
    assert [player.name for player in stage.players] == ["me", "White"]
    stage.ply = 3
    assert stage.over and stage.result_text == "White wins by resignation"


def test_remarks_of_people_are_shown_and_numbers_only_once(tmp_path: Path) -> None:
    path = tmp_path / "x.sgf"
    path.write_text("(;GM[1]SZ[5]C[A lesson];B[cc]C[me expects +0.500\nIt thought of C3 75%\nThe\nmiddle.];W[bb];B[])")
    stage = open_replay(path).stage
    assert [frame.comment for frame in stage.frames] == ["A lesson", "The middle.", "", ""]
    stage.ply = 3
    assert recall(stage, 1).comment == "The middle."


ENDS = {
    "B+R": "Black wins by resignation",
    "W+T": "White wins on time",
    "B+12.5": "Black wins by 12.5, as the file says",
    "W+": "White wins as the file says",
    "?": "",
    "Void": "",
    "0": "",
}


@pytest.mark.parametrize("result", ENDS)
def test_results_of_files(result: str, tmp_path: Path) -> None:
    path = tmp_path / "x.sgf"
    path.write_text(f"(;GM[1]SZ[9]RE[{result}];B[ee];W[cc])")
    stage = open_replay(path).stage
    stage.ply = 2
    assert stage.result_text == ENDS[result] and stage.at_end


def test_a_handicap_game_begins_with_its_stones(tmp_path: Path) -> None:
    path = tmp_path / "handicap"
    path.write_text("\ufeff\n(;GM[1]SZ[9]HA[2]AB[gc][cg]KM[0.5];W[ee];B[cc](;W[gg])(;W[aa]))", encoding="utf-8")
    stage = open_replay(path).stage
    owners = stage.areas(stage.frame)
    assert owners is not None and stage.to_play == 1 and len(stage.legal_actions(stage.frame)) == 80
    assert [frame.seat for frame in stage.frames[1:]] == [1, 0, 1] and stage.frames[-1].action == 60


# Files that are no records


FILES = {
    "nothing": (b"", "is no record"),
    "text": (b"hello", "is no record"),
    "picture": (b"\x89PNG\r\n\x1a\n" + bytes(100), "is no record"),
    "half an SGF": (b"(;GM[1]SZ[9];B[ee]", "not readable as SGF"),
    "SGF of chess": (b"(;GM[3];B[ee])", "another game than Go"),
    "illegal SGF": (b"(;GM[1]SZ[9];B[ee];W[ee])", "Move 2"),
    "half a database": (b"SQLite format 3\0" + bytes(200), "is no"),
}


@pytest.mark.parametrize("name", FILES)
def test_another_file_is_one_sentence(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, message = FILES[name]
    path = tmp_path / "file"
    path.write_bytes(data)
    assert cli.main(["replay", str(path)]) == 2
    error = capsys.readouterr().err
    assert message in error and str(path) in error and error.count("\n") == 1


def test_the_command_writes_what_it_shows(tournament: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, message in (
        ([str(tournament), "--game", "9"], "There is no game 9 in"),
        ([str(tmp_path)], "There is no tournament at"),
        ([str(tmp_path / "x")], "No such file"),
        ([str(tournament), "--headless"], "--headless needs --record"),
        ([str(tournament), "--headless", "--record", str(tmp_path / "x.bmp")], "x.bmp"),
        ([str(tournament), "--speed", "3"], "speed must be one of"),
    ):
        assert cli.main(["replay", *arguments]) == 2
        assert message in capsys.readouterr().err
    file = tmp_path / "g.png"
    assert cli.main(["replay", str(tournament), "--game", "2", "--headless", "--record", str(file)]) == 0
    assert file.read_bytes().startswith(b"\x89PNG")
    (tmp_path / "x.sgf").write_text("(;GM[1]SZ[5];B[cc])")
    assert cli.main(["replay", str(tmp_path / "x.sgf"), "--game", "1"]) == 2
    assert "leave out --game" in capsys.readouterr().err


# In the window


def test_a_record_goes_to_any_of_its_frames_and_on_from_there(tournament: Path) -> None:
    desk = Desk(Session(open_replay(tournament, 1).stage))
    session, last = desk.session, len(desk.session.stage.frames) - 1
    session.turn_seconds = 0.0
    for index in (last, 0, 2):
        desk.look_at(index)
        view = desk.view()
        assert view.index == session.stage.ply == index and len(view.frames) == last + 1 and desk.index is None
        assert (session.phase is Phase.OVER) == (index == last)
    for _ in range(4):  # a step is half a turn, however often the session is updated between two of them
        desk.do("step")
        session.update()
    session.update()
    assert session.stage.ply == 4 and not session.message
    desk.do("pause")
    for _ in range(10 * last):
        session.update()
    assert session.stage.ply == last and session.phase is Phase.OVER
    desk.do("back")
    assert session.stage.ply == last - 1
    assert session.close()


def test_a_record_of_values_alone_shows_no_policy(tournament: Path) -> None:
    stage = open_replay(tournament, 1).stage
    decision = next(frame.decision for frame in stage.frames if frame.decision)
    assert not decision.policy.any() and columns_of(decision, True) == []
    desk = Desk(Session(stage))
    for ply in range(len(stage.frames)):
        desk.look_at(ply)
        draw_picture(pygame.Surface((900, 600)), layout(900, 600), LIGHT, desk.view())
    assert desk.session.close()
