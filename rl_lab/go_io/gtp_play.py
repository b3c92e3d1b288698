"""GTP commands that let the agent move, and that set its clock."""

from __future__ import annotations

from contextlib import suppress

from envs.games.go.coords import vertex
from envs.games.go.layout import BLACK, WHITE
from rl_lab.go_io import gtp_text as text
from rl_lab.go_io.gtp_clock import Clock
from rl_lab.go_io.gtp_score import statuses
from rl_lab.go_io.gtp_session import NothingToSay, Session
from rl_lab.go_io.gtp_setup import Words
from rl_lab.go_io.gtp_text import syntax_error, want


def genmove(session: Session, words: Words) -> str:
    want(words, 1)
    return session.genmove(text.colour(words[0]))


def genmove_cleanup(session: Session, words: Words) -> str:
    """KGS's, of players who do not agree about what is dead: no pass before the opponent's dead stones are captured."""
    want(words, 1)
    player = text.colour(words[0])
    pass_action, states = session.game.num_actions - 1, session.board.position(player)
    colours = session.game.stones(states[0])
    dead = [chain for chain, status in statuses(session) if status == "dead"]
    if any(colours.flat[chain[0]] == (WHITE, BLACK)[player] for chain in dead):
        with suppress(NothingToSay):
            return session.genmove(player, [pass_action])
    return session.genmove(player)


def reg_genmove(session: Session, words: Words) -> str:
    """The move without playing it, the same each time."""
    want(words, 1)
    player = text.colour(words[0])
    if session.board.is_over:
        return "pass"
    session.player.agent.reset()
    decision = session.decide(player)
    if decision.forfeits and decision.forfeits[0]:
        return "resign"
    return vertex(int(decision.action[0]), session.game.size)


def time_settings(session: Session, words: Words) -> str:
    """Main time, byo-yomi time, byo-yomi stones; byo-yomi without stones means no limit."""
    want(words, 3)
    main, period, stones = text.number(words[0]), text.number(words[1]), text.whole(words[2])
    _check_times(main, period)
    session.clock = None if period > 0 and stones == 0 else Clock(main, period, stones)
    return ""


def kgs_time_settings(session: Session, words: Words) -> str:
    """KGS's: none, absolute MAIN, canadian MAIN PERIOD STONES, or byoyomi MAIN PERIOD PERIODS."""
    want(words, 1, 4)
    kind, numbers = words[0].lower(), [text.number(word) for word in words[1:]]
    _check_times(*numbers)
    if (kind, len(numbers)) not in (("none", 0), ("absolute", 1), ("canadian", 3), ("byoyomi", 3)):
        raise syntax_error("these are no time settings")
    if kind == "none":
        session.clock = None
    elif kind == "absolute":
        session.clock = Clock(numbers[0])
    else:  # a period of Japanese byo-yomi comes back unless it is used up, which an engine should not let happen
        session.clock = Clock(numbers[0], numbers[1], text.whole(words[3]) if kind == "canadian" else 1)
    return ""


def time_left(session: Session, words: Words) -> str:
    """time_left COLOR SECONDS STONES."""
    want(words, 3)
    player, seconds, stones = text.colour(words[0]), text.number(words[1]), text.whole(words[2])
    if session.clock is None:
        session.clock = Clock(max(0.0, seconds))
    session.clock.set_left(player, seconds, stones)
    return ""


def cputime(session: Session, words: Words) -> str:
    """Seconds that it has thought about its moves, by the clock on the wall."""
    want(words, 0)
    return f"{session.seconds:.3f}"


def set_random_seed(session: Session, words: Words) -> str:
    want(words, 1)
    session.seed = text.whole(words[0])
    return ""


def get_random_seed(session: Session, words: Words) -> str:
    want(words, 0)
    return str(session.seed)


def nothing(session: Session, words: Words) -> str:
    """For what controllers may say and this engine need not heed."""
    return ""


def _check_times(*seconds: float) -> None:
    if min(seconds, default=0.0) < 0:
        raise syntax_error("times are not negative")


COMMANDS = {
    "genmove": genmove,
    "reg_genmove": reg_genmove,
    "kgs-genmove_cleanup": genmove_cleanup,
    "time_settings": time_settings,
    "kgs-time_settings": kgs_time_settings,
    "time_left": time_left,
    "cputime": cputime,
    "gomill-cpu_time": cputime,
    "set_random_seed": set_random_seed,
    "get_random_seed": get_random_seed,
    "kgs-game_over": nothing,
    "clear_cache": nothing,
    "stop": nothing,
}
