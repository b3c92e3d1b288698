"""Openings up to symmetry: on a small board many of those that differ are rotations or reflections of each other.

Agents play alike from such openings, as far as they see a board alike from all sides. The statistics take openings for
independent, so where there are fewer classes than openings the intervals are too narrow.
"""

from __future__ import annotations

from collections.abc import Sequence

from envs.games.game import Game
from rl_lab.arena.openings import Opening, check_actions, positions
from rl_lab.arena.play import GameRecord


def count_classes(game: Game, openings: Sequence[Opening]) -> int:
    """How many positions the openings lead to, where those that the game's symmetries map to each other are one."""
    images = [image for opening in openings for image in _images(game, opening)]
    found = positions(game, images)
    size = len(game.symmetry_actions)
    return len({min(found[start : start + size]) for start in range(0, len(found), size)})


def symmetry_line(game: Game, records: Sequence[GameRecord]) -> str:
    """A sentence about the openings of the games if some are symmetric to others; else nothing."""
    openings = sorted({tuple(record.actions[: record.opening_plies]) for record in records})
    classes = count_classes(game, openings)
    if classes == len(openings):
        return ""
    return (
        f"The {len(openings)} openings are only {classes} but for rotations and reflections of the board: not all are "
        "independent, so the intervals are too narrow."
    )


def _images(game: Game, opening: Opening) -> list[Opening]:
    """The opening under each of the game's symmetries."""
    check_actions(game, opening)
    return [tuple(table[list(opening)].tolist()) for table in game.symmetry_actions]
