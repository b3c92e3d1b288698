"""A GTP engine between two streams: a thread reads commands, so that one coming in can end an analysis."""

from __future__ import annotations

import os
import queue
import re
import sys
import threading
from typing import BinaryIO, Protocol

from envs.errors import LabError
from rl_lab.go_io.gtp_engine import GtpEngine
from rl_lab.go_io.gtp_text import answer

MAX_LINE = 1 << 16  # bytes
MAX_WAITING = 1000  # lines; who sends more waits
CHUNK = 1 << 16


class RawInput(Protocol):
    """Bytes as they come: an unbuffered file, say, or a BytesIO."""

    def read(self, size: int, /) -> bytes | None: ...


def serve(engine: GtpEngine, commands: RawInput, answers: BinaryIO) -> None:
    """Answers commands until `quit` or the end of `commands`; raises BrokenPipeError if nobody reads the answers."""
    lines: queue.Queue[bytes | None] = queue.Queue(MAX_WAITING)
    threading.Thread(target=_read, args=(commands, lines), daemon=True).start()
    engine.session.new_input = lambda: not lines.empty()
    while not engine.has_quit and (line := lines.get()) is not None:
        pieces = engine.respond(line) if len(line) <= MAX_LINE else iter((_too_long(line),))
        for piece in pieces:
            answers.write(piece.encode("utf-8", "replace"))
            answers.flush()
        if lines.empty():
            engine.ponder()


def _too_long(line: bytes) -> str:
    number = re.match(rb"[ \t]*([0-9]{1,18})[ \t]", line)
    return answer("?", number[1].decode() if number else "", "line too long")


def _read(commands: RawInput, lines: queue.Queue[bytes | None]) -> None:
    """Puts each line into the queue, of one that is too long its beginning, and None at the end."""
    begun = b""
    try:
        while part := commands.read(CHUNK):
            *whole, rest = part.split(b"\n")
            for line in whole:
                lines.put((begun + line)[: MAX_LINE + 1])
                begun = b""
            begun = (begun + rest)[: MAX_LINE + 1]
        if begun:
            lines.put(begun)
    except (OSError, ValueError):  # the stream has been closed
        pass
    lines.put(None)


def standard_streams() -> tuple[RawInput, BinaryIO]:
    """The process's standard input, and its standard output for the answers alone.

    What anything else prints goes to standard error. The input is not buffered: Python cannot end while a thread waits
    inside a buffered one. Raises LabError if one of the two is closed.
    """
    if sys.stdin is None or sys.stdout is None:
        raise LabError("An engine reads commands from standard input and answers on standard output: one is closed.")
    sys.stdout.flush()
    own = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return os.fdopen(0, "rb", buffering=0, closefd=False), own
