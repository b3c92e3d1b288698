"""GTP commands for games in SGF files, and for the rules by which they are played."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from envs.errors import LabError
from envs.games.go.game import Go
from rl_lab.go_io import gtp_text as text
from rl_lab.go_io.gtp_board import Board
from rl_lab.go_io.gtp_session import Session
from rl_lab.go_io.gtp_setup import Words
from rl_lab.go_io.gtp_text import GtpError, want
from rl_lab.go_io.sgf import RULES, load_sgf, write_sgf

NAMED_RULES = {name.lower(): rules for rules, name in RULES.items()}
# KataGo's names for the same.
NAMED_RULES |= dict.fromkeys(("chinese-ogs", "chinese-kgs"), ("positional", False))
NAMED_RULES["new-zealand"] = ("situational", True)


def loadsgf(session: Session, words: Words) -> str:
    """loadsgf FILE [MOVE]: the position before that move, or the last; by this engine's rules and the file's komi.

    A file without one leaves the komi as it is.
    """
    want(words, 1, 2)
    until = text.whole(words[1]) - 1 if len(words) > 1 else None
    try:
        read = load_sgf(Path(words[0]), allow_setup=True)
    except LabError as error:
        raise GtpError(f"cannot load file: {error}") from None
    if until is not None and until < 0:
        raise GtpError("cannot load file: moves count from 1")
    board = Board(Go(read.game.size, None, session.game.superko, session.game.suicide))
    with suppress(LabError):  # more than so small a board has points: then its own stays
        board.set_komi(float(read.game.komi or 0) if read.has_komi else session.board.komi)
    board.set_up(read.stones, read.to_play)
    for ply, action in enumerate(read.actions[:until]):
        board.play((ply + read.to_play) % 2, action)
    session.take_up(board)
    if read.has_komi:
        session.set_komi(board.komi)
    return ""


def printsgf(session: Session, words: Words) -> str:
    """The game as SGF, into a file if one is given; a game in which a player moved twice in a row cannot be kept so."""
    want(words, 0, 1)
    board = session.board
    to_play = int(board.start()["to_play"][0])
    if any(player != (ply + to_play) % 2 for ply, (player, _) in enumerate(board.moves)):
        raise GtpError("a player has moved twice in a row")
    game = Go(board.game.size, board.komi, board.game.superko, board.game.suicide)
    data = write_sgf(game, [action for _, action in board.moves], stones=board.stones, to_play=to_play)
    if not words or words[0] == "-":
        return data.decode("utf-8")
    target = Path(words[0])
    try:
        if target.exists() and not target.is_file():  # into a pipe one might wait for ever
            raise GtpError("cannot write file: it is none")
        target.write_bytes(data)
    except (OSError, ValueError) as error:
        raise GtpError(f"cannot write file: {error}") from None
    return ""


def get_rules(session: Session, words: Words) -> str:
    """KataGo's."""
    want(words, 0)
    game = session.game
    rules = {"ko": game.superko.upper(), "scoring": "AREA", "suicide": game.suicide, "tax": "NONE"}
    return json.dumps({**rules, "hasButton": False, "whiteHandicapBonus": "0", "friendlyPassOk": False})


def set_rules(session: Session, words: Words) -> str:
    """KataGo's: a name or a JSON dictionary; only area scoring, and only what differs in ko and suicide."""
    given = " ".join(words)
    if given.lower() in NAMED_RULES:
        session.set_rules(*NAMED_RULES[given.lower()])
        return ""
    try:
        rules = json.loads(given)
        superko, suicide = str(rules["ko"]).lower(), rules["suicide"] is True
        scoring = rules.get("scoring", "AREA"), rules.get("tax", "NONE"), bool(rules.get("hasButton", False))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise GtpError(f"unknown rules '{given[:60]}'") from None
    if scoring != ("AREA", "NONE", False) or superko not in ("positional", "situational", "simple"):
        raise GtpError("these rules are not the lab's: area scoring without tax or button")
    session.set_rules(superko, suicide)
    return ""


COMMANDS = {
    "loadsgf": loadsgf,
    "printsgf": printsgf,
    "kata-get-rules": get_rules,
    "kata-set-rules": set_rules,
}
