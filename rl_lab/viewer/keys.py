"""Every key of the window in one table, which the window obeys and the help shows.

Keys have pygame's names ("a", "page up"). The keys of the layers are in view.LAYERS.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, replace

from rl_lab.viewer.stage import Stage
from rl_lab.viewer.view import LAYERS


@dataclass(frozen=True)
class Key:
    """What some keys do."""

    names: tuple[str, ...]
    command: str
    text: str


GROUPS: dict[str, tuple[Key, ...]] = {
    "Play": (
        Key(("n",), "new", "New episode or game"),
        Key(("backspace",), "restart", "The same one from its start"),
        Key(("u",), "undo", "Take back a move"),
        Key(("r",), "redo", "Play it again"),
        Key(("p",), "pass", "Pass"),
        Key(("h",), "hint", "Ask an agent for advice"),
        Key(("c",), "swap", "Change sides"),
        Key(("x",), "resign", "Resign (press twice)"),
        Key(("k",), "save", "Save it to a file"),
    ),
    "Watch": (
        Key(("space",), "pause", "Hold, let go"),
        Key((".",), "step", "Half a turn of the loop"),
        Key(("return",), "stop", "The agent answers now"),
        Key(("up",), "faster", "Faster"),
        Key(("down",), "slower", "Slower"),
        Key(("l",), "again", "Watch on after the end"),
        Key(("left", "[", "page up"), "back", "Look back"),
        Key(("right", "]", "page down"), "forward", "Look forward, step"),
        Key(("home",), "first", "To the start"),
        Key(("end",), "last", "To the present"),
    ),
    "Window": (
        Key(("v",), "layers", "Thoughts on the board"),
        Key(("b",), "panel", "Loop, state, search tree"),
        Key(("tab",), "focus", "The other of two episodes"),
        Key(("t",), "theme", "Light, dark"),
        Key(("f11",), "fullscreen", "Full screen"),
        Key(("f12", "s"), "screenshot", "Save a picture"),
        Key(("g",), "record", "Record; stop, write a film"),
        Key(("m",), "sound", "Sound"),
        Key(("f1", "?"), "help", "These keys"),
        Key(("escape",), "escape", "To the present; close"),
    ),
}
MOST_ACTIONS = 18  # that the help has lines for
PACE = {"pause", "step", "faster", "slower", "again"}  # where nobody plays by hand
COMMANDS = {name: key.command for group in GROUPS.values() for key in group for name in key.names}
COMMANDS |= {layer.key: f"layer {name}" for name, layer in LAYERS.items()}
COMMANDS |= {"keypad enter": "stop", "enter": "stop"}

DIRECTIONS = {
    "up": ("up", "w"),
    "right": ("right", "d"),
    "down": ("down", "s"),
    "left": ("left", "a"),
    "stay": ("space",),
}
WORDS = {"north": "up", "east": "right", "south": "down", "west": "left", "none": "stay", "nothing": "stay"}
WORDS |= {"noop": "stay", "wait": "stay", "main": "up", **{name: name for name in DIRECTIONS}}


def shown_groups(stage: Stage, acting: Mapping[str, int], count: int = 1) -> dict[str, tuple[Key, ...]]:
    """The keys that make sense on that stage, or `count` stages; `acting` are those by which a person acts."""
    commands = {"new", "restart", "save"} if len(stage.seats) == 1 or not stage.has_human else set(COMMANDS.values())
    commands |= {"undo", "redo"} if stage.can_undo else set()
    commands |= {"hint"} if stage.has_human else set()
    watching = set(COMMANDS.values()) - (PACE if stage.has_human else set())
    if stage.is_record:
        commands, watching = {"restart"}, watching - {"again", "stop"}
    groups = {"Play": _those(GROUPS["Play"], commands, acting)}
    if acting:
        groups["Act"] = tuple(
            Key(tuple(name for name in acting if acting[name] == action), f"action {action}", stage.action_name(action))
            for action in range(min(stage.num_actions, MOST_ACTIONS))
        )
    groups["Watch"] = _those(GROUPS["Watch"], watching, acting)
    looking = set(COMMANDS.values()) - ({"focus"} if count == 1 else set())
    layers = tuple(Key((layer.key,), f"layer {name}", f"Layer: {layer.name}") for name, layer in LAYERS.items())
    looking -= {"layer ownership"} if len(stage.seats) == 1 else set()
    return groups | {"Window": _those((*GROUPS["Window"], *layers), looking, acting)}


def _those(keys: tuple[Key, ...], commands: set[str], taken: Container[str]) -> tuple[Key, ...]:
    """The keys of these commands, without the names that mean something else."""
    left = (replace(key, names=tuple(name for name in key.names if name not in taken)) for key in keys)
    return tuple(key for key in left if key.command in commands and key.names)


def action_keys(stage: Stage) -> dict[str, int]:
    """The keys by which a person acts, and their actions; none in a game, whose board is clicked.

    Arrows and WASD where all actions have the names of directions, else digits as well.
    """
    if len(stage.seats) > 1 or not stage.has_human:
        return {}
    found: dict[str, list[int]] = {}
    for action in sorted(range(stage.num_actions), key=stage.action_name, reverse=True):
        words = stage.action_name(action).lower().replace("-", " ").split()
        directions = [WORDS[word] for word in words if word in WORDS]
        if len(directions) == 1:
            found.setdefault(directions[0], []).append(action)
    keys: dict[str, int] = {}
    for direction, actions in found.items():  # of "left 1.00" and "left 0.20" the arrow does the first, A the second
        keys |= dict(zip(DIRECTIONS[direction], (actions[0], actions[-1]), strict=False))
    if set(keys.values()) == set(range(stage.num_actions)):
        return keys
    return keys | {str(action): action for action in range(min(10, stage.num_actions))}
