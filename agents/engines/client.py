"""GTP's side of the one who commands: a line out, an answer in.

The Go Text Protocol, version 2 (Farneback 2002): an answer is "= text" or "? text", and ends with an empty line.
Commands are sent without ids, since the answers come in order.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Literal

from agents.engines.process import Process

MAX_ANSWER = 1 << 20  # bytes
SECONDS_TO_QUIT = 1.0
SECONDS_TO_CRASH = 0.2  # between the end of a program's output and its own


class EngineRefusal(Exception):
    """The engine has answered "? ..."; the message is what it says."""


class EngineFault(Exception):
    """The engine cannot be worked with any more; the message is one sentence."""

    def __init__(self, reason: Literal["time", "crash"], message: str) -> None:
        super().__init__(message)
        self.reason: Literal["time", "crash"] = reason


class GtpClient:
    """An engine that is running. After an EngineFault it is not, and the client is of no more use."""

    def __init__(self, arguments: Sequence[str]) -> None:
        """Starts the program; raises EngineFault if the system cannot."""
        try:
            self._process = Process(arguments)
        except (OSError, ValueError) as error:
            raise EngineFault("crash", f"it cannot be started: {error}.") from None
        self._received = b""

    def ask(self, command: str, seconds: float) -> str:
        """The text of the answer to a command, without the "=".

        Raises EngineRefusal for "? ...", and EngineFault for a program that has ended, for one that does not answer in
        time, and for what is not GTP: other text, an answer nobody asked for, or a megabyte without an end.
        """
        return self.ask_all([command], seconds)[0]

    def ask_all(self, commands: Sequence[str], seconds: float) -> list[str]:
        """The answers to several commands, sent together, each in so many seconds; raises as `ask`."""
        if not commands:
            return []
        if self._unasked():
            raise self._fault("crash", f"it had more to say than the answer to what came before '{commands[0]}'")
        self._process.send("".join(f"{command}\n" for command in commands).encode("utf-8", "replace"))
        answers = [self._answer(command, seconds) for command in commands]
        refusal = next((answer for answer in answers if answer.startswith("?")), None)
        if refusal is not None:
            raise EngineRefusal(refusal[1:].strip() or "no reason given")
        return [answer[1:].strip() for answer in answers]

    def _answer(self, command: str, seconds: float) -> str:
        """The next answer, with its first character."""
        deadline = time.monotonic() + seconds
        while (answer := self._complete_answer(command)) is None:
            try:
                data = self._process.receive(deadline)
            except TimeoutError:
                raise self._fault("time", f"it did not answer '{command}' within {seconds:g} s") from None
            if not data:
                raise self._crash(command)
            self._received += data
            if time.monotonic() >= deadline:
                raise self._fault("time", f"it was still talking {seconds:g} s after '{command}'")
        return answer

    def close(self) -> None:
        """Says goodbye; a program that does not go is killed."""
        self._process.send(b"quit\n")
        self._process.end(SECONDS_TO_QUIT)

    def end(self) -> None:
        """Ends the program at once."""
        self._process.end()

    def interrupt(self) -> None:
        """Kills the program under the hands of another thread, whose `ask` then fails."""
        self._process.kill()

    def _unasked(self) -> bool:
        """Whether the program has written anything but blanks since its last answer."""
        try:
            while len(self._received) < MAX_ANSWER and (data := self._process.receive(0.0)):
                self._received += data
        except TimeoutError:
            pass
        unasked = self._received.strip()
        self._received = b""
        return bool(unasked)

    def _complete_answer(self, command: str) -> str | None:
        """The answer with its first character, or None if it is not all there. What follows it stays."""
        start = self._received.replace(b"\r", b"").lstrip()
        if start and start[:1] not in b"=?" and (b"\n" in start or len(start) > MAX_ANSWER):
            words = start.split(b"\n")[0][:60].decode("utf-8", "replace")
            raise self._fault("crash", f"its answer to '{command}' is not GTP: '{words}'")
        text, end, rest = start.partition(b"\n\n")
        if end:
            self._received = rest
            return "".join(c for c in text.decode("utf-8", "replace") if c.isprintable() or c in "\n\t")
        if len(start) > MAX_ANSWER:
            raise self._fault("crash", f"its answer to '{command}' does not end")
        return None

    def _crash(self, command: str) -> EngineFault:
        code = self._process.end(SECONDS_TO_CRASH)
        complaint = self._process.complaint()
        how = "closed its output" if code is None else f"ended with exit code {code}"
        return EngineFault("crash", f"it {how} at '{command}'{f': {complaint}' if complaint else ''}.")

    def _fault(self, reason: Literal["time", "crash"], message: str) -> EngineFault:
        self.end()
        return EngineFault(reason, f"{message}.")
