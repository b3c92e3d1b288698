"""The window's pictures are those that were looked at and kept; and the comparison sees what a person would."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from rl_lab.viewer.layout import Rect, layout
from rl_lab.viewer.view import LAYERS
from tests.rl_lab.golden_moments import CELLS_OFF, FOLDER, MOMENTS, SIZE, cells_off, draw, kept

BUSY = ("go", "go-dark", "snake", "side-by-side")
ANEW = "python -m tests.rl_lab.golden_moments"
Pixels = NDArray[np.uint8]


@pytest.mark.parametrize("name", MOMENTS)
def test_the_picture_is_the_one_that_was_kept(name: str) -> None:
    off = cells_off(draw(name), kept(name))
    assert off <= CELLS_OFF, f"{off} squares of {name}.png differ; if that is what you want: {ANEW} {name}"


def test_the_kept_pictures_are_small_and_all_used() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {f"{name}.png" for name in MOMENTS}
    assert len(MOMENTS) <= 15 and all(path.stat().st_size <= 40_000 for path in FOLDER.iterdir())


def shifted(picture: Pixels) -> Iterator[tuple[str, Pixels]]:
    """The picture with one panel 8 pixels to the right, or further down."""
    for name, rect in layout(*SIZE, 2, toolbar=False).rects().items():
        for axis, way in ((1, "right"), (0, "down")):
            moved = picture.copy()
            _part(moved, rect)[:] = np.roll(_part(picture, rect), 8, axis)
            if rect.h:  # not the toolbar, which a picture has not
                yield f"{name} {way}", moved


def _part(picture: Pixels, rect: Rect) -> Pixels:
    return picture[rect.y : rect.bottom, rect.x : rect.right]


@pytest.mark.parametrize("name", ["go", "go-dark"])
def test_a_panel_that_has_moved_is_seen(name: str) -> None:
    missed = [what for what, moved in shifted(draw(name)) if cells_off(moved, kept(name)) <= CELLS_OFF]
    assert not missed


@pytest.mark.parametrize("layer", LAYERS)
def test_a_missing_layer_is_seen(layer: str) -> None:
    """On the board itself, not only by its switch in the legend."""
    places = layout(*SIZE, 2, toolbar=False)
    views = tuple(replace(view, layers=view.layers - {layer}) for view in MOMENTS["go"]())
    without, full = draw("go", views).copy(), draw("go")
    _part(without, places.legend)[:] = _part(full, places.legend)
    assert cells_off(without, full) > CELLS_OFF and cells_off(without, kept("go")) > CELLS_OFF


@pytest.mark.parametrize("name", BUSY)
def test_another_moment_is_seen(name: str) -> None:
    (view, *more) = MOMENTS[name]()
    earlier = replace(view, index=view.index - 1)
    assert cells_off(draw(name, (earlier, *more)), kept(name)) > CELLS_OFF


@pytest.mark.parametrize("name", BUSY)
def test_how_the_edges_of_letters_are_smoothed_is_not_seen(name: str) -> None:
    picture = draw(name)
    blurred = np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(0.6)))
    half_a_pixel = ((picture.astype(int) + np.roll(picture, 1, axis=1)) // 2).astype(np.uint8)
    for drawn in (blurred, half_a_pixel):
        assert (drawn != picture).any() and cells_off(drawn, picture) == 0
