"""Claims: how processes share one tournament without playing a game twice or leaving one out.

A process writes down what it is going to do before it begins. A claim holds as long as its owner is at work: a thread
renews it every RENEW_SECONDS, and LEASE_SECONDS without that (the process hangs, was stopped, or its machine is gone)
set it free. Where the system can tell that the owner has ended (Linux, same machine), its claims are free at once, so a
tournament that was killed goes on without waiting.

Should an owner come back after its lease has run out, the game is played twice; the first result stored is kept.
"""

from __future__ import annotations

import os
import platform
import sqlite3
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from envs.errors import LabError
from rl_lab.arena.clock import utc_now
from rl_lab.arena.schema import open_database, transaction

LEASE_SECONDS = 30.0
RENEW_SECONDS = 5.0
ZOMBIE, STATE, STARTED = "Z", 0, 19  # in /proc/PID/stat, counted after the program's name


class Claims:
    """What one process is busy with; a context manager that gives all of it back at the end."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection, self._path = connection, path
        self._owner = uuid.uuid4().hex
        self._done = threading.Event()
        self._heart = threading.Thread(target=self._renew, daemon=True)

    def __enter__(self) -> Claims:
        self._heart.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._heart.join()
        with suppress(sqlite3.Error):  # then they expire, and what went wrong before is what matters
            self._connection.execute("DELETE FROM claims WHERE owner = ?", (self._owner,))

    def take(self, tasks: Sequence[str], is_done: Callable[[str], bool], limit: int) -> list[str]:
        """Claims the first `limit` of the tasks that nobody has claimed and that are not done; returns those."""
        with transaction(self._connection):
            others = self._living()
            taken: list[str] = []
            for task in tasks:
                if len(taken) == limit:
                    break
                if task not in others and not is_done(task):
                    taken.append(task)
            pid = os.getpid()
            row = (self._owner, machine(), pid, birth(pid), utc_now(), time.time() + LEASE_SECONDS)
            self._connection.executemany(
                "INSERT INTO claims (task, owner, host, pid, born, started, expires) VALUES (?, ?, ?, ?, ?, ?, ?)",
                [(task, *row) for task in taken],
            )
        return taken

    def finish(self, task: str) -> str:
        """Gives one claim back, inside a transaction, and says when it was taken; now, if it is not ours any more."""
        row = self._connection.execute(
            "DELETE FROM claims WHERE task = ? AND owner = ? RETURNING started", (task, self._owner)
        ).fetchone()
        return str(row[0]) if row else utc_now()

    def _living(self) -> set[str]:
        """The tasks of all claims that hold, our own included; deletes the others."""
        now, here = time.time(), machine()
        held: set[str] = set()
        dead: list[tuple[str]] = []
        rows = self._connection.execute("SELECT task, host, pid, born, expires FROM claims").fetchall()
        alive = {(pid, born): birth(pid) == born for _, host, pid, born, _ in rows if host == here and born}
        for task, host, pid, born, expires in rows:
            lives = expires > now and (host != here or alive.get((pid, born), True))
            if lives:
                held.add(task)
            else:
                dead.append((task,))
        self._connection.executemany("DELETE FROM claims WHERE task = ?", dead)
        return held

    def _renew(self) -> None:
        """Keeps our claims alive, from a thread with a connection of its own."""
        with suppress(sqlite3.Error, LabError):
            connection = open_database(self._path)
            while not self._done.wait(RENEW_SECONDS):
                # A disk that is full or busy now may have room later; what matters is said where games are stored.
                with suppress(sqlite3.Error):
                    expires = time.time() + LEASE_SECONDS
                    connection.execute("UPDATE claims SET expires = ? WHERE owner = ?", (expires, self._owner))
            connection.close()


def machine() -> str:
    """A name of this machine and, in a container, of its own process numbers."""
    with suppress(OSError):
        return f"{platform.node()} {Path('/proc/self/ns/pid').readlink()}"
    return platform.node()


def birth(pid: int) -> str:
    """When the process of that number began, as the system counts; empty if there is none or nobody tells."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[STATE] == ZOMBIE else fields[STARTED]
