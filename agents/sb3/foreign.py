"""Names of environments that are not the lab's: Gymnasium ids, told apart from misspelt games and worlds. No torch."""

from __future__ import annotations

from importlib.util import find_spec

import gymnasium as gym

from envs.errors import LabError
from envs.games.registry import GAMES
from envs.solo.registry import WORLDS
from envs.spec import unknown_name


def check_foreign_name(env: str) -> None:
    """Raises LabError for what cannot be a Gymnasium id, "Name-v0" or "module:Name", so that it is a misspelt game.

    Nothing is loaded for it, not even the module, so it may be asked of a name that is still being written.
    """
    if env in gym.registry or "-v" in env or "/" in env:
        return
    name, colon, _ = env.partition(":")
    if not (colon and _is_module(name)):
        raise unknown_name("environment", name, [*GAMES, *WORLDS], "Gymnasium's ids such as CartPole-v1")


def foreign_id(env: str) -> str:
    """`env` itself, which is no game or world of the lab; raises LabError if Gymnasium does not know it either."""
    check_foreign_name(env)
    try:
        gym.spec(env)
    except (gym.error.Error, ImportError) as error:
        raise LabError(f"Gymnasium cannot make '{env}': {error}") from None
    return env


def _is_module(name: str) -> bool:
    """Whether Python would find it; of "a.b" only "a" is looked for, since finding b would load a."""
    top = name.partition(".")[0]
    try:
        return top.isidentifier() and find_spec(top) is not None
    except ValueError:  # a module such as __main__, which has no spec
        return False
