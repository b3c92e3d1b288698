"""Every rectangle lies inside the window, none covers another, and each is large enough for what it shows."""

from itertools import combinations

import pytest

from rl_lab.viewer.layout import Rect, layout

SIZES = [(900, 600), (1000, 700), (1024, 768), (1280, 800), (1366, 768), (1600, 900), (1200, 1200), (900, 1600)]
SIZES += [(1920, 1080), (2560, 1440), (3440, 1440), (3840, 2160)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("toolbar", [True, False])
@pytest.mark.parametrize(("seats", "boards"), [(2, 1), (1, 1), (1, 2), (2, 2)])
def test_rectangles_lie_inside_and_apart(size: tuple[int, int], toolbar: bool, seats: int, boards: int) -> None:
    places = layout(*size, seats, boards, toolbar)
    assert len(places.boards) == boards and places.board is places.boards[0]
    assert len(places.cards) == max(seats, boards)
    rects = places.rects()
    assert len(rects) == 6 + boards + len(places.cards)
    for name, rect in rects.items():
        assert rect.x >= 0 and rect.y >= 0 and rect.right <= size[0] and rect.bottom <= size[1], name
    for (a, first), (b, second) in combinations(rects.items(), 2):
        assert not first.overlaps(second), (a, b)


@pytest.mark.parametrize("size", SIZES)
def test_everything_is_large_enough(size: tuple[int, int]) -> None:
    places = layout(*size)
    u = places.unit
    assert u >= 0.82
    assert min(places.board.w, places.board.h) >= 0.42 * min(size)
    assert min(places.loop.w, places.decision.w) >= 329 * u
    assert places.loop.h >= 200 * u and places.decision.h >= 150 * u
    assert places.cards[0].w >= 180 * u and places.timeline.h >= 100 * u and places.timeline.w >= 320 * u
    assert places.legend.w >= 350 * u and places.legend.h >= 22 * u


@pytest.mark.parametrize("size", SIZES)
def test_two_boards_are_alike_and_larger_than_thumbnails(size: tuple[int, int]) -> None:
    first, second = layout(*size, seats=1, boards=2).boards
    assert (first.w, first.h) == (second.w, second.h)
    assert min(first.w, first.h) >= 0.28 * min(size)


def test_a_window_twice_as_large_shows_everything_twice_as_large() -> None:
    small, large = layout(1920, 1080), layout(3840, 2160)
    assert large.unit == pytest.approx(2 * small.unit)
    assert large.board.w == pytest.approx(2 * small.board.w, abs=8)


def test_a_window_that_is_too_small_is_laid_out_as_the_smallest() -> None:
    assert layout(300, 200) == layout(900, 600)


def test_rect() -> None:
    rect = Rect(10, 20, 30, 40)
    assert (rect.right, rect.bottom, rect.center) == (40, 60, (25, 40))
    assert rect.contains(10, 20) and not rect.contains(40, 20)
    assert rect.inset(5) == Rect(15, 25, 20, 30) and rect.inset(100).w == 0
    assert rect.overlaps(Rect(39, 59, 5, 5)) and not rect.overlaps(Rect(40, 20, 5, 5))
