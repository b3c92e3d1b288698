"""An opponent that gives up instead of moving."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from agents.agent import Decision, Forfeit
from agents.scripted import GreedyAgent
from envs.chance import Seeds, seed_states
from envs.errors import LabError
from envs.faces.seated import Seated
from envs.games import make_game
from envs.games.game import Game, States


class GivesUp(GreedyAgent):
    """Gives up every second game."""

    def __init__(self, game: Game, reason: Any) -> None:
        super().__init__(game)
        self.forfeit = Forfeit(reason, "It has had enough.")

    def act(self, states: States, seeds: Seeds) -> Decision:
        decision = super().act(states, seeds)
        decision.forfeits = [self.forfeit if i % 2 else None for i in range(len(states))]
        return decision


def test_an_opponent_that_resigns_has_lost() -> None:
    game, n = make_game("tic_tac_toe"), 4
    world = Seated(game, (GivesUp(game, "resign"),), "first")
    states = world.init(seed_states(range(n)))
    boards = states["board"].copy()
    world.step(states, np.full(n, 4))
    assert states["terminated"].tolist() == [False, True, False, True]
    assert states["reward"].tolist() == [0, 1, 0, 1]
    assert (states["board"]["outcome"][1::2] == 1).all()
    # Its last move is not played: but for whose turn it is, the board is as the agent left it.
    game.step(boards, np.full(n, 4))
    assert (states["board"]["ply"][1::2] == 1).all()
    assert np.array_equal(game.observe(states["board"])[1::2, 0], game.observe(boards)[1::2, 1])


def test_an_opponent_that_breaks_down_is_no_victory() -> None:
    game = make_game("tic_tac_toe")
    world = Seated(game, (GivesUp(game, "crash"),), "first")
    states = world.init(seed_states(range(2)))
    with pytest.raises(LabError, match=r"The opponent failed \(crash\): It has had enough."):
        world.step(states, np.full(2, 4))
