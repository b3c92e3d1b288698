"""What people do to the loop: act, take back, hold, begin anew. The model behind the window, without graphics."""

from __future__ import annotations

from envs.errors import LabError
from rl_lab.viewer.frame import Phase
from rl_lab.viewer.loop import Loop, chosen, episode_seed, turn_seed

__all__ = ["SPEEDS", "Session", "chosen", "episode_seed", "turn_seed"]

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 16.0)


class Session(Loop):
    """A loop that people look at and act in."""

    def new_game(self) -> None:
        """Starts another episode, with the same seats; what was recorded starts from its beginning."""
        if self.stage.is_record:
            self.stage.ply = 0
            self._arrive()
            return
        self._episode += 1
        self._restart()

    def go_to(self, ply: int) -> None:
        """Goes to that frame of a record, or the nearest it has, and holds there."""
        self.stage.ply = min(max(0, ply), len(self.stage.frames) - 1)
        self.paused = True
        self._arrive()

    @property
    def episode_seed(self) -> int:
        """What the chance of the present episode comes from."""
        return episode_seed(self.seed, self._episode)

    def restart(self) -> None:
        """Starts the same episode once more, with the same chance."""
        if self.stage.is_record:
            self.new_game()
        else:
            self._restart()

    def play(self, action: int) -> bool:
        """A person's move; False, with a message if the rules forbid it, when it is not played."""
        self._run_clock()
        if not self.stage.human_to_move:
            return False
        try:
            self.stage.act(action, None)
        except LabError as problem:
            self.message = str(problem)
            return False
        self._take_in_answer()
        return True

    def undo(self) -> bool:
        """Takes back to a person's last turn (one action where only agents play, and holds them)."""
        if not self.stage.undo():
            return False
        self.paused = not self.stage.has_human
        self._return()
        return True

    def redo(self) -> bool:
        """Plays again what was undone, up to a person's next turn; False if there is nothing."""
        if not self.stage.redo():
            return False
        self._return()
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

    def stop_thinking(self) -> None:
        """An agent in thought must answer at once, with the best it has found so far; one that cannot runs on."""
        self.worker.hurry()

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

    def _restart(self) -> None:
        try:
            self.stage.restart(self.episode_seed)
        except LabError as problem:
            self._hold(str(problem))
            return
        if self._failed:
            self._failed = self.paused = False
        self._heard = self.clock()
        self._begin_episode()

    def _retry(self) -> None:
        """Asks an agent again that broke."""
        player = self.stage.players[self.stage.to_play]
        if self.phase is Phase.THINK and not self.thinking and player.agent:
            self._enter(Phase.OBSERVE)
