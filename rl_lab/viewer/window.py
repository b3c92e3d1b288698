"""The window: turns events into commands, and draws the desk when something has changed. Sleeps otherwise."""

from __future__ import annotations

import contextlib
import time
import warnings
from pathlib import Path

import pygame

from rl_lab.viewer.desk import Desk
from rl_lab.viewer.layout import DESIGN_SIZE, MIN_SIZE, layout
from rl_lab.viewer.panels import board, timeline
from rl_lab.viewer.panels.toolbar import Toolbar
from rl_lab.viewer.picture import draw_moving, draw_picture
from rl_lab.viewer.stage import Phase

WAKE = pygame.event.custom_type()  # posted by the worker's thread when an agent has answered
FRAME_MS = 30  # while something moves; the cores are left to the agents that think
LOOK_MS = 200  # while the seconds of a thought count up, or a note waits to disappear
IDLE_MS = 2000

KEYS = {
    pygame.K_SPACE: "pause",
    pygame.K_PERIOD: "step",
    pygame.K_LEFT: "back",
    pygame.K_RIGHT: "forward",
    pygame.K_HOME: "first",
    pygame.K_END: "last",
    pygame.K_UP: "faster",
    pygame.K_DOWN: "slower",
    pygame.K_u: "undo",
    pygame.K_r: "redo",
    pygame.K_p: "pass",
    pygame.K_h: "hint",
    pygame.K_n: "new",
    pygame.K_v: "layers",
    pygame.K_t: "theme",
    pygame.K_s: "screenshot",
    pygame.K_ESCAPE: "escape",
}


class Window:
    """One desk in one window. `run` ticks until it is closed; `tick` handles what has happened and draws."""

    def __init__(self, desk: Desk, size: tuple[int, int] = DESIGN_SIZE, folder: Path = Path()) -> None:
        """Opens the window; screenshots go to `folder`."""
        self.desk, self.folder = desk, folder
        pygame.display.init()
        pygame.font.init()
        self.screen = pygame.display.set_mode(size, pygame.RESIZABLE)
        pygame.display.set_caption(f"rl-lab · {desk.session.stage.spec}")
        # Not every video driver has this, nor will every pygame; without it a small window cuts the picture.
        with contextlib.suppress(pygame.error, AttributeError), warnings.catch_warnings(action="ignore"):
            pygame.Window.from_display_module().minimum_size = MIN_SIZE
        desk.session.worker.on_answer = _wake
        self._last_draw = time.monotonic()
        self._arranged: object = None
        self._near_toolbar = False  # where a button lights up, and a tip may be about to appear
        self._legal: tuple[object, frozenset[int]] = (None, frozenset())
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
        events = [pygame.event.wait(self._patience()), *pygame.event.get()]
        changed = False
        for event in events:
            changed = self._handle(event) or changed
        changed = self.desk.session.update() or changed
        if changed or self._near_toolbar:
            self._draw()
        elif self._patience() < IDLE_MS:
            self._draw_moving()

    def close(self, timeout: float = 5.0) -> bool:
        """Closes the window and ends the worker; False if an agent is still in a thought after `timeout` seconds."""
        self.desk.closed = True
        pygame.display.quit()
        return self.desk.session.close(timeout)

    def _patience(self) -> int:
        """How many milliseconds may pass before the picture changes by itself."""
        session = self.desk.session
        moving = session.phase in (Phase.OBSERVE, Phase.ACT) and not session.paused
        if moving:
            return max(1, FRAME_MS - round(1000 * (time.monotonic() - self._last_draw)))
        if self._near_toolbar:
            return 50
        return LOOK_MS if session.thinking or self.desk.note else IDLE_MS

    def _handle(self, event: pygame.Event) -> bool:
        """One event; True if the picture may have changed."""
        command = self._toolbar.command(event)
        if command is not None:
            self._do(command)
        elif event.type == pygame.QUIT:
            self.desk.closed = True
        elif event.type == pygame.KEYDOWN:
            self._do(KEYS.get(event.key, ""))
        elif event.type == pygame.MOUSEBUTTONDOWN and event.button == 1:
            self._click(*event.pos)
        elif event.type == pygame.MOUSEMOTION:
            return self._move_pointer(event)
        return event.type not in (pygame.NOEVENT, WAKE)

    def _move_pointer(self, event: pygame.Event) -> bool:
        """True if something lights up or goes out under the pointer."""
        before = (self.desk.hover, self.desk.index, self._near_toolbar)
        if event.buttons[0]:
            self._look_at_time(*event.pos)
        self.desk.hover = self._legal_action_at(*event.pos)
        self._near_toolbar = self.places.toolbar.contains(*event.pos)
        return before != (self.desk.hover, self.desk.index, self._near_toolbar)

    def _do(self, command: str) -> None:
        if command == "screenshot":
            self.screenshot()
        else:
            self.desk.do(command)

    def _click(self, x: float, y: float) -> None:
        stage = self.desk.session.stage
        action = board.action_at(self.places.board, stage.scene(stage.frame), x, y)
        if action is not None:
            self.desk.play(action)
        else:
            self._look_at_time(x, y)

    def _look_at_time(self, x: float, y: float) -> None:
        ply = timeline.ply_at(self.places.unit, self.places.timeline, self.desk.session.stage.ply, x, y)
        if ply is not None:
            self.desk.look_at(ply)

    def _legal_action_at(self, x: float, y: float) -> int | None:
        """The action that a click would play."""
        stage = self.desk.session.stage
        if self.desk.index is not None or not stage.human_to_move:
            return None
        action = board.action_at(self.places.board, stage.scene(stage.frame), x, y)
        if self._legal[0] is not stage.frame:
            self._legal = (stage.frame, frozenset(stage.legal_actions(stage.frame)))
        return action if action in self._legal[1] else None

    def screenshot(self) -> Path:
        """Saves the picture of the window and says where."""
        path = self.folder / time.strftime("rl-lab-%Y%m%d-%H%M%S.png")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            pygame.image.save(self.screen, path)
            self.desk.say(f"Saved {path}")
        except (OSError, pygame.error) as problem:
            self.desk.say(f"The picture could not be saved: {problem}")
        return path

    def _arrange(self) -> None:
        """Lays the window out anew if its size, its theme or a button's text has changed."""
        buttons = self.desk.buttons()
        arranged = (self.screen.get_size(), self.desk.theme, buttons)
        if arranged != self._arranged:
            self._arranged = arranged
            self.places = layout(*self.screen.get_size(), len(self.desk.session.stage.seats))
            rect, unit = self.places.toolbar, self.places.unit
            self._toolbar = Toolbar(buttons, self.screen.get_size(), rect, unit, self.desk.theme)

    def _draw(self) -> None:
        self.screen = pygame.display.get_surface() or self.screen
        self._arrange()
        now = time.monotonic()
        draw_picture(self.screen, self.places, self.desk.theme, self.desk.view())
        self._toolbar.draw(self.screen, now - self._last_draw)
        pygame.display.flip()
        self._last_draw = now

    def _draw_moving(self) -> None:
        view = self.desk.view()
        rects = draw_moving(self.screen, self.places, self.desk.theme, view)
        pygame.display.update([(rect.x, rect.y, rect.w, rect.h) for rect in rects])
        self._last_draw = time.monotonic()


def _wake() -> None:
    with contextlib.suppress(pygame.error):  # the window may be closing
        pygame.event.post(pygame.Event(WAKE))
