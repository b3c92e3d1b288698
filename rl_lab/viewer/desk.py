"""What a person at the window can do and is looking at: named commands over a session. No graphics."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from envs.errors import LabError
from rl_lab.viewer.session import SPEEDS, Session
from rl_lab.viewer.stage import Stage
from rl_lab.viewer.theme import DARK, LIGHT, Theme
from rl_lab.viewer.view import ALL_LAYERS, View, capture

NOTE_SECONDS = 5.0
LAYERS: dict[frozenset[str], str] = {
    ALL_LAYERS: "all",
    frozenset({"policy"}): "policy",
    frozenset({"visits"}): "visits",
    frozenset(): "off",
}

SaveGame = Callable[[Stage], Path]
"""Writes the episode on a stage to a file (an SGF, for Go) and says which."""


@dataclass(frozen=True)
class Button:
    """A button: the command it stands for, its text, and what it does in a few words with its key."""

    command: str
    text: str
    tip: str


class Desk:
    """A session, and how it is looked at: which frame, which layers, which theme."""

    def __init__(
        self,
        session: Session,
        theme: Theme = LIGHT,
        layers: frozenset[str] = ALL_LAYERS,
        save_game: SaveGame | None = None,
    ) -> None:
        self.session, self.theme, self.layers, self.save_game = session, theme, layers, save_game
        spots = session.stage.scene(session.stage.frame).action_spots
        self.offboard_actions = sorted(set(range(session.stage.num_actions)) - set(spots))
        """The actions without a place on the board, such as a pass."""
        self.index: int | None = None
        """The frame looked at; None follows the game."""
        self.hover: int | None = None
        """The legal action under the pointer."""
        self.closed = False
        self._note, self._note_until = "", 0.0
        self._commands: dict[str, Callable[[], object]] = {
            "new": session.new_game,
            "undo": session.undo,
            "redo": session.redo,
            "resign": session.resign,
            "swap": session.swap_sides,
            "hint": session.ask_hint,
            "pause": session.toggle_pause,
            "step": session.step,
            "pass": self._pass,
            "speed": lambda: self._change_speed(1, around=True),
            "faster": lambda: self._change_speed(1),
            "slower": lambda: self._change_speed(-1),
            "layers": self._next_layers,
            "theme": self._next_theme,
            "back": lambda: self.look_at(self._shown - 1),
            "forward": self._forward,
            "first": lambda: self.look_at(0),
            "last": lambda: self.look_at(None),
            "save": self._save,
            "escape": self._escape,
        }

    def do(self, command: str) -> None:
        """Carries out a command by its name; "action 7" plays action 7. An unknown name does nothing."""
        if command.startswith("action "):
            self.play(int(command.removeprefix("action ")))
        elif command in self._commands:
            if command in ("new", "undo", "redo", "swap", "resign"):
                self.index = None
            self._commands[command]()
            self.hover = None

    def play(self, action: int) -> None:
        """A person's move; while the past is looked at, it only brings the present back."""
        if self.index is None:
            self.session.play(action)
            self.hover = None
        self.index = None

    def look_at(self, index: int | None) -> None:
        """Shows the frame of a ply; the newest one, and None, follow the game."""
        ply = self.session.stage.ply
        self.index = None if index is None or index >= ply else max(0, index)

    def say(self, note: str) -> None:
        """Shows a note above the board for a while."""
        self._note, self._note_until = note, time.monotonic() + NOTE_SECONDS

    @property
    def note(self) -> str:
        """The note, while it is to be read."""
        return self._note if time.monotonic() < self._note_until else ""

    def view(self) -> View:
        """What the panels show now."""
        return capture(self.session, self.layers, self.index, self.hover, self.note)

    def buttons(self) -> list[Button]:
        """The buttons that make sense in this session, with their present texts."""
        session, other_theme = self.session, self._other_theme.name.capitalize()
        if session.stage.has_human:
            made = [Button("new", "New", "New game (N)"), Button("undo", "Undo", "Take back your last move (U)")]
            made.append(Button("redo", "Redo", "Play again what was taken back (R)"))
            for action in self.offboard_actions:
                name = session.stage.action_name(action)
                made.append(Button(f"action {action}", name.capitalize(), f"Play {name} (P)"))
            made.append(Button("resign", "Resign", "Give up; undo takes it back"))
            made.append(Button("hint", "Hint", "Ask the agent what it would play (H)"))
            made.append(Button("swap", "Sides", "Change sides with the other player"))
        else:
            made = [Button("new", "New", "New game (N)")]
            made.append(Button("pause", "Play" if session.paused else "Pause", "Hold or let go (space)"))
            made.append(Button("step", "Step", "Half a turn of the loop (full stop)"))
            made.append(Button("speed", f"Speed ×{session.speed:g}", "Slower and faster (down, up)"))
            made.append(Button("undo", "Undo", "Take one move back and hold (U)"))
        made.append(Button("layers", f"Thoughts: {LAYERS[self.layers]}", "Policy and visits on the board (V)"))
        made.append(Button("theme", other_theme, f"{other_theme} colours (T)"))
        made.append(Button("screenshot", "Picture", "Save a picture of the window (S)"))
        if self.save_game is not None:
            made.append(Button("save", "Save game", "Save the game so far to a file"))
        return made

    @property
    def _shown(self) -> int:
        return self.session.stage.ply if self.index is None else self.index

    @property
    def _other_theme(self) -> Theme:
        return DARK if self.theme is LIGHT else LIGHT

    def _pass(self) -> None:
        """Plays the first legal action that has no place on the board."""
        stage = self.session.stage
        legal = stage.legal_actions(stage.frame)
        for action in self.offboard_actions:
            if action in legal:
                self.play(action)
                return

    def _forward(self) -> None:
        if self.index is None:
            self.session.step()
        else:
            self.look_at(self.index + 1)

    def _change_speed(self, by: int, around: bool = False) -> None:
        at = SPEEDS.index(self.session.speed) + by
        self.session.speed = SPEEDS[at % len(SPEEDS) if around else min(len(SPEEDS) - 1, max(0, at))]

    def _next_layers(self) -> None:
        choices = list(LAYERS)
        self.layers = choices[(choices.index(self.layers) + 1) % len(choices)]

    def _next_theme(self) -> None:
        self.theme = self._other_theme

    def _save(self) -> None:
        if self.save_game is None:
            return
        try:
            self.say(f"Saved {self.save_game(self.session.stage)}")
        except (OSError, LabError) as problem:
            self.say(f"The game could not be saved: {problem}")

    def _escape(self) -> None:
        """Back to the present; from there, out."""
        self.closed = self.index is None
        self.index = None
