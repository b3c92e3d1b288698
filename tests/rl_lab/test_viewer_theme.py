"""Colours can be read: enough contrast for text, and layers apart for any colour vision."""

from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from rl_lab.viewer.theme import BOARD_LAYERS, RGB, THEMES, Theme

# What people without one kind of cones see, in linear RGB (Machado, Oliveira and Fernandes, 2009, severity 1.0).
SIGHTS = {
    "all cones": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
LEAST_CONTRAST = 4.5  # for text, by the Web Content Accessibility Guidelines 2.2
LEAST_DISTANCE = 18.0  # between colours of data, in CIELAB (CIE 1976); 2.3 is just noticeable


def linear(color: RGB) -> NDArray[np.float64]:
    """Linear RGB of sRGB (IEC 61966-2-1)."""
    share = np.array(color) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def contrast(a: RGB, b: RGB) -> float:
    """The contrast ratio of WCAG, 1 to 21."""
    bright, dark = sorted((float(linear(color) @ [0.2126, 0.7152, 0.0722]) for color in (a, b)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def lab(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """CIELAB of linear RGB under D65."""
    to_xyz = np.array(
        [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.072175], [0.0193339, 0.119192, 0.9503041]]
    )
    t = to_xyz @ np.clip(rgb, 0, 1) / [0.95047, 1.0, 1.08883]
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("theme", list(THEMES.values()), ids=lambda theme: theme.name)
@pytest.mark.parametrize(
    ("ink", "grounds"),
    [
        ("ink", ("ground", "panel", "live_ground", "button", "button_hover", "button_on", "trough")),
        ("faint", ("ground", "panel")),
        ("on_alarm", ("alarm",)),
        ("value", ("panel",)),
        ("loss", ("panel",)),
        ("policy", ("panel",)),
        ("stone_0", ("stone_1",)),
    ],
)
def test_text_has_contrast(theme: Theme, ink: str, grounds: tuple[str, ...]) -> None:
    for ground in grounds:
        assert contrast(theme[ink], theme[ground]) >= LEAST_CONTRAST, ground


@pytest.mark.parametrize("sight", list(SIGHTS))
@pytest.mark.parametrize("where", [*THEMES, "board"])
def test_layers_are_apart_for_any_colour_vision(where: str, sight: str) -> None:
    colors = BOARD_LAYERS if where == "board" else THEMES[where].colors
    seen = {role: lab(SIGHTS[sight] @ linear(colors[role])) for role in ("policy", "visits", "value", "loss")}
    for (a, first), (b, second) in combinations(seen.items(), 2):
        distance = float(np.linalg.norm(first - second))
        assert distance >= LEAST_DISTANCE, f"{a} and {b} are only {distance:.1f} apart"


@pytest.mark.parametrize("role", ["policy", "visits", "value", "loss"])
def test_numbers_on_the_layers_can_be_read(role: str) -> None:
    assert contrast((255, 255, 255), BOARD_LAYERS[role]) >= LEAST_CONTRAST
