"""The buttons at the bottom: each names a command of the window. Only the window with its events uses this panel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pygame
import pygame_gui

from rl_lab.viewer.buttons import Button
from rl_lab.viewer.layout import Rect
from rl_lab.viewer.theme import RADIUS, RGB, TEXT, Theme

GAP, PADDING = 6, 18  # between buttons, and around their texts, in units


class Toolbar:
    """A row of buttons as wide as their texts need; where the window is narrow, the least needed are left out."""

    def __init__(self, window: tuple[int, int], rect: Rect, unit: float, theme: Theme) -> None:
        self.manager = pygame_gui.UIManager(window, theme_path=_style(theme, unit))
        self.rect, self.unit = rect, unit
        self._buttons: dict[Any, str] = {}
        self._shown: list[Button] = []

    def show(self, buttons: Sequence[Button]) -> bool:
        """Shows these buttons; True if they are others than before."""
        if self._shown == list(buttons):
            return False
        self._shown = list(buttons)
        for button in self._buttons:
            button.kill()
        self._buttons.clear()
        font = self.manager.get_theme().get_font(["button"])
        gap = round(GAP * self.unit)
        widths = {button: font.size(button.text)[0] + round(PADDING * self.unit) for button in buttons}
        x = self.rect.x
        for button in fitting(buttons, widths, self.rect.w, gap):
            place = pygame.Rect(x, self.rect.y, widths[button], self.rect.h)
            made = pygame_gui.elements.UIButton(place, button.text, self.manager, tool_tip_text=button.tip)
            self._buttons[made] = button.command
            x = place.right + gap
        return True

    def command(self, event: pygame.Event) -> str | None:
        """Shows the event to the buttons; the command of the one it pressed, if any."""
        self.manager.process_events(event)
        if event.type == pygame_gui.UI_BUTTON_PRESSED:
            return self._buttons.get(event.ui_element)
        return None

    def draw(self, surface: pygame.Surface, seconds: float) -> None:
        """Draws the buttons, `seconds` after the last time."""
        self.manager.update(seconds)
        self.manager.draw_ui(surface)


def fitting(buttons: Sequence[Button], widths: Mapping[Button, int], room: int, gap: int) -> list[Button]:
    """The buttons for which there is room, in their order: the last of the highest rank goes first."""
    left = list(buttons)
    while len(left) > 1 and sum(widths[button] + gap for button in left) - gap > room:
        left.reverse()
        left.remove(max(left, key=lambda button: button.rank))
        left.reverse()
    return left


def _style(theme: Theme, unit: float) -> dict[str, Any]:
    """The theme in the words of pygame-gui."""
    colours = {
        "normal_bg": "button",
        "hovered_bg": "button_hover",
        "active_bg": "button_on",
        "selected_bg": "button_on",
        "normal_border": "edge",
        "hovered_border": "live",
        "active_border": "live",
        "selected_border": "edge",
        "dark_bg": "panel",
    }
    style = {key: _hex(theme[role]) for key, role in colours.items()}
    style |= {f"{state}_text": _hex(theme["ink"]) for state in ("normal", "hovered", "active", "selected")}
    size = str(round(TEXT["body"] * unit))
    return {
        "button": {
            "colours": style,
            "font": {"name": "noto_sans", "size": size},
            "misc": {
                "shape": "rounded_rectangle",
                "shape_corner_radius": str(round(RADIUS * unit * 0.75)),
                "border_width": "1",
                "shadow_width": "0",
                "tool_tip_delay": "0.6",
            },
        },
        "tool_tip": {"misc": {"rect_width": str(round(260 * unit))}},
        "tool_tip.text_box": {
            "colours": {
                "dark_bg": _hex(theme["panel"]),
                "normal_border": _hex(theme["edge"]),
                "normal_text": _hex(theme["ink"]),
            },
            "font": {"name": "noto_sans", "size": size},
            "misc": {"border_width": "1", "shadow_width": "0"},
        },
    }


def _hex(color: RGB) -> str:
    return "#{:02x}{:02x}{:02x}".format(*color)
