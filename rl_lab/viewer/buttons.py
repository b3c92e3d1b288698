"""The buttons that make sense in a session, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rl_lab.viewer.desk import Desk


@dataclass(frozen=True)
class Button:
    """A button: the command it stands for, its text, and what it does in a few words with its key."""

    command: str
    text: str
    tip: str
    rank: int = 0
    """Where a window is too narrow, the buttons of the highest rank make room; the help has them all."""


def buttons(desk: Desk) -> list[Button]:
    """From the left to the right, with their present texts."""
    return [*(_playing(desk) if desk.session.stage.has_human else _watching(desk)), *_looking(desk)]


def _playing(desk: Desk) -> list[Button]:
    stage = desk.session.stage
    made = [Button("new", "New", "New game (N)")]
    if stage.can_undo:
        made.append(Button("undo", "Undo", "Take back your last move (U)"))
        made.append(Button("redo", "Redo", "Play again what was taken back (R)", 2))
    keys = {action: key for key, action in reversed(desk.action_keys.items()) if not key.isdigit()}
    for action in desk.button_actions:
        name = stage.action_name(action)
        key = "P" if name == "pass" else keys.get(action, str(action) if desk.action_keys else "")
        made.append(Button(f"action {action}", name.capitalize(), f"Play {name}" + (f" ({key})" if key else "")))
    if len(stage.seats) > 1:
        made.append(
            Button("resign", "Sure?" if desk.confirming == "resign" else "Resign", "Press twice to give up (X)", 1)
        )
        made.append(Button("swap", "Sides", "Change sides with the other player (C)", 4))
    made.append(Button("hint", "Hint", "Ask an agent what it would do (H)"))
    made.append(Button("stop", "Now", "The agent answers at once with its best so far (Enter)", 3))
    return made


def _watching(desk: Desk) -> list[Button]:
    session, record = desk.session, desk.session.stage.is_record
    made = [
        Button("pause", "Play" if session.paused else "Pause", "Hold or let go (space)"),
        Button("step", "Step", "Half a turn of the loop (full stop)"),
        Button("speed", f"×{session.speed:g}", "Slower and faster (down, up)"),
    ]
    if record:  # it is what it is: nothing in it can be new or be taken back
        return [*made, Button("restart", "Restart", "Back to its start (backspace)", 2)]
    made.append(Button("new", "New", "New episode (N)"))
    made.append(Button("restart", "Restart", "The same episode from its start (backspace)", 2))
    if session.stage.can_undo:
        made.append(Button("undo", "Undo", "Take one move back and hold (U)", 3))
    made.append(Button("again", "Once" if desk.sessions.again else "Again", "New episodes by themselves (L)", 4))
    return made


def _looking(desk: Desk) -> list[Button]:
    other_theme = desk.other_theme.name.capitalize()
    made = [
        Button("layers", "Hide" if desk.layers else "Thoughts", "What the agent thinks, on the board (V)"),
        Button("panel", "View", "The loop, the state as the agent sees it, the search tree (B)"),
        Button("theme", other_theme, f"{other_theme} colours (T)", 3),
        Button("sound", "Quiet" if desk.sound else "Sound", "Sound on and off (M)", 6),
        Button("record", "Stop" if desk.recording else "Record", "Record what happens, and write a film (G)", 2),
        Button("screenshot", "Picture", "Save a picture of the window (F12)", 3),
    ]
    if desk.save_game is not None:
        made.append(Button("save", "Save", "Save the episode so far to a file (K)", 2))
    made.append(Button("help", "Keys", "All keys and what they do (F1)"))
    return made
