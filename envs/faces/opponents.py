"""Who may sit in the other seat of a board game, and what is asked of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from envs.chance import Seeds
from envs.errors import IllegalAction, LabError
from envs.games.game import Game, States


class Surrender(Protocol):
    """Why a player gives up a game (agents.agent.Forfeit)."""

    @property
    def reason(self) -> str:
        """ "resign", or what has gone wrong."""

    @property
    def detail(self) -> str:
        """What happened, in one sentence."""


class Choice(Protocol):
    """What an opponent decided; an agent's Decision is one."""

    @property
    def action(self) -> NDArray[Any]:
        """[n], legal in their states."""

    @property
    def forfeits(self) -> Sequence[Surrender | None] | None:
        """For each state why the opponent gives up, None where it acts; None altogether: it acts in all of them."""


@dataclass(frozen=True)
class Moves:
    """Actions and nothing else."""

    action: NDArray[Any]
    forfeits: None = None


class Opponent(Protocol):
    """Whoever sits in the other seat; every Agent of the lab is one."""

    def choose(self, states: States, seeds: Seeds) -> Choice:
        """Decides for n unfinished states; seeds (uint64[n], advanced in place) are the rows' chance.

        As in Game.step nothing is checked: the actions must be legal and the states left as they are. Checked(...)
        makes sure of both.
        """

    def reset(self) -> None:
        """Forgets any memory of games in progress."""


class Outsider(Protocol):
    """An opponent from elsewhere, not trusted to keep the rules."""

    def act(self, states: States, seeds: Seeds) -> Any:
        """As Opponent.choose; `action` of what it returns are its actions."""

    def reset(self) -> None:
        """Forgets any memory of games in progress."""


@dataclass(frozen=True)
class Checked:
    """An opponent from elsewhere: it gets a copy of the states, and IllegalAction is raised if it breaks the rules."""

    opponent: Outsider
    game: Game

    def choose(self, states: States, seeds: Seeds) -> Choice:
        """See Opponent.choose."""
        actions = np.asarray(self.opponent.act(states.copy(), seeds).action)
        if actions.shape != states.shape or not np.issubdtype(actions.dtype, np.integer):
            raise IllegalAction(f"The opponent must choose {len(states)} actions as whole numbers, not {actions!r}.")
        inside = (actions >= 0) & (actions < self.game.num_actions)
        legal = inside & self.game.legal_mask(states)[np.arange(len(states)), np.where(inside, actions, 0)]
        if not legal.all():
            raise IllegalAction(f"The opponent chose {int(actions[legal.argmin()])}, which is not legal there.")
        return Moves(actions)

    def reset(self) -> None:
        """See Opponent.reset."""
        self.opponent.reset()


def resigned(forfeits: Sequence[Surrender | None]) -> NDArray[np.bool_]:
    """Where an opponent resigned. Shape [n]. Raises LabError if one gave up for any other reason: it is broken."""
    for forfeit in forfeits:
        if forfeit is not None and forfeit.reason != "resign":
            raise LabError(f"The opponent failed ({forfeit.reason}): {forfeit.detail}")
    return np.array([forfeit is not None for forfeit in forfeits])
