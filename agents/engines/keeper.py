"""No engine outlives the lab, however the lab ends.

An engine's stdin closes with the lab, but an engine that hangs does not look. So one small process, the keeper, waits
on a pipe from the lab. When the lab is gone, even by SIGKILL, the pipe ends, and the keeper kills every process group
that it was told of. (Linux's PR_SET_PDEATHSIG would not do: it watches a thread, not a process, and spares the engine's
children.)
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading

_PROGRAM = """
import os, signal, sys
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
groups = set()
for line in sys.stdin:
    sign, group = line[0], int(line[1:])
    groups.add(group) if sign == "+" else groups.discard(group)
for group in groups:
    try:
        os.killpg(group, signal.SIGKILL)
    except OSError:
        pass
"""

_lock = threading.Lock()
_groups: set[int] = set()
_keeper: subprocess.Popen[str] | None = None


def watch(group: int) -> None:
    """The keeper kills that process group when the lab is gone."""
    with _lock:
        _groups.add(group)
        _tell(f"+{group}\n")


def forget(group: int) -> None:
    """The process group has ended; its number may soon be another's."""
    with _lock:
        _groups.discard(group)
        _tell(f"-{group}\n")


def _tell(line: str) -> None:
    """Writes to the keeper. A keeper that is not there yet, or no more, is started and told of all groups."""
    global _keeper
    with contextlib.suppress(OSError):
        if _keeper and _keeper.stdin and _keeper.poll() is None:
            _keeper.stdin.write(line)
            _keeper.stdin.flush()
            return
    _keeper = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        text=True,
    )
    assert _keeper.stdin
    _keeper.stdin.write("".join(f"+{group}\n" for group in _groups))
    _keeper.stdin.flush()
