"""The start screen: the form of start_fields.py as controls, with a picture of the environment beside it."""

from __future__ import annotations

import time
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any

import pygame
import pygame_gui
from pygame_gui.elements import UIButton, UIDropDownMenu, UITextEntryLine

from rl_lab.viewer import start_fields
from rl_lab.viewer.canvas import Canvas
from rl_lab.viewer.layout import DESIGN_SIZE, MIN_SIZE, unit
from rl_lab.viewer.start import Form
from rl_lab.viewer.start_layout import GAP, HEAD, ROW, Placed, arrange
from rl_lab.viewer.start_picture import Preview, draw_preview
from rl_lab.viewer.start_style import style
from rl_lab.viewer.theme import DARK, LIGHT, Theme

LIVELY_MS, IDLE_MS = 40, 2000  # between looks while something blinks or lights up, and otherwise
LIVELY_SECONDS = 2.0  # after an event
TITLE = "rl-lab"
WORDS = "An agent looks at a state and chooses an action; the environment answers with the next state and a reward."


class StartWindow:
    """The form in the window. `run` returns whether people want to begin with what `form` says."""

    def __init__(
        self,
        form: Form,
        theme: Theme = LIGHT,
        size: tuple[int, int] = DESIGN_SIZE,
        runs: Path = Path("runs"),
        message: str = "",
    ) -> None:
        """Opens the window, unless there is one; `message` says what has gone wrong before."""
        self.form, self.theme, self.runs, self.message = form, theme, runs, message
        pygame.display.init()
        pygame.font.init()
        self.screen = pygame.display.get_surface() or pygame.display.set_mode(size, pygame.RESIZABLE)
        pygame.display.set_caption("rl-lab")
        pygame.key.set_repeat(400, 40)
        # Not every video driver has this, nor will every pygame; without it a small window cuts the form.
        with suppress(pygame.error, AttributeError), warnings.catch_warnings(action="ignore"):
            pygame.Window.from_display_module().minimum_size = MIN_SIZE
        self.begun = self.closed = False
        self._preview = Preview()
        self._stirred = self._drawn = time.monotonic()
        self._menus: dict[Any, tuple[str, dict[str, str]]] = {}
        self._lines: dict[Any, str] = {}
        self._texts: dict[str, str] = {}
        self._build()

    def run(self) -> bool:
        """Shows the form until people begin (True) or leave (False)."""
        while not (self.begun or self.closed):
            self.tick()
        pygame.key.set_repeat()
        return self.begun

    def tick(self) -> None:
        """Waits for something to happen, takes it in, and draws what may have changed."""
        lively = time.monotonic() - self._stirred < LIVELY_SECONDS or not self._preview.is_ready(self.form)
        lively = lively or self._writes
        events = [pygame.event.wait(LIVELY_MS if lively else IDLE_MS), *pygame.event.get()]
        for event in events:
            if event.type != pygame.NOEVENT:
                self._stirred, lively = time.monotonic(), True
            self._handle(event)
        if pygame.display.get_window_size() != self._size:
            self._build()
        if lively:
            self.draw()

    @property
    def _writes(self) -> bool:
        """Whether a line of text has the keyboard."""
        return any(line.is_focused for line in self._lines)

    def _handle(self, event: pygame.Event) -> None:
        if event.type == pygame.QUIT:
            self.closed = True
            return
        if event.type == pygame.KEYDOWN and event.key == pygame.K_ESCAPE:
            self._escape()
            return
        if event.type == pygame.KEYDOWN and event.key == pygame.K_RETURN and not self._writes:
            self.begin()
            return
        self.manager.process_events(event)
        element = getattr(event, "ui_element", None)
        if event.type == pygame_gui.UI_BUTTON_PRESSED and element is self._begin_button:
            self.begin()
        elif event.type == pygame_gui.UI_BUTTON_PRESSED and element is self._theme_button:
            self._settle()
            self.theme = LIGHT if self.theme is DARK else DARK
            self._build()
        elif event.type == pygame_gui.UI_DROP_DOWN_MENU_CHANGED and element in self._menus:
            key, labels = self._menus[element]
            self._change(key, labels[event.text])
        elif (
            event.type == pygame_gui.UI_SELECTION_LIST_DROPPED_SELECTION and not event.ui_element.get_single_selection()
        ):
            self._build()  # what is chosen already was chosen again: that closes a menu too
        elif event.type == pygame_gui.UI_TEXT_ENTRY_FINISHED and element in self._lines:
            self._change(self._lines[element], event.text)
        elif event.type == pygame_gui.UI_TEXT_ENTRY_CHANGED and element in self._lines:
            self.message = start_fields.write(self.form, self._lines[element], event.text) or self.form.problem()
        elif event.type == pygame.MOUSEBUTTONDOWN and not self._writes:
            self._leave_text(event)

    def begin(self) -> None:
        """Takes what is written and leaves the screen, unless something is wrong with it."""
        self.message = self._settle() or self.form.problem()
        self.begun = not self.message

    def _escape(self) -> None:
        """Out of an open menu, or else out of the screen."""
        if any(menu.current_state is menu.menu_states["expanded"] for menu in self._menus):
            self._build()
        else:
            self.closed = True

    def _change(self, key: str, value: str) -> str:
        """A field has a new value: what may be chosen in others may have changed with it. Returns what is wrong.

        A text that is refused stays in its field, beside the sentence that says why.
        """
        wrong = start_fields.change(self.form, key, value)
        if not wrong:
            self._build()
        self.message = wrong or self.form.problem()
        return wrong

    def _settle(self) -> str:
        """Draws the conclusions from a text that was written and left without Enter; returns what is wrong with it."""
        for line, key in list(self._lines.items()):
            if line.get_text() != self._texts[key]:
                return self._change(key, line.get_text())
        return ""

    def _leave_text(self, press: pygame.Event) -> None:
        """Settles what was written. New controls have not felt the press that left the text, so they are told of it,
        unless another one has come to lie there."""
        before, manager = self._control_at(press.pos), self.manager
        self._settle()
        if manager is not self.manager and before and before == self._control_at(press.pos):
            self.manager.process_events(press)

    def _control_at(self, place: tuple[int, int]) -> str:
        """The name of the control there; "" for none."""
        named = {self._begin_button: "begin", self._theme_button: "theme", **self._lines}
        named |= {menu: key for menu, (key, _) in self._menus.items()}
        return next((name for control, name in named.items() if control.rect.collidepoint(place)), "")

    # The picture

    def _build(self) -> None:
        """Makes all controls anew, for this size, theme and form."""
        self.screen = pygame.display.get_surface() or self.screen
        self._size = width, height = self.screen.get_size()
        scale = self._unit = unit(width, height)
        self.manager = pygame_gui.UIManager(self._size, theme_path=style(self.theme, scale))
        self._menus, self._lines, self._texts = {}, {}, {}
        self._picture, self._cards, self._bottom = arrange(self.form, self.runs, width, height, scale)
        for placed in [placed for _, _, fields in self._cards for placed in fields]:
            self._make(placed)
        low = self._bottom
        wide = round(190 * scale)
        self._begin_button = UIButton(
            pygame.Rect(low.right - wide, low.y, wide, low.h), "Begin", self.manager, object_id="#begin"
        )
        narrow, tall = round(84 * scale), round(ROW * scale)
        other = (LIGHT if self.theme is DARK else DARK).name.capitalize()
        place = pygame.Rect(low.right - narrow, round((HEAD - ROW) / 2 * scale), narrow, tall)
        self._theme_button = UIButton(place, other, self.manager)
        self._stirred = time.monotonic()

    def _make(self, placed: Placed) -> None:
        field, r = placed.field, placed.rect
        rect = pygame.Rect(r.x, r.y, r.w, r.h)
        if not field.items:
            line = UITextEntryLine(rect, self.manager, initial_text=field.value)
            self._lines[line], self._texts[field.key] = field.key, field.value
            return
        canvas = Canvas(self.screen, self.theme, self._unit)
        room = r.w - canvas.px(48)
        labels = {canvas.shortened(item.label, room): item.spec for item in field.items}
        if len(labels) < len(field.items):  # too narrow to tell them apart
            labels = {item.label: item.spec for item in field.items}
        chosen = next(label for label, spec in labels.items() if spec == field.value)
        most = self._size[1] - r.bottom - round(GAP * self._unit)
        menu = UIDropDownMenu(list(labels), chosen, rect, self.manager, expansion_height_limit=most)
        self._menus[menu] = (field.key, labels)

    def draw(self) -> None:
        """Draws everything."""
        now = time.monotonic()
        canvas = Canvas(self.screen, self.theme, self._unit)
        self.screen.fill(self.theme["ground"])
        left, middle = canvas.px(16), canvas.px(HEAD) // 2
        wide = canvas.text(TITLE, left, middle, "title", bold=True)
        room = self._bottom.right - left - wide - canvas.px(130)
        canvas.text(WORDS, left + wide + canvas.px(14), middle, role="faint", width=room)
        draw_preview(canvas, self._picture, self.form, self._preview)
        for title, card, fields in self._cards:
            canvas.panel(card, title)
            for placed in fields:
                x, y = placed.label.x, placed.label.center[1]
                canvas.text(placed.field.label, x, y, "small", "faint", width=placed.label.w)
        self._draw_message(canvas)
        self.manager.update(now - self._drawn)
        self.manager.draw_ui(self.screen)
        pygame.display.flip()
        self._drawn = now

    def _draw_message(self, canvas: Canvas) -> None:
        """What is wrong, beside the button that therefore does nothing."""
        lines = canvas.wrapped(self.message, self._bottom.w - canvas.px(206), 4)
        _, middle = self._bottom.center
        for i, text in enumerate(lines):
            y = min(middle, self._bottom.bottom - canvas.px(28)) + (i - (len(lines) - 1) / 2) * canvas.px(18)
            canvas.text(text, self._bottom.x, y, "small", "alarm")
