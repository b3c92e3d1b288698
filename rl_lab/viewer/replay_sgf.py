"""What the comments of an SGF file tell of the players' thoughts, as rl_lab/go_io/sgf.py writes them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from sgfmill import sgf

from envs.games.go.game import Go

EXPECTS = re.compile(r"expects ([+-][0-9]\.[0-9]+)")
THOUGHT_OF = re.compile(r"It thought of (.*)")
SHARE = re.compile(r"(\S+) ([0-9]{1,3})%")


@dataclass
class Told:
    """What is said before each move of the main line, None where nothing is; and of each position, "" likewise."""

    values: list[float | None] = field(default_factory=list)
    policies: list[list[float] | None] = field(default_factory=list)
    comments: list[str] = field(default_factory=lambda: [""])


def sgf_thoughts(data: bytes, game: Go) -> Told:
    """What the comments tell. `data` must have been read by read_sgf, and `game` be its game."""
    actions = {game.action_name(action): action for action in range(game.num_actions)}
    told = Told()
    for node in sgf.Sgf_game.from_bytes(data).get_main_sequence():
        comment = str(node.get("C")) if node.has_property("C") else ""
        if node.get_move()[0] is not None:
            expected, moves = EXPECTS.search(comment), THOUGHT_OF.search(comment)
            told.values.append(float(expected[1]) if expected else None)
            policy = [0.0] * game.num_actions
            for name, share in SHARE.findall(moves[1]) if moves else []:
                if name in actions:
                    policy[actions[name]] = int(share) / 100
            told.policies.append(policy if any(policy) else None)
            told.comments.append("")
        told.comments[-1] = f"{told.comments[-1]} {_remarks(comment)}".strip()
    return told


def _remarks(comment: str) -> str:
    """The lines that are not shown as numbers anyway, as one."""
    lines = (line for line in comment.splitlines() if not EXPECTS.search(line) and not THOUGHT_OF.match(line))
    return " ".join(" ".join(lines).split())
