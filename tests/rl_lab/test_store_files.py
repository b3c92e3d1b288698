"""Files in the place of a tournament's database that are something else, and every error that SQLite may have."""

from __future__ import annotations

import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from envs.errors import LabError
from rl_lab.arena import schema
from rl_lab.arena.browse import stored_game
from rl_lab.arena.claims import Claims
from rl_lab.arena.folder import find_folder
from rl_lab.arena.identity import Entrant
from rl_lab.arena.openings import Drawn
from rl_lab.arena.play import GameRecord
from rl_lab.arena.schema import APPLICATION_ID, open_database
from rl_lab.arena.store import Filter, Store

OPENING = "INSERT INTO openings VALUES (0, '[1', NULL, 0)"


def foreign(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE books (title)")


def newer(path: Path) -> None:
    open_database(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")


def damaged(path: Path) -> None:
    open_database(path).close()
    data = bytearray(path.read_bytes())
    data[100:4000] = os.urandom(3900)
    path.write_bytes(data)


FILES = {
    "text": (
        lambda path: path.write_text("These are no games, but there are enough letters for it." * 20),
        "is no database",
    ),
    "a database of something else": (foreign, "of something else"),
    "newer": (newer, "newer rl-lab .*version 99"),
    "damaged": (damaged, "is damaged"),
    "cut off": (lambda path: (open_database(path).close(), os.truncate(path, 5000)), "is damaged"),
    "a folder in its place": (lambda path: (path / "games.sqlite").mkdir(parents=True), "cannot be opened"),
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("readonly", [False, True])
def test_a_file_that_is_not_ours_is_one_sentence_and_left_as_it_is(name: str, readonly: bool, tmp_path: Path) -> None:
    spoil, message = FILES[name]
    path = tmp_path / "games.sqlite"
    spoil(path)
    before = path.read_bytes() if path.is_file() else b""
    with pytest.raises(LabError, match=f"{message}|no tournament at" if path.is_dir() else message) as caught:
        Store(path, readonly)
    assert "\n" not in str(caught.value)
    assert (path.read_bytes() if path.is_file() else b"") == before


def test_an_empty_file_is_a_new_tournament(tmp_path: Path) -> None:
    (tmp_path / "games.sqlite").touch()
    with Store(tmp_path) as store:
        assert store.games() == []
        assert store.connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        assert store.connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("attempt to write a readonly database", "its permissions allow reading only"),
        ("database is locked", "kept locked by another program"),
        ("database or disk is full", "no room left"),
        ("disk I/O error", "a disk of this machine"),
        ("database disk image is malformed", "is damaged"),
    ],
)
def test_every_error_of_the_database_is_one_sentence(said: str, message: str) -> None:
    with pytest.raises(LabError, match=message), schema.readable_errors(Path("x")):
        raise sqlite3.OperationalError(said)


def test_an_empty_file_holds_no_tournament(tmp_path: Path) -> None:
    """Such a file is left by a process that was killed as it began."""
    path = tmp_path / "games.sqlite"
    path.touch()
    with pytest.raises(LabError, match="holds no tournament yet"):
        open_database(path, readonly=True)


@pytest.mark.parametrize("statement", ["INSERT INTO settings VALUES ('game', 'go')", OPENING])
def test_rows_that_are_no_json_are_one_sentence(statement: str, tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.connection.execute(statement)
        with pytest.raises(LabError, match="is damaged"):
            assert not store.settings and not store.openings()


DAMAGE = {
    "games": [
        *("actions = '5'", "actions = 'null'", """actions = '["a"]'""", "actions = x'ff'", "vals = '3'"),
        *("vals = '[[]]'", "seed = 'abc'", "seed = -1", "outcome = 7", "events = '3'", "events = '[3]'"),
        *("opening_plies = 'x'", "decisions_first = 'x'", "seconds_second = 'x'", "result = x'00'"),
    ],
    "openings": ["actions = '5'", """actions = '["a"]'""", "value = 'x'", "block = 'x'"],
    "settings": ["value = '5'", "value = 'null'", """value = '["go"]'"""],
}


@pytest.mark.parametrize(("table", "damage"), [(table, damage) for table, every in DAMAGE.items() for damage in every])
def test_values_that_the_lab_never_writes_are_one_sentence(table: str, damage: str, tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.settle({"game": "tic_tac_toe"})
        store.enrol([Entrant("a", "", ""), Entrant("b", "", "")])
        store.add_openings([Drawn((0,))])
        with Claims(store.connection, store.path) as claims:
            store.add(claims, GameRecord(("a", "b"), 0, 1, [0, 1], [None, 0.5]))
        store.connection.execute(f"UPDATE {table} SET {damage}")
        with pytest.raises(LabError, match="is damaged") as caught:
            assert store.games() and store.openings() and stored_game(store)
        assert "\n" not in str(caught.value)


def test_a_number_beyond_64_bits_is_one_sentence(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        for wanted in (Filter(number=10**30), Filter(opening=-(10**30))):
            with pytest.raises(LabError, match="64 bits"):
                store.games(wanted)


def test_a_folder_is_opened_by_many_at_once(tmp_path: Path) -> None:
    """Whoever is in the middle of trying whether the folder can be written must not disturb the others."""

    def start(_: int) -> int:
        find_folder(tmp_path / "t", "tournament", {}, [])
        with Store(tmp_path / "t") as store:
            return len(store.games())

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(start, range(400))) == [0] * 400
