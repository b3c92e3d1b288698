"""What a person is told above the board for a while: that something was done, or the question whether it is meant."""

from __future__ import annotations

import time

NOTE_SECONDS = 5.0
CONFIRM_SECONDS = 3.0  # within which a second press does what was asked about


class Notes:
    """One note at a time, which disappears by itself; a question is a note that a second press answers."""

    def __init__(self) -> None:
        self._text, self._until, self._command = "", 0.0, ""

    def say(self, text: str) -> None:
        """Shows a note, in place of the one there is."""
        self._text, self._until, self._command = text, time.monotonic() + NOTE_SECONDS, ""

    @property
    def text(self) -> str:
        """The note, while it is to be read."""
        return self._text if time.monotonic() < self._until else ""

    @property
    def asked(self) -> str:
        """The command that a second press would carry out; "" for none."""
        return self._command if self.text else ""

    def confirmed(self, command: str, question: str) -> bool:
        """Whether this press of a command that asks first is the second one; at the first, asks."""
        if self.asked == command:
            self._until = 0.0
            return True
        self._text, self._until, self._command = question, time.monotonic() + CONFIRM_SECONDS, command
        return False

    def withdraw(self, but: str = "") -> None:
        """Takes a question away because something else was done, unless it is about the command `but`."""
        if self.asked not in ("", but):
            self._until = 0.0
