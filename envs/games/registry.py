"""Which games exist. A new game is one file of rules, one class, and one line here."""

from __future__ import annotations

from typing import Any

from envs.errors import LabError
from envs.games.connect_four import ConnectFour
from envs.games.game import Game
from envs.games.go.game import Go
from envs.games.hex.game import Hex
from envs.games.othello.game import Othello
from envs.games.tic_tac_toe import TicTacToe
from envs.spec import Spec, build, unknown_name, with_options

GAMES: dict[str, type[Game]] = {cls.name: cls for cls in (Go, Hex, Othello, ConnectFour, TicTacToe)}


def make_game(spec: str, **options: Any) -> Game:
    """The game a spec string names, e.g. "go:size=5,komi=24.5"; further options may be keyword arguments.

    make_game("go", board_size=5) is as good as a string (see envs.spec.with_options). Raises LabError, with what
    exists, for an unknown game or option.
    """
    parsed = with_options(Spec.parse(spec), options)
    if parsed.name not in GAMES:
        from envs.solo.registry import WORLDS  # late: the worlds are built on the games' foundations

        if parsed.name in WORLDS:
            raise LabError(f"'{parsed.name}' is a world for one agent, not a game for two: try 'rl-lab evaluate'.")
        raise unknown_name("game", parsed.name, GAMES)
    if parsed.path:
        raise LabError(f"'{spec}' has a part that is not key=value: '{parsed.path}'.")
    return build(GAMES[parsed.name], dict(parsed.options), f"game '{parsed.name}'")
