"""The board games, made by name: `make_game("go:size=5,komi=24.5")`."""

from envs.games.game import Game, TerritoryGame
from envs.games.registry import GAMES, make_game

__all__ = ["GAMES", "Game", "TerritoryGame", "make_game"]
