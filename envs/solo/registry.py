"""Which single-agent worlds exist. A new world is one file of rules, one class, and one line here."""

from __future__ import annotations

from typing import Any

from envs.errors import LabError
from envs.games.registry import GAMES
from envs.solo.catch import Catch
from envs.solo.maze import Maze
from envs.solo.skier import Skier
from envs.solo.snake import Snake
from envs.solo.world import World
from envs.spec import Spec, build, unknown_name, with_options

WORLDS: dict[str, type[World]] = {cls.name: cls for cls in (Catch, Snake, Maze, Skier)}


def make_world(spec: str, **options: Any) -> World:
    """The world a spec string names, e.g. "snake:size=6"; further options may be keyword arguments.

    make_world("snake", size=6) is as good as a string (see envs.spec.with_options). Raises LabError, with what exists,
    for an unknown world or option.
    """
    parsed = with_options(Spec.parse(spec), options)
    if parsed.name in GAMES:
        raise LabError(f"'{parsed.name}' is a game for two, and a world only with an opponent in the other seat.")
    if parsed.name not in WORLDS:
        raise unknown_name("world", parsed.name, WORLDS)
    if parsed.path:
        raise LabError(f"'{spec}' has a part that is not key=value: '{parsed.path}'.")
    return build(WORLDS[parsed.name], dict(parsed.options), f"world '{parsed.name}'")
