"""What leaves the window: pictures, films and sounds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pygame

from rl_lab.viewer import sound
from rl_lab.viewer.desk import Desk
from rl_lab.viewer.frame import Phase
from rl_lab.viewer.take import Take, free_path
from rl_lab.viewer.view import Look

FILM_SECONDS = 60.0  # how long a closing window waits for a film to be finished


class Output:
    """Writes what a desk shows into a folder, and lets it be heard."""

    def __init__(self, desk: Desk, folder: Path, wake: Callable[[], None]) -> None:
        """`wake` is called from another thread when there is something new to say."""
        self.desk, self.folder, self.wake = desk, folder, wake
        self._heard = self._moment()
        self._takes: list[Take] = []

    def screenshot(self, screen: pygame.Surface) -> Path:
        """Saves the picture of the window and says where."""
        path = free_path(self.folder, ".png")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            pygame.image.save(screen, path)
            self.desk.say(f"Saved {path}")
        except (OSError, pygame.error) as problem:
            self.desk.say(f"The picture could not be saved: {problem}")
        return path

    def record(self) -> None:
        """Starts a take, or ends the one that runs and writes it."""
        self.desk.recording = not self.desk.recording
        if self.desk.recording:
            self._takes = [take for take in self._takes if not take.join(0.0)]
            self._takes.append(Take([session.stage for session in self.desk.sessions.all]))
            self.desk.say("Recording. G once more ends it and writes the film.")
        else:
            self._write()

    def switch_sound(self) -> None:
        """Sound on or off."""
        self.desk.sound = not self.desk.sound
        if self.desk.sound and not sound.play("stone"):
            self.desk.sound = False
            self.desk.say("There is no device to play sounds on.")

    def listen(self) -> None:
        """Plays the sound of what has happened since the last time, if there should be any."""
        before, self._heard = self._heard, self._moment()
        if not self.desk.sound or before == self._heard:
            return
        if self._heard[1] and not before[1]:
            stage = self.desk.session.stage
            people = [seat for seat, player in enumerate(stage.players) if player.is_human]
            reward = stage.rewards[people[0]] if len(people) == 1 else 0.0
            sound.play("won" if reward > 0 else "lost" if reward < 0 else "over")
        elif self._heard[0] == before[0] + 1:
            sound.play("stone")

    def close(self) -> None:
        """Gives the device back, and finishes the films that are being made."""
        sound.quiet()
        if self.desk.recording:
            self.desk.recording = False
            self._write()
        for take in self._takes:
            take.join(FILM_SECONDS)

    def _write(self) -> None:
        look = Look(self.desk.theme, self.desk.layers, self.desk.panel)
        self._takes[-1].write(self.folder, look, self._tell)

    def _moment(self) -> tuple[int, bool]:
        session = self.desk.session
        return session.stage.ply, session.phase is Phase.OVER

    def _tell(self, note: str) -> None:
        self.desk.say(note)
        self.wake()
