"""Where everything lies: the size of the window in, named rectangles out. Pure functions, no graphics.

Wide window                         Narrow window (the board would not be larger with the timeline beside it)

    header   | cards                    header | cards, one below
    board    | loop                     board  | the other
             | decision                        | loop, decision
             | timeline                 timeline
    toolbar                             toolbar
"""

from __future__ import annotations

from dataclasses import dataclass

MIN_SIZE = (900, 600)
DESIGN_SIZE = (1280, 800)  # where one unit is one pixel
COLUMN_MIN, COLUMN_BEST = 330, 470  # width of the right-hand column, in units
TWO_CARDS = 380  # from this width on the two cards lie side by side


@dataclass(frozen=True)
class Rect:
    """A rectangle of pixels."""

    x: int
    y: int
    w: int
    h: int

    @property
    def right(self) -> int:
        """The first column of pixels beyond it."""
        return self.x + self.w

    @property
    def bottom(self) -> int:
        """The first row of pixels below it."""
        return self.y + self.h

    @property
    def center(self) -> tuple[float, float]:
        """Its middle."""
        return self.x + self.w / 2, self.y + self.h / 2

    def inset(self, dx: float, dy: float | None = None) -> Rect:
        """The rectangle shrunk by dx on the left and right and by dy (dx if not given) above and below."""
        dy = dx if dy is None else dy
        return Rect(
            round(self.x + dx),
            round(self.y + dy),
            max(0, round(self.w - 2 * dx)),
            max(0, round(self.h - 2 * dy)),
        )

    def contains(self, x: float, y: float) -> bool:
        """Whether the point lies inside."""
        return self.x <= x < self.right and self.y <= y < self.bottom

    def overlaps(self, other: Rect) -> bool:
        """Whether the two share a pixel."""
        return self.x < other.right and other.x < self.right and self.y < other.bottom and other.y < self.bottom


@dataclass(frozen=True)
class Layout:
    """The rectangles of one window size; `unit` is how many pixels a unit of theme sizes has."""

    unit: float
    header: Rect
    board: Rect
    cards: tuple[Rect, ...]
    """One for each seat."""
    loop: Rect
    decision: Rect
    timeline: Rect
    toolbar: Rect

    def rects(self) -> dict[str, Rect]:
        """All rectangles by name."""
        single = {name: rect for name, rect in vars(self).items() if isinstance(rect, Rect)}
        return single | {f"card_{seat}": rect for seat, rect in enumerate(self.cards)}


def unit(width: int, height: int) -> float:
    """Pixels to a unit: 1 at the design size, never so small that text cannot be read."""
    return max(0.82, min(width / DESIGN_SIZE[0], height / DESIGN_SIZE[1]))


def layout(width: int, height: int, seats: int = 2, toolbar: bool = True) -> Layout:
    """Lays out a window for so many seats; sizes below MIN_SIZE are laid out as MIN_SIZE.

    Without `toolbar` that strip has no height.
    """
    width, height = max(width, MIN_SIZE[0]), max(height, MIN_SIZE[1])
    u = unit(width, height)
    gap = round(12 * u)
    bar = round(40 * u) if toolbar else 0
    head = round(30 * u)
    top = gap // 2 + head + gap // 2
    bottom = height - (gap // 2 + bar + gap // 2 if toolbar else gap)
    time_h = round(118 * u)

    tall = bottom - top  # the board's side if the timeline lies beside it
    wide = width - 3 * gap - tall >= COLUMN_BEST * u
    side = tall if wide else min(tall - time_h - gap, width - 3 * gap - round(COLUMN_MIN * u))
    board = Rect(gap, top, side, side if wide else tall - time_h - gap)
    left = board.right + gap
    column = Rect(left, gap, width - gap - left, bottom - gap)
    if wide:
        timeline = Rect(column.x, bottom - time_h, column.w, time_h)
    else:
        timeline = Rect(gap, bottom - time_h, width - 2 * gap, time_h)
    cards, loop, decision = _column(column, timeline.y - gap, u, gap, seats)
    return Layout(
        unit=u,
        header=Rect(gap, gap // 2, board.w, head),
        board=board,
        cards=cards,
        loop=loop,
        decision=decision,
        timeline=timeline,
        toolbar=Rect(gap, height - gap // 2 - bar, width - 2 * gap, bar),
    )


def _column(column: Rect, bottom: int, u: float, gap: int, seats: int) -> tuple[tuple[Rect, ...], Rect, Rect]:
    """The cards, the loop and the decision, stacked in the column down to `bottom`."""
    x, y, w = column.x, column.y, column.w
    card_h = round(104 * u)
    beside = w >= TWO_CARDS * u
    card_w = (w - (seats - 1) * gap) // seats if beside else w
    step_x, step_y = (card_w + gap, 0) if beside else (0, card_h + gap)
    cards = tuple(Rect(x + seat * step_x, y + seat * step_y, card_w, card_h) for seat in range(seats))
    y = cards[-1].bottom + gap
    left = bottom - y - gap
    loop_h = round(left * 0.54)
    return cards, Rect(x, y, w, loop_h), Rect(x, y + loop_h + gap, w, left - loop_h)
