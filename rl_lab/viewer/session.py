"""The loop of reinforcement learning, turning around a table: the model behind the window, without graphics.

`update` is called often by whoever owns the session; it never blocks. Agents think in a worker thread, and every
answer is tagged with the position it belongs to, so an answer that comes after an undo or a new game is dropped.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from agents.agent import Agent, Decision
from envs.chance import seed_of
from envs.errors import IllegalAction
from envs.games.game import Game
from rl_lab.viewer.table import Phase, Player, Table
from rl_lab.viewer.worker import Answer, Purpose, Question, Worker

TURN_SECONDS = 1.4  # one turn of the loop at speed 1
OBSERVE_SHARE = 0.4  # how much of a turn the environment's answer is shown; the rest shows the chosen action
SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 16.0)


class Session:
    """The table, and where the loop around it stands. Used from one thread; only agents run in another."""

    def __init__(
        self,
        game: Game,
        players: tuple[Player, Player],
        seed: int = 0,
        hint_agent: Agent | None = None,
        on_answer: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`hint_agent` advises people (the opponent does if it is None); `on_answer` wakes a sleeping event loop."""
        self.table = Table(game, players)
        self.worker = Worker(on_answer)
        self.seed, self.hint_agent, self.clock = seed, hint_agent, clock
        self.turn_seconds, self.speed, self.paused = TURN_SECONDS, 1.0, False
        self._position, self._game_number = 0, -1
        self.new_game()

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
        """Starts again from the beginning, with the same seats."""
        self._game_number += 1
        self.table.clear()
        self._forgetful = [player.agent for player in self.table.players if player.agent]
        self._arrive()

    def play(self, action: int) -> bool:
        """A person's move; False, with a message if the rules forbid it, when it is not played."""
        if not self.table.human_to_move:
            return False
        try:
            self.table.apply(action, None)
        except IllegalAction as problem:
            self.message = str(problem)
            return False
        self._arrive()
        return True

    def undo(self) -> bool:
        """Takes back to a person's last turn (one action where only agents play, and holds them)."""
        if not self.table.undo():
            return False
        self.paused = not self.table.has_human
        self._arrive()
        return True

    def redo(self) -> bool:
        """Plays again what was undone, up to a person's next turn; False if there is nothing."""
        if not self.table.redo():
            return False
        self._arrive()
        return True

    def resign(self) -> bool:
        """The person to move gives up; False if no person plays or the game is over."""
        if not self.table.resign():
            return False
        self._arrive()
        return True

    def swap_sides(self) -> None:
        """The players change seats; the position stays."""
        self.table.players = self.table.players[::-1]
        self._arrive()

    def ask_hint(self) -> bool:
        """Asks for advice on the person's turn; the answer appears as `hint`. False if there is nobody to ask."""
        if not self.table.human_to_move:
            return False
        agent = self.hint_agent or self.table.players[1 - self.table.to_play].agent
        if agent is None:
            self.message = "There is nobody to ask for a hint."
            return False
        if not self.thinking and self.hint is None:
            self._ask("hint", agent)
        return True

    def toggle_pause(self) -> None:
        """Holds or releases agents that play each other; with a person in the game there is nothing to hold."""
        self.paused = not self.paused and not self.table.has_human
        self._steps = 0
        self._retry()

    def step(self) -> None:
        """Turns a held loop half a turn: to the chosen action, or to the environment's answer."""
        if not self.table.has_human:
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
        """Ends the worker; False if an agent is still in a thought after `timeout` seconds."""
        return self.worker.close(timeout)

    def _advance(self) -> bool:
        """Makes one transition of the loop, if it is due."""
        player = self.table.players[self.table.to_play]
        if self.phase is Phase.OBSERVE and self._due():
            self._enter(Phase.THINK)
            if player.agent:
                self._ask("move", player.agent)
            return True
        if self.phase is Phase.ACT and self.decision is not None and self._due():
            try:
                self.table.apply(int(self.decision.action[0]), self.decision)
            except IllegalAction as problem:
                self._fail(str(problem))
            else:
                self._arrive()
            return True
        return False

    def _due(self) -> bool:
        """Whether the phase has been shown long enough; a held loop moves only by steps, which do not wait."""
        if not self.paused:
            return self.seconds >= self.phase_seconds
        if self._steps == 0:
            return False
        self._steps -= 1
        return True

    def _arrive(self) -> None:
        """A new position is current: whatever was thought about another no longer counts."""
        self._position += 1
        self.worker.current = self._position
        self._asked: Purpose | None = None
        self._steps = 0
        self.decision: Decision | None = None
        """What the agent to move has chosen and the environment has not yet answered."""
        self.hint: Decision | None = None
        self.message = ""
        """What has gone wrong, for people to read."""
        self._enter(Phase.OVER if self.table.over else Phase.OBSERVE)

    def _enter(self, phase: Phase) -> None:
        self.phase = phase
        self._since = self.clock()

    def _ask(self, purpose: Purpose, agent: Agent) -> None:
        self._asked = purpose
        reset = agent in self._forgetful
        if reset:
            self._forgetful.remove(agent)
        seed = turn_seed(self.seed, self._game_number, self.table.ply, purpose)
        self.worker.ask(Question(self._position, purpose, agent, self.table.match.states, seed, reset))

    def _receive(self, answer: Answer) -> None:
        self._asked = None
        if answer.decision is None:
            self._fail(answer.error)
        elif answer.purpose == "hint":
            self.hint = answer.decision
        else:
            self.decision = answer.decision
            self._enter(Phase.ACT)

    def _fail(self, reason: str) -> None:
        """An agent broke: say so and hold. A step, releasing the pause, an undo or a new game asks it again."""
        seat = self.table.to_play
        player = self.table.players[seat]
        who = "The hint" if player.is_human else f"{self.table.game.player_names[seat]} ({player.name})"
        self.message = f"{who} failed: {reason}"
        self.paused = not self.table.has_human
        self._enter(Phase.THINK)

    def _retry(self) -> None:
        """Asks an agent again that broke."""
        if self.phase is Phase.THINK and not self.thinking and not self.table.human_to_move:
            self._enter(Phase.OBSERVE)


def turn_seed(seed: int, game_number: int, ply: int, purpose: Purpose = "move") -> int:
    """The seed of one decision: it comes from the place in the game, so an answer that is dropped changes nothing."""
    return seed_of(seed, game_number, ply, int(purpose == "hint"))
