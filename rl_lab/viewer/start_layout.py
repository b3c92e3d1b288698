"""Where the cards and the controls of the start screen lie. No graphics."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rl_lab.viewer import start_fields
from rl_lab.viewer.layout import Rect
from rl_lab.viewer.start import Form
from rl_lab.viewer.start_fields import Field

GAP, ROW, LABEL, HEAD = 10, 32, 20, 64  # in units


@dataclass(frozen=True)
class Placed:
    """A control's field, and where its label and itself lie."""

    field: Field
    label: Rect
    rect: Rect


def arrange(
    form: Form, runs: Path, width: int, height: int, scale: float
) -> tuple[Rect, list[tuple[str, Rect, list[Placed]]], Rect]:
    """(the picture's place, the cards with their fields, the strip at the bottom)."""
    gap, head, low = round(GAP * scale), round(HEAD * scale), round(46 * scale)
    margin = round(16 * scale)
    column = round((width - 2 * margin) * 0.56)
    x = width - margin - column
    bottom = Rect(x, height - margin - low, column, low)
    y = head
    cards = []
    for section in start_fields.sections(form, runs):
        pad, top = round(12 * scale), round(32 * scale)
        row_h = round((LABEL + ROW + 6) * scale)
        card = Rect(x, y, column, top + row_h * len(section.rows) + round(6 * scale))
        fields = []
        for i, row in enumerate(section.rows):
            strip = Rect(card.x + pad, card.y + top + i * row_h, card.w - 2 * pad, row_h)
            fields += _place_row(row, strip, scale)
        cards.append((section.title, card, fields))
        y = card.bottom + gap
    picture = Rect(margin, head, x - margin - gap, height - head - margin)
    return picture, cards, bottom


def _place_row(row: tuple[Field, ...], strip: Rect, scale: float) -> list[Placed]:
    """The fields of a row, each as wide as its share."""
    gap, label_h, tall = round(GAP * scale), round(LABEL * scale), round(ROW * scale)
    whole = strip.w - gap * (len(row) - 1)
    shares = sum(field.share for field in row)
    x, placed = strip.x, []
    for field in row:
        w = round(whole * field.share / shares)
        placed.append(Placed(field, Rect(x, strip.y, w, label_h), Rect(x, strip.y + label_h, w, tall)))
        x += w + gap
    return placed
