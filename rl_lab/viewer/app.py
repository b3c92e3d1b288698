"""Opens the window on an environment: a person plays (`play`), agents do and people look on (`watch`), or what has been
played is shown again (`replay`); `start` lets people choose first.

Environments and agents are named by their spec strings, or by Gymnasium ids; "human" takes a seat for a person.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from envs.errors import LabError
from envs.games.game import Game
from rl_lab.viewer.desk import Desk
from rl_lab.viewer.opening import check_plan, check_speed, close_all, make_stages, open_sessions, saver
from rl_lab.viewer.session import Session
from rl_lab.viewer.stage import Stage
from rl_lab.viewer.staging import DEFAULT_AGENT, HUMAN, Plan, make_env
from rl_lab.viewer.theme import THEMES
from rl_lab.viewer.view import DEFAULT_LAYERS, Look


@dataclass(frozen=True)
class WindowOptions:
    """How the window looks and sounds, and where it writes."""

    size: tuple[int, int] = (1280, 800)
    """Width and height in pixels; the window can be resized."""
    theme: str = "light"
    """Colours: light or dark."""
    folder: Path = Path()
    """Where screenshots and saved games go."""
    sound: bool = False
    """Whether moves can be heard."""

    def __post_init__(self) -> None:
        if self.theme not in THEMES:
            raise LabError(f"theme must be one of {', '.join(THEMES)}, not '{self.theme}'.")


def play(
    env: str,
    seats: Sequence[str],
    seed: int = 0,
    hint: str = "",
    options: WindowOptions | None = None,
    handicap: int = 0,
    clock: str = "",
) -> None:
    """Opens a window in which at least one seat is "human".

    `hint` names the agent that advises the person; without it the opponent does. For `handicap` and `clock` see
    Plan. Raises LabError for what is wrong, or if there is no display.
    """
    if HUMAN not in seats:
        raise LabError(f"to play, one of the seats must be '{HUMAN}'; to look on, use watch.")
    plan = Plan(env, tuple(seats), seed, hint, handicap, clock)
    check_plan(plan)
    _require_display_for(plan)
    _show(open_sessions(plan), options or WindowOptions())


def watch(
    env: str,
    seats: Sequence[str],
    seed: int = 0,
    speed: float = 1.0,
    headless: bool = False,
    record: Path | None = None,
    options: WindowOptions | None = None,
    handicap: int = 0,
    clock: str = "",
    against: Sequence[str] = (),
) -> None:
    """Opens a window in which agents act; `against` are the seats of a second stage beside the first, on the same seed.

    With `headless` no window opens, and `record` receives the same picture (see rl_lab/viewer/record.py for the kinds
    of file); without it, `record` is written when the window is closed. Raises LabError for what is wrong, or if there
    is no display.
    """
    if HUMAN in (*seats, *against):
        raise LabError(f"'{HUMAN}' cannot be watched; use play for a game with a person.")
    options = options or WindowOptions()
    plan = Plan(env, tuple(seats), seed, "", handicap, clock, speed, tuple(against))
    check_plan(plan)
    _check_record(headless, record)
    if headless and clock:
        raise LabError("--clock is for the window: without it nobody waits, and no time runs.")
    if not headless:
        _require_display_for(plan)
        _show(sessions := open_sessions(plan), options)
        stages = [session.stage for session in sessions]
        if record is not None:
            _record(stages, record, options)
        return
    stages = make_stages(plan)
    try:
        _record(stages, record, options, play_with=seed)
    finally:
        for stage in stages:
            stage.close()


def replay(
    path: Path,
    number: int | None = None,
    headless: bool = False,
    record: Path | None = None,
    options: WindowOptions | None = None,
    speed: float = 1.0,
) -> None:
    """Opens a window on what has been played, held at its start; see open_replay for the files and `number`.

    `headless` and `record` as for `watch`. Raises LabError for a file that cannot be shown.
    """
    from rl_lab.viewer.replay import Replay, open_replay

    options = options or WindowOptions()
    check_speed(speed)
    _check_record(headless, record)
    if headless:
        found = open_replay(path, number)
        _record([found.stage], record, options, play_with=0)
        if found.warning:
            print(found.warning, file=sys.stderr)
        return
    try:
        require_display("rl-lab replay")
    except LabError:
        open_replay(path, number, lambda done: False).stage.close()  # a wrong file matters more than a missing display
        raise
    from rl_lab.viewer.waiting import Tell, wait_for

    def work(tell: Tell) -> Replay:
        return open_replay(path, number, lambda done: tell(f"{done} actions so far"))

    shown = wait_for(work, f"Opening {path.name}", THEMES[options.theme], options.size, stoppable=True)
    if shown is None:
        return
    session = Session(shown.stage, shown.seed)
    session.paused, session.speed = True, speed
    session.message = shown.warning
    _show([session], options)
    if record is not None:
        _record([session.stage], record, options)


def start(plan: Plan, options: WindowOptions | None = None) -> None:
    """Lets people choose in the window, beginning with what `plan` says, and shows it, until they leave.

    Raises LabError if there is no display.
    """
    _require_display_for(plan)
    import pygame

    from rl_lab.viewer.start import form_of
    from rl_lab.viewer.start_window import StartWindow
    from rl_lab.viewer.waiting import wait_for

    options = options or WindowOptions()
    form, message = form_of(plan, options.sound), ""
    try:
        while (screen := StartWindow(form, THEMES[options.theme], options.size, message=message)).run():
            options = replace(options, theme=screen.theme.name, size=screen.screen.get_size(), sound=form.sound)
            chosen = form.plan()
            try:
                check_plan(chosen)
                sessions = wait_for(
                    partial(open_sessions, chosen), f"Preparing {chosen.env}", screen.theme, options.size, close_all
                )
            except LabError as problem:
                message = str(problem)
            except Exception as problem:  # an agent's own mistake is no reason to leave
                message = f"This cannot be shown: {type(problem).__name__}: {problem}"
            else:
                message = ""
                if sessions is not None:
                    options = _show(sessions, options)
                    form.sound = options.sound
    finally:
        pygame.display.quit()


def seated(env: Game | str, opponent: str, seat: str) -> tuple[str, ...]:
    """The seats of an environment in which a person takes `seat`; in a game against `opponent`.

    `seat` is a player's name such as "black", or "first" or "second"; `opponent` is by default one that needs nothing
    trained. Raises LabError for another seat, and for an opponent where there can be none.
    """
    game = make_env(env)
    if not isinstance(game, Game):
        _refuse_opponent(env, opponent)
        return (HUMAN,)
    opponent = opponent or DEFAULT_AGENT
    names = [name.lower() for name in game.player_names]
    for index, known in enumerate((("first", names[0]), ("second", names[1]))):
        if seat.lower() in known:
            return (HUMAN, opponent) if index == 0 else (opponent, HUMAN)
    raise LabError(f"seat must be {names[0]} or {names[1]}, not '{seat}'.")


def watched(env: str, agent: str, opponent: str) -> tuple[str, ...]:
    """The seats of an environment in which agents act, by default ones that need nothing trained."""
    if isinstance(make_env(env), Game):
        first = agent or DEFAULT_AGENT
        return (first, opponent or first)
    _refuse_opponent(env, opponent)
    return (agent or "random",)


def _refuse_opponent(env: object, opponent: str) -> None:
    if opponent:
        raise LabError(f"{env} has one seat, so there is no opponent in it: leave out --opponent.")


def require_display(command: str = "rl-lab watch") -> None:
    """Raises LabError if a window cannot be opened here; `command` is what can do without."""
    chosen = os.environ.get("SDL_VIDEODRIVER")
    if sys.platform.startswith("linux") and not (
        chosen or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        raise LabError(
            f"there is no display to open a window on; '{command} ... --headless --record game.gif' "
            "writes the same picture to a file."
        )


def _require_display_for(plan: Plan) -> None:
    """As require_display, but what is wrong with the plan is told before a missing display is."""
    try:
        require_display()
    except LabError:
        close_all(open_sessions(plan))
        raise


def _show(sessions: Sequence[Session], options: WindowOptions) -> WindowOptions:
    """Runs the window until it is closed, and returns how it looked then; pygame is loaded only here."""
    import pygame

    from rl_lab.viewer.window import Window

    first, beside = sessions[0], sessions[1] if len(sessions) > 1 else None
    layers = frozenset[str]() if first.stage.has_human else DEFAULT_LAYERS
    save = None if first.stage.is_record else saver(sessions, options.folder)
    desk = Desk(first, THEMES[options.theme], layers, save, beside)
    desk.sound = options.sound
    try:
        window = Window(desk, options.size, options.folder)
    except pygame.error as problem:
        close_all(sessions)
        raise LabError(f"the window could not be opened: {problem}.") from None
    window.run()
    return replace(options, theme=desk.theme.name, sound=desk.sound)


def _record(stages: Sequence[Stage], path: Path | None, options: WindowOptions, play_with: int | None = None) -> None:
    """Writes what is on one stage or two, after playing it out with the seed `play_with` if that is given."""
    from rl_lab.viewer import record as recorder

    assert path is not None
    beside = stages[1] if len(stages) > 1 else None
    look = Look(THEMES[options.theme])
    if play_with is None:
        recorder.record_stage(stages[0], path, look=look, beside=beside)
    else:
        recorder.record_episode(stages[0], path, play_with, look=look, beside=beside)


def _check_record(headless: bool, record: Path | None) -> None:
    if headless and record is None:
        raise LabError("--headless needs --record FILE.gif, FILE.mp4 or FILE.png, or nothing would be seen.")
    if record is not None:
        from rl_lab.viewer import record as recorder

        recorder.check_path(record)
