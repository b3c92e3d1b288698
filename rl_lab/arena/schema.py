"""The database of a tournament: what its tables hold, how a file is opened, and how an older one is brought up to date.

One SQLite file, in WAL mode: a process that is killed leaves every committed transaction and nothing of the others, and
readers need not wait for writers. SQLite keeps the text of CREATE TABLE with its comments, so `.schema` in its shell
explains every column as it stands here.

The file carries APPLICATION_ID, by which it is known as ours, and in user_version how many of STEPS have been applied
to it. Making a new file and bringing an old one up to date are therefore the same: apply the steps that are missing.
A step is never changed once it has been released; what has to change is a new step.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from envs.errors import LabError

APPLICATION_ID = 0x524C4C41  # "RLLA"
WAIT_SECONDS = 60.0  # for another process to finish its transaction, which takes milliseconds

GAMES = """
CREATE TABLE settings (
    key TEXT PRIMARY KEY,       -- what is set: game, seed, openings, format, ...
    value TEXT NOT NULL         -- its value, as JSON
) WITHOUT ROWID;

CREATE TABLE agents (
    id INTEGER PRIMARY KEY,     -- how the other tables call the agent
    name TEXT NOT NULL UNIQUE,  -- its spec string with all options, as tables show it
    hash TEXT NOT NULL,         -- sha256 of its spec and its files (weights and settings): another net, another hash
    version TEXT NOT NULL,      -- the version of rl-lab, and of an outside program where it says one
    added TEXT NOT NULL         -- when it entered the tournament, UTC, ISO 8601
);

CREATE TABLE openings (
    number INTEGER PRIMARY KEY, -- from 0, in the order in which the tournament uses them
    actions TEXT NOT NULL,      -- JSON list of the actions from the start of the game to the position
    value REAL,                 -- what a quick search expects for player 0, in [-1, 1]; NULL if nobody was asked
    block INTEGER NOT NULL      -- the block of random candidates it was drawn in; 0 if it is from a file
);

CREATE TABLE games (
    id INTEGER PRIMARY KEY,     -- the number of the game, in the order in which games ended
    first INTEGER NOT NULL REFERENCES agents,    -- player 0, who moves first
    second INTEGER NOT NULL REFERENCES agents,   -- player 1
    opening INTEGER NOT NULL REFERENCES openings, -- two games from one opening with colours swapped are a pair
    seed TEXT NOT NULL,         -- where all chance after the opening comes from, an integer of 64 bits in decimal
    actions TEXT NOT NULL,      -- JSON list of all actions, the opening's first
    opening_plies INTEGER NOT NULL, -- how many of the actions are the opening's
    vals TEXT NOT NULL,         -- JSON list: what the mover expected before each action, in [-1, 1], or null
    outcome INTEGER NOT NULL,   -- +1 player 0 won, 0 a draw, -1 player 1 won
    result TEXT NOT NULL,       -- in the game's words, e.g. B+7.5, or W+R (resignation), B+T (time), B+F (forfeit)
    reason TEXT NOT NULL CHECK (reason IN ('score', 'resign', 'illegal', 'time', 'crash')), -- how the game ended
    detail TEXT NOT NULL,       -- what happened, where a player gave the game up; else empty
    events TEXT NOT NULL,       -- JSON list of sentences: what else is worth knowing
    decisions_first INTEGER NOT NULL,  -- how many moves player 0 chose
    decisions_second INTEGER NOT NULL, -- how many moves player 1 chose
    seconds_first REAL NOT NULL,       -- player 0's thinking time, its share of the time of the batches it decided in
    seconds_second REAL NOT NULL,      -- player 1's thinking time
    started TEXT NOT NULL,      -- when the game was taken up, UTC, ISO 8601
    finished TEXT NOT NULL,     -- when it was stored, UTC, ISO 8601
    UNIQUE (first, second, opening) -- no game is played twice
);

CREATE TABLE claims (
    task TEXT PRIMARY KEY,      -- what a process is busy with, e.g. game 1 2 17: first, second, opening
    owner TEXT NOT NULL,        -- a random name of the process's session
    host TEXT NOT NULL,         -- the machine it runs on
    pid INTEGER NOT NULL,       -- its process number there
    born TEXT NOT NULL,         -- when that process began, as its system counts it; empty where it does not tell
    started TEXT NOT NULL,      -- when the task was taken up, UTC, ISO 8601
    expires REAL NOT NULL       -- Unix time after which anybody may take the task over, unless its owner renews it
) WITHOUT ROWID;
"""

EPISODES = """
CREATE TABLE episodes (
    id INTEGER PRIMARY KEY,     -- in the order in which episodes were stored
    agent INTEGER NOT NULL REFERENCES agents, -- who acted
    episode INTEGER NOT NULL,   -- the number of the episode, from 0; the same number is the same episode for all agents
    seed TEXT NOT NULL,         -- the random state it began from, an integer of 64 bits in decimal
    return REAL NOT NULL,       -- the undiscounted sum of rewards
    length INTEGER NOT NULL,    -- steps
    outcome INTEGER NOT NULL,   -- +1 ended as wished, -1 badly, 0 neither
    info TEXT NOT NULL,         -- JSON object: what the world tells about its last state
    seconds REAL NOT NULL,      -- the agent's time for all its decisions in the episode
    finished TEXT NOT NULL,     -- when it was stored, UTC, ISO 8601
    UNIQUE (agent, episode)     -- no episode is played twice by one agent
);
"""

STEPS = [GAMES, EPISODES]
"""How a file becomes what it is: version n is what the first n steps make."""


@contextmanager
def readable_errors(path: Path) -> Iterator[None]:
    """Turns SQLite's errors into a LabError that says what is wrong with the file, and what would help."""
    try:
        yield
    except OverflowError:
        raise LabError(f"{path} has no such number: its numbers have 64 bits.") from None
    except json.JSONDecodeError as error:
        raise LabError(f"{path} is damaged (no JSON where JSON should be: {error}): restore a copy.") from None
    except UnicodeEncodeError:
        raise  # a text that cannot be stored: nothing is wrong with the file
    except ValueError as error:
        raise LabError(f"{path} is damaged ({error}): restore a copy.") from None
    except sqlite3.Error as error:
        said = str(error)
        if "is full" in said:
            raise LabError(f"There is no room left to write {path}: all games finished before are in it.") from None
        if "readonly" in said:
            raise LabError(f"{path} cannot be written: its permissions allow reading only.") from None
        if "locked" in said or "busy" in said:
            raise LabError(f"{path} is kept locked by another program; close that and try again.") from None
        if "unable to open" in said:
            raise LabError(f"{path} cannot be opened: is its folder there, and may you write in it?") from None
        if "not a database" in said:
            raise LabError(f"{path} is no database of games; give another folder.") from None
        if "I/O" in said or "protocol" in said:
            raise LabError(
                f"{path} cannot be used where it lies ({said}): give a folder on a disk of this machine."
            ) from None
        raise LabError(f"{path} is damaged ({said}): restore a copy, or save the rest by sqlite3's .recover.") from None


def open_database(path: Path, readonly: bool = False) -> sqlite3.Connection:
    """A connection to the file, made or brought up to date first; raises LabError for a file that is something else.

    Statements commit at once unless they are inside `transaction`.
    """
    with readable_errors(path):
        if readonly:
            return _open_readonly(path)
        connection = sqlite3.connect(path, timeout=WAIT_SECONDS, isolation_level=None)
        try:
            if _version(connection, path) < len(STEPS):
                connection.execute("PRAGMA journal_mode = WAL")
                with transaction(connection):
                    _bring_up_to_date(connection, path)
            # A power cut may cost the last games, which are then played again; a kill costs nothing.
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA foreign_keys = ON")
        except BaseException:
            connection.close()
            raise
        return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All that happens inside, or, if it raises, nothing of it; other processes wait."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # SQLite has rolled back by itself after some errors, such as a full disk.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _open_readonly(path: Path) -> sqlite3.Connection:
    """A connection that changes nothing, on a disk that cannot be written too."""
    if not path.is_file():
        raise LabError(f"There is no tournament at {path}.")
    address = f"file:{quote(str(path.absolute()))}?mode=ro"
    connection = sqlite3.connect(address, uri=True, timeout=WAIT_SECONDS, isolation_level=None)
    try:
        version = _version(connection, path)
    except sqlite3.OperationalError:
        # In WAL mode readers write beside the file, which a disk that cannot be written does not allow. Without such
        # a neighbour the file is complete and nobody is at work on it.
        connection.close()
        if path.with_name(f"{path.name}-wal").exists():
            raise
        connection = sqlite3.connect(f"{address}&immutable=1", uri=True, isolation_level=None)
        version = _version(connection, path)
    if version < len(STEPS):
        connection.close()
        if not version:
            raise LabError(f"{path} holds no tournament yet.")
        raise LabError(f"{path} is of an older rl-lab (version {version}): continue its tournament to update it.")
    return connection


def _version(connection: sqlite3.Connection, path: Path) -> int:
    """The number of steps that the file has behind it; raises LabError unless it is ours, or empty, and known."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    is_empty = not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    # Last, since another process may be making the file: before it has, the rest is that of an empty one.
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    if application != APPLICATION_ID and not (is_empty and version == 0):
        raise LabError(f"{path} is a database of something else than tournaments; give another folder.")
    if version > len(STEPS):
        raise LabError(
            f"{path} was written by a newer rl-lab (version {version} of the file, this one reads up to {len(STEPS)}): "
            "update rl-lab."
        )
    return version


def _bring_up_to_date(connection: sqlite3.Connection, path: Path) -> None:
    """Applies the missing steps, within a transaction."""
    for step in STEPS[_version(connection, path) :]:  # another process may have been faster
        for statement in step.split(";\n"):
            connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {len(STEPS)}")
