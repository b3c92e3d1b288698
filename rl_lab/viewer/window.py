"""The window: turns events into commands, and draws the desk when something has changed. Sleeps otherwise."""

from __future__ import annotations

import contextlib
import os
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pygame

from rl_lab.viewer.canvas import Canvas
from rl_lab.viewer.desk import Desk
from rl_lab.viewer.frame import Phase
from rl_lab.viewer.keys import shown_groups
from rl_lab.viewer.layout import DESIGN_SIZE, MIN_SIZE, layout
from rl_lab.viewer.output import Output
from rl_lab.viewer.panels import board, help, legend, timeline
from rl_lab.viewer.panels.toolbar import Toolbar
from rl_lab.viewer.picture import draw_moving, draw_picture

WAKE = pygame.event.custom_type()  # posted by the worker's thread when an agent has answered
FRAME_MS = 30  # while something moves; the cores are left to the agents that think
WAIT_MS = 10  # between looks at whether an environment has answered
LOOK_MS = 200  # while the seconds of a thought count up, or a note waits to disappear
TOOLBAR_MS = 50  # while a button lights up, and a tip may be about to appear
TOOLBAR_SECONDS = 1.5
IDLE_MS = 2000
NAP_SECONDS = 0.01  # between looks at what has happened
# Whoever thinks gives the interpreter away at every call into C, and Python's 5 ms until it comes back, for each of the
# calls that load a kernel, were minutes beside a window that draws without a pause.
SWITCH_SECONDS = 0.0002


class Window:
    """One desk in one window. `run` ticks until it is closed; `tick` handles what has happened and draws."""

    def __init__(self, desk: Desk, size: tuple[int, int] = DESIGN_SIZE, folder: Path = Path()) -> None:
        """Opens the window; screenshots and films go to `folder`."""
        sys.setswitchinterval(SWITCH_SECONDS)
        self.desk, self.output = desk, Output(desk, folder, _wake)
        os.environ.setdefault("SDL_WINDOWS_DPI_AWARENESS", "permonitorv2")  # real pixels, not a blurred enlargement
        pygame.display.init()
        pygame.font.init()
        self.screen = pygame.display.set_mode(size, pygame.RESIZABLE)
        pygame.display.set_caption(f"rl-lab · {desk.session.stage.spec}")
        # Not every video driver has this, nor will every pygame; without it a small window cuts the picture.
        with contextlib.suppress(pygame.error, AttributeError), warnings.catch_warnings(action="ignore"):
            pygame.Window.from_display_module().minimum_size = MIN_SIZE
        for session in desk.sessions.all:
            session.worker.on_answer = _wake
        self._own: dict[str, Callable[[], object]] = {
            "screenshot": lambda: self.output.screenshot(self.screen),
            "record": self.output.record,
            "sound": self.output.switch_sound,
            "fullscreen": self._switch_fullscreen,
        }
        self._last_draw = time.monotonic()
        self._arranged: object = None
        self._windowed = size  # what full screen goes back to
        self._on_toolbar = False
        self._near_until = 0.0  # when the toolbar has shown all that the pointer's last move can bring about
        self._legal: tuple[object, frozenset[int]] = (None, frozenset())
        self._slow: object = None
        self._draw()

    def run(self) -> None:
        """Shows the game until the window is closed."""
        try:
            while not self.desk.closed:
                self.tick()
        finally:
            self.close()

    def tick(self) -> None:
        """Waits for something to happen, at most until the next picture is due, and draws if anything changed."""
        changed = False
        for event in _events(self._patience() / 1000):
            changed = self._handle(event) or changed
        changed = self.desk.update() or changed
        self.output.listen()
        if changed or self._near_toolbar or self._slow != self._slow_things():
            self._draw()
        elif (self._moving or self.desk.session.thinking) and time.monotonic() >= self._last_draw + FRAME_MS / 2000:
            self._draw_moving()

    def close(self, timeout: float = 5.0) -> bool:
        """Closes the window and ends the workers; False if an agent is still in a thought after `timeout` seconds.

        A film that is being written is finished first.
        """
        self.desk.closed = True
        pygame.display.quit()
        self.output.close()
        return self.desk.sessions.close(timeout)

    @property
    def _near_toolbar(self) -> bool:
        return time.monotonic() < self._near_until

    @property
    def _moving(self) -> bool:
        """Whether the loop's arrows move."""
        sessions = self.desk.sessions.all
        return any(one.phase in (Phase.OBSERVE, Phase.ACT) and not one.paused for one in sessions)

    def _patience(self) -> int:
        """How many milliseconds may pass before the picture changes by itself."""
        sessions = self.desk.sessions.all
        if any(session.stage.waiting for session in sessions):
            return WAIT_MS
        if self._moving:
            return max(1, FRAME_MS - round(1000 * (time.monotonic() - self._last_draw)))
        if self._near_toolbar:
            return TOOLBAR_MS
        waits = any(session.thinking or session.clock_runs for session in sessions) or self.desk.changing
        return LOOK_MS if waits else IDLE_MS

    def _slow_things(self) -> object:
        """What changes without an event: notes that disappear, clocks, a question that nobody has answered."""
        clocks = [session.notes(seat) for session in self.desk.sessions.all for seat in range(len(session.stage.seats))]
        return self.desk.note, self.desk.confirming, clocks

    def _handle(self, event: pygame.Event) -> bool:
        """One event; True if the picture may have changed."""
        command = self._toolbar.command(event)
        if command is not None:
            self._do(command)
        elif event.type == pygame.QUIT:
            self.desk.closed = True
        elif event.type == pygame.KEYDOWN:
            self._do(self.desk.command_of(_key_name(event)))
        elif event.type == pygame.MOUSEBUTTONDOWN and event.button == 1:
            self._click(*event.pos)
        elif event.type == pygame.MOUSEMOTION:
            return self._move_pointer(event)
        return event.type not in (pygame.NOEVENT, WAKE)

    def _move_pointer(self, event: pygame.Event) -> bool:
        """True if something lights up or goes out under the pointer."""
        before = (self.desk.hover, self.desk.index)
        was_near, self._on_toolbar = self._on_toolbar, self.places.toolbar.contains(*event.pos)
        if event.buttons[0] and not self.desk.help:
            self._look_at_time(*event.pos)
        self.desk.hover = None if self.desk.help else self._legal_action_at(*event.pos)
        self._near_until = time.monotonic() + TOOLBAR_SECONDS if self._on_toolbar else 0.0
        return was_near or self._on_toolbar or before != (self.desk.hover, self.desk.index)

    def _do(self, command: str) -> None:
        self._own.get(command, lambda: self.desk.do(command))()

    def _click(self, x: float, y: float) -> None:
        if self.desk.help:
            self._click_help(x, y)
            return
        stage = self.desk.session.stage
        action = board.action_at(self.places.board, board.scene_of(stage, stage.frame), x, y)
        layer = legend.layer_at(self.places.unit, self.places.legend, self.desk.view(), x, y)
        if action is not None:
            self.desk.play(action)
        elif layer is not None:
            self.desk.do(f"layer {layer}")
        elif any(place.contains(x, y) for place in self.places.boards[1:]):
            self.desk.do("focus")
        else:
            self._look_at_time(x, y)

    def _click_help(self, x: float, y: float) -> None:
        """What a line of the help says; the help goes."""
        command = help.command_at(self.places.unit, self.screen.get_size(), self._help_groups, x, y)
        self.desk.help = False
        if command != "help":
            self._do(command)

    def _look_at_time(self, x: float, y: float) -> None:
        last = len(self.desk.session.stage.known) - 1
        ply = timeline.ply_at(self.places.unit, self.places.timeline, last, x, y)
        if ply is not None:
            self.desk.look_at(ply)

    def _legal_action_at(self, x: float, y: float) -> int | None:
        """The action that a click would play."""
        stage = self.desk.session.stage
        if self.desk.index is not None or not stage.human_to_move:
            return None
        action = board.action_at(self.places.board, board.scene_of(stage, stage.frame), x, y)
        if self._legal[0] is not stage.frame:
            self._legal = (stage.frame, frozenset(stage.legal_actions(stage.frame)))
        return action if action in self._legal[1] else None

    def _switch_fullscreen(self) -> None:
        full = bool(self.screen.get_flags() & pygame.FULLSCREEN)
        try:
            if full:
                self.screen = pygame.display.set_mode(self._windowed, pygame.RESIZABLE)
            else:
                self._windowed = self.screen.get_size()
                self.screen = pygame.display.set_mode((0, 0), pygame.FULLSCREEN)
        except pygame.error as problem:
            self.desk.say(f"Full screen is not to be had: {problem}")

    @property
    def _help_groups(self) -> help.Groups:
        return shown_groups(self.desk.session.stage, self.desk.action_keys, len(self.desk.sessions.all))

    def _arrange(self) -> None:
        """Lays the window out anew if its size or its theme has changed, and shows the present buttons."""
        sessions, size = self.desk.sessions, self.screen.get_size()
        arranged = (size, self.desk.theme, sessions.focus_index)
        if arranged != self._arranged:
            self._arranged = arranged
            places = layout(*size, len(self.desk.session.stage.seats), boards=len(sessions.all))
            if sessions.focus_index:  # the board that is looked at closely stays where it was
                places = replace(places, boards=places.boards[::-1], cards=places.cards[::-1])
            self.places = places
            self._toolbar = Toolbar(size, places.toolbar, places.unit, self.desk.theme)
        self._toolbar.show(self.desk.buttons())

    def _draw(self) -> None:
        self.screen = pygame.display.get_surface() or self.screen
        self._arrange()
        self._slow = self._slow_things()
        now = time.monotonic()
        draw_picture(self.screen, self.places, self.desk.theme, self.desk.view(), self.desk.beside())
        self._toolbar.draw(self.screen, now - self._last_draw)
        if self.desk.help:
            canvas = Canvas(self.screen, self.desk.theme, self.places.unit)
            help.draw(canvas, self.screen.get_size(), self._help_groups)
        pygame.display.flip()
        self._last_draw = now

    def _draw_moving(self) -> None:
        self._last_draw = time.monotonic()
        if self.desk.help:  # it lies above
            return
        rects = draw_moving(self.screen, self.places, self.desk.theme, self.desk.view(), self.desk.beside())
        pygame.display.update([(rect.x, rect.y, rect.w, rect.h) for rect in rects])


def _key_name(event: pygame.Event) -> str:
    """What the table of keys calls it; "" with a key that makes it the system's, such as alt and tab."""
    if event.mod & (pygame.KMOD_CTRL | pygame.KMOD_LALT | pygame.KMOD_META):
        return ""
    return "?" if event.unicode == "?" else pygame.key.name(event.key)


def _events(seconds: float) -> list[pygame.Event]:
    """What has happened, as soon as something does, at most after so many seconds.

    pygame.event.wait looks a thousand times a second, which costs an idle window 2 % of a core.
    """
    end = time.monotonic() + seconds
    while not (events := pygame.event.get()) and (left := end - time.monotonic()) > 0:
        time.sleep(min(NAP_SECONDS, left))
    return events


def _wake() -> None:
    with contextlib.suppress(pygame.error):  # the window may be closing
        pygame.event.post(pygame.Event(WAKE))
