"""Every colour, font and size of the window in one place.

The colours of data are told apart by people with any colour vision (as simulated by Machado, Oliveira and Fernandes,
2009), and no two layers of what an agent thinks share one: the policy is blue, visits are vermilion, values go from
purple (bad) to green (good).
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from envs.faces.paint import PALETTE

RGB = tuple[int, int, int]


def _rgb(text: str) -> RGB:
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


@dataclass(frozen=True)
class Theme:
    """Colours by role: `colors` for the window, `scene` for what games draw."""

    name: str
    colors: Mapping[str, RGB]
    scene: Mapping[str, RGB]

    def __getitem__(self, role: str) -> RGB:
        return self.colors[role]

    def __hash__(self) -> int:
        return hash(self.name)


def _theme(name: str, colors: dict[str, str], scene: dict[str, str]) -> Theme:
    # What only some worlds draw keeps the painters' own colours.
    roles = {**PALETTE, **{k: _rgb(v) for k, v in scene.items()}}
    shared = {role: roles[role] for role in ("stone_0", "stone_1", "agent")}
    return Theme(name, {k: _rgb(v) for k, v in colors.items()} | shared, roles)


LIGHT = _theme(
    "light",
    {
        "ground": "#ECEAE4",  # behind everything
        "panel": "#FBFAF7",
        "edge": "#D8D4CA",  # around panels, rules between things
        "ink": "#22262B",
        "faint": "#5F646B",  # secondary text
        "trough": "#E6E2D9",  # the empty part of a bar
        "plane": "#2F4B63",  # a 1 in a plane of what the agent sees
        "plot": "#C3C2BC",  # behind the timeline, where black and white lines both show
        "live": "#E69F00",  # what happens right now in the loop
        "live_ground": "#FFF1CF",
        "policy": "#0B68CC",
        "visits": "#C04D05",
        "value": "#0C6040",
        "loss": "#64237A",
        "alarm": "#A3222A",
        "on_alarm": "#FFFFFF",
        "button": "#FFFFFF",
        "button_hover": "#FFF1CF",
        "button_on": "#DCEAF4",
    },
    {
        "board": "#E3BC78",
        "grid": "#6B4C22",
        "ink": "#5A3F1B",
        "stone_0": "#1E2024",
        "stone_1": "#F7F5EF",
        "mark": "#C8321A",
    },
)

DARK = _theme(
    "dark",
    {
        "ground": "#16191D",
        "panel": "#20252B",
        "edge": "#353C45",
        "ink": "#ECEFF2",
        "faint": "#9AA4AF",
        "trough": "#323941",
        "plane": "#9CC3E0",
        "plot": "#5B646E",
        "live": "#F5B32E",
        "live_ground": "#46391B",
        "policy": "#4A97F8",
        "visits": "#FF7238",
        "value": "#4BE3A0",
        "loss": "#B488AC",
        "alarm": "#E5656B",
        "on_alarm": "#1A0B0C",
        "button": "#2B3138",
        "button_hover": "#46391B",
        "button_on": "#22435A",
    },
    {
        "board": "#C99F5F",
        "grid": "#543A18",
        "ink": "#3F2B10",
        "stone_0": "#17191C",
        "stone_1": "#F2F0EA",
        "mark": "#B7290F",
    },
)

THEMES = {theme.name: theme for theme in (LIGHT, DARK)}

# On the board the layers lie on wood in both themes, so there they keep the colours of the light one.
BOARD_LAYERS: dict[str, RGB] = {role: LIGHT[role] for role in ("policy", "visits", "value", "loss", "live")}

# Sizes in the window's unit, which layout.unit() turns into pixels.
TEXT = {"tiny": 10.5, "small": 12.5, "body": 14.5, "title": 17.0}
RADIUS = 8.0


@cache
def font_path(bold: bool = False) -> str | None:
    """The font file of all text: Noto Sans as pygame-gui brings it, so that text looks the same on every computer."""
    found = importlib.util.find_spec("pygame_gui")
    for folder in (found.submodule_search_locations or []) if found else []:
        path = Path(folder) / "data" / f"NotoSans-{'Bold' if bold else 'Regular'}.ttf"
        if path.exists():
            return str(path)
    return None
