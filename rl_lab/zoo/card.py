"""The card of a net: card.json beside its weights, all that is known of it as plain data."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agents.files import load_description, write_atomic
from envs.errors import LabError
from envs.games.registry import make_game
from rl_lab.zoo.levels import Setting
from rl_lab.zoo.options import LEVELS

CARD = "card"  # the stem of card.json
LICENCE = "MIT, as the lab"
HUGE = 1e20  # beyond any seed


@dataclass(frozen=True)
class Trained:
    """How a net came about."""

    command: str
    """What trained it, as a person would type it."""
    seed: int
    machine: str
    minutes: float
    """Training time."""
    games: int
    """Games of self-play."""
    positions: int
    """Positions they held."""


@dataclass(frozen=True)
class Strength:
    """What games against one opponent came to."""

    game: str
    opponent: str
    simulations: int
    """Simulations of the net's search a move."""
    games: int
    score: float
    """The net's mean score in [0, 1], a draw 1/2."""
    low: float
    high: float
    """The ends of the score's 95% interval."""
    openings: str
    """What the games began with, in words."""


@dataclass(frozen=True)
class Rounding:
    """What storing the weights with 16 bits changed."""

    positions: int
    """Positions of random games on which both nets were asked."""
    same_best_move: float
    """The share of them with the same most likely move."""
    largest_difference: float
    """The largest difference of two probabilities in their policies."""


@dataclass(frozen=True)
class Level:
    """One level: how it plays, and its rating above level 1 with a 95% interval; None if it was not measured."""

    simulations: int
    temperature: float
    mistakes: float
    elo: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def setting(self) -> Setting:
        """How it plays."""
        return Setting(self.simulations, self.temperature, self.mistakes)


@dataclass(frozen=True)
class Card:
    """All that is known of a net."""

    game: str
    """The game it learned, as a spec."""
    sizes: list[int]
    """The sizes of board that it learned; empty if the game has one size only."""
    trained: Trained
    sha256: str
    """Of the weights, hexadecimal."""
    rounding: Rounding
    levels: list[Level]
    """Level 1 to 10."""
    levels_measured: str = ""
    """How the levels were calibrated, in words; empty if they were not."""
    strength: list[Strength] = field(default_factory=list)
    licence: str = LICENCE

    def __post_init__(self) -> None:
        if len(self.levels) != LEVELS:
            raise ValueError(f"it has {len(self.levels)} levels, not {LEVELS}")
        make_game(self.game)
        for level in self.levels:
            _ = level.setting  # raises LabError for one that cannot be

    @property
    def game_name(self) -> str:
        """The game without its options."""
        return make_game(self.game).name

    def level(self, number: int) -> Level:
        """Level 1 to 10."""
        return self.levels[number - 1]


def save_card(folder: Path, card: Card) -> None:
    """Writes or replaces the card in a net's folder, in one step."""
    text = json.dumps(dataclasses.asdict(card), indent=1, allow_nan=False) + "\n"
    write_atomic(folder / f"{CARD}.json", text.encode())


def load_card(folder: Path) -> Card:
    """The card in a net's folder; raises LabError if it is missing or damaged."""
    values = load_description(folder / CARD)
    try:
        card: Card = _read(Card, values)
        return card
    except (LabError, TypeError, ValueError) as error:
        raise LabError(f"{folder / CARD}.json is damaged: {str(error).rstrip('.')}.") from None


_PARTS: dict[str, type[Any]] = {
    "trained": Trained,
    "rounding": Rounding,
    "levels": Level,
    "strength": Strength,
}
_KINDS: dict[str, tuple[type, ...]] = {"str": (str,), "int": (int,), "float": (int, float), "None": (type(None),)}


def _read(kind: type[Any], values: Any) -> Any:
    """An instance of one of the dataclasses above from plain data; ValueError or TypeError if it does not fit."""
    if not isinstance(values, dict):
        raise ValueError(f"{values!r} stands where a {kind.__name__} should")
    read: dict[str, Any] = {}
    for known in dataclasses.fields(kind):
        if known.name in values:
            read[known.name] = _read_field(known.name, str(known.type), values[known.name])
    if unknown := set(values) - set(read):
        raise ValueError(f"nothing is known of '{min(unknown)}'")
    return kind(**read)


def _read_field(name: str, annotation: str, value: Any) -> Any:
    if annotation.startswith("list["):
        if not isinstance(value, list):
            raise ValueError(f"{name} is {value!r}, no list")
        return [_read_field(name, annotation[len("list[") : -1], item) for item in value]
    if name in _PARTS:
        return _read(_PARTS[name], value)
    kinds = tuple(kind for part in annotation.split(" | ") for kind in _KINDS[part])
    if not isinstance(value, kinds) or isinstance(value, bool):
        raise ValueError(f"{name} is {value!r}")
    if isinstance(value, int | float) and not -HUGE < value < HUGE:  # nor a NaN
        raise ValueError(f"{name} is no number that a card can hold")
    return value
