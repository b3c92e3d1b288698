"""The text of the Go Text Protocol, version 2 (Farneback 2002): lines into commands, and words into what they mean."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from envs.errors import LabError
from envs.games.go.coords import parse_vertex, vertex

COLOURS = {"b": 0, "black": 0, "w": 1, "white": 1}
LETTERS = ("b", "w")


class GtpError(Exception):
    """What is answered with "? " and the message."""


@dataclass(frozen=True)
class Command:
    """One line of a controller."""

    id: str
    """Its digits, "" if it has none; the answer repeats them."""
    name: str
    """ "" if the line holds an id alone."""
    words: tuple[str, ...]


def parse_line(line: bytes) -> Command | None:
    """The command in a line; None if there is nothing in it but blanks, control characters and a comment."""
    text = line.decode("utf-8", "replace").partition("#")[0].replace("\t", " ")
    words = "".join(c for c in text if c >= " " and c != "\x7f").split()
    if not words:
        return None
    number = words.pop(0) if re.fullmatch(r"[0-9]+", words[0]) else ""
    return Command(number, words[0] if words else "", tuple(words[1:]))


def answer(sign: str, number: str, text: str) -> str:
    """A whole answer; of several lines, the empty ones go, which would end it; a text may begin below the sign."""
    lines = [line.rstrip() for line in text.replace("\r", "\n").split("\n")]
    body = "\n".join(line for line in lines if line)
    start = "\n" if text.startswith("\n") else ""
    return f"{sign}{number} {start}{body}\n\n"


def syntax_error(what: str) -> GtpError:
    return GtpError(f"syntax error: {what}")


def want(words: tuple[str, ...], fewest: int, most: int | None = None) -> None:
    """Raises GtpError unless there are so many words; `most` is `fewest` if not given."""
    most = fewest if most is None else most
    if not fewest <= len(words) <= most:
        number = f"{fewest}" if fewest == most else f"{fewest} to {most}"
        raise syntax_error(f"{number} arguments are needed, not {len(words)}")


def colour(word: str) -> int:
    """Player 0 for Black, 1 for White."""
    if word.lower() not in COLOURS:
        raise syntax_error(f"'{word[:20]}' is no color")
    return COLOURS[word.lower()]


def point(word: str, size: int) -> int:
    """The action of a vertex or "pass"."""
    try:
        return parse_vertex(word, size)
    except LabError:
        raise syntax_error(f"'{word[:20]}' is no vertex of this board") from None


def whole(word: str) -> int:
    """A whole number that is not negative."""
    if not re.fullmatch(r"[0-9]{1,18}", word):
        raise syntax_error(f"'{word[:20]}' is no whole number")
    return int(word)


def number(word: str) -> float:
    """Any finite number."""
    if not re.fullmatch(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]{1,3})?", word):
        raise syntax_error(f"'{word[:20]}' is no number")
    value = float(word)
    if not math.isfinite(value):
        raise syntax_error(f"'{word[:20]}' is no number")
    return value


def points(actions: list[int], size: int) -> str:
    """Vertices in a row."""
    return " ".join(vertex(action, size) for action in actions)
