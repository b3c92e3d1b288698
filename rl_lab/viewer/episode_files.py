"""Episodes in files: what was done in an environment and from which seed, so that it can be seen again.

A file is one JSON object:

    format, version    FORMAT and VERSION
    env                the environment: a spec of the lab, or a Gymnasium id
    seed               what its chance came from
    players            who sat at its seats
    resigned           the seat that gave the game up or lost it by forfeit, or null
    resigned_by        the reason for that, a key of stage.WINS
    actions            in order: whole numbers or, where actions are continuous, lists of numbers
    rewards            after each action what each seat received; null for what is no finite number
    values             before each action what the player expected, from its own side; null where nobody said
    policies           before each action the distribution it acted by, or null
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from agents.files import write_atomic
from envs.errors import LabError
from rl_lab.viewer.frame import WINS, ForfeitReason, Frame, is_discrete
from rl_lab.viewer.stage import Stage

FORMAT, VERSION = "rl-lab episode", 1
MAX_BYTES = 1 << 27  # some seconds of reading
MAX_SEED = 2**63 - 1

Action = int | list[float]


@dataclass(frozen=True)
class Episode:
    """An episode as a file keeps it; the module's docstring says what its parts mean."""

    env: str
    seed: int
    players: list[str]
    actions: list[Action]
    rewards: list[list[float | None]]
    resigned: int | None = None
    resigned_by: ForfeitReason = "resign"
    values: list[float | None] = field(default_factory=list)
    policies: list[list[float] | None] = field(default_factory=list)


def episode_of(stage: Stage, seed: int) -> Episode:
    """The episode on a stage so far, which began with that seed."""
    frames = stage.frames[1 : stage.ply + 1]
    return Episode(
        stage.spec,
        seed,
        [player.name for player in stage.players],
        [int(f.action) if is_discrete(f.action) else [float(number) for number in f.action] for f in frames],
        [[_finite(reward) for reward in frame.rewards] for frame in frames],
        stage.resigned,
        stage.resigned_by,
        [None if frame.decision is None else _finite(frame.decision.value[0]) for frame in frames],
        [_policy(frame) for frame in frames],
    )


def save_episode(episode: Episode, folder: Path) -> Path:
    """Writes the episode to the next free episode-N.json in `folder` and says where; raises OSError if it cannot."""
    folder.mkdir(parents=True, exist_ok=True)
    path = next(p for p in (folder / f"episode-{n}.json" for n in count(1)) if not p.exists())
    text = json.dumps({"format": FORMAT, "version": VERSION, **asdict(episode)}, allow_nan=False)
    write_atomic(path, text.encode())
    return path


def load_episode(path: Path) -> Episode:
    """The episode in a file; raises LabError, with the file's name, for a file that is no such thing."""
    try:
        with path.open("rb") as file:
            return read_episode(file.read(MAX_BYTES + 1))
    except (OSError, ValueError) as error:  # ValueError: a null byte in the name
        raise LabError(f"Cannot read {path}: {getattr(error, 'strerror', None) or error}.") from None
    except LabError as error:
        raise LabError(f"{path}: {error}") from None


def read_episode(data: bytes) -> Episode:
    """The episode in the bytes of a file; raises LabError for anything else. They may not fit the environment."""
    if len(data) > MAX_BYTES:
        raise LabError(f"The file is larger than the {MAX_BYTES} bytes that are read.")
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        raise LabError("The file is not readable as JSON.") from None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise LabError(f'The file holds no episode: it lacks "format": "{FORMAT}".')
    if found.get("version") != VERSION:
        raise LabError(f"The file is of version {found.get('version')!r}; this rl-lab reads version {VERSION}.")
    actions = _list(found, "actions", _is_action, "whole numbers, or lists of numbers")
    players = _list(found, "players", lambda name: isinstance(name, str), "names")
    rewards = _list(found, "rewards", _is_row, "lists of numbers")
    if len(rewards) != len(actions) or any(len(row) != len(players) for row in rewards):
        raise LabError(
            f"The file has {len(actions)} actions, so 'rewards' must hold as many rows, one number a player."
        )
    return Episode(
        _one(found, "env", lambda text: isinstance(text, str) and text != "", "a spec or an id"),
        _one(found, "seed", lambda seed: _is_whole(seed) and 0 <= seed <= MAX_SEED, f"0 to {MAX_SEED}"),
        players,
        actions,
        rewards,
        _one(found, "resigned", lambda s: s is None or (_is_whole(s) and 0 <= s < len(players)), "a seat or null"),
        _one(found, "resigned_by", lambda text: text in list(WINS), f"one of {', '.join(WINS)}"),
        _padded(_list(found, "values", _is_number, "numbers or null"), len(actions), "values"),
        _padded(
            _list(found, "policies", lambda row: row is None or _is_row(row), "lists of numbers, or null"),
            len(actions),
            "policies",
        ),
    )


def _policy(frame: Frame) -> list[float] | None:
    if frame.decision is None or not frame.decision.policy.size:
        return None
    return [round(float(share), 6) for share in frame.decision.policy[0]]


def _finite(number: Any) -> float | None:
    return float(number) if math.isfinite(number) else None


def _one(found: dict[str, Any], key: str, fits: Callable[[Any], bool], what: str) -> Any:
    if not fits(found.get(key)):
        raise LabError(f"'{key}' of the file must be {what}.")
    return found.get(key)


def _list(found: dict[str, Any], key: str, fits: Callable[[Any], bool], what: str) -> list[Any]:
    """The list of that key, an empty one if it is missing, of which each entry must fit."""
    rows = found.get(key, [])
    if not isinstance(rows, list) or not all(fits(row) for row in rows):
        raise LabError(f"'{key}' of the file must be a list of {what}.")
    return rows


def _padded(rows: list[Any], length: int, key: str) -> list[Any]:
    if len(rows) not in (0, length):
        raise LabError(f"The file has {length} actions, so '{key}' must hold as many entries, or none.")
    return rows or [None] * length


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MAX_SEED


def _is_number(value: Any) -> bool:
    return value is None or _is_whole(value) or (isinstance(value, float) and math.isfinite(value))


def _is_row(value: Any) -> bool:
    return isinstance(value, list) and all(_is_number(number) for number in value)


def _is_action(value: Any) -> bool:
    numbers: Sequence[Any] = value if isinstance(value, list) else ()
    return _is_whole(value) or (bool(numbers) and _is_row(value) and None not in numbers)
