"""The loop of reinforcement learning, turning on a stage: the model behind the window, without graphics.

`update` is called often by whoever owns the session; it never blocks. Agents think in a worker thread, and every
answer is tagged with the position it belongs to, so an answer that comes after an undo or a new game is dropped.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from agents.agent import Agent, Decision
from envs.chance import seed_of
from envs.errors import IllegalAction, LabError
from rl_lab.viewer.stage import Phase, Stage
from rl_lab.viewer.worker import Answer, Purpose, Question, Worker

TURN_SECONDS = 1.4  # one turn of the loop at speed 1
OBSERVE_SHARE = 0.4  # how much of a turn the environment's answer is shown; the rest shows the chosen action
SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 16.0)


class Session:
    """A stage, and where the loop on it stands. Used from one thread; only agents run in another."""

    def __init__(
        self,
        stage: Stage,
        seed: int = 0,
        hint_agent: Agent | None = None,
        on_answer: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """The session closes the stage. `seed` decides the agents' chance and the episodes after the first.

        `hint_agent` advises people (the opponent does if it is None); `on_answer` wakes a sleeping event loop.
        """
        self.stage = stage
        self.worker = Worker(on_answer)
        self.seed, self.hint_agent, self.clock = seed, hint_agent, clock
        self.turn_seconds, self.speed, self.paused = TURN_SECONDS, 1.0, False
        self._position, self._episode = 0, 0
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

    # What people do

    def new_game(self) -> None:
        """Starts another episode, with the same seats; what was recorded starts from its beginning."""
        if self.stage.is_record:
            self.stage.ply = 0
            self._arrive()
            return
        self._episode += 1
        self.stage.restart(episode_seed(self.seed, self._episode))
        self._begin_episode()

    def play(self, action: int) -> bool:
        """A person's move; False, with a message if the rules forbid it, when it is not played."""
        if not self.stage.human_to_move:
            return False
        try:
            self.stage.act(action, None)
        except IllegalAction as problem:
            self.message = str(problem)
            return False
        self._take_in_answer()
        return True

    def undo(self) -> bool:
        """Takes back to a person's last turn (one action where only agents play, and holds them)."""
        if not self.stage.undo():
            return False
        self.paused = not self.stage.has_human
        self._arrive()
        return True

    def redo(self) -> bool:
        """Plays again what was undone, up to a person's next turn; False if there is nothing."""
        if not self.stage.redo():
            return False
        self._arrive()
        return True

    def resign(self) -> bool:
        """The person to move gives up; False if no person plays or the game is over."""
        if not self.stage.resign():
            return False
        self._arrive()
        return True

    def swap_sides(self) -> None:
        """The players change seats; the position stays."""
        self.stage.players = self.stage.players[::-1]
        self._arrive()

    def ask_hint(self) -> bool:
        """Asks for advice on the person's turn; the answer appears as `hint`. False if there is nobody to ask."""
        if not self.stage.human_to_move:
            return False
        agent = self.hint_agent or next((player.agent for player in self.stage.players if player.agent), None)
        if agent is None:
            self.message = "There is nobody to ask for a hint."
            return False
        if not self.thinking and self.hint is None:
            self._ask("hint", agent)
        return True

    def toggle_pause(self) -> None:
        """Holds or releases agents that play each other; with a person in the game there is nothing to hold."""
        self.paused = not self.paused and not self.stage.has_human
        self._steps = 0
        self._retry()

    def step(self) -> None:
        """Turns a held loop half a turn: to the chosen action, or to the environment's answer."""
        if not self.stage.has_human:
            self._retry()
            # A step during a thought must not be kept: it would hide the action the moment it is chosen.
            self.paused, self._steps = True, int(not self.thinking)

    # How the loop turns

    def update(self) -> bool:
        """Takes in answers and moves the loop on when it is time; True if something changed."""
        answers = self.worker.answers()
        for answer in answers:
            self._receive(answer)
        return self._advance() or bool(answers)

    def close(self, timeout: float = 5.0) -> bool:
        """Ends the worker and the stage; False if an agent is still in a thought after `timeout` seconds."""
        self.stage.close()
        return self.worker.close(timeout)

    def _advance(self) -> bool:
        """Makes one transition of the loop, if it is due."""
        if self.stage.waiting:
            return self._take_in_answer()
        player = self.stage.players[self.stage.to_play]
        if self.phase is Phase.OBSERVE and self._due():
            self._enter(Phase.THINK)
            if player.agent:
                self._ask("move", player.agent)
            return True
        if self.phase is Phase.THINK and player.recorded:
            self.decision = self.stage.frames[self.stage.ply + 1].decision
            self._enter(Phase.ACT)
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
        if self.decision.forfeits and self.decision.forfeits[0]:
            self.stage.forfeit(self.stage.to_play)
            self._arrive()
            return
        try:
            self.stage.act(chosen(self.decision), self.decision)
        except IllegalAction as problem:
            self._fail(str(problem))
        else:
            self._take_in_answer()

    def _take_in_answer(self) -> bool:
        """Moves on to the environment's answer, if it is there."""
        try:
            arrived = self.stage.arrive()
        except LabError as problem:
            self.message, self.paused = str(problem), True
            return True
        if arrived:
            self._arrive()
        return arrived

    def _due(self) -> bool:
        """Whether the phase has been shown long enough; a held loop moves only by steps, which do not wait."""
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
        self.worker.ask(Question(self._position, purpose, agent, self.stage.question(self.stage.frame), seed, reset))

    def _receive(self, answer: Answer) -> None:
        if not answer.final:
            self.forming = answer.decision
            return
        self._asked, self.forming = None, None
        if answer.decision is None:
            self._fail(answer.error)
        elif answer.purpose == "hint":
            self.hint = answer.decision
        else:
            self.decision = answer.decision
            self._enter(Phase.ACT)

    def _fail(self, reason: str) -> None:
        """An agent broke: say so and hold. A step, releasing the pause, an undo or a new game asks it again."""
        seat = self.stage.to_play
        player = self.stage.players[seat]
        who = "The hint" if player.is_human else f"{self.stage.seats[seat]} ({player.name})"
        self.message = f"{who} failed: {reason}"
        self.paused = not self.stage.has_human
        self._enter(Phase.THINK)

    def _retry(self) -> None:
        """Asks an agent again that broke."""
        if self.phase is Phase.THINK and not self.thinking and not self.stage.human_to_move:
            self._enter(Phase.OBSERVE)


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
