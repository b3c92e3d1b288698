"""What a person at the window can do and is looking at: named commands over sessions. No graphics."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from envs.errors import LabError
from rl_lab.viewer.buttons import Button, buttons
from rl_lab.viewer.compare import Sessions
from rl_lab.viewer.keys import COMMANDS, action_keys
from rl_lab.viewer.notes import Notes
from rl_lab.viewer.session import SPEEDS, Session
from rl_lab.viewer.stage import Stage
from rl_lab.viewer.theme import DARK, LIGHT, Theme
from rl_lab.viewer.view import DEFAULT_LAYERS, LAYERS, PANELS, View, capture

MANY_ACTIONS = 6  # a world with more of them has no button for each

SaveGame = Callable[[Stage], Path]
"""Writes the episode on a stage to a file (an SGF, for Go) and says which."""


class Desk:
    """One session or two, and how they are looked at: which frame, which layers, which theme."""

    def __init__(
        self,
        session: Session,
        theme: Theme = LIGHT,
        layers: frozenset[str] = DEFAULT_LAYERS,
        save_game: SaveGame | None = None,
        against: Session | None = None,
    ) -> None:
        """`against`: a second session, on the same seed, to be shown beside the first."""
        self.sessions = Sessions(session, against)
        self.theme, self.layers, self.save_game = theme, layers, save_game
        self._wanted = layers or DEFAULT_LAYERS
        self.panel = next(iter(PANELS))
        self.button_actions = _button_actions(session.stage)
        """The actions that have a button: those without a place on the board, such as a pass."""
        self.action_keys = action_keys(session.stage)
        """The keys by which a person acts."""
        self.index: int | None = None
        """The frame looked at; None follows the game."""
        self.hover: int | None = None
        """The legal action under the pointer."""
        self.help = self.sound = self.recording = self.closed = False
        self._notes = Notes()
        self._commands = self._all_commands()

    @property
    def session(self) -> Session:
        """The session that is looked at closely."""
        return self.sessions.focused

    def do(self, command: str) -> None:
        """Carries out a command by its name; an unknown name does nothing.

        "action 7" plays action 7, "layer q" switches that layer.
        """
        name, _, argument = command.partition(" ")
        self._notes.withdraw(but=command)
        if name == "action":
            self.play(int(argument))
        elif name == "layer" and argument in LAYERS:
            self.layers ^= {argument}
        elif command in self._commands:
            if command in ("new", "restart", "undo", "redo", "swap", "resign"):
                self.index = None
            self._commands[command]()
            self.hover = None

    def command_of(self, key: str) -> str:
        """The command that a key stands for, by its name; "" for none."""
        if key in self.action_keys:
            return f"action {self.action_keys[key]}"
        return COMMANDS.get(key, "")

    def play(self, action: int) -> None:
        """A person's move; while the past is looked at, it only brings the present back."""
        if self.index is None:
            self.session.play(action)
            self.hover = None
        self.index = None

    def look_at(self, index: int | None) -> None:
        """Shows the frame of a ply; the newest one, and None, follow the game. A record goes there."""
        ply = self.session.stage.ply
        if self.session.stage.is_record:
            self.session.go_to(len(self.session.stage.frames) if index is None else index)
            return
        self.index = None if index is None or index >= ply else max(0, index)

    def say(self, note: str) -> None:
        """Shows a note above the board for a while."""
        self._notes.say(note)

    @property
    def note(self) -> str:
        """The note, while it is to be read."""
        return self._notes.text

    @property
    def confirming(self) -> str:
        """The command that a second press would carry out: "resign" or "escape"; "" for none."""
        return self._notes.asked

    def update(self) -> bool:
        """Lets the sessions go on; True if something changed. People who look back are not torn away from it."""
        return self.sessions.update(stay=self.index is not None)

    @property
    def changing(self) -> bool:
        """Whether something that is shown will change by itself before long."""
        return bool(self.note or self.confirming) or (self.sessions.again and self.sessions.over)

    def view(self) -> View:
        """What the panels show now."""
        return capture(self.session, self.layers, self.index, self.hover, self.note, self.panel)

    def beside(self) -> View | None:
        """What the second board shows now; None without one."""
        other = self.sessions.beside
        return None if other is None else capture(other, self.layers, self.index, panel=self.panel)

    def buttons(self) -> list[Button]:
        """The buttons that make sense in this session, with their present texts."""
        return buttons(self)

    @property
    def other_theme(self) -> Theme:
        """The theme that a switch leads to."""
        return DARK if self.theme is LIGHT else LIGHT

    def _all_commands(self) -> dict[str, Callable[[], object]]:
        each = self.sessions.each
        return {
            "new": lambda: each(Session.new_game),
            "restart": lambda: each(Session.restart),
            "undo": self.sessions.undo,
            "redo": lambda: each(Session.redo),
            "step": lambda: each(Session.step),
            "stop": lambda: each(Session.stop_thinking),
            "pause": self.sessions.toggle_pause,
            "resign": self._resign,
            "swap": self._swap,
            "hint": lambda: self.session.ask_hint(),
            "pass": self._pass,
            "speed": lambda: self._change_speed(1, around=True),
            "faster": lambda: self._change_speed(1),
            "slower": lambda: self._change_speed(-1),
            "again": self._again,
            "focus": self.sessions.focus_next,
            "layers": self._toggle_layers,
            "panel": self._next_panel,
            "theme": self._next_theme,
            "help": self._toggle_help,
            "back": lambda: self.look_at(self._shown - 1),
            "forward": self._forward,
            "first": lambda: self.look_at(0),
            "last": lambda: self.look_at(None),
            "save": self._save,
            "escape": self._escape,
        }

    @property
    def _shown(self) -> int:
        return self.session.stage.ply if self.index is None else self.index

    def _resign(self) -> None:
        """Asks once more, since the key is near others."""
        stage = self.session.stage
        if stage.over or not stage.has_human or len(stage.seats) < 2:
            return
        if self._notes.confirmed("resign", "Press again to resign."):
            self.session.resign()

    def _swap(self) -> None:
        if len(self.session.stage.seats) == 2:
            self.session.swap_sides()

    def _pass(self) -> None:
        """Plays the first legal action that has a button in a game."""
        stage = self.session.stage
        legal = stage.legal_actions(stage.frame) if len(stage.seats) == 2 else []
        for action in self.button_actions:
            if action in legal:
                self.play(action)
                return

    def _forward(self) -> None:
        if self.index is None:
            self.sessions.each(Session.step)
        else:
            self.look_at(self.index + 1)

    def _change_speed(self, by: int, around: bool = False) -> None:
        at = SPEEDS.index(self.session.speed) + by
        speed = SPEEDS[at % len(SPEEDS) if around else min(len(SPEEDS) - 1, max(0, at))]
        for session in self.sessions.all:
            session.speed = speed

    def _again(self) -> None:
        if self.session.stage.has_human or self.session.stage.is_record:
            return
        self.sessions.again = not self.sessions.again
        self.say("New episodes begin by themselves." if self.sessions.again else "The end of this episode stays.")

    def _toggle_layers(self) -> None:
        """None, or those that were shown before."""
        self._wanted = self.layers or self._wanted
        self.layers = frozenset() if self.layers else self._wanted

    def _next_panel(self) -> None:
        panels = list(PANELS)
        self.panel = panels[(panels.index(self.panel) + 1) % len(panels)]

    def _next_theme(self) -> None:
        self.theme = self.other_theme

    def _toggle_help(self) -> None:
        self.help = not self.help

    def _save(self) -> None:
        if self.save_game is None:
            self.say("Nothing can be saved here; G records a film.")
            return
        try:
            path = self.save_game(self.session.stage)
            self.say(f"Saved {path} ('rl-lab replay' shows it)")
        except (OSError, LabError) as problem:
            self.say(f"The game could not be saved: {problem}")

    def _escape(self) -> None:
        """Out of the help, back to the present, out of the window: one at a time.

        A game that a person has begun is not thrown away before a second press.
        """
        stage = self.session.stage
        if self.help:
            self.help = False
        elif self.index is not None:
            self.index = None
        else:
            begun = stage.has_human and len(stage.seats) == 2 and stage.ply > 0 and not stage.over
            self.closed = not begun or self._notes.confirmed("escape", "Press Escape again to leave the game.")


def _button_actions(stage: Stage) -> list[int]:
    """In a game what has no place on the board; in a world all actions if they are few, since places move there."""
    if len(stage.seats) == 1:
        return list(range(stage.num_actions)) if stage.num_actions <= MANY_ACTIONS else []
    return sorted(set(range(stage.num_actions)) - set(stage.scene(stage.frame).action_spots))
