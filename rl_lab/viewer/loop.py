"""The loop of reinforcement learning, turning on a stage by itself.

`update` is called often by whoever owns the loop; it never blocks. Agents think in a worker thread, and every
answer is tagged with the position it belongs to, so an answer that comes after an undo or a new game is dropped.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from agents.agent import Agent, Decision
from envs.chance import seed_of
from envs.errors import IllegalAction, LabError
from rl_lab.viewer.clock import GameClock
from rl_lab.viewer.frame import ForfeitReason, Phase
from rl_lab.viewer.stage import Stage
from rl_lab.viewer.worker import Answer, Purpose, Question, Worker

TURN_SECONDS = 1.4  # one turn of the loop at speed 1
OBSERVE_SHARE = 0.4  # how much of a turn the environment's answer is shown; the rest shows the chosen action
POLITE_SECONDS = 0.5  # for a thought to end by itself before its agent is closed
PATIENCE_SECONDS = 5.0  # after which people are told that the environment does not answer


class Loop:
    """A stage, and where the loop on it stands. Used from one thread; only agents run in another."""

    def __init__(
        self,
        stage: Stage,
        seed: int = 0,
        hint_agent: Agent | None = None,
        on_answer: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
        clock_seconds: float = 0.0,
        increment: float = 0.0,
    ) -> None:
        """The loop closes the stage. `seed` decides the agents' chance and the episodes after the first.

        `hint_agent` advises people (the opponent does if it is None); `on_answer` wakes a sleeping event loop. In a
        game, each seat has `clock_seconds` (0: any time it wants), and `increment` more for each move. Raises LabError
        for clocks that cannot be.
        """
        self.stage = stage
        self.game_clock = GameClock(clock_seconds, increment, len(stage.seats)) if clock_seconds else None
        self.worker = Worker(on_answer)
        self.seed, self.hint_agent, self.clock = seed, hint_agent, clock
        self.turn_seconds, self.speed, self.paused = TURN_SECONDS, 1.0, False
        self.held = False
        """Whether the loop must wait with its next turn, so that another one can catch up."""
        self._position, self._episode, self._failed = 0, 0, False
        self._ticked = self._heard = clock()
        self.decision: Decision | None = None
        """What the agent to move has chosen and the environment has not yet answered."""
        self.forming: Decision | None = None
        """What an agent in thought has found so far."""
        self.hint: Decision | None = None
        self.message = ""
        """What has gone wrong, for people to read."""
        self._begin_episode()

    @property
    def thinking(self) -> bool:
        """Whether an agent has been asked and has not answered."""
        return self._asked is not None

    @property
    def seconds(self) -> float:
        """How long the loop has been in its phase."""
        return self.clock() - self._since

    @property
    def phase_seconds(self) -> float:
        """How long the phase is shown; 0 if it lasts until somebody decides."""
        shares = {Phase.OBSERVE: OBSERVE_SHARE, Phase.ACT: 1 - OBSERVE_SHARE}
        return shares.get(self.phase, 0.0) * self.turn_seconds / self.speed

    @property
    def clock_runs(self) -> bool:
        """Whether the seat to move is spending its time."""
        decides = self.phase is Phase.THINK and (self.stage.human_to_move or self.thinking)
        return self.game_clock is not None and decides and not self.paused

    def notes(self, seat: int, ply: int | None = None) -> tuple[str, ...]:
        """Short texts for the seat's card, now or as that ply began: its clock, what it has captured."""
        clock = () if self.game_clock is None else (self.game_clock.text(seat, ply),)
        return clock + self.stage.tallies(self.stage.frame if ply is None else self.stage.frames[ply], seat)

    def update(self) -> bool:
        """Takes in answers and moves the loop on when it is time; True if something changed."""
        fallen = self._run_clock()
        answers = self.worker.answers()
        for answer in answers:
            self._receive(answer)
        return self._advance() or bool(answers) or fallen

    def close(self, timeout: float = 5.0) -> bool:
        """Ends the worker, the stage and the agents; False if one is still in a thought after `timeout` seconds.

        Agents that are other programs end with their process, in the middle of a thought if need be.
        """
        self.stage.close()
        self.worker.close(min(timeout, POLITE_SECONDS))
        for agent in {player.agent for player in self.stage.players} | {self.hint_agent}:
            if agent is not None:
                with suppress(Exception):  # it may be a stranger's, and is not needed any more
                    agent.close()
        return self.worker.close(timeout)

    def _advance(self) -> bool:
        """Makes one transition of the loop, if it is due."""
        if self.stage.waiting:
            return self._take_in_answer() or self._tell_of_silence()
        self._heard = self.clock()
        player = self.stage.players[self.stage.to_play]
        if self.phase is Phase.OBSERVE and self._due():
            if player.recorded:
                self.decision = self.stage.frames[self.stage.ply + 1].decision
            self._enter(Phase.ACT if player.recorded else Phase.THINK)
            if player.agent:
                self._ask("move", player.agent)
            return True
        if self.phase is Phase.ACT and self._due():
            self._act(player.recorded)
            return True
        return False

    def _act(self, recorded: bool) -> None:
        """Does what was chosen."""
        if recorded:
            self.stage.redo()
            self._arrive()
            return
        assert self.decision is not None
        try:
            self.stage.act(chosen(self.decision), self.decision)
        except IllegalAction as problem:
            self._fail(str(problem))
        except LabError as problem:
            self._hold(str(problem))
        else:
            self._take_in_answer()

    def _take_in_answer(self) -> bool:
        """Moves on to the environment's answer, if it is there."""
        try:
            arrived = self.stage.arrive()
        except LabError as problem:
            self._hold(str(problem))
            return True
        if arrived:
            if self.game_clock:
                if self.stage.frame.seat is None:
                    self.game_clock.begin()
                else:
                    self.game_clock.moved(self.stage.ply - 1, self.stage.frame.seat)
            self._arrive()
        return arrived

    def _tell_of_silence(self) -> bool:
        """Says that the environment takes long, once."""
        silent = self.clock() - self._heard > PATIENCE_SECONDS and not self.message
        if silent:
            self.message = "The environment does not answer. A new episode (N) starts it again."
        return silent

    def _run_clock(self) -> bool:
        """Lets time pass for the seat to move; True if its flag has fallen. An agent stops when its share is spent."""
        now = self.clock()
        passed, self._ticked = now - self._ticked, now
        clock, seat = self.game_clock, self.stage.to_play
        if clock is None or not self.clock_runs:
            return False
        clock.spend(seat, passed)
        if clock.has_fallen(seat):
            self.stage.forfeit(seat, "time")
            self._arrive()
            return True
        if not self.stage.players[seat].is_human and clock.is_late(seat):
            self.worker.hurry()
        return False

    def _due(self) -> bool:
        """Whether the phase has been shown long enough; a held loop moves only by steps, which do not wait."""
        if self.held and self.phase is Phase.OBSERVE:
            return False
        if not self.paused:
            return self.seconds >= self.phase_seconds
        if self._steps == 0:
            return False
        self._steps -= 1
        return True

    def _begin_episode(self) -> None:
        self._forgetful = [player.agent for player in self.stage.players if player.agent]
        if not self._take_in_answer():
            self._arrive()

    def _return(self) -> None:
        """An earlier position is current again, with the time of then."""
        if self.game_clock:
            self.game_clock.return_to(self.stage.ply)
        self._arrive()

    def _arrive(self) -> None:
        """A new position is current: whatever was thought about another no longer counts."""
        self._position += 1
        self.worker.current = self._position
        self._asked: Purpose | None = None
        self._steps = 0
        self.decision = self.forming = self.hint = None
        self.message = ""
        self._enter(Phase.OVER if self.stage.at_end else Phase.OBSERVE)

    def _enter(self, phase: Phase) -> None:
        self.phase = phase
        self._since = self.clock()

    def _ask(self, purpose: Purpose, agent: Agent) -> None:
        self._asked = purpose
        reset = agent in self._forgetful
        if reset:
            self._forgetful.remove(agent)
        seed = turn_seed(self.seed, self._episode, self.stage.ply, purpose)
        states, actions = self.stage.question(self.stage.frame), self.stage.num_actions
        self.worker.ask(Question(self._position, purpose, agent, states, seed, actions, reset))

    def _receive(self, answer: Answer) -> None:
        if not answer.final:
            # Advice is told when it is ready; what it grows from is nobody's business before.
            self.forming = answer.decision if answer.purpose == "move" else None
            return
        self._asked, self.forming = None, None
        if answer.decision is None:
            self._fail(answer.error)
        elif answer.decision.forfeits and answer.decision.forfeits[0]:
            self._give_up(answer.purpose, answer.decision.forfeits[0].reason)
        elif answer.purpose == "hint":
            self.hint = answer.decision
        else:
            self.decision = answer.decision
            self._enter(Phase.ACT)

    def _give_up(self, purpose: Purpose, reason: ForfeitReason) -> None:
        """An agent would rather not act: then it has lost, unless it was only asked for advice."""
        if purpose == "hint":
            self.message = "The adviser would give up here."
            return
        self.stage.forfeit(self.stage.to_play, reason)
        self._arrive()

    def _fail(self, reason: str) -> None:
        """An agent broke: say so and hold. A step, releasing the pause, an undo or a new game asks it again."""
        seat = self.stage.to_play
        player = self.stage.players[seat]
        who = "The hint" if player.is_human else f"{self.stage.seats[seat]} ({player.name})"
        self.message = f"{who} failed: {reason}"
        self.paused = not self.stage.has_human
        self._enter(Phase.THINK)

    def _hold(self, reason: str) -> None:
        """The environment broke: say so and wait for a new episode."""
        self.message = f"{reason.rstrip('.')}. A new episode (N) starts it again."
        self._failed, self.paused = True, not self.stage.has_human


def chosen(decision: Decision) -> Any:
    """The action of a decision about one state: an integer or, where actions are continuous, numbers [D]."""
    action = decision.action[0]
    return int(action) if decision.action.ndim == 1 else action


def episode_seed(seed: int, episode: int) -> int:
    """The seed of an episode of a session; that of the first is the session's own."""
    return seed_of(seed, episode) % 2**32 if episode else seed


def turn_seed(seed: int, episode: int, ply: int, purpose: Purpose = "move") -> int:
    """The seed of one decision: it comes from the place in the episode, so a dropped answer changes nothing."""
    return seed_of(seed, episode, ply, int(purpose == "hint"))
