"""check_game must fail for a game that breaks the contract: here are right games made wrong in one place.

Every broken game is a small subclass, and the message shows that the check meant for it caught it. Here:
states, masks, observations, symmetries and playouts.
"""

from __future__ import annotations

from functools import cached_property
from itertools import count
from typing import Any

import numpy as np
import pytest

from envs.games.conformance import check_game
from envs.games.connect_four import ConnectFour
from envs.games.game import Game, States
from envs.games.tic_tac_toe import TicTacToe
from envs.parallel import get_num_threads


class TouchesFinishedRows(TicTacToe):
    def step(self, states: States, actions: Any) -> None:
        finished = states["terminated"].copy()
        super().step(states, actions)
        states["ply"][finished] += 1


class GivesTheWinToTheLoser(TicTacToe):
    def step(self, states: States, actions: Any) -> None:
        running = ~states["terminated"]
        super().step(states, actions)
        states["outcome"][running] *= -1


class KnowsTheOutcomeTooSoon(TicTacToe):
    def step(self, states: States, actions: Any) -> None:
        super().step(states, actions)
        states["outcome"][~states["terminated"]] = 1


class CountsRounds(ConnectFour):
    def step(self, states: States, actions: Any) -> None:
        super().step(states, actions)
        states["ply"] = states["ply"] // 2


class IsTooLong(TicTacToe):
    max_plies = 6


class LeaksTheMask(TicTacToe):
    def legal_mask(self, states: States) -> Any:
        return states["board"] == 0


class HasNoLastMove(TicTacToe):
    def legal_mask(self, states: States) -> Any:
        return super().legal_mask(states) & (states["ply"] < 8)[:, None]


class MasksWithNumbers(TicTacToe):
    def legal_mask(self, states: States) -> Any:
        return super().legal_mask(states).astype(np.uint8)


class MixesRows(ConnectFour):
    def step(self, states: States, actions: Any) -> None:
        super().step(states, np.where(states["ply"] == 2, actions[0], actions))


class ReachesOutside(TicTacToe):
    def step(self, states: States, actions: Any) -> None:
        super().step(states, actions)
        if states.base is not None and len(states.base) > len(states) > 1:
            states.base["ply"][0] += 1


class LooksTooHard(ConnectFour):
    def observe(self, states: States) -> Any:
        planes = super().observe(states)
        states["discs"][:, 0] = 0
        return planes


class ObservesInFloats(TicTacToe):
    def observe(self, states: States) -> Any:
        return super().observe(states).astype(np.float32)


class ObservesFromOneSide(TicTacToe):
    def observe(self, states: States) -> Any:
        as_x = states.copy()
        as_x["to_play"] = 0
        return super().observe(as_x)


class MapsTwoActionsToOne(ConnectFour):
    @cached_property
    def symmetry_actions(self) -> Any:
        return np.array([range(7), [6, 5, 4, 3, 2, 1, 1]])


class HasNoIdentity(ConnectFour):
    @cached_property
    def symmetry_actions(self) -> Any:
        return np.array([range(7)[::-1], range(7)])


class MapsActionsWrongly(ConnectFour):
    @cached_property
    def symmetry_actions(self) -> Any:
        return np.array([range(7), [5, 6, 4, 3, 2, 0, 1]])


class ForbidsACorner(TicTacToe):
    def legal_mask(self, states: States) -> Any:
        mask = super().legal_mask(states)
        mask[states["ply"] == 0, 0] = False
        return mask


class EndsInOneCorner(TicTacToe):
    def step(self, states: States, actions: Any) -> None:
        super().step(states, actions)
        states["terminated"] |= (states["ply"] == 5) & (states["board"][:, 0] != 0)

    def playout(self, states: States, seeds: Any, sensible: bool = True) -> None:
        while not states["terminated"].all():
            seeds *= np.uint64(6364136223846793005)
            seeds += np.uint64(1442695040888963407)
            draws = np.random.default_rng(int(seeds[0])).random(9)
            self.step(states, np.where(self.legal_mask(states), draws, -1).argmax(axis=1))

    def text(self, state: np.void) -> str:
        return "\n".join(super().text(state).splitlines()[:-1])


class PlaysOutOnePly(ConnectFour):
    def playout(self, states: States, seeds: Any, sensible: bool = True) -> None:
        self.step(states, self.legal_mask(states).argmax(axis=1))
        seeds += np.uint64(1)


class KeepsItsSeeds(ConnectFour):
    def playout(self, states: States, seeds: Any, sensible: bool = True) -> None:
        super().playout(states, seeds.copy())


class IgnoresItsSeeds(ConnectFour):
    def playout(self, states: States, seeds: Any, sensible: bool = True) -> None:
        seeds[:] = 2**40
        super().playout(states, seeds)


class RemembersPlayouts(ConnectFour):
    calls = count()

    def playout(self, states: States, seeds: Any, sensible: bool = True) -> None:
        seeds += np.uint64(next(self.calls))
        super().playout(states, seeds)


class SharesSeeds(ConnectFour):
    def playout(self, states: States, seeds: Any, sensible: bool = True) -> None:
        seeds += seeds[0]
        super().playout(states, seeds)


class PlaysOnAfterTheEnd(TicTacToe):
    def playout(self, states: States, seeds: Any, sensible: bool = True) -> None:
        finished = states["terminated"].copy()
        super().playout(states, seeds)
        states["board"][finished, 0] = 0


class PlaysOutForTheLoser(TicTacToe):
    def playout(self, states: States, seeds: Any, sensible: bool = True) -> None:
        running = ~states["terminated"]
        super().playout(states, seeds)
        states["outcome"][running] *= -1


class DrawsEveryPlayout(ConnectFour):
    def playout(self, states: States, seeds: Any, sensible: bool = True) -> None:
        running = ~states["terminated"]
        super().playout(states, seeds)
        states["outcome"][running] = 0


class MindsTheThreads(ConnectFour):
    def playout(self, states: States, seeds: Any, sensible: bool = True) -> None:
        if len(states) > 64:
            seeds += np.uint64(get_num_threads())
        super().playout(states, seeds)


class StartsEverySecondGameInTheMirror(ConnectFour):
    starts = count()

    def step(self, states: States, actions: Any) -> None:
        if len(states) == 64 and not states["ply"].any() and next(self.starts) % 2:
            actions = 6 - actions
        super().step(states, actions)


class DrawsAnyAction(TicTacToe):
    def random_actions(self, states: States, seeds: Any) -> Any:
        seeds += np.uint64(1)
        return np.zeros(len(states), np.int64)


class DrawsForgetfully(TicTacToe):
    def random_actions(self, states: States, seeds: Any) -> Any:
        return super().random_actions(states, seeds.copy())


class DrawsInCompany(TicTacToe):
    def random_actions(self, states: States, seeds: Any) -> Any:
        drawn = super().random_actions(states, seeds)
        return drawn if len(states) > 1 else self.legal_mask(states)[:, ::-1].argmax(axis=1)


BROKEN = [
    (DrawsAnyAction(), "random_actions drew an illegal action"),
    (DrawsForgetfully(), "random_actions must advance"),
    (DrawsInCompany(), "random_actions depends on the other rows"),
    (TouchesFinishedRows(), "step changed a finished row"),
    (GivesTheWinToTheLoser(), "parse_text refuses what text wrote"),
    (KnowsTheOutcomeTooSoon(), "outcome must be 0 while the game runs"),
    (CountsRounds(), "a step must add 1 to ply"),
    (IsTooLong(), "still running after max_plies"),
    (LeaksTheMask(), "allows an action in a finished game"),
    (HasNoLastMove(), "leaves a running game no action"),
    (MasksWithNumbers(), "legal_mask must be bool"),
    (MixesRows(), "step depends on the other rows"),
    (ReachesOutside(), "changed a row outside its batch"),
    (LooksTooHard(), "looking at a state changed it"),
    (ObservesInFloats(), "observe must be uint8"),
    (ObservesFromOneSide(), "the first plane must be the mover's pieces"),
    (MapsTwoActionsToOne(), "must be a permutation"),
    (HasNoIdentity(), "the first row of symmetry_actions must be the identity"),
    (MapsActionsWrongly(), "observe does not commute"),
    (ForbidsACorner(), "legal_mask does not commute"),
    (EndsInOneCorner(), "terminated does not commute"),
    (PlaysOutOnePly(), "a playout did not end its game"),
    (KeepsItsSeeds(), "a playout did not advance its seed"),
    (IgnoresItsSeeds(), "every seed gives the same playout"),
    (RemembersPlayouts(), "equal seeds gave different playouts"),
    (SharesSeeds(), "a playout depends on the rows beside it"),
    (PlaysOnAfterTheEnd(), "a playout changed a finished row"),
    (PlaysOutForTheLoser(), "a playout ends where no legal action does"),
    (DrawsEveryPlayout(), "parse_text refuses what text wrote"),
    (MindsTheThreads(), "playout depends on the number of threads"),
    (StartsEverySecondGameInTheMirror(), "the same actions led to another state"),
]


@pytest.mark.parametrize(("game", "message"), BROKEN, ids=lambda case: type(case).__name__)
def test_a_broken_game_fails(game: Game, message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        check_game(game)
