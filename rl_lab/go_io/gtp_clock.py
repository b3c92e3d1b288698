"""The clock of a GTP engine: how long it may think about a move."""

from __future__ import annotations

from dataclasses import dataclass

LAG = 0.05  # seconds that a move takes beside the thinking
SHARE = 0.9  # of a byo-yomi period that is used


@dataclass
class Clock:
    """Main time, then byo-yomi: `stones` moves within `period` seconds, again and again (Canadian).

    Without `stones` and `period` the main time is all there is.
    """

    main: float
    period: float = 0.0
    stones: int = 0

    def __post_init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Sets both players' clocks to the beginning of a game."""
        self.left = [self.main, self.main]
        self.stones_left = [0, 0]  # 0 in main time
        for player in (0, 1):
            if self.main <= 0:
                self._next_period(player)

    def set_left(self, player: int, seconds: float, stones: int) -> None:
        """What the controller's clock shows; 0 stones in main time."""
        self.left[player], self.stones_left[player] = seconds, stones

    def budget(self, player: int, moves_to_go: int) -> float:
        """Seconds for the next move of a game that will take so many more moves of the player."""
        if self.stones_left[player]:
            seconds = SHARE * self.left[player] / self.stones_left[player]
        else:
            seconds = self.left[player] / max(1, moves_to_go)
            if self.stones:
                seconds = max(seconds, min(self.left[player], SHARE * self.period / self.stones))
        return max(0.0, seconds - LAG)

    def spend(self, player: int, seconds: float) -> None:
        """Takes a move's thinking time off the clock."""
        self.left[player] -= seconds
        if self.stones_left[player]:
            self.stones_left[player] -= 1
            if self.stones_left[player] == 0:
                self._next_period(player)
        elif self.left[player] <= 0:
            self._next_period(player)

    def _next_period(self, player: int) -> None:
        self.left[player], self.stones_left[player] = (self.period, self.stones) if self.stones else (0.0, 0)
