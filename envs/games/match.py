"""One game in progress, for a person or an arena: moves are checked, and every state so far is kept."""

from __future__ import annotations

import numpy as np

from envs.errors import IllegalAction
from envs.games.game import Game, States


class Match:
    """A game from `state` (or from the start), with validated play, undo and redo.

    Every state is kept as a row of its own, so undo is exact whatever the rules remember (ko, repetition).
    A Match is not safe to share between threads; `states` is a copy that is.
    """

    def __init__(self, game: Game, state: np.void | States | None = None) -> None:
        """`state` is one state or a batch of one, copied; it counts as the start, so undo stops there."""
        self.game = game
        first = game.init(1)
        if state is not None:
            first[:] = state
        self._rows: list[States] = [first]
        self._actions: list[int] = []
        self._position = 0  # index into _rows; what lies beyond it can be redone

    def play(self, action: int) -> None:
        """Plays one action and forgets what could be redone; on IllegalAction nothing has changed."""
        self._check(action)
        states = self.states
        self.game.step(states, np.array([action]))
        del self._rows[self._position + 1 :], self._actions[self._position :]
        self._rows.append(states)
        self._actions.append(int(action))
        self._position += 1

    def play_text(self, text: str) -> None:
        """Plays the action of that name, e.g. "D4"; raises LabError if it names none, else as `play`."""
        self.play(self.game.parse_action(text))

    def undo(self) -> int | None:
        """Takes the last action back and returns it; None at the start."""
        if self._position == 0:
            return None
        self._position -= 1
        return self._actions[self._position]

    def redo(self) -> int | None:
        """Plays again what was undone last and returns it; None if there is nothing."""
        if self._position == len(self._actions):
            return None
        self._position += 1
        return self._actions[self._position - 1]

    @property
    def history(self) -> list[int]:
        """The actions played and not undone, the first one first."""
        return self._actions[: self._position]

    @property
    def states(self) -> States:
        """The current state as a batch of one; a copy."""
        return self._rows[self._position].copy()

    @property
    def state(self) -> np.void:
        """The current state; a copy."""
        row: np.void = self.states[0]
        return row

    @property
    def to_play(self) -> int:
        """The player to move, 0 or 1."""
        return int(self.state["to_play"])

    @property
    def terminated(self) -> bool:
        """Whether the game is over."""
        return bool(self.state["terminated"])

    @property
    def legal_actions(self) -> list[int]:
        """The actions that `play` would take now, ascending; none when the game is over."""
        actions: list[int] = np.flatnonzero(self.game.legal_mask(self.states)[0]).tolist()
        return actions

    @property
    def result_text(self) -> str:
        """The result in the game's words, e.g. "Black wins"; "" while the game runs."""
        return self.game.result_text(self.state) if self.terminated else ""

    def _check(self, action: int) -> None:
        """Raises IllegalAction with the reason unless `action` can be played now."""
        if not 0 <= action < self.game.num_actions:
            last = self.game.num_actions - 1
            raise IllegalAction(f"{action} is no action of {self.game.name}; actions are 0 to {last}.")
        name = self.game.action_name(action)
        if self.terminated:
            raise IllegalAction(f"{name} cannot be played: the game is over ({self.result_text}).")
        if not self.game.legal_mask(self.states)[0, action]:
            raise IllegalAction(f"{name} is not legal here.")
