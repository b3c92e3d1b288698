"""The database of a tournament: what it keeps, and what it refuses."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from envs.errors import LabError
from rl_lab.arena import claims as claims_module
from rl_lab.arena import schema
from rl_lab.arena.claims import Claims, birth
from rl_lab.arena.identity import Entrant
from rl_lab.arena.openings import Drawn
from rl_lab.arena.play import GameRecord
from rl_lab.arena.schema import STEPS, transaction
from rl_lab.arena.store import Filter, Store

ENTRANTS = [Entrant(name, f"hash of {name}", "rl-lab 1") for name in ("a", "b", "c")]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "games.sqlite") as opened:
        opened.settle({"game": "tic_tac_toe", "seed": 0})
        opened.enrol(ENTRANTS)
        opened.add_openings([Drawn((i,), 0.25) for i in range(9)])
        yield opened


def record(first: str = "a", second: str = "b", pair: int = 0) -> GameRecord:
    return GameRecord(
        agents=(first, second),
        pair=pair,
        opening_plies=1,
        actions=[pair, 8],
        values=[None, -0.25],
        outcome=1,
        result="X+R",
        decisions=[0, 1],
        seconds=[0.0, 0.125],
        reason="resign",
        detail="It has seen enough.",
        events=["b: counts X+3"],
        seed=2**64 - 1,
    )


def test_a_game_comes_back_as_it_was_stored(store: Store) -> None:
    with Claims(store.connection, store.path) as claims:
        assert store.claim(claims, [("a", "b", 0)], 5) == [("a", "b", 0)]
        game = record()
        assert store.add(claims, game)
        assert game.number == 1
        assert store.games() == [game]
        taken_up, stored = store.times()[1]
        assert "2020" < taken_up <= stored


def test_a_game_is_stored_once_whoever_comes_second(store: Store) -> None:
    with Claims(store.connection, store.path) as claims:
        assert store.add(claims, record())
        late = record()
        late.outcome = -1
        assert not store.add(claims, late)
        assert [game.outcome for game in store.games()] == [1]


def test_games_are_found_by_player_reason_opening_and_number(store: Store) -> None:
    games = [record("a", "b", 0), record("b", "a", 0), record("a", "c", 1), record("b", "c", 2)]
    games[3].reason = "score"
    with Claims(store.connection, store.path) as claims:
        for game in games:
            store.add(claims, game)

    def numbers(**wanted: object) -> list[int]:
        return [game.number for game in store.games(Filter(**wanted))]

    assert numbers(agent="a") == [1, 2, 3]
    assert numbers(agent="a", opponent="b") == numbers(opponent="a", agent="b") == [1, 2]
    assert numbers(reason="resign") == [1, 2, 3]
    assert numbers(opening=0) == [1, 2]
    assert numbers(after=2) == [3, 4]
    assert numbers(number=4) == [4]
    assert numbers(agent="x' OR 1=1") == []


def test_another_tournament_in_the_file_is_one_sentence(store: Store) -> None:
    store.settle({"game": "tic_tac_toe", "seed": 0})
    with pytest.raises(LabError, match="holds a tournament with seed 0, not 1"):
        store.settle({"game": "tic_tac_toe", "seed": 1})
    assert store.settings == {"game": "tic_tac_toe", "seed": 0}


def test_a_changed_agent_is_noticed_and_nothing_lost(store: Store) -> None:
    with pytest.raises(LabError, match=r"another net or program lies there now \(hash hash of b then, other now\)"):
        store.enrol([Entrant("d", "hash", "rl-lab 1"), Entrant("b", "other", "rl-lab 1")])
    with pytest.raises(LabError, match="it played as rl-lab 1 and is rl-lab 2 now"):
        store.enrol([Entrant("b", "hash of b", "rl-lab 2")])
    assert store.agents() == ENTRANTS


def test_claims_keep_others_out_until_they_are_given_back(store: Store) -> None:
    keys = [("a", "b", i) for i in range(4)]
    with Store(store.path) as other, Claims(other.connection, other.path) as theirs:
        with Claims(store.connection, store.path) as ours:
            assert store.claim(ours, keys, 3) == keys[:3]
            assert other.claim(theirs, keys, 3) == keys[3:]
            store.add(ours, record("a", "b", 1))
        assert other.claim(theirs, keys, 9) == [keys[0], keys[2]], "given back, but for what has been played"


def test_a_claim_of_another_machine_expires(store: Store) -> None:
    keys = [("a", "b", 0)]
    columns = "task, owner, host, pid, born, started, expires"
    row = ("game 1 2 0", "x", "far away", 1, "", "", time.time() + 0.5)
    store.connection.execute(f"INSERT INTO claims ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    with Claims(store.connection, store.path) as claims:
        assert store.claim(claims, keys, 1) == []
        time.sleep(0.6)
        assert store.claim(claims, keys, 1) == keys


def test_a_claim_is_renewed_while_its_owner_is_at_work(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = [("a", "b", 0)]
    monkeypatch.setattr(claims_module, "LEASE_SECONDS", 1.0)
    monkeypatch.setattr(claims_module, "RENEW_SECONDS", 0.1)
    with Store(store.path) as other, Claims(other.connection, other.path) as theirs:
        with Claims(store.connection, store.path) as ours:
            assert store.claim(ours, keys, 1) == keys
            time.sleep(1.5)
            assert other.claim(theirs, keys, 1) == []
        assert other.claim(theirs, keys, 1) == keys


def test_claims_of_a_process_that_is_gone_are_free_at_once(store: Store) -> None:
    with Claims(store.connection, store.path) as ours:
        store.claim(ours, [("a", "b", 0), ("a", "b", 1)], 2)
        # As if another process with our number had taken the second and died since.
        store.connection.execute("UPDATE claims SET owner = 'x', born = '1' WHERE task = 'game 1 2 1'")
        assert store.claim(ours, [("a", "b", 0), ("a", "b", 1)], 2) == [("a", "b", 1)]
    assert birth(os.getpid()) != birth(1) or os.getpid() == 1
    assert birth(2**22 + 1) == ""


def test_every_column_is_explained(store: Store) -> None:
    for name, sql in store.connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall():
        columns = [row[1] for row in store.connection.execute(f"PRAGMA table_info({name})")]
        lines = [line.strip() for line in sql.splitlines()]
        explained = {line.split()[0] for line in lines if "--" in line}
        assert set(columns) <= explained, f"{name} in the file itself"


def test_an_older_file_is_brought_up_to_date_with_its_games(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "games.sqlite"
    monkeypatch.setattr(schema, "STEPS", STEPS[:1])
    with Store(path) as store:
        store.enrol(ENTRANTS)
        store.add_openings([Drawn((0,))])
        with Claims(store.connection, path) as claims:
            store.add(claims, record())
        assert not store.connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'episodes'").fetchall()
    monkeypatch.undo()
    with pytest.raises(LabError, match="of an older rl-lab"):
        Store(path, readonly=True)
    with Store(path) as store:
        assert [game.actions for game in store.games()] == [[0, 8]]
        assert store.connection.execute("SELECT count(*) FROM episodes").fetchone() == (0,)
        assert store.connection.execute("PRAGMA user_version").fetchone() == (len(STEPS),)


def test_a_step_that_fails_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "games.sqlite"
    Store(path).connection.close()
    monkeypatch.setattr(schema, "STEPS", [*STEPS, "CREATE TABLE more (x);\nCREATE TABLE games (twice)"])
    with pytest.raises(LabError, match="already exists"):
        Store(path)
    monkeypatch.undo()
    with Store(path) as store:
        assert not store.connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'more'").fetchall()


def test_a_full_disk_keeps_all_games_before(store: Store) -> None:
    pages = store.connection.execute("PRAGMA page_count").fetchone()[0]
    store.connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    kept = 0
    with Claims(store.connection, store.path) as claims, pytest.raises(LabError, match="no room left"):
        for first, second in (("a", "b"), ("b", "a"), ("a", "c")):
            for pair in range(9):
                game = record(first, second, pair)
                game.actions = list(range(500))
                store.add(claims, game)
                kept += 1
    assert kept > 0
    assert len(store.games()) == kept
    store.connection.execute(f"PRAGMA max_page_count = {pages + 1000}")
    with Claims(store.connection, store.path) as claims:
        assert store.add(claims, record("c", "b", 0)), "with room again it goes on"


def test_a_transaction_that_raises_leaves_nothing(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), transaction(store.connection):
        store.connection.execute("DELETE FROM openings")
        _ = 1 / 0
    assert len(store.openings()) == 9


def test_a_reader_changes_nothing(store: Store) -> None:
    with Store(store.path, readonly=True) as reader:
        assert reader.agents() == ENTRANTS
        with pytest.raises(LabError, match="reading only"):
            reader.enrol([Entrant("d", "hash", "1")])
