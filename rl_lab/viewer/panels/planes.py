"""The state as the agent sees it: planes as a montage, numbers as bars, a picture as itself; each with its meaning."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import pygame
from numpy.typing import NDArray

from rl_lab.viewer.canvas import Canvas, number
from rl_lab.viewer.frame import Frame, Observation
from rl_lab.viewer.layout import Rect
from rl_lab.viewer.stage import Stage
from rl_lab.viewer.view import View

LABEL_LINES = 3
MIN_ROW, MIN_COLUMN = 15, 140  # of a number, in units


def draw(canvas: Canvas, rect: Rect, view: View) -> None:
    """What the agent to act is shown in this frame, as large as it fits."""
    seen = _seen(view.stage, view.frame)
    values = seen.values
    shape = " × ".join(str(size) for size in values.shape)
    inner = canvas.panel(rect, f"THE STATE AS THE AGENT SEES IT · {shape} {values.dtype}")
    if not (np.issubdtype(values.dtype, np.number) or values.dtype == np.bool_):
        canvas.text(str(values), *inner.center, align="center", width=inner.w)
    elif values.ndim == 3 and values.shape[2] == 3 and len(seen.names) != values.shape[0]:
        _draw_picture(canvas, inner, values)
    elif values.ndim in (2, 3):
        _draw_planes(canvas, inner, seen.names, values.reshape(-1, *values.shape[-2:]))
    else:
        _draw_numbers(canvas, inner, seen.names, values.ravel().astype(float))


@lru_cache(maxsize=4)
def _seen(stage: Stage, frame: Frame) -> Observation:
    return stage.observation(frame)


def _draw_picture(canvas: Canvas, inner: Rect, values: NDArray[Any]) -> None:
    """A picture [H, W, 3] as itself."""
    picture = pygame.image.frombuffer(_bytes(values).tobytes(), (values.shape[1], values.shape[0]), "RGB")
    scale = min(inner.w / values.shape[1], inner.h / values.shape[0])
    size = max(1, round(values.shape[1] * scale)), max(1, round(values.shape[0] * scale))
    (x, y), shown = inner.center, pygame.transform.scale(picture, size)
    canvas.surface.blit(shown, (round(x - size[0] / 2), round(y - size[1] / 2)))


def _draw_planes(canvas: Canvas, inner: Rect, names: tuple[str, ...], planes: NDArray[np.generic]) -> None:
    """A tile for each plane, dark where it is 0, its name below; one that is the same everywhere tells its number."""
    columns, side = montage(len(planes), planes.shape[1] / planes.shape[2], inner, canvas.px(LABEL_LINES * 12 + 4))
    rows = -(-len(planes) // columns)
    cell_w, cell_h = inner.w // columns, inner.h // rows
    for k, plane in enumerate(planes):
        cell = Rect(inner.x + k % columns * cell_w, inner.y + k // columns * cell_h, cell_w, cell_h)
        height = round(side * planes.shape[1] / planes.shape[2])
        tile = Rect(round(cell.center[0] - side / 2), cell.y, round(side), height)
        _draw_plane(canvas, tile, plane)
        for i, text in enumerate(label(canvas, _name(names, k), cell_w - canvas.px(6))):
            y = tile.bottom + canvas.px(8) + i * canvas.px(12)
            canvas.text(text, cell.center[0], y, "tiny", "faint", align="center")


def label(canvas: Canvas, name: str, width: float) -> list[str]:
    """A meaning in LABEL_LINES lines: what follows a comma is left out first, then words from its middle, since
    names often begin alike."""
    lines = canvas.wrapped(name, width, LABEL_LINES, "tiny")
    words = name.split(",")[0].split(" ")
    for gone in range(len(words) - 1):
        if not lines[-1].endswith("…"):
            break
        first = (len(words) - gone) // 3
        shown = [*words[:first], "…", *words[first + gone :]] if gone else words
        lines = canvas.wrapped(" ".join(shown), width, LABEL_LINES, "tiny")
    return lines


def montage(count: int, aspect: float, room: Rect, label: int) -> tuple[int, float]:
    """(columns, width of a tile) that make tiles of height `aspect` * width with a label below them largest."""
    best = (1, 1.0)
    for columns in range(1, count + 1):
        rows = -(-count // columns)
        side = min(room.w / columns * 0.9, (room.h / rows - label) / aspect)
        best = max(best, (columns, side), key=lambda found: found[1])
    return best


def _draw_plane(canvas: Canvas, tile: Rect, plane: NDArray[np.generic]) -> None:
    low, high = float(np.min(plane)), float(np.max(plane))
    even = low == high
    canvas.surface.blit(_plane_picture(plane, high, tile, canvas), (tile.x, tile.y))
    if even and low:
        canvas.text(number(low), *tile.center, "small", bold=True, align="center", width=tile.w)


def _plane_picture(plane: NDArray[np.generic], high: float, tile: Rect, canvas: Canvas) -> pygame.Surface:
    """From the trough's colour at 0 (or the lowest) to the ink's colour at the highest value in the plane."""
    low = min(0.0, float(np.min(plane)))
    share = (plane.astype(np.float64) - low) / max(1e-9, high - low)
    if high == float(np.min(plane)):
        share[:] = 0.0 if high == 0 else 0.25
    zero, one = np.array(canvas.theme["trough"], float), np.array(canvas.theme["plane"], float)
    colors = (zero + (one - zero) * share.T[..., None]).astype(np.uint8)
    return pygame.transform.scale(pygame.surfarray.make_surface(colors), (max(1, tile.w), max(1, tile.h)))


def _draw_numbers(canvas: Canvas, inner: Rect, names: tuple[str, ...], values: NDArray[np.float64]) -> None:
    """A row for each number: its name, a bar around 0 on the scale of the largest, and the number."""
    columns = min(-(-len(values) // max(1, inner.h // canvas.px(MIN_ROW))), max(1, inner.w // canvas.px(MIN_COLUMN)))
    rows = min(-(-len(values) // max(1, columns)), max(1, inner.h // canvas.px(MIN_ROW)))
    height, width = min(canvas.px(26), inner.h / max(1, rows)), inner.w // max(1, columns)
    largest = max(1.0, float(np.abs(values[np.isfinite(values)]).max(initial=0.0)))
    fits = rows * columns if len(values) <= rows * columns else rows * columns - 1
    for k, value in enumerate(values[:fits].tolist()):
        middle = inner.y + (k % rows + 0.5) * height
        cell = Rect(inner.x + k // rows * width, round(middle), width - canvas.px(10), canvas.px(8))
        _draw_number(canvas, cell, _name(names, k), value, value / largest)
    if fits < len(values):
        x, y = inner.x + (columns - 1) * width, inner.y + (rows - 0.5) * height
        canvas.text(f"and {len(values) - fits} more", x, y, "small", "faint", width=width)


def _draw_number(canvas: Canvas, cell: Rect, name: str, value: float, share: float) -> None:
    """One row, `cell.y` being its middle."""
    room, text_w = round(cell.w * 0.5), min(canvas.text_width("−0.000", "small"), cell.w // 4)
    if canvas.text_width(name, "small") > room - canvas.px(6):
        name = name.split(",")[0]
    canvas.text(name, cell.x, cell.y, "small", "faint", width=room - canvas.px(6))
    bar = Rect(cell.x + room, cell.y - cell.h // 2, max(1, cell.w - room - text_w - canvas.px(6)), cell.h)
    canvas.signed_bar(bar, share)
    canvas.text(number(value), cell.right, cell.y, "small", align="right", width=text_w)


def _name(names: tuple[str, ...], k: int) -> str:
    return names[k] if k < len(names) and names[k] else f"number {k}"


def _bytes(values: NDArray[Any]) -> NDArray[np.uint8]:
    """A picture of any number type as bytes."""
    if values.dtype == np.uint8:
        return values
    numbers = np.nan_to_num(values.astype(float))
    shares: NDArray[np.float64] = numbers / max(1e-9, float(numbers.max()))
    return (255 * shares).clip(0, 255).astype(np.uint8)
