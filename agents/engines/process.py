"""A program in a process group of its own, its three pipes, and a deadline for all that it says.

The pipes do not block: while the lab waits for an answer it also takes in what the program writes to stderr, so that a
program which complains without end goes on working; the last of it explains a crash.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Sequence

from agents.engines import keeper

CHUNK = 1 << 16
KEPT_COMPLAINTS = 2000  # bytes


class Process:
    """A running program. Raises OSError if it cannot be started."""

    def __init__(self, arguments: Sequence[str]) -> None:
        pipe = subprocess.PIPE
        # A session of its own: the whole group can be killed, and a Ctrl-C at the terminal is the lab's to handle.
        self._process = subprocess.Popen(
            arguments, stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0, start_new_session=True
        )
        keeper.watch(self._process.pid)
        assert self._process.stdin and self._process.stdout and self._process.stderr
        self._pipes = (self._process.stdin, self._process.stdout, self._process.stderr)
        self._in, self._out, self._err = (file.fileno() for file in self._pipes)
        self._selector = selectors.DefaultSelector()
        for fd in (self._in, self._out, self._err):
            os.set_blocking(fd, False)
        for fd in (self._out, self._err):
            self._selector.register(fd, selectors.EVENT_READ)
        self._unsent = b""
        self._complaints = b""

    def send(self, data: bytes) -> None:
        """Lets the program have `data`, as fast as it reads while the lab waits in `receive`."""
        if self._process.returncode is not None:
            return
        if not self._unsent:
            self._selector.register(self._in, selectors.EVENT_WRITE)
        self._unsent += data
        self._write()

    def receive(self, deadline: float) -> bytes:
        """Something that the program has written, b"" once it has closed its output.

        Raises TimeoutError if nothing comes until `deadline`, a time of `time.monotonic`; one that is past looks at
        what is there.
        """
        while True:
            ready = self._selector.select(max(0.0, deadline - time.monotonic()))
            found = {key.fd for key, _ in ready}
            if self._err in found:
                self._listen_to_complaints()
            if self._in in found:
                self._write()
            if self._out in found:
                return os.read(self._out, CHUNK)
            if time.monotonic() >= deadline:
                raise TimeoutError

    def complaint(self) -> str:
        """The last line on stderr, "" if there is none."""
        lines = self._complaints.decode("utf-8", "replace").split("\n")
        lines = [" ".join("".join(c if c.isprintable() else " " for c in line).split()) for line in lines]
        return next((line for line in reversed(lines) if line), "")[:200]

    def kill(self) -> None:
        """Kills the program and all it has started; the pipes stay, so another thread may be waiting at them."""
        if self._process.returncode is None:
            # As long as its end has not been waited for, no other group can have its number.
            with contextlib.suppress(OSError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def end(self, seconds: float = 0.0) -> int | None:
        """Kills the program, once it has had `seconds` to end by itself, and closes the pipes.

        Returns its exit code, negative for a signal, None if it was still running. A second call does nothing.
        """
        if self._process.returncode is not None:
            return None
        deadline = time.monotonic() + seconds
        with contextlib.suppress(TimeoutError, OSError):
            while self.receive(deadline):
                if time.monotonic() >= deadline:
                    break
        while not (ended := self._has_ended()) and time.monotonic() < deadline:
            time.sleep(0.005)
        self.kill()
        code = self._process.wait()
        keeper.forget(self._process.pid)
        self._selector.close()
        for file in self._pipes:
            with contextlib.suppress(OSError):
                file.close()
        return code if ended else None

    def _has_ended(self) -> bool:
        try:
            return os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        except ChildProcessError:  # someone else has waited for it
            return True

    def _write(self) -> None:
        try:
            sent = os.write(self._in, self._unsent[:CHUNK])
        except BlockingIOError:
            return
        except OSError:  # it has closed its input: whether it still answers, `receive` finds out
            sent = len(self._unsent)
        self._unsent = self._unsent[sent:]
        if not self._unsent:
            self._selector.unregister(self._in)

    def _listen_to_complaints(self) -> None:
        data = os.read(self._err, CHUNK)
        self._complaints = (self._complaints + data)[-KEPT_COMPLAINTS:]
        if not data:
            self._selector.unregister(self._err)
