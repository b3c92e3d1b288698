"""What an agent thinks of one position: its moves with the lines of play they begin, and how the game will end.

How a game of territory will end an agent tells by its net, if it has one that can; for any other agent random games to
the end do, in which no player fills an own eye.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agents.agent import Agent, Decision
from agents.search.player import SearchAgent
from envs.chance import Seeds, branch_seeds
from envs.games.game import States, TerritoryGame, player_sign


@dataclass(frozen=True)
class MoveInfo:
    """What is known of a move; the value is from the side to move, in [-1, 1]."""

    action: int
    visits: int
    value: float
    prior: float
    line: list[int]
    """The play expected from here, the move itself the first."""


@dataclass(frozen=True)
class Outlook:
    """How a game is expected to end."""

    ownership: NDArray[np.floating]
    """[H, W], +1 player 0's, -1 player 1's."""
    lead: float
    """Player 0's score minus player 1's, komi included."""
    spread: float | None = None
    """Its standard deviation over random games; None where a net tells, which says nothing of it."""


def move_infos(decision: Decision, forbidden: Sequence[int] = ()) -> list[MoveInfo]:
    """The moves that a decision about one state has tried, and the one that it chose, the best first; without a search
    those it might have played, with one visit each."""
    chosen, policy = int(decision.action[0]), decision.policy[0]
    visits = (policy > 0).astype(np.int32) if decision.visits is None else decision.visits[0]
    prior = policy if decision.prior is None else decision.prior[0]
    q = np.full(len(policy), np.nan) if decision.q is None else decision.q[0]
    value = np.where(np.isfinite(q), q, decision.value[0])
    lines = decision.lines[0] if decision.lines else {}
    looked_at = visits > 0
    looked_at[chosen] = True  # a level of the zoo may draw a move that its search has not tried
    tried = [int(action) for action in np.flatnonzero(looked_at) if action not in forbidden]
    tried.sort(key=lambda a: (-visits[a], a != chosen, -policy[a], -value[a], a))
    return [MoveInfo(a, int(visits[a]), float(value[a]), float(prior[a]), lines.get(a, [a])) for a in tried]


def outlooks(agent: Agent, game: TerritoryGame, states: States, seed: Seeds, playouts: int) -> list[Outlook]:
    """The agent's outlooks of n positions: its net's if it has one that tells, else those of random games."""
    running = ~states["terminated"]
    told = agent.territory(states[running]) if isinstance(agent, SearchAgent) and running.any() else None
    if told is None:
        return [playout_outlook(game, states[i : i + 1], seed, playouts) for i in range(len(states))]
    sign = player_sign(states["to_play"][running])
    owners, leads = told.ownership * sign[:, None, None], told.score * sign
    by_net = [Outlook(owner, float(lead)) for owner, lead in zip(owners, leads, strict=True)]
    return [
        by_net.pop(0) if going else playout_outlook(game, states[i : i + 1], seed, 1) for i, going in enumerate(running)
    ]


def playout_outlook(game: TerritoryGame, states: States, seed: Seeds, playouts: int) -> Outlook:
    """How random games from a position, a batch of one, end on the average; `seed` [1] is not advanced."""
    ends = np.repeat(states, playouts)
    game.playout(ends, branch_seeds(seed.repeat(playouts), np.arange(playouts)))
    margins = game.margin(ends)
    return Outlook(game.ownership(ends).mean(axis=0), float(margins.mean()), float(margins.std()))
