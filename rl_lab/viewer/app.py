"""Opens the window on a game: a person plays (`play`), or agents do and people look on (`watch`).

Games and agents are named by their spec strings; "human" takes a seat for a person.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from agents.agent import Agent
from envs.errors import LabError
from envs.games.game import Game
from envs.games.registry import make_game
from rl_lab.viewer.desk import Desk, SaveGame
from rl_lab.viewer.session import SPEEDS, Session
from rl_lab.viewer.table import Player
from rl_lab.viewer.theme import THEMES
from rl_lab.viewer.view import ALL_LAYERS

HUMAN = "human"
PLAY_TURN_SECONDS = 0.8  # against a person the loop turns faster than for people who look on


@dataclass(frozen=True)
class WindowOptions:
    """How the window looks and where it writes."""

    size: tuple[int, int] = (1280, 800)
    """Width and height in pixels; the window can be resized."""
    theme: str = "light"
    """Colours: light or dark."""
    folder: Path = Path()
    """Where screenshots go."""

    def __post_init__(self) -> None:
        if self.theme not in THEMES:
            raise LabError(f"theme must be one of {', '.join(THEMES)}, not '{self.theme}'.")


def play(
    game: str,
    seats: tuple[str, str],
    seed: int = 0,
    hint: str = "",
    options: WindowOptions | None = None,
    save_game: SaveGame | None = None,
) -> None:
    """Opens a window in which at least one seat is "human".

    `hint` names the agent that advises the person; without it the opponent does. Raises LabError for a wrong spec,
    or if there is no display.
    """
    if HUMAN not in seats:
        raise LabError(f"to play, one of the seats must be '{HUMAN}'; to look on, use watch.")
    world, options = make_game(game), options or WindowOptions()
    _check_seed(seed)
    require_display("rl-lab watch")
    adviser = _agent(hint, world) if hint else None
    session = Session(world, _players(seats, world), seed, adviser)
    session.turn_seconds = PLAY_TURN_SECONDS
    _show(session, options, save_game, layers=frozenset())


def watch(
    game: str,
    seats: tuple[str, str],
    seed: int = 0,
    speed: float = 1.0,
    headless: bool = False,
    record: Path | None = None,
    options: WindowOptions | None = None,
    save_game: SaveGame | None = None,
) -> None:
    """Opens a window in which two agents play each other.

    With `headless` no window opens, and `record` (.gif or .png) receives the same picture; without it, `record` is
    written when the window is closed. Raises LabError for a wrong spec or path, or if there is no display.
    """
    from rl_lab.viewer import record as recorder

    if HUMAN in seats:
        raise LabError(f"'{HUMAN}' cannot be watched; use play for a game with a person.")
    if headless and record is None:
        raise LabError("--headless needs --record FILE.gif or FILE.png, or nothing would be seen.")
    if record is not None:
        recorder.check_path(record)
    _check_seed(seed)
    if speed not in SPEEDS:
        raise LabError(f"speed must be one of {', '.join(f'{s:g}' for s in SPEEDS)}, not {speed:g}.")
    world, options = make_game(game), options or WindowOptions()
    if not headless:
        require_display("rl-lab watch")
    if headless and record is not None:
        first, second = (_agent(seat, world) for seat in seats)
        recorder.record_game(world, (first, second), record, seed, theme=THEMES[options.theme])
        return
    session = Session(world, _players(seats, world), seed)
    session.speed = speed
    _show(session, options, save_game)
    if record is not None:
        recorder.record_table(session.table, record, theme=THEMES[options.theme])


def seated(game: Game, opponent: str, seat: str) -> tuple[str, str]:
    """The seats of a game in which a person takes `seat`: a player's name such as "black", or "first" or "second"."""
    names = [name.lower() for name in game.player_names]
    for index, known in enumerate((("first", names[0]), ("second", names[1]))):
        if seat.lower() in known:
            return (HUMAN, opponent) if index == 0 else (opponent, HUMAN)
    raise LabError(f"seat must be {names[0]} or {names[1]}, not '{seat}'.")


def require_display(command: str) -> None:
    """Raises LabError if a window cannot be opened here; `command` is what can do without."""
    chosen = os.environ.get("SDL_VIDEODRIVER")
    if sys.platform.startswith("linux") and not (
        chosen or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        raise LabError(
            f"there is no display to open a window on; '{command} ... --headless --record game.gif' "
            "writes the same picture to a file."
        )


def _show(
    session: Session, options: WindowOptions, save_game: SaveGame | None, layers: frozenset[str] = ALL_LAYERS
) -> None:
    """Runs the window until it is closed; pygame is loaded only here."""
    import pygame

    from rl_lab.viewer.window import Window

    desk = Desk(session, THEMES[options.theme], layers, save_game)
    try:
        window = Window(desk, options.size, options.folder)
    except pygame.error as problem:
        session.close()
        raise LabError(f"the window could not be opened: {problem}.") from None
    window.run()


def _players(seats: tuple[str, str], game: Game) -> tuple[Player, Player]:
    first, second = (Player(HUMAN) if seat == HUMAN else _player(seat, game) for seat in seats)
    return first, second


def _check_seed(seed: int) -> None:
    if seed < 0:
        raise LabError(f"The seed must be 0 or more, not {seed}.")


def _player(spec: str, game: Game) -> Player:
    agent = _agent(spec, game)
    return Player(agent.name, agent)


def _agent(spec: str, game: Game) -> Agent:
    from agents.registry import make_agent

    return make_agent(spec, game)
