"""All keys and what they do, over the picture. A click on a line does it. Only the window uses this panel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rl_lab.viewer.canvas import Canvas
from rl_lab.viewer.keys import Key
from rl_lab.viewer.layout import Rect

COLUMN, ROW, PAD = 270, 27, 18  # in units
KEY_SHARE = 0.3  # of a column's width, for the names of the keys
SIGNS = {"return": "enter", "escape": "esc", "page up": "pg up", "page down": "pg dn", "backspace": "bksp"}


Groups = Mapping[str, Sequence[Key]]


def draw(canvas: Canvas, window: tuple[int, int], groups: Groups) -> None:
    """A column for each group of keys."""
    canvas.box(area(canvas.unit, window, groups), "panel", "live", line=2.0)
    for column, (title, keys) in enumerate(groups.items()):
        place = _cell(canvas.unit, window, groups, column, 0)
        canvas.text(title, place.x, place.center[1], "body", bold=True, width=place.w)
        for line, key in enumerate(keys, 1):
            _draw_key(canvas, _cell(canvas.unit, window, groups, column, line), key)


def command_at(unit: float, window: tuple[int, int], groups: Groups, x: float, y: float) -> str:
    """The command of the line under a pixel, "" where there is none."""
    for column, keys in enumerate(groups.values()):
        for line, key in enumerate(keys, 1):
            if _cell(unit, window, groups, column, line).contains(x, y):
                return key.command
    return ""


def area(unit: float, window: tuple[int, int], groups: Groups) -> Rect:
    """The panel in the middle of the window."""
    w = min(round(COLUMN * len(groups) * unit), window[0])
    h = min(round((_lines(groups) * ROW + 2 * PAD) * unit), window[1])
    return Rect((window[0] - w) // 2, (window[1] - h) // 2, w, h)


def _draw_key(canvas: Canvas, place: Rect, key: Key) -> None:
    names = "  ".join(SIGNS.get(name, name).upper() for name in key.names[:2])
    left = round(place.w * KEY_SHARE)
    canvas.text(names, place.x, place.center[1], "small", "faint", bold=True, width=left)
    canvas.text(key.text, place.x + left, place.center[1], "small", width=place.w - left)


def _lines(groups: Groups) -> int:
    return 1 + max(len(keys) for keys in groups.values())


def _cell(unit: float, window: tuple[int, int], groups: Groups, column: int, line: int) -> Rect:
    """A line of a column; line 0 has the title."""
    panel, pad = area(unit, window, groups), round(PAD * unit)
    w = (panel.w - pad) // len(groups)
    h = (panel.h - 2 * pad) // _lines(groups)
    return Rect(panel.x + pad + column * w, panel.y + pad + line * h, w - pad, h)
