"""Opens the window on an environment: a person plays (`play`), or agents do and people look on (`watch`).

Environments and agents are named by their spec strings, or by Gymnasium ids; "human" takes a seat for a person.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from envs.errors import LabError
from envs.games.game import Game
from rl_lab.viewer.desk import Desk
from rl_lab.viewer.session import SPEEDS, Session
from rl_lab.viewer.staging import HUMAN, make_env, make_seated_agent, make_stage
from rl_lab.viewer.theme import THEMES
from rl_lab.viewer.view import ALL_LAYERS

PLAY_TURN_SECONDS = 0.8  # against a person the loop turns faster than for people who look on


@dataclass(frozen=True)
class WindowOptions:
    """How the window looks and where it writes."""

    size: tuple[int, int] = (1280, 800)
    """Width and height in pixels; the window can be resized."""
    theme: str = "light"
    """Colours: light or dark."""
    folder: Path = Path()
    """Where screenshots and saved games go."""

    def __post_init__(self) -> None:
        if self.theme not in THEMES:
            raise LabError(f"theme must be one of {', '.join(THEMES)}, not '{self.theme}'.")


def play(
    env: str,
    seats: Sequence[str],
    seed: int = 0,
    hint: str = "",
    options: WindowOptions | None = None,
) -> None:
    """Opens a window in which at least one seat is "human".

    `hint` names the agent that advises the person; without it the opponent does. Raises LabError for a wrong spec,
    or if there is no display.
    """
    if HUMAN not in seats:
        raise LabError(f"to play, one of the seats must be '{HUMAN}'; to look on, use watch.")
    made, options = make_env(env), options or WindowOptions()
    _check_seed(seed)
    require_display("rl-lab watch")
    adviser = make_seated_agent(made, hint) if hint else None
    session = Session(make_stage(made, seats, seed), seed, adviser)
    session.turn_seconds = PLAY_TURN_SECONDS
    _show(session, options, layers=frozenset())


def watch(
    env: str,
    seats: Sequence[str],
    seed: int = 0,
    speed: float = 1.0,
    headless: bool = False,
    record: Path | None = None,
    options: WindowOptions | None = None,
) -> None:
    """Opens a window in which agents act.

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
    made, options = make_env(env), options or WindowOptions()
    if not headless:
        require_display("rl-lab watch")
    stage = make_stage(made, seats, seed)
    if headless and record is not None:
        try:
            recorder.record_episode(stage, record, seed, theme=THEMES[options.theme])
        finally:
            stage.close()
        return
    session = Session(stage, seed)
    session.speed = speed
    _show(session, options)
    if record is not None:
        recorder.record_stage(session.stage, record, theme=THEMES[options.theme])


def seated(env: Game | str, opponent: str, seat: str) -> tuple[str, ...]:
    """The seats of an environment in which a person takes `seat`; in a game against `opponent`.

    `seat` is a player's name such as "black", or "first" or "second". Raises LabError for another.
    """
    game = make_env(env)
    if not isinstance(game, Game):
        return (HUMAN,)
    names = [name.lower() for name in game.player_names]
    for index, known in enumerate((("first", names[0]), ("second", names[1]))):
        if seat.lower() in known:
            return (HUMAN, opponent) if index == 0 else (opponent, HUMAN)
    raise LabError(f"seat must be {names[0]} or {names[1]}, not '{seat}'.")


def watched(env: str, agent: str, opponent: str) -> tuple[str, ...]:
    """The seats of an environment in which agents act, by default ones that need nothing trained."""
    if isinstance(make_env(env), Game):
        first = agent or "rollout:simulations=500"
        return (first, opponent or first)
    if opponent:
        raise LabError(f"{env} has one seat, so there is no opponent in it: leave out --opponent.")
    return (agent or "random",)


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


def _show(session: Session, options: WindowOptions, layers: frozenset[str] = ALL_LAYERS) -> None:
    """Runs the window until it is closed; pygame is loaded only here."""
    import pygame

    from rl_lab.go_io.save import has_sgf, save_game
    from rl_lab.viewer.window import Window

    save = partial(save_game, folder=options.folder) if has_sgf(session.stage) else None
    try:
        window = Window(Desk(session, THEMES[options.theme], layers, save), options.size, options.folder)
    except pygame.error as problem:
        session.close()
        raise LabError(f"the window could not be opened: {problem}.") from None
    window.run()


def _check_seed(seed: int) -> None:
    if seed < 0:
        raise LabError(f"The seed must be 0 or more, not {seed}.")
