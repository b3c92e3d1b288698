"""GTP commands that set up and show the board. A command is a function of the session and the words after its name."""

from __future__ import annotations

import numpy as np

from envs.games.go.layout import BLACK, WHITE
from rl_lab.go_io import gtp_text as text
from rl_lab.go_io.gtp_session import Session
from rl_lab.go_io.gtp_text import GtpError, syntax_error, want

Words = tuple[str, ...]


def boardsize(session: Session, words: Words) -> str:
    want(words, 1)
    session.resize(text.whole(words[0]))
    return ""


def clear_board(session: Session, words: Words) -> str:
    want(words, 0)
    session.board.begin()
    session.begin_game()
    return ""


def komi(session: Session, words: Words) -> str:
    want(words, 1)
    session.set_komi(text.number(words[0]))
    return ""


def get_komi(session: Session, words: Words) -> str:
    want(words, 0)
    return f"{session.board.komi:g}"


def play(session: Session, words: Words) -> str:
    want(words, 2)
    session.board.play(text.colour(words[0]), text.point(words[1], session.game.size))
    return ""


def play_sequence(session: Session, words: Words) -> str:
    """GoGui's: several moves, all of them or none."""
    want(words, 0, 4 * session.game.num_actions)
    if len(words) % 2:
        raise syntax_error("colors and vertices must come in pairs")
    moves = [(text.colour(a), text.point(b, session.game.size)) for a, b in zip(words[::2], words[1::2], strict=True)]
    for done, (player, action) in enumerate(moves):
        try:
            session.board.play(player, action)
        except GtpError:
            for _ in range(done):
                session.board.undo()
            raise
    return ""


def undo(session: Session, words: Words) -> str:
    want(words, 0)
    session.board.undo()
    return ""


def gg_undo(session: Session, words: Words) -> str:
    """GNU Go's and GoGui's: takes back so many moves, by default one; all or none."""
    want(words, 0, 1)
    number = text.whole(words[0]) if words else 1
    if number > len(session.board.moves):
        raise GtpError("cannot undo")
    for _ in range(number):
        session.board.undo()
    return ""


def set_position(session: Session, words: Words) -> str:
    """KataGo's: colors and vertices make a position without a history; nothing at all an empty board."""
    if len(words) % 2:
        raise syntax_error("colors and vertices must come in pairs")
    stones: tuple[list[int], list[int]] = ([], [])
    for word, place in zip(words[::2], words[1::2], strict=True):
        stones[text.colour(word)].append(text.point(place, session.game.size))
    together = [*stones[0], *stones[1]]
    if len(set(together)) < len(together) or session.game.num_actions - 1 in together:
        raise GtpError("a vertex is given twice, or is a pass")
    session.board.set_up(stones, 0)
    session.begin_game()
    return ""


def showboard(session: Session, words: Words) -> str:
    want(words, 0)
    state = session.board.states[0]
    captures = f"Black has captured {state['captures'][0]}, White {state['captures'][1]}"
    return f"\n{session.game.text(state)}\n{captures}"


def list_stones(session: Session, words: Words) -> str:
    want(words, 1)
    stone = (BLACK, WHITE)[text.colour(words[0])]
    found = np.flatnonzero(session.game.stones(session.board.states[0]).ravel() == stone)
    return text.points(found.tolist(), session.game.size)


def is_legal(session: Session, words: Words) -> str:
    want(words, 2)
    mask = session.game.legal_mask(session.board.position(text.colour(words[0])))
    return str(int(mask[0, text.point(words[1], session.game.size)]))


def all_legal(session: Session, words: Words) -> str:
    want(words, 1)
    mask = session.game.legal_mask(session.board.position(text.colour(words[0])))
    return text.points(np.flatnonzero(mask[0]).tolist(), session.game.size)


COMMANDS = {
    "boardsize": boardsize,
    "clear_board": clear_board,
    "komi": komi,
    "get_komi": get_komi,
    "play": play,
    "gogui-play_sequence": play_sequence,
    "undo": undo,
    "gg-undo": gg_undo,
    "set_position": set_position,
    "showboard": showboard,
    "list_stones": list_stones,
    "is_legal": is_legal,
    "all_legal": all_legal,
}
