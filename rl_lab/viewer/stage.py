"""What is on the stage: an environment, who acts in it, and one frame for every turn of the loop so far.

The window, the recorder and the panels know environments only as a Stage: board games, worlds of the lab, Gymnasium's
environments, and what was recorded of any of them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from numpy.typing import NDArray

from agents.agent import Decision
from envs.errors import IllegalAction
from envs.games.scene import Scene
from rl_lab.viewer.frame import WINS, ForfeitReason, Frame, Observation, Player


class Stage(ABC):
    """An episode in progress. Frames beyond `ply` have been taken back and can be played again."""

    can_undo = True
    """Whether actions can be taken back; looking back is always possible."""

    def __init__(self, players: Sequence[Player]) -> None:
        """`players` sit at `seats`, in that order. Subclasses call `restart` when they are ready."""
        self.players = tuple(players)
        self.frames: list[Frame] = []
        self.ply = 0
        """How many actions have been played and not undone."""
        self.resigned: int | None = None
        """The seat that has given up."""
        self.resigned_by: ForfeitReason = "resign"
        """Why it has."""
        self._sent: Frame | None = None

    # What the environment is

    @property
    @abstractmethod
    def spec(self) -> str:
        """Its spec string or its Gymnasium id."""

    @property
    @abstractmethod
    def seats(self) -> tuple[str, ...]:
        """The names of the seats: one, or two that play against each other."""

    @property
    @abstractmethod
    def num_actions(self) -> int:
        """Actions are 0 .. num_actions - 1; 0 where they are continuous."""

    @abstractmethod
    def action_name(self, action: Any) -> str:
        """An action in words."""

    @abstractmethod
    def scene(self, frame: Frame) -> Scene:
        """The frame's state as drawing primitives."""

    @abstractmethod
    def observation(self, frame: Frame) -> Observation:
        """What the agent to act in that frame sees."""

    @abstractmethod
    def question(self, frame: Frame) -> Any:
        """That state as agents take it: a batch of one."""

    @abstractmethod
    def legal_actions(self, frame: Frame) -> list[int]:
        """The actions that can be played in that frame, ascending; none when it is over or they are continuous."""

    def preview(self, frame: Frame, action: int) -> Frame | None:
        """What that legal action would lead to, for the pointer above it; None where chance has a say."""
        return None

    def areas(self, frame: Frame) -> NDArray[Any] | None:
        """Who owns each point as the board stands: +1 seat 0, -1 seat 1, 0 neither, [H, W]; None without territory."""
        return None

    def tallies(self, frame: Frame, seat: int) -> tuple[str, ...]:
        """What the seat has gathered, in a few words each, such as "3 captured"."""
        return ()

    @abstractmethod
    def outcome_text(self, frame: Frame) -> str:
        """How an episode that ends with that frame has ended, in words."""

    # How an episode goes on

    @abstractmethod
    def begin(self, seed: int) -> None:
        """Asks for the first frame of an episode; `poll` gives it. Raises LabError if there will be none."""

    @abstractmethod
    def send(self, frame: Frame, action: Any) -> None:
        """Asks for the answer to an action in that frame; `poll` gives it. Raises IllegalAction, and asks nothing."""

    @abstractmethod
    def poll(self) -> Frame | None:
        """What was asked for (state, to_play, over and rewards matter), None while it is not there yet.

        Raises LabError if the environment has failed.
        """

    def close(self) -> None:  # noqa: B027 - most stages hold nothing but memory
        """Gives back what outlives memory, such as processes."""

    # The episode

    @property
    def frame(self) -> Frame:
        """The current turn of the loop."""
        return self.frames[self.ply]

    @property
    def to_play(self) -> int:
        """The seat to act."""
        return self.frame.to_play

    @property
    def over(self) -> bool:
        """The episode has ended, by its nature or by resignation."""
        return self.resigned is not None or self.frame.over

    @property
    def is_record(self) -> bool:
        """Whether this only shows what has happened before."""
        return all(player.recorded for player in self.players)

    @property
    def at_end(self) -> bool:
        """Whether nothing follows: the episode has ended, or its record has."""
        return self.over or (self.is_record and self.ply == len(self.frames) - 1)

    @property
    def known(self) -> list[Frame]:
        """The frames that may be looked at: those up to the current one, and all of a record."""
        return self.frames if self.is_record else self.frames[: self.ply + 1]

    @property
    def history(self) -> list[Any]:
        """The actions played and not undone, the first one first."""
        return [frame.action for frame in self.frames[1 : self.ply + 1]]

    @property
    def rewards(self) -> tuple[float, ...]:
        """The reward each seat received last."""
        if self.resigned is not None:
            return (-1.0, 1.0) if self.resigned == 0 else (1.0, -1.0)
        return self.frame.rewards

    @property
    def result_text(self) -> str:
        """How the episode ended, in words; "" while it runs."""
        if self.resigned is not None:
            return f"{self.seats[1 - self.resigned]} wins {WINS[self.resigned_by]}"
        return self.outcome_text(self.frame) if self.over else ""

    @property
    def has_human(self) -> bool:
        """Whether a person acts."""
        return any(player.is_human for player in self.players)

    @property
    def human_to_move(self) -> bool:
        """Whether the environment waits for a person."""
        return not self.over and self.players[self.to_play].is_human and not self.waiting

    @property
    def waiting(self) -> bool:
        """Whether the environment has been asked and has not answered."""
        return self._sent is not None

    def restart(self, seed: int) -> None:
        """Begins a new episode with the same seats; `arrive` brings its first frame."""
        self.begin(seed)
        self.resigned = None
        self._sent = Frame(None)

    def act(self, action: Any, decision: Decision | None) -> None:
        """Sends an action of the seat to move; raises IllegalAction, and then nothing changes."""
        self.send(self.frame, action)
        self._sent = Frame(None, action=action, seat=self.to_play, decision=decision)

    def arrive(self) -> bool:
        """Takes in the environment's answer; False if there is none yet, or none is expected.

        Raises LabError if the environment has failed.
        """
        if self._sent is None:
            return False
        sent = self._sent
        try:
            found = self.poll()
        except Exception:
            self._sent = None
            raise
        if found is None:
            return False
        self._sent = None
        if sent.seat is None:
            self.frames, self.ply = [replace(found, returns=found.rewards)], 0
            return True
        before = self.frame.returns
        returns = tuple(a + b for a, b in zip(before, found.rewards, strict=True))
        del self.frames[self.ply + 1 :]
        self.frames.append(replace(found, action=sent.action, seat=sent.seat, decision=sent.decision, returns=returns))
        self.ply += 1
        return True

    def undo(self) -> bool:
        """Takes back to a person's last turn (one action where no person acts); False if there is none."""
        if self.resigned is not None:
            self.resigned = None
            return True
        target = self._turn_of_human(range(self.ply - 1, -1, -1)) if self.can_undo and not self.waiting else None
        self.ply = self.ply if target is None else target
        return target is not None

    def redo(self) -> bool:
        """Plays again what was undone, up to a person's next turn or the last frame; False if there is nothing."""
        last = len(self.frames) - 1
        if self.ply == last or self.waiting:
            return False
        target = self._turn_of_human(range(self.ply + 1, last + 1))
        self.ply = last if target is None else target
        return True

    def forfeit(self, seat: int, reason: ForfeitReason = "resign") -> None:
        """The seat gives up the game."""
        self.resigned, self.resigned_by = seat, reason

    def resign(self) -> bool:
        """The person to move (or the only person) gives up; False if no person plays a game or it is over."""
        people = [seat for seat, player in enumerate(self.players) if player.is_human]
        if self.over or not people or len(self.seats) < 2:
            return False
        self.forfeit(self.to_play if self.to_play in people else people[0])
        return True

    def _turn_of_human(self, plies: range) -> int | None:
        """The first of the plies at which a person is to act (any ply if nobody does)."""
        for ply in plies:
            frame = self.frames[ply]
            if not self.has_human or (self.players[frame.to_play].is_human and not frame.over):
                return ply
        return None


def check_action(stage: Stage, frame: Frame, action: Any) -> None:
    """Raises IllegalAction with the reason unless `action`, an integer, can be played in that frame."""
    name = stage.action_name(action) if 0 <= action < stage.num_actions else str(action)
    if not 0 <= action < stage.num_actions:
        raise IllegalAction(f"{action} is no action of {stage.spec}; actions are 0 to {stage.num_actions - 1}.")
    if frame.over:
        raise IllegalAction(f"{name} cannot be played: it is over ({stage.outcome_text(frame)}).")
    if action not in stage.legal_actions(frame):
        raise IllegalAction(f"{name} is not legal here.")
