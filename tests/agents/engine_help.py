"""Scripted engines as agents, and what is left of their processes."""

from __future__ import annotations

import os
import shlex
import sys
import time
from pathlib import Path

from agents.agent import Agent
from agents.registry import make_agent
from envs.games.go.game import Go

ENGINE = Path(__file__).parent / "scripted_engines" / "engine.py"


def scripted_spec(*words: object, **options: object) -> str:
    """The spec of an engine with that fault; options as in specs."""
    command = shlex.join([sys.executable, str(ENGINE), *map(str, words)])
    return ",".join([f"gtp:{command}", *(f"{key}={value}" for key, value in options.items())])


def scripted(game: Go, *words: object, **options: object) -> Agent:
    return make_agent(scripted_spec(*words, **{"time": 20, **options}), game)


def is_running(pid: int) -> bool:
    """Whether a process is there, and more than an entry that nobody has waited for."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


def children(marker: str) -> list[int]:
    """The running processes with a command line that contains the marker."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if marker.encode() in (entry / "cmdline").read_bytes() and is_running(int(entry.name)):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def wait_until_gone(pids: list[int], seconds: float = 20.0) -> list[int]:
    """The processes that are still running after so long."""
    end = time.monotonic() + seconds
    while (left := [pid for pid in pids if is_running(pid)]) and time.monotonic() < end:
        time.sleep(0.05)
    return left
