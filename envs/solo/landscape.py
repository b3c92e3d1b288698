"""Random smooth landscapes on [-1, 1] or [-1, 1]^2, each drawn from its number: a bowl plus Gaussian wells and bumps,

    height(p) = base + bowl |p|^2 + sum_k amplitude_k exp(-sharpness_k |p - centre_k|^2 / 2),

scaled so that the lowest point of the domain has height 0 and the highest 1. The parameters lie in the row (FIELDS), a
line being a plane that is only looked at where y = 0. The lowest point is found on a grid and then by compass search
(Hooke and Jeeves, 1961) from every grid point that could lie beside it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from envs.chance import GOLDEN, mix, random_unit
from envs.games.game import States
from envs.jit import kernel

HILLS = 10  # wells and bumps of one landscape
FIELDS: list[Any] = [
    ("dims", "i1"),
    ("landscape", "u8"),
    ("base", "f8"),
    ("bowl", "f8"),
    ("amplitude", "f8", (HILLS,)),
    ("sharpness", "f8", (HILLS,)),
    ("centre", "f8", (HILLS, 2)),
    ("lowest", "f8", (2,)),
]

# The narrowest and the widest well, and how deep or high they are before scaling; in the plane there is more room.
WIDTHS = np.array([[0.05, 0.25], [0.12, 0.35]])
DEEPEST, HIGHEST = -1.0, 0.6
BOWL = 0.5
BORDER = 0.9  # no centre lies farther out

GRID = np.array([[257, 1], [49, 49]])  # points along x and y
PRECISION = 1e-5  # the last step of the compass search; heights are then right to about 1e-8


@kernel
def height_and_slope(row: Any, x: float, y: float) -> tuple[float, float, float]:
    """The height at (x, y) and its exact derivatives."""
    height = row.base + row.bowl * (x * x + y * y)
    slope_x, slope_y = 2.0 * row.bowl * x, 2.0 * row.bowl * y
    for k in range(HILLS):
        dx, dy, sharpness = x - row.centre[k, 0], y - row.centre[k, 1], row.sharpness[k]
        hill = row.amplitude[k] * np.exp(-0.5 * sharpness * (dx * dx + dy * dy))
        height += hill
        slope_x -= hill * sharpness * dx
        slope_y -= hill * sharpness * dy
    return height, slope_x, slope_y


@kernel
def _height(row: Any, x: float, y: float) -> Any:
    """The height at (x, y) alone."""
    height = row.base + row.bowl * (x * x + y * y)
    for k in range(HILLS):
        dx, dy = x - row.centre[k, 0], y - row.centre[k, 1]
        height += row.amplitude[k] * np.exp(-0.5 * row.sharpness[k] * (dx * dx + dy * dy))
    return height


@kernel
def draw_landscape(row: Any, number: np.uint64, scratch: Any) -> None:
    """Writes the landscape of that number, in row.dims dimensions; `scratch` is from `new_scratch`."""
    heights, waves, chance = scratch
    row.landscape = number
    chance[0] = mix(number * GOLDEN + np.uint64(row.dims))
    narrow, wide = WIDTHS[row.dims - 1]
    row.base, row.bowl = 0.0, BOWL / row.dims
    for k in range(HILLS):
        row.amplitude[k] = DEEPEST + (HIGHEST - DEEPEST) * random_unit(chance, 0)
        row.sharpness[k] = (narrow * (wide / narrow) ** random_unit(chance, 0)) ** -2
        for d in range(row.dims):
            row.centre[k, d] = BORDER * (2.0 * random_unit(chance, 0) - 1.0)
    _fill_grid(row, heights, waves)
    row.lowest[0], row.lowest[1], low = _lowest(row, heights, 1.0)
    heights *= -1.0
    high = -_lowest(row, heights, -1.0)[2]
    scale = 1.0 / (high - low)
    row.base = -low * scale
    row.bowl *= scale
    for k in range(HILLS):
        row.amplitude[k] *= scale


def new_scratch() -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.uint64]]:
    """Memory that draw_landscape works in; one for each thread."""
    return np.empty(GRID.prod(axis=1).max()), np.empty((2, HILLS, GRID.max())), np.empty(1, np.uint64)


@kernel
def _spacing(row: Any) -> Any:
    return 2.0 / (GRID[row.dims - 1, 0] - 1)


@kernel
def _grid_point(row: Any, index: Any) -> tuple[float, float]:
    """Where the grid's point of that index lies; y is 0 on a line."""
    columns, rows = GRID[row.dims - 1]
    return _spacing(row) * (index % columns) - 1.0, _spacing(row) * (index // columns) - 1.0 if rows > 1 else 0.0


@kernel
def _fill_grid(row: Any, heights: Any, waves: Any) -> None:
    """The heights of all grid points. A Gaussian is one in x times one in y, which saves most exponentials."""
    columns, rows = GRID[row.dims - 1]
    for k in range(HILLS):
        for i in range(columns):
            x, _ = _grid_point(row, i)
            waves[0, k, i] = row.amplitude[k] * np.exp(-0.5 * row.sharpness[k] * (x - row.centre[k, 0]) ** 2)
        for j in range(rows):
            _, y = _grid_point(row, columns * j)
            waves[1, k, j] = np.exp(-0.5 * row.sharpness[k] * (y - row.centre[k, 1]) ** 2)
    spacing = _spacing(row)
    for j in range(rows):
        line = heights[columns * j : columns * (j + 1)]
        _, y = _grid_point(row, columns * j)
        for i in range(columns):
            x = spacing * i - 1.0
            line[i] = row.bowl * (x * x + y * y)
        for k in range(HILLS):
            factor = waves[1, k, j]
            for i in range(columns):
                line[i] += factor * waves[0, k, i]


@kernel
def _lowest(row: Any, heights: Any, sign: float) -> tuple[float, float, float]:
    """The lowest point of sign * height, which `heights` holds for the grid: (x, y, sign * height)."""
    columns, rows = GRID[row.dims - 1]
    lowest = np.argmin(heights[: columns * rows])
    best = _descend(row, *_grid_point(row, lowest), sign)
    reach = _most_below_grid(row)
    for index in range(columns * rows):
        if index != lowest and heights[index] < best[2] + reach and _is_grid_minimum(heights, index, columns, rows):
            found = _descend(row, *_grid_point(row, index), sign)
            if found[2] < best[2]:
                best = found
    return best


@kernel
def _most_below_grid(row: Any) -> Any:
    """How far a minimum can lie below the nearest grid point: half the strongest curvature times squared distance."""
    curvature = 2.0 * row.bowl + np.sum(np.abs(row.amplitude) * row.sharpness)
    return 0.5 * curvature * row.dims * (0.5 * _spacing(row)) ** 2


@kernel
def _is_grid_minimum(heights: Any, index: int, columns: int, rows: int) -> bool:
    """Whether none of the up to eight neighbours is lower."""
    x, y = index % columns, index // columns
    for j in range(max(y - 1, 0), min(y + 2, rows)):
        for i in range(max(x - 1, 0), min(x + 2, columns)):
            if heights[columns * j + i] < heights[index]:
                return False
    return True


@kernel
def _descend(row: Any, x: float, y: float, sign: float) -> tuple[float, float, float]:
    """The local minimum of sign * height near (x, y), by compass search within the domain: (x, y, sign * height)."""
    best = sign * _height(row, x, y)
    step = 0.5 * _spacing(row)
    while step > PRECISION:
        moved = False
        for direction in range(2 * row.dims):
            shift = step if direction % 2 else -step
            to_x = min(max(x + shift, -1.0), 1.0) if direction < 2 else x
            to_y = min(max(y + shift, -1.0), 1.0) if direction >= 2 else y
            height = sign * _height(row, to_x, to_y)
            if height < best:
                x, y, best, moved = to_x, to_y, height, True
        if not moved:
            step *= 0.5
    return x, y, best


@kernel
def _fill_heights(states: Any, points: Any, out: Any) -> None:
    for i in range(len(points)):
        out[i] = _height(states[0], points[i, 0], points[i, 1])


def heights_of(state: np.void, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The heights at `points` [m, 2] of the state's landscape, for pictures and tests. Shape [m]."""
    out = np.empty(len(points))
    one: States = np.asarray(state).reshape(1)
    _fill_heights(one, np.ascontiguousarray(points, np.float64), out)
    return out
