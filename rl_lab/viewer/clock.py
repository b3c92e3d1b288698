"""The clocks of a game: so many seconds for each seat, and some more for each move.

Pure: whoever has a clock says how much time has passed, and what has been played or taken back.
"""

from __future__ import annotations

import math

from envs.errors import LabError

MOVES_TO_GO = 20  # an agent that can be stopped thinks as if so many moves were left
INCREMENT_SHARE = 0.8  # of the increment that it spends besides
PRECISE_SECONDS = 10.0  # below this, tenths of seconds are told


class GameClock:
    """The time that each seat has left; that of earlier positions is kept, so that it can be taken back."""

    def __init__(self, seconds: float, increment: float = 0.0, seats: int = 2) -> None:
        """`seconds` for each seat's game, and `increment` more after each of its moves. Raises LabError for others."""
        if not (math.isfinite(seconds) and seconds > 0):
            raise LabError(f"A clock needs more than 0 seconds, not {seconds:g}.")
        if not (math.isfinite(increment) and increment >= 0):
            raise LabError(f"The increment of a clock must be 0 seconds or more, not {increment:g}.")
        if seats != 2:
            raise LabError("Clocks are for games of two; in other environments nobody loses on time.")
        self.seconds, self.increment, self.seats = seconds, increment, seats
        self.left: list[float] = []
        """The seconds that each seat has."""
        self.begin()

    def begin(self) -> None:
        """A new game."""
        self._at: dict[int, tuple[float, ...]] = {0: (self.seconds,) * self.seats}
        """What was left when the position of a ply arose."""
        self.return_to(0)

    def moved(self, ply: int, seat: int) -> None:
        """The seat has made a move in the position of that ply: it gains the increment."""
        self.left[seat] += self.increment
        self._at = {known: left for known, left in self._at.items() if known <= ply}
        self._began = self._at[ply + 1] = tuple(self.left)

    def return_to(self, ply: int) -> None:
        """The position of that ply is current again, with the time that was left when it arose."""
        self._began = self._then(ply)
        self.left = list(self._began)

    def spend(self, seat: int, seconds: float) -> None:
        """Takes time from the seat, not below 0."""
        self.left[seat] = max(0.0, self.left[seat] - seconds)

    def has_fallen(self, seat: int) -> bool:
        """Whether the seat has no time left."""
        return self.left[seat] <= 0

    def is_late(self, seat: int) -> bool:
        """Whether an agent has thought about its move for as long as it should."""
        allowed = self._began[seat] / MOVES_TO_GO + INCREMENT_SHARE * self.increment
        return self._began[seat] - self.left[seat] >= allowed

    def text(self, seat: int, ply: int | None = None) -> str:
        """The time left, now or when that ply began: "5:00", "1:00:00", and "9.3" towards the end."""
        left = (self.left if ply is None else self._then(ply))[seat]
        if left < PRECISE_SECONDS:
            return f"{math.floor(left * 10) / 10:.1f}"
        minutes, seconds = divmod(math.ceil(left), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"

    def _then(self, ply: int) -> tuple[float, ...]:
        """What was left when the position of that ply arose."""
        return self._at[max(known for known in self._at if known <= ply)]
