"""Games as data that a page can replay without knowing any rules: every position as a list of numbered SVG elements.

A position follows from the one before by splices: [at, how many leave, the elements that come in their place]. A move
changes little in a picture, so a game takes about a kilobyte.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any

import numpy as np

from envs.faces.svg import svg_element
from envs.games.game import Game
from envs.games.scene import Primitive, Scene
from rl_lab.arena.openings import check_actions
from rl_lab.arena.play import GameRecord

MAX_POSITIONS = 20_000  # a page of a few megabytes, drawn in less than a minute
Splice = list[int]
"""[at, leaving, element, element, ...]"""


class Elements:
    """The SVG elements of all scenes, each once."""

    def __init__(self) -> None:
        self.svg: list[str] = []
        self._numbers: dict[Primitive, int] = {}

    def numbers(self, scene: Scene) -> list[int]:
        """The scene's elements by number, in the order of painting."""
        known = self._numbers.get
        return [self._new(item) if (number := known(item)) is None else number for item in scene.items]

    def _new(self, item: Primitive) -> int:
        number = self._numbers[item] = len(self.svg)
        self.svg.append(svg_element(item))
        return number


def splices(old: Sequence[int], new: Sequence[int]) -> list[Splice]:
    """What turns one list into the other, to be applied in order."""
    begin, end = 0, min(len(old), len(new))
    while begin < end and old[begin] == new[begin]:
        begin += 1
    same = 0
    while same < end - begin and old[-1 - same] == new[-1 - same]:
        same += 1
    a, b = old[begin : len(old) - same], new[begin : len(new) - same]
    found: list[Splice] = []
    moved = begin  # how far positions in `a` lie from those in the list as the earlier splices have left it
    for _, i, j, k, m in (code for code in SequenceMatcher(None, a, b, False).get_opcodes() if code[0] != "equal"):
        found.append([i + moved, j - i, *b[k:m]])
        moved += (m - k) - (j - i)
    return found


@dataclass
class Replay:
    """One game, move by move."""

    splices: list[list[Splice]] = field(default_factory=list)
    """To the start (from nothing), and to the position after each move."""
    movers: list[int] = field(default_factory=list)
    """Who makes each move, 0 or 1."""


def replays(game: Game, records: Sequence[GameRecord], elements: Elements) -> list[Replay]:
    """All games, in lockstep; their elements are added to `elements`."""
    for record in records:
        check_actions(game, record.actions)
    states = game.init(len(records))
    shown: list[list[int]] = [[] for _ in records]
    found = [Replay() for _ in records]
    for ply in range(1 + max((record.plies for record in records), default=0)):
        for row, record in enumerate(records):
            if ply <= record.plies:
                picture = elements.numbers(game.scene(states[row]))
                found[row].splices.append(splices(shown[row], picture))
                shown[row] = picture
        rows = np.array([i for i, record in enumerate(records) if ply < record.plies], np.int64)
        if len(rows):
            batch = states[rows]
            for row, mover in zip(rows, batch["to_play"], strict=True):
                found[row].movers.append(int(mover))
            game.step(batch, np.array([records[i].actions[ply] for i in rows], np.int64))
            states[rows] = batch
    return found


def replay_data(game: Game, records: Sequence[GameRecord], agents: Sequence[str]) -> dict[str, Any]:
    """All that the page's script needs for its table of games and its board, as plain data for JSON.

    Every game is in the table; the first can be replayed, as many as make MAX_POSITIONS positions.
    """
    elements = Elements()
    replayed = int(np.searchsorted(np.cumsum([record.plies + 1 for record in records]), MAX_POSITIONS, "right"))
    replayable = replays(game, records[:replayed], elements)
    place = {name: i for i, name in enumerate(agents)}
    used = sorted({action for record in records[:replayed] for action in record.actions})
    start = game.scene(game.init(1)[0])
    games = [_summary(record, number, place) for number, record in enumerate(records, 1)]
    for entry, record, replay in zip(games, records, replayable, strict=False):
        entry |= {
            "actions": record.actions,
            "values": [None if value is None else round(value, 2) for value in record.values],
            "movers": replay.movers,
            "splices": replay.splices,
        }
    return {
        "players": list(game.player_names),
        "agents": list(agents),
        "moves": {action: game.action_name(action) for action in used},
        "width": start.width,
        "height": start.height,
        "elements": elements.svg,
        "games": games,
    }


def _summary(record: GameRecord, number: int, place: dict[str, int]) -> dict[str, Any]:
    return {
        "number": record.number or number,
        "agents": [place[name] for name in record.agents],
        "outcome": record.outcome,
        "result": record.result,
        "reason": record.reason,
        "notes": [note for note in (record.detail, *record.events) if note],
        "plies": record.plies,
        "opening": record.opening_plies,
        "seconds": [round(seconds, 3) for seconds in record.seconds],
    }
