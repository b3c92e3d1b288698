"""Where everything lies: the size of the window in, named rectangles out. Pure functions, no graphics.

Wide window                         Narrow window (the board would not be larger with the timeline beside it)

    header   | cards                    header | cards, one below
    board    | loop                     board  | the other
             | decision                 legend | loop, decision
    legend   | timeline                 timeline
    toolbar                             toolbar

In a tall window the column lies below the board. Two boards, of sessions side by side, have a card each below them.
"""

from __future__ import annotations

from dataclasses import dataclass

MIN_SIZE = (900, 600)
DESIGN_SIZE = (1280, 800)  # where one unit is one pixel
COLUMN_MIN, COLUMN_BEST = 330, 470  # width of the right-hand column, in units
TWO_CARDS = 380  # from this width on the two cards lie side by side
CARD, LEGEND, TIMELINE = 104, 24, 132  # heights, in units
LOWER_MIN = 330  # from this height on the panels find room below the board, in units
WIDE_COLUMN = 1.7  # from this ratio on the loop and the decision lie side by side


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
    boards: tuple[Rect, ...]
    """One, or two for sessions side by side."""
    legend: Rect
    """The layers' key and switches, below the boards."""
    cards: tuple[Rect, ...]
    """One for each seat; side by side one for each session."""
    loop: Rect
    decision: Rect
    timeline: Rect
    toolbar: Rect

    @property
    def board(self) -> Rect:
        """The first board."""
        return self.boards[0]

    def rects(self) -> dict[str, Rect]:
        """All rectangles by name."""
        single = {name: rect for name, rect in vars(self).items() if isinstance(rect, Rect)}
        boards = {f"board_{k}": rect for k, rect in enumerate(self.boards)}
        return single | boards | {f"card_{k}": rect for k, rect in enumerate(self.cards)}


def unit(width: int, height: int) -> float:
    """Pixels to a unit: 1 at the design size, never so small that text cannot be read."""
    return max(0.82, min(width / DESIGN_SIZE[0], height / DESIGN_SIZE[1]))


def layout(width: int, height: int, seats: int = 2, boards: int = 1, toolbar: bool = True) -> Layout:
    """Lays out a window for so many seats, and boards side by side; sizes below MIN_SIZE are laid out as MIN_SIZE.

    Without `toolbar` that strip has no height.
    """
    width, height = max(width, MIN_SIZE[0]), max(height, MIN_SIZE[1])
    u = unit(width, height)
    gap = round(12 * u)
    bar = round(40 * u) if toolbar else 0
    bottom = height - (gap // 2 + bar + gap // 2 if toolbar else gap)
    room = Rect(gap, gap // 2, width - 2 * gap, bottom - gap // 2)
    head, key = round(30 * u), round(LEGEND * u)
    main, column, timeline = _areas(room, u, gap, head + key + gap, boards)
    header = Rect(main.x, main.y, main.w, head)
    legend = Rect(main.x, main.bottom - key, main.w, key)
    top = header.bottom + gap // 2
    held = Rect(main.x, top, main.w, legend.y - gap // 2 - top)
    places, beside = _boards(held, boards, gap), max(seats, boards)
    if boards > 1:
        places, cards = _with_cards(places, round(CARD * u), gap)
    else:
        cards, column = _cards(column, u, gap, beside)
    loop, decision = _halves(column, gap, wide=column.w > WIDE_COLUMN * column.h)
    return Layout(
        unit=u,
        header=header,
        boards=places,
        legend=legend,
        cards=cards,
        loop=loop,
        decision=decision,
        timeline=timeline,
        toolbar=Rect(gap, height - gap // 2 - bar, width - 2 * gap, bar),
    )


def _areas(room: Rect, u: float, gap: int, strips: int, boards: int) -> tuple[Rect, Rect, Rect]:
    """Where the boards with their `strips`, the column of panels and the timeline go."""
    time_h = round(TIMELINE * u)
    x, y, w, h = room.x, room.y, room.w, room.h
    column_y = y + gap - gap // 2  # the column has no header, and begins where a margin ends
    side = h - strips
    if boards == 1 and w - gap - side >= COLUMN_BEST * u:
        left = x + side + gap
        column = Rect(left, column_y, room.right - left, room.bottom - time_h - gap - column_y)
        return Rect(x, y, side, h), column, Rect(left, room.bottom - time_h, column.w, time_h)
    timeline = Rect(x, room.bottom - time_h, w, time_h)
    above = timeline.y - gap - y
    if above - (w + strips) - gap >= LOWER_MIN * u:  # a tall window: the panels go below the board
        lower = y + w + strips + gap
        return Rect(x, y, w, w + strips), Rect(x, lower, w, timeline.y - gap - lower), timeline
    side = w - gap - round(COLUMN_MIN * u)
    side = side if boards > 1 else min(side, above - strips)
    left = x + side + gap
    return Rect(x, y, side, above), Rect(left, column_y, room.right - left, y + above - column_y), timeline


def _boards(room: Rect, boards: int, gap: int) -> tuple[Rect, ...]:
    """One board, or two beside each other."""
    w = (room.w - gap * (boards - 1)) // boards
    return tuple(Rect(room.x + k * (w + gap), room.y, w, room.h) for k in range(boards))


def _with_cards(boards: tuple[Rect, ...], card_h: int, gap: int) -> tuple[tuple[Rect, ...], tuple[Rect, ...]]:
    """The boards, each with a card below it."""
    shorter = tuple(Rect(board.x, board.y, board.w, board.h - card_h - gap) for board in boards)
    return shorter, tuple(Rect(board.x, board.bottom - card_h, board.w, card_h) for board in boards)


def _cards(column: Rect, u: float, gap: int, count: int) -> tuple[tuple[Rect, ...], Rect]:
    """The cards at the top of the column, side by side if it is wide enough, and what is left below them."""
    x, y, w = column.x, column.y, column.w
    card_h = round(CARD * u)
    beside = w >= TWO_CARDS * u
    card_w = (w - (count - 1) * gap) // count if beside else w
    step_x, step_y = (card_w + gap, 0) if beside else (0, card_h + gap)
    cards = tuple(Rect(x + k * step_x, y + k * step_y, card_w, card_h) for k in range(count))
    top = cards[-1].bottom + gap
    return cards, Rect(x, top, w, column.bottom - top)


def _halves(room: Rect, gap: int, wide: bool) -> tuple[Rect, Rect]:
    """The loop and the decision, beside each other if there is more width than height."""
    if wide:
        w = (room.w - gap) // 2
        return Rect(room.x, room.y, w, room.h), Rect(room.right - w, room.y, w, room.h)
    h = round((room.h - gap) * 0.54)
    return Rect(room.x, room.y, room.w, h), Rect(room.x, room.y + h + gap, room.w, room.h - gap - h)
