"""What a skier's state looks like: on a line the slope in profile, in the plane a map; as a scene and in characters."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from envs.games.scene import Box, Circle, Label, Line, Primitive, Scene
from envs.solo.landscape import heights_of

LEVELS = 16  # of the colour roles height_0 to height_15

EDGE = 0.5  # room around the domain, for a skier at its border
OVERLAP = 0.01  # of neighbouring boxes, or a painter's rounding leaves seams between them

WIDTH = 10.0  # of a profile, in board units
GROUND, PEAK = 5.6, 0.9  # where heights 0 and 1 lie, from the top
PROFILE_HEIGHT = 6.4
PIECES = 160  # straight pieces of a profile
SKI = 0.34  # half of a ski's length

SIDE = 8.0  # of a map
CELLS = 64  # along a side

COLUMNS, ROWS = 61, 12  # of a profile in characters
MAP_COLUMNS, MAP_ROWS = 41, 21

NEGATIVE, POSITIVE = ("left", "down"), ("right", "up")


def move_name(move: NDArray[np.floating[Any]]) -> str:
    """A move in units of max_step, in words, e.g. "right 0.35, up 0.10"; y grows upwards."""
    shares = [(POSITIVE if share > 0 else NEGATIVE)[d] + f" {abs(share):.2f}" for d, share in enumerate(move) if share]
    return ", ".join(shares) or "stay"


def text(state: np.void) -> str:
    """The landscape in characters: @ the skier, * the lowest point; in the plane a digit is the height in tenths."""
    canvas = _profile_text(state) if state["dims"] == 1 else _map_text(state)
    status = f"height {state['height']:.3f}, step {state['ply']} of {state['steps']}"
    return "\n".join(["".join(line) for line in canvas] + [status])


def _profile_text(state: np.void) -> NDArray[np.str_]:
    x = np.linspace(-1, 1, COLUMNS)
    top = _text_row(heights_of(state, np.stack([x, np.zeros(COLUMNS)], axis=1)))
    canvas = np.where(np.arange(ROWS)[:, None] > top, "#", " ")
    for x_spot, height, symbol in ((state["lowest"][0], 0.0, "*"), (state["position"][0], state["height"], "@")):
        canvas[_text_row(height), round((x_spot + 1) / 2 * (COLUMNS - 1))] = symbol
    return canvas


def _text_row(height: NDArray[np.float64] | float) -> NDArray[np.int64]:
    """The line, from the top, that just clears a slope of that height."""
    return np.asarray(np.rint((1 - np.asarray(height)) * (ROWS - 2)), np.int64)


def _map_text(state: np.void) -> NDArray[np.str_]:
    points = _grid(np.linspace(-1, 1, MAP_COLUMNS), np.linspace(1, -1, MAP_ROWS))
    tenths = np.clip(heights_of(state, points) * 10, 0, 9).astype(np.int64)
    canvas = tenths.reshape(MAP_ROWS, MAP_COLUMNS).astype("U1")
    for (x, y), symbol in ((state["lowest"], "*"), (state["position"], "@")):
        canvas[round((1 - y) / 2 * (MAP_ROWS - 1)), round((x + 1) / 2 * (MAP_COLUMNS - 1))] = symbol
    return canvas


def scene(state: np.void) -> Scene:
    """The landscape, a flag at its lowest point, the last places and the skier."""
    return _profile(state) if state["dims"] == 1 else _map(state)


def _trace(state: np.void) -> NDArray[np.float64]:
    """The places the row remembers, the oldest first, the present one last. Shape [m, 2]."""
    ply, size = int(state["ply"]), len(state["trace"])
    order = np.arange(max(0, ply - size + 1), ply + 1) % size
    return np.asarray(state["trace"][order], np.float64)


def _profile(state: np.void) -> Scene:
    x = np.linspace(-1, 1, PIECES + 1)
    heights = heights_of(state, np.stack([x, np.zeros(len(x))], axis=1))
    across, down = EDGE + (x + 1) * WIDTH / 2, GROUND - heights * (GROUND - PEAK)
    items: list[Primitive] = [Box(0, 0, WIDTH + 2 * EDGE, PROFILE_HEIGHT, "floor")]
    for i in range(PIECES):
        top = (down[i] + down[i + 1]) / 2
        wide = across[i + 1] - across[i] + (OVERLAP if i + 1 < PIECES else 0)
        items.append(Box(across[i], top, wide, PROFILE_HEIGHT - top, _level(heights[i])))
    items += [Line(across[i], down[i], across[i + 1], down[i + 1], "wall", 0.07) for i in range(PIECES)]

    def spot(places: NDArray[np.float64]) -> list[tuple[float, float]]:
        rise = heights_of(state, places) * (GROUND - PEAK)
        return [(EDGE + (px + 1) * WIDTH / 2, GROUND - r) for (px, _), r in zip(places, rise, strict=True)]

    [(flag_x, flag_y)] = spot(state["lowest"][None])
    items += _flag(flag_x, flag_y)
    track = spot(_trace(state))
    items += [Circle(px, py, 0.07, "mark") for px, py in track[:-1]]
    items += _skier_in_profile(*track[-1], float(state["slope"][0]))
    return Scene(WIDTH + 2 * EDGE, PROFILE_HEIGHT, [*items, _caption(state, WIDTH + 2 * EDGE)])


def _skier_in_profile(x: float, y: float, slope: float) -> list[Primitive]:
    """A head and a body, upright on skis that lie along the slope."""
    steepness = -slope * (GROUND - PEAK) / (WIDTH / 2)
    dx, dy = SKI * np.array([1.0, steepness]) / np.hypot(1.0, steepness)
    return [
        Line(x, y, x, y - 0.42, "agent", 0.17),
        Line(x - dx, y - dy, x + dx, y + dy, "ink", 0.09),
        Circle(x, y - 0.56, 0.18, "agent"),
    ]


def _map(state: np.void) -> Scene:
    middles = (np.arange(CELLS) + 0.5) / CELLS * 2 - 1
    heights = heights_of(state, _grid(middles, -middles)).reshape(CELLS, CELLS)
    cell = SIDE / CELLS
    whole, height = SIDE + 2 * EDGE, SIDE + 2 * EDGE + 0.4
    items: list[Primitive] = [Box(0, 0, whole, height, "floor")]
    for row, line in enumerate(heights):
        # Neighbours of one colour are one box.
        levels = [_level(height) for height in line]
        starts = [i for i in range(CELLS) if i == 0 or levels[i] != levels[i - 1]]
        for left, right in zip(starts, [*starts[1:], CELLS], strict=True):
            wide = (right - left) * cell + (OVERLAP if right < CELLS else 0)
            tall = cell + (OVERLAP if row + 1 < CELLS else 0)
            items.append(Box(EDGE + left * cell, EDGE + row * cell, wide, tall, levels[left]))
    track = [_on_map(x, y) for x, y in _trace(state)]
    items += _flag(*_on_map(*state["lowest"]))
    items += [Line(*a, *b, "mark", 0.06) for a, b in pairwise(track)]
    items += [Circle(x, y, 0.07, "mark") for x, y in track[:-1]]
    items += _skier_from_above(*track[-1], state["velocity"])
    return Scene(whole, height, [*items, _caption(state, whole)])


def _on_map(x: float, y: float) -> tuple[float, float]:
    """Where a point of the domain lies on the map; y grows upwards."""
    return EDGE + (x + 1) * SIDE / 2, EDGE + (1 - y) * SIDE / 2


def _skier_from_above(x: float, y: float, velocity: NDArray[np.float64]) -> list[Primitive]:
    """A disc with its two skis along the last move."""
    speed = float(np.hypot(*velocity))
    dx, dy = (velocity[0] / speed, -velocity[1] / speed) if speed else (1.0, 0.0)
    skis: list[Primitive] = [
        Line(
            x - SKI * dx - 0.09 * side * dy,
            y - SKI * dy + 0.09 * side * dx,
            x + SKI * dx - 0.09 * side * dy,
            y + SKI * dy + 0.09 * side * dx,
            "ink",
            0.07,
        )
        for side in (-1, 1)
    ]
    return [*skis, Circle(x, y, 0.19, "agent"), Circle(x, y, 0.19, "floor", 0.04)]


def _flag(x: float, y: float) -> list[Primitive]:
    """A flag whose pole stands on (x, y)."""
    return [Line(x, y, x, y - 0.7, "ink", 0.06), Box(x, y - 0.7, 0.42, 0.26, "goal"), Circle(x, y, 0.07, "ink")]


def _caption(state: np.void, width: float) -> Label:
    """Height and time; below a map, above a profile."""
    words = f"height {state['height']:.2f}, step {state['ply']} of {state['steps']}"
    return Label(width / 2, 0.4 if state["dims"] == 1 else SIDE + 2 * EDGE, words, "ink", 0.42)


def _level(height: float) -> str:
    """The colour role of a height."""
    return f"height_{min(max(int(height * LEVELS), 0), LEVELS - 1)}"


def _grid(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """All points of a grid, line by line. Shape [len(y) * len(x), 2]."""
    return np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
