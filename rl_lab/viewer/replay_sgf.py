"""What the comments of an SGF file tell of the players' thoughts, as rl_lab/go_io/sgf.py writes them."""

from __future__ import annotations

import re

from sgfmill import sgf

from envs.games.go.game import Go

EXPECTS = re.compile(r"expects ([+-][0-9]\.[0-9]+)")
THOUGHT_OF = re.compile(r"It thought of (.*)")
SHARE = re.compile(r"(\S+) ([0-9]{1,3})%")


def sgf_thoughts(data: bytes, game: Go) -> tuple[list[float | None], list[list[float] | None]]:
    """(values, policies) before each move of the main line, None where a comment tells nothing.

    `data` must have been read by read_sgf, and `game` be its game.
    """
    actions = {game.action_name(action): action for action in range(game.num_actions)}
    values: list[float | None] = []
    policies: list[list[float] | None] = []
    for node in sgf.Sgf_game.from_bytes(data).get_main_sequence():
        if node.get_move()[0] is None:
            continue
        comment = str(node.get("C")) if node.has_property("C") else ""
        expected, moves = EXPECTS.search(comment), THOUGHT_OF.search(comment)
        values.append(float(expected[1]) if expected else None)
        shares = SHARE.findall(moves[1]) if moves else []
        policy = [0.0] * game.num_actions
        for name, share in shares:
            if name in actions:
                policy[actions[name]] = int(share) / 100
        policies.append(policy if any(policy) else None)
    return values, policies
