"""What lies on the table: a game in progress, who sits where, and one frame for every turn of the loop so far."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from agents.agent import Agent, Decision
from envs.games.game import Game
from envs.games.match import Match


class Phase(Enum):
    """Where in the loop a game is."""

    OBSERVE = "observe"
    """The environment has answered: a new state, a reward."""
    THINK = "think"
    """The agent to move looks at the state."""
    ACT = "act"
    """It has chosen an action; the environment is about to answer."""
    OVER = "over"
    """The game has ended."""


@dataclass(frozen=True)
class Player:
    """Who sits at a seat: an agent, or a person if there is none."""

    name: str
    agent: Agent | None = None

    @property
    def is_human(self) -> bool:
        """Whether a person chooses the actions."""
        return self.agent is None


@dataclass(frozen=True)
class Frame:
    """One turn of the loop: a state, and what led to it (None for the first state)."""

    state: np.void
    action: int | None = None
    seat: int | None = None
    decision: Decision | None = None
    """What the agent that acted made of the state before; None if a person acted."""

    @property
    def to_play(self) -> int:
        """The seat to move."""
        return int(self.state["to_play"])

    @property
    def rewards(self) -> tuple[int, int]:
        """What each seat receives with this state: the outcome from its side at the end of the game, 0 before."""
        outcome = int(self.state["outcome"]) if self.state["terminated"] else 0
        return outcome, -outcome


class Table:
    """The match, the players and the frames; frames beyond `ply` have been undone and can be played again."""

    def __init__(self, game: Game, players: tuple[Player, Player]) -> None:
        self.game, self.players = game, players
        self.offboard_actions = sorted(set(range(game.num_actions)) - set(game.scene(game.init(1)[0]).action_spots))
        """The actions without a place on the board, such as a pass."""
        self.clear()

    def clear(self) -> None:
        """Starts a new game with the same seats."""
        self.match = Match(self.game)
        self.frames = [Frame(self.match.state)]
        self.resigned: int | None = None

    @property
    def ply(self) -> int:
        """How many actions have been played and not undone."""
        return len(self.match.history)

    @property
    def frame(self) -> Frame:
        """The current turn of the loop."""
        return self.frames[self.ply]

    @property
    def to_play(self) -> int:
        """The seat to move."""
        return self.frame.to_play

    @property
    def over(self) -> bool:
        """The game has ended, by the rules or by resignation."""
        return self.resigned is not None or self.match.terminated

    @property
    def rewards(self) -> tuple[int, int]:
        """The reward each seat received last."""
        if self.resigned is not None:
            return (-1, 1) if self.resigned == 0 else (1, -1)
        return self.frame.rewards

    @property
    def result_text(self) -> str:
        """How the game ended, in words; "" while it runs."""
        if self.resigned is not None:
            return f"{self.game.player_names[1 - self.resigned]} wins by resignation"
        return self.match.result_text

    @property
    def has_human(self) -> bool:
        """Whether a person plays."""
        return any(player.is_human for player in self.players)

    @property
    def human_to_move(self) -> bool:
        """Whether the game waits for a person."""
        return not self.over and self.players[self.to_play].is_human

    def apply(self, action: int, decision: Decision | None) -> None:
        """Plays the action for the seat to move; raises IllegalAction, and then nothing changes."""
        ply, seat = self.ply, self.to_play
        self.match.play(action)
        del self.frames[ply + 1 :]
        self.frames.append(Frame(self.match.state, action, seat, decision))

    def undo(self) -> bool:
        """Takes back to a person's last turn (one action where only agents play); False if there is none."""
        if self.resigned is not None:
            self.resigned = None
            return True
        target = self._turn_of_human(range(self.ply - 1, -1, -1))
        while target is not None and self.ply > target:
            self.match.undo()
        return target is not None

    def redo(self) -> bool:
        """Plays again what was undone, up to a person's next turn or the last frame; False if there is nothing."""
        last = len(self.frames) - 1
        if self.ply == last:
            return False
        target = self._turn_of_human(range(self.ply + 1, last + 1))
        while self.ply < (last if target is None else target):
            self.match.redo()
        return True

    def resign(self) -> bool:
        """The person to move (or the only person) gives up; False if no person plays or the game is over."""
        people = [seat for seat in (0, 1) if self.players[seat].is_human]
        if self.over or not people:
            return False
        self.resigned = self.to_play if self.to_play in people else people[0]
        return True

    def _turn_of_human(self, plies: range) -> int | None:
        """The first of the plies at which a person is to move (any ply if nobody plays)."""
        for ply in plies:
            frame = self.frames[ply]
            if not self.has_human or (self.players[frame.to_play].is_human and not frame.state["terminated"]):
                return ply
        return None
