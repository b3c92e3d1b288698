"""The rows of a tournament's database, as what they stand for; ValueError for what the lab would not have written.

SQLite takes any value in any column, so a file that was damaged or edited may hold anything.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from rl_lab.arena.openings import Drawn
from rl_lab.arena.play import GameRecord

GAME_COLUMNS = (
    "first, second, opening, seed, actions, opening_plies, vals, outcome, result, reason, detail, events, "
    "decisions_first, decisions_second, seconds_first, seconds_second"
)
SEEDS = 2**64

Number = int | float


def game_columns(record: GameRecord) -> tuple[Any, ...]:
    """The record's part of GAME_COLUMNS, from `opening` on."""
    return (
        record.pair,
        str(record.seed),
        json.dumps(record.actions),
        record.opening_plies,
        json.dumps([value if value is None else round(value, 4) for value in record.values]),
        record.outcome,
        record.result,
        record.reason,
        record.detail,
        json.dumps(record.events),
        *record.decisions,
        *record.seconds,
    )


def read_game(row: Sequence[Any]) -> GameRecord:
    """The game of a row of Store.games."""
    first, second, _, _, pair, seed, actions, plies, values, outcome, result, reason, detail, events, *rest = row
    decisions, seconds, number = rest[0:2], rest[2:4], rest[4]
    record = GameRecord(
        agents=(first, second),
        pair=pair,
        opening_plies=plies,
        actions=json.loads(actions),
        values=json.loads(values),
        outcome=outcome,
        result=result,
        decisions=decisions,
        seconds=seconds,
        reason=reason,
        detail=detail,
        events=json.loads(events),
        seed=int(seed),
        number=number,
    )
    _check(f"game {number}", _sound_game(record))
    return record


def read_opening(actions: str, value: float | None, block: int) -> Drawn:
    """The opening of a row of Store.openings."""
    found = json.loads(actions)
    _check(f"opening {actions}", {
        "actions": _are(found, int),
        "value": isinstance(value, Number | None),
        "block": isinstance(block, int),
    })  # fmt: skip
    return Drawn(tuple(found), value, block)


def read_episode(row: Sequence[Any]) -> tuple[int, float, int, int, float, dict[str, Any]]:
    """Number, return, length, outcome, seconds and info of an episode, of a row with those columns."""
    number, total, length, outcome, seconds, written = row
    info = json.loads(written)
    _check(f"episode {number}", {
        "return": isinstance(total, Number),
        "length": isinstance(length, int) and length >= 0,
        "outcome": outcome in (-1, 0, 1),
        "seconds": isinstance(seconds, Number),
        "info": isinstance(info, dict) and _are(list(info.values()), Number | str | list),
    })  # fmt: skip
    return number, total, length, outcome, seconds, info


def check_settings(settings: Mapping[str, Any]) -> None:
    """Raises ValueError unless the seed is a number and all other settings are texts."""
    wanted = {key: isinstance(value, int if key == "seed" else str) for key, value in settings.items()}
    _check("the settings", wanted)


def _sound_game(record: GameRecord) -> dict[str, bool]:
    """By columns, whether they hold what a game has."""
    return {
        "actions": _are(record.actions, int),
        "vals": _are(record.values, Number | None),
        "opening": isinstance(record.pair, int),
        "opening_plies": isinstance(record.opening_plies, int) and record.opening_plies >= 0,
        "outcome": record.outcome in (-1, 0, 1),
        "seed": 0 <= record.seed < SEEDS,
        "text": _are([*record.agents, record.result, record.reason, record.detail], str),
        "events": _are(record.events, str),
        "decisions": _are(record.decisions, int),
        "seconds": _are(record.seconds, Number),
    }


def _are(values: Any, kind: Any) -> bool:
    """Whether that is a list of such values."""
    return isinstance(values, list) and all(isinstance(value, kind) for value in values)


def _check(what: str, sound: Mapping[str, bool]) -> None:
    if wrong := [name for name, is_sound in sound.items() if not is_sound]:
        raise ValueError(f"{what} has no such {wrong[0]}")
