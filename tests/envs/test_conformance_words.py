"""check_game must fail for a game that breaks the contract: here are right games made wrong in one place.

Every broken game is a small subclass, and the message shows that the check meant for it caught it. Here:
dtypes, names, diagrams, scenes, specs and territory.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from envs.games.conformance import check_game
from envs.games.connect_four import ConnectFour
from envs.games.game import Game, States
from envs.games.go.game import Go
from envs.games.scene import Scene
from envs.games.tic_tac_toe import TicTacToe


def test_a_right_territory_game_passes() -> None:
    check_game(Go(size=3))  # the other games' own tests check theirs


class HasNoHeader(TicTacToe):
    state_dtype = np.dtype([("to_play", "i1"), ("ply", "i2")])


class StartsAtOne(TicTacToe):
    def init(self, n: int) -> States:
        states = super().init(n)
        states["ply"] = 1
        return states


class MindsTheCase(TicTacToe):
    def parse_action(self, text: str) -> int:
        return super().parse_action(text) if text.isupper() else -1


class ReadsAnything(ConnectFour):
    def parse_action(self, text: str) -> int:
        return int(text) - 1 if text.isdigit() else 0


class WritesWhatItCannotRead(TicTacToe):
    def text(self, state: np.void) -> str:
        return super().text(state).replace("X", "#")


class ReadsAnEmptyBoard(TicTacToe):
    def parse_text(self, diagram: str) -> States:
        return self.init(len(super().parse_text(diagram)))


class ForgetsWhoIsToPlay(ConnectFour):
    def text(self, state: np.void) -> str:
        return "\n".join(super().text(state).splitlines()[:-1])

    def parse_text(self, diagram: str) -> States:
        states = super().parse_text(diagram)
        states["to_play"] = 0
        return states


class ForbidsTheCentreInDiagrams(TicTacToe):
    def legal_mask(self, states: States) -> Any:
        mask = super().legal_mask(states)
        mask[states["ply"] == 0, 4] = False
        return mask

    def parse_text(self, diagram: str) -> States:
        states = super().parse_text(diagram)
        states["ply"] = 0
        return states


class EndsGamesInDiagrams(TicTacToe):
    def text(self, state: np.void) -> str:
        return "\n".join(super().text(state).splitlines()[:-1])

    def parse_text(self, diagram: str) -> States:
        states = super().parse_text(diagram)
        states["terminated"] = True
        return states


class Redrawn(ConnectFour):
    """A game whose action spots are not where they should be."""

    def spots(self, spots: dict[int, Any]) -> dict[int, Any]:
        raise NotImplementedError

    def scene(self, state: np.void) -> Scene:
        scene = super().scene(state)
        return replace(scene, action_spots=self.spots(scene.action_spots))


class DrawsOutside(Redrawn):
    def spots(self, spots: dict[int, Any]) -> dict[int, Any]:
        return {action: (x + 0.5, y, w, h) for action, (x, y, w, h) in spots.items()}


class DrawsInOnePlace(Redrawn):
    def spots(self, spots: dict[int, Any]) -> dict[int, Any]:
        return dict.fromkeys(spots, spots[0])


class DrawsAColumnTooMany(Redrawn):
    def spots(self, spots: dict[int, Any]) -> dict[int, Any]:
        return {7: spots[0]}


class DrawsNoSpots(Redrawn):
    def spots(self, spots: dict[int, Any]) -> dict[int, Any]:
        return {}


class BearsAnotherName(TicTacToe):
    spec = "connect_four"


class ScoresForTheOther(Go):
    def margin(self, states: States) -> Any:
        return -super().margin(states)


class OwnsTwice(Go):
    def ownership(self, states: States) -> Any:
        return 2 * super().ownership(states)


BROKEN = [
    (HasNoHeader(), "the state dtype must begin with"),
    (StartsAtOne(), "a fresh state must have ply 0"),
    (MindsTheCase(), "parse_action\\('a3'\\) must be 0"),
    (ReadsAnything(), "parse_action must raise LabError for nonsense"),
    (WritesWhatItCannotRead(), "parse_text refuses what text wrote"),
    (ReadsAnEmptyBoard(), "the diagram changes when read back"),
    (ForgetsWhoIsToPlay(), "parse_text changes who is to play"),
    (ForbidsTheCentreInDiagrams(), "parse_text forbids a legal action"),
    (EndsGamesInDiagrams(), "parse_text ends a running game"),
    (DrawsOutside(), "the spot of action 6 is not inside the scene"),
    (DrawsInOnePlace(), "the spot of action 1 is another's"),
    (DrawsAColumnTooMany(), "has a spot for 7, which is no action"),
    (DrawsNoSpots(), "action 0 has a place but no spot"),
    (BearsAnotherName(), "makes another game: ConnectFour"),
    (ScoresForTheOther(size=3), "the sign of the margin must be the outcome"),
    (OwnsTwice(size=3), "ownership must be -1, 0 or 1"),
]


@pytest.mark.parametrize(("game", "message"), BROKEN, ids=lambda case: type(case).__name__)
def test_a_broken_game_fails(game: Game, message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        check_game(game)
