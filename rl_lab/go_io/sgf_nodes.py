"""Moves and variations as nodes of an SGF tree; nothing here recurses, so a file may branch as deep as it likes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sgfmill import sgf

from envs.errors import LabError
from envs.games.game import States
from envs.games.go.game import Go

COLOURS = ("b", "w")


@dataclass
class Branch:
    """A move in a variation, and what follows it."""

    action: int
    comment: str = ""
    branches: list[Branch] = field(default_factory=list)
    """The moves after it; the first is the variation's main line."""


def point_of(game: Go, action: int) -> tuple[int, int] | None:
    """sgfmill's point of an action, None for a pass; raises LabError for an action that does not exist."""
    if not 0 <= action < game.num_actions:
        raise LabError(f"{action} is no action of {game.spec}; actions are 0 to {game.num_actions - 1}.")
    if action == game.num_actions - 1:
        return None
    row, column = divmod(action, game.size)
    return game.size - 1 - row, column


def action_of(game: Go, point: tuple[int, int] | None) -> int:
    """The action of sgfmill's point."""
    return game.num_actions - 1 if point is None else (game.size - 1 - point[0]) * game.size + point[1]


def add_move(game: Go, parent: Any, player: int, action: int, comment: str = "") -> Any:
    """A new node below `parent`, with the move of that player."""
    node = parent.new_child()
    node.set_move(COLOURS[player], point_of(game, action))
    if comment:
        node.add_comment_text(encodable(comment))
    return node


def add_branches(game: Go, parent: Any, player: int, branches: Sequence[Branch]) -> None:
    """New nodes below `parent` for all the branches and what follows them, the first move being that player's."""
    waiting = [(parent, player, branch) for branch in reversed(branches)]
    while waiting:
        parent, player, branch = waiting.pop()
        node = add_move(game, parent, player, branch.action, branch.comment)
        waiting += [(node, 1 - player, following) for following in reversed(branch.branches)]


def side_lines(game: Go, record: sgf.Sgf_game, start: States) -> dict[int, list[Branch]]:
    """By the number of moves before it, what a file has beside its main line, whose moves are known to be legal.

    Left out are illegal moves and moves out of turn with all that follows them. Nodes without a move count for nothing.
    """
    found: dict[int, list[Branch]] = {}
    main = set(map(id, record.get_main_sequence()))
    # A node, the position before it, and where its branch belongs: None on the main line itself.
    waiting: list[tuple[Any, States, list[Branch] | None]] = [(record.get_root(), start, None)]
    while waiting:
        node, states, siblings = waiting.pop()
        if id(node) not in main and siblings is None:
            siblings = found.setdefault(int(states["ply"][0]), [])
        colour, _ = node.get_raw_move()
        if colour is not None:
            action = _legal_action(game, node, states)
            if action is None:
                continue
            states = states.copy()
            game.step(states, np.array([action]))
            if siblings is not None:
                branch = Branch(action, _comment(node))
                siblings.append(branch)
                siblings = branch.branches
        waiting += [(child, states, siblings) for child in reversed(list(node))]
    return {ply: branches for ply, branches in sorted(found.items()) if branches}


def _legal_action(game: Go, node: Any, states: States) -> int | None:
    """The action of a node's move, None if it is not allowed there."""
    try:
        colour, point = node.get_move()
    except ValueError:
        return None
    action = action_of(game, point)
    if COLOURS.index(colour) != states["to_play"][0] or node.has_setup_stones():
        return None
    return action if game.legal_mask(states)[0, action] else None


def _comment(node: Any) -> str:
    try:
        return str(node.get("C")) if node.has_property("C") else ""
    except (ValueError, LookupError):  # not of the encoding that the file claims, or that is none of text
        return ""


def encodable(text: str) -> str:
    """The text with what UTF-8 cannot hold replaced: names given on a command line may contain such bytes."""
    return text.encode("utf-8", "replace").decode("utf-8")
