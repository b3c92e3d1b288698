"""GTP commands for handicaps: Black's stones on an empty board, after which White moves."""

from __future__ import annotations

from rl_lab.go_io import gtp_text as text
from rl_lab.go_io.gtp_session import Session
from rl_lab.go_io.gtp_setup import Words
from rl_lab.go_io.gtp_text import GtpError, want

LEAST_SIZE = 7  # of a board with a fixed handicap


def fixed_handicap(session: Session, words: Words) -> str:
    want(words, 1)
    stones = handicap_points(session.game.size)
    count = text.whole(words[0])
    if not 2 <= count <= len(stones):
        raise GtpError("invalid number of stones")
    return _place(session, arranged(stones, count))


def place_free_handicap(session: Session, words: Words) -> str:
    """The points of the fixed handicap as far as they go, then those nearest to the centre that touch no stone."""
    want(words, 1)
    count, size = text.whole(words[0]), session.game.size
    if not 2 <= count < size * size:
        raise GtpError("invalid number of stones")
    fixed = handicap_points(size)
    chosen = arranged(fixed, min(count, len(fixed)))
    nearest = sorted(range(size * size), key=lambda a: (max(abs(2 * x - size + 1) for x in divmod(a, size)), a))
    for action in nearest:
        if len(chosen) < count and all(_distance(action, other, size) > 1 for other in chosen):
            chosen.append(action)
    return _place(session, chosen)  # GTP lets an engine place fewer


def set_free_handicap(session: Session, words: Words) -> str:
    want(words, 2, session.game.num_actions)
    stones = [text.point(word, session.game.size) for word in words]
    if len(set(stones)) < len(stones) or session.game.num_actions - 1 in stones:
        raise GtpError("bad vertex list")
    _place(session, stones)
    return ""


def handicap_points(size: int) -> list[int]:
    """The points of the fixed handicap of GTP 2, section 4.1.1, in the order in which they are taken."""
    if size < LEAST_SIZE:
        return []
    near, middle = (3 if size >= 13 else 2), size // 2
    far = size - 1 - near
    places = [(far, near), (near, far), (near, near), (far, far)]
    if size % 2 and size > LEAST_SIZE:
        places += [(middle, near), (middle, far), (near, middle), (far, middle), (middle, middle)]
    return [row * size + column for row, column in places]


def arranged(points: list[int], count: int) -> list[int]:
    """So many of the handicap points; an odd number above four has the centre."""
    return points[: count - 1] + points[-1:] if count > 4 and count % 2 else points[:count]


def _place(session: Session, stones: list[int]) -> str:
    """Black's handicap on an empty board; White moves next."""
    if not session.board.is_empty:
        raise GtpError("board not empty")
    session.board.set_up((stones, ()), 1)
    return text.points(stones, session.game.size)


def _distance(a: int, b: int, size: int) -> int:
    (row, column), (other_row, other_column) = divmod(a, size), divmod(b, size)
    return abs(row - other_row) + abs(column - other_column)


COMMANDS = {
    "fixed_handicap": fixed_handicap,
    "place_free_handicap": place_free_handicap,
    "set_free_handicap": set_free_handicap,
}
