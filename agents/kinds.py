"""What a kind of agent is, and which there are: the table that `register` fills. No heavy imports: a package registers
its agents when it is imported, long before one of them is made."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from envs.errors import LabError

if TYPE_CHECKING:
    from agents.agent import Agent

BOARD_GAMES, WORLDS = "board games", "single-agent worlds"


@dataclass(frozen=True)
class AgentKind:
    """How one kind of agent is made."""

    usage: str
    """The spec as a user writes it, with its defaults."""
    meaning: str
    """What it is, in one line."""
    options: type[Any]
    """The dataclass of its options."""
    make: Callable[[Any, str, Any], Agent]
    """Takes the game or world, the spec's path and an instance of `options`."""
    plays: tuple[str, ...] = (BOARD_GAMES,)
    """What it can act in: BOARD_GAMES, WORLDS, or names of games and worlds."""
    path: Literal["none", "optional", "needed"] = "none"
    """Whether its spec holds a path, as in `alphazero:PATH`, or a name in its place."""
    takes_command: bool = False
    """Whether its path is a whole command line (see parse_command_spec)."""


AGENTS: dict[str, AgentKind] = {}
"""All kinds by name; agents/registry.py adds those of its floor."""


def register(name: str, kind: AgentKind) -> None:
    """Adds a kind of agent: `name` in a spec means it from now on, in tournaments, in the window, everywhere.

    For packages that bring agents of their own: call it when the package is imported, and keep `kind.make` light, it
    should import late what is heavy. To register an equal kind once more changes nothing. Raises LabError if the name
    is taken by another kind, or could not stand in a spec.
    """
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", name):
        raise LabError(f"An agent's name is a letter, then letters, digits, '_' or '-'; '{name}' is none.")
    if AGENTS.setdefault(name, kind) != kind:
        raise LabError(f"There is an agent '{name}' already ({AGENTS[name].meaning}); register yours by another name.")
