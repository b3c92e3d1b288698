"""Which games exist. A new game is one file of rules, one class, and one line here."""

from __future__ import annotations

from envs.errors import LabError
from envs.games.connect_four import ConnectFour
from envs.games.game import Game
from envs.games.go.game import Go
from envs.games.tic_tac_toe import TicTacToe
from envs.spec import Spec, build, unknown_name

GAMES: dict[str, type[Game]] = {cls.name: cls for cls in (Go, ConnectFour, TicTacToe)}


def make_game(spec: str) -> Game:
    """The game a spec string names, e.g. "go:size=5,komi=24.5"; raises LabError with what exists if it names none."""
    parsed = Spec.parse(spec)
    if parsed.name not in GAMES:
        raise unknown_name("game", parsed.name, GAMES)
    if parsed.path:
        raise LabError(f"'{spec}' has a part that is not key=value: '{parsed.path}'.")
    return build(GAMES[parsed.name], dict(parsed.options), f"game '{parsed.name}'")
