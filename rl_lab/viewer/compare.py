"""One session, or two on the same seed side by side: what people do is done to both, and neither gets ahead."""

from __future__ import annotations

import time
from collections.abc import Callable

from rl_lab.viewer.frame import Phase
from rl_lab.viewer.session import Session

AGAIN_SECONDS = 4.0  # how long the end of an episode is shown before the next one begins by itself


class Sessions:
    """One or two sessions, of which one is looked at closely."""

    def __init__(self, first: Session, second: Session | None = None) -> None:
        self.all = (first,) if second is None else (first, second)
        self.again = False
        """Whether a new episode begins by itself some time after the end; for a stand, or a long evening."""
        self._focus = 0
        self._ended = 0.0

    @property
    def focused(self) -> Session:
        """The session whose loop, decisions and time are shown."""
        return self.all[self._focus]

    @property
    def beside(self) -> Session | None:
        """The other one, of which the board is shown."""
        return self.all[1 - self._focus] if len(self.all) == 2 else None

    def focus(self, index: int) -> None:
        """Looks closely at the first (0) or at the second (1), if there is one."""
        self._focus = index % len(self.all)

    def focus_next(self) -> None:
        """Looks closely at the other one."""
        self.focus(self._focus + 1)

    @property
    def focus_index(self) -> int:
        """Which one is looked at closely."""
        return self._focus

    def each(self, command: Callable[[Session], object]) -> None:
        """Does the same to all."""
        for session in self.all:
            command(session)

    def toggle_pause(self) -> None:
        """Holds all, or lets all go."""
        wanted = not self.focused.paused
        for session in self.all:
            if session.paused != wanted:
                session.toggle_pause()

    def undo(self) -> None:
        """Takes back the last action of whichever is ahead, or of both, and holds them."""
        ahead = max(session.stage.ply for session in self.all)
        undone = [session.undo() for session in self.all if session.stage.ply == ahead]
        for session in self.all:
            session.paused |= any(undone) and not session.stage.has_human

    def update(self, stay: bool = False) -> bool:
        """Moves all on when it is time; True if something changed. With `stay`, no new episode begins by itself."""
        for session, other in zip(self.all, reversed(self.all), strict=True):
            waits_for = other.phase is not Phase.OVER and not other.message
            session.held = waits_for and session.stage.ply > other.stage.ply
        changed = [session.update() for session in self.all]
        return self._begin_again(stay) or any(changed)

    @property
    def over(self) -> bool:
        """Whether nothing goes on in any."""
        return all(session.phase is Phase.OVER for session in self.all)

    def close(self, timeout: float = 5.0) -> bool:
        """Closes all; False if an agent is still in a thought after `timeout` seconds."""
        end = time.monotonic() + timeout
        closed = [session.close(max(0.0, end - time.monotonic())) for session in self.all]
        return all(closed)

    def _begin_again(self, stay: bool) -> bool:
        """Starts the next episodes if people want to watch on and have seen the end; True if it did."""
        now = time.monotonic()
        if stay or not (self.again and self.over) or self.focused.stage.has_human:
            self._ended = now
            return False
        if now - self._ended < AGAIN_SECONDS:
            return False
        self.each(Session.new_game)
        return True
