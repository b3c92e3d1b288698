"""The boards of a run: its game, once for each size that is learned."""

from __future__ import annotations

from dataclasses import dataclass

from agents.alphazero.config import AlphaZeroConfig
from envs.games import make_game
from envs.games.game import Game
from envs.spec import Spec


@dataclass(frozen=True)
class Board:
    """A game of one size, and the share of all positions that are played of it."""

    game: Game
    share: float


def boards(config: AlphaZeroConfig) -> list[Board]:
    """The boards of a run, the largest last; raises LabError for a game, or a size of it, that does not exist."""
    if not config.size_shares:
        return [Board(make_game(config.game), 1.0)]
    spec = Spec.parse(config.game)
    others = tuple((key, value) for key, value in spec.options if key != "size")
    return [
        Board(make_game(Spec(spec.name, spec.path, (("size", str(size)), *others)).text), share)
        for size, share in config.size_shares.items()
    ]
