"""The database of a tournament in use: what it is (settings, agents, openings), its games, and who is playing which.

schema.py has the tables. Every game is stored in a transaction of its own the moment it ends.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from envs.errors import LabError
from rl_lab.arena.claims import Claims
from rl_lab.arena.clock import utc_now
from rl_lab.arena.identity import SHORT, Entrant
from rl_lab.arena.openings import Drawn
from rl_lab.arena.play import GameRecord
from rl_lab.arena.rows import GAME_COLUMNS, check_settings, game_columns, read_game, read_opening
from rl_lab.arena.schema import open_database, readable_errors, transaction

FILE = "games.sqlite"

Key = tuple[str, str, int]
"""A game: who moves first, who second, and the number of the opening."""


@dataclass(frozen=True)
class Filter:
    """Which games are wanted; None where anything will do."""

    number: int | None = None
    agent: str | None = None
    """Part of the name of one player."""
    opponent: str | None = None
    """Part of the name of the other."""
    reason: str | None = None
    opening: int | None = None
    after: int = 0
    """Games with a higher number only."""


class Store:
    """One tournament's file; a context manager. Raises LabError for a file that is something else or cannot be used."""

    def __init__(self, path: Path, readonly: bool = False) -> None:
        """Opens the file, and makes it first unless `readonly`; `path` is the file or its folder."""
        self.path = path / FILE if path.is_dir() else path
        self.connection = open_database(self.path, readonly)

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    @contextmanager
    def _write(self) -> Iterator[None]:
        with readable_errors(self.path), transaction(self.connection):
            yield

    def _read(self, query: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with readable_errors(self.path):
            return self.connection.execute(query, parameters).fetchall()

    # What the tournament is.

    @property
    def settings(self) -> dict[str, Any]:
        """All settings; empty in a new file."""
        with readable_errors(self.path):
            settings = {key: json.loads(value) for key, value in self._read("SELECT key, value FROM settings")}
            check_settings(settings)
            return settings

    def settle(self, settings: Mapping[str, Any]) -> None:
        """Writes the settings into a new file; in any other those that it has must be the same, else LabError."""
        with self._write():
            known = self.settings
            if not known:
                rows = [(key, json.dumps(value)) for key, value in settings.items()]
                self.connection.executemany("INSERT INTO settings (key, value) VALUES (?, ?)", rows)
                return
            for key, value in settings.items():
                if key not in known or known[key] != json.loads(json.dumps(value)):
                    raise LabError(
                        f"{self.path} holds a tournament with {key} {known.get(key, 'unset')}, not {value}: "
                        "go on with that, or give another folder."
                    )

    def agents(self) -> list[Entrant]:
        """The agents in the order in which they entered."""
        return [Entrant(*row) for row in self._read("SELECT name, hash, version FROM agents ORDER BY id")]

    def enrol(self, entrants: Iterable[Entrant]) -> None:
        """Adds the agents that are not in the tournament yet; raises LabError for one that has changed."""
        with self._write():
            known = {entrant.name: entrant for entrant in self.agents()}
            for entrant in entrants:
                before = known.get(entrant.name)
                if before is None:
                    self.connection.execute(
                        "INSERT INTO agents (name, hash, version, added) VALUES (?, ?, ?, ?)",
                        (entrant.name, entrant.hash, entrant.version, utc_now()),
                    )
                elif before != entrant:
                    raise _changed(before, entrant, self.path)

    def openings(self) -> list[Drawn]:
        """The openings so far, by their numbers."""
        rows = self._read("SELECT actions, value, block FROM openings ORDER BY number")
        with readable_errors(self.path):
            return [read_opening(*row) for row in rows]

    def add_openings(self, openings: Sequence[Drawn]) -> None:
        """Writes the list of openings, which begins with those there are; what another process wrote first stays."""
        rows = [(i, json.dumps(drawn.actions), drawn.value, drawn.block) for i, drawn in enumerate(openings)]
        with self._write():
            self.connection.executemany(
                "INSERT OR IGNORE INTO openings (number, actions, value, block) VALUES (?, ?, ?, ?)", rows
            )

    # The games.

    def games(self, wanted: Filter | None = None) -> list[GameRecord]:
        """The games, in the order in which they ended."""
        where, parameters = _conditions(wanted or Filter())
        rows = self._read(
            f"SELECT a.name, b.name, {GAME_COLUMNS}, g.id FROM games g JOIN agents a ON a.id = first "
            f"JOIN agents b ON b.id = second WHERE {where} ORDER BY g.id",
            parameters,
        )
        with readable_errors(self.path):
            return [read_game(row) for row in rows]

    def times(self) -> dict[int, tuple[str, str]]:
        """When each game was taken up and when it was stored, by its number."""
        return {n: (a, b) for n, a, b in self._read("SELECT id, started, finished FROM games")}

    def claim(self, claims: Claims, keys: Sequence[Key], limit: int) -> list[Key]:
        """Claims the first `limit` of those games that are neither played nor claimed; returns those."""
        ids = self._ids()
        tasks = {_task(ids, key): key for key in keys}
        with readable_errors(self.path):
            return [tasks[task] for task in claims.take(list(tasks), self._is_played, limit)]

    def add(self, claims: Claims, record: GameRecord) -> bool:
        """Stores a game that has been claimed and gives it its number; False if another process was faster."""
        ids = self._ids()
        first, second = (ids[name] for name in record.agents)
        task = _task(ids, (*record.agents, record.pair))
        with self._write():
            times = (claims.finish(task), utc_now())
            marks = ", ".join("?" * (GAME_COLUMNS.count(",") + 3))
            cursor = self.connection.execute(
                f"INSERT OR IGNORE INTO games ({GAME_COLUMNS}, started, finished) VALUES ({marks})",
                (first, second, *game_columns(record), *times),
            )
        record.number = cursor.lastrowid or 0
        return cursor.rowcount == 1

    def _ids(self) -> dict[str, int]:
        return {name: number for number, name in self._read("SELECT id, name FROM agents")}

    def _is_played(self, task: str) -> bool:
        _, *numbers = task.split()
        query = "SELECT 1 FROM games WHERE first = ? AND second = ? AND opening = ?"
        return self.connection.execute(query, numbers).fetchone() is not None


def _changed(before: Entrant, now: Entrant, path: Path) -> LabError:
    if before.hash != now.hash:
        what = f"another net or program lies there now (hash {before.hash[:SHORT]} then, {now.hash[:SHORT]} now)"
    else:
        what = f"it played as {before.version} and is {now.version} now"
    return LabError(
        f"{now.name} is not the agent that plays in {path}: {what}. Its games are kept; give another folder, or "
        "another name (a copy of the checkpoint) to the agent of today."
    )


def _task(ids: Mapping[str, int], key: Key) -> str:
    return f"game {ids[key[0]]} {ids[key[1]]} {key[2]}"


def _conditions(wanted: Filter) -> tuple[str, list[Any]]:
    """The WHERE clause for those games and its parameters."""
    clauses = ["g.id > ?"]
    parameters: list[Any] = [wanted.after]
    for column, value in (("g.id", wanted.number), ("reason", wanted.reason), ("opening", wanted.opening)):
        if value is not None:
            clauses.append(f"{column} = ?")
            parameters.append(value)
    sides = "(instr(a.name, ?) AND instr(b.name, ?) OR instr(b.name, ?) AND instr(a.name, ?))"
    if wanted.agent is not None or wanted.opponent is not None:
        clauses.append(sides)
        parameters += [wanted.agent or "", wanted.opponent or ""] * 2
    return " AND ".join(clauses), parameters
