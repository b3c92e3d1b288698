"""GTP's analysis commands: of Leela Zero (lz-), of KataGo (kata-), and of Sabaki (without a prefix).

They print a line of moves every so often until another command, or an empty line, comes in; an analysis is one growing
search, whatever the agent's own budget. Those with genmove print one line and end with the move that the agent plays.
The formats are those of KataGo's docs/GTP_Extensions.md. All values are from the side to move. What the lab's agents do
not know is filled in so: `lcb` is the lower end of a 95% interval for a share of so many games won; scores and
ownership are those of the agent's net, whose scores come with no standard deviation (0), or, for agents without such a
net, of random games, as in gtp_score; an agent without a search gives its moves one visit each. `avoid` and `allow`
hold at the first move alone, whatever their depth.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from agents.agent import Decision
from agents.search.player import SearchAgent
from envs.games.game import States
from rl_lab.go_io import gtp_text as text
from rl_lab.go_io.gtp_score import PLAYOUT_SEED, PLAYOUTS, black_sign
from rl_lab.go_io.gtp_search import Thought
from rl_lab.go_io.gtp_session import Session
from rl_lab.go_io.gtp_setup import Words
from rl_lab.go_io.gtp_text import GtpError, syntax_error
from rl_lab.judgement import MoveInfo, Outlook, move_infos, outlooks

CENTISECONDS = 100.0
LEAST_INTERVAL = 0.01
PAUSE = 0.01  # seconds between two looks for input, when there is nothing left to search
MOVE_PLAYOUTS = 32
Z = 1.96


@dataclass
class Wish:
    """What a controller asks to be told."""

    player: int
    interval: float = math.inf
    """Seconds between two lines."""
    flags: set[str] = field(default_factory=set)
    """Names of extras whose value is true, in small letters: rootinfo, ownership."""
    max_moves: int = 1_000_000
    forbidden: list[int] = field(default_factory=list)


def read_wish(session: Session, words: Words) -> Wish:
    """[player] [interval] and pairs of key and value; `avoid` and `allow` take three words."""
    rest = list(words)
    size = session.game.size
    player = int(session.board.states["to_play"][0])
    if rest and rest[0].lower() in text.COLOURS:
        player = text.colour(rest.pop(0))
    wish = Wish(player)
    if rest and rest[0][0].isdigit():
        wish.interval = _interval(rest.pop(0))
    allowed: set[int] | None = None
    while rest:
        key = rest.pop(0).lower()
        if not rest or (key in ("avoid", "allow") and len(rest) < 3):
            raise syntax_error(f"'{key[:20]}' needs a value")
        value = rest.pop(0)
        if key == "interval":
            wish.interval = _interval(value)
        elif key == "maxmoves":
            wish.max_moves = max(1, text.whole(value))
        elif key in ("avoid", "allow"):
            points = {text.point(word, size) for word in rest.pop(0).split(",")}
            text.whole(rest.pop(0))
            if text.colour(value) == player:
                wish.forbidden += points if key == "avoid" else []
                allowed = points if key == "allow" else allowed
        elif value.lower() == "true":
            wish.flags.add(key)
    if allowed is not None:
        wish.forbidden += set(range(session.game.num_actions)) - allowed
    return wish


def analyze(session: Session, words: Words, style: str) -> Iterator[str]:
    """The lines of lz-, kata- or (Sabaki's) plain analyze, for ever; asks before each wait whether to end."""
    wish = read_wish(session, words)
    if session.board.is_over:
        raise GtpError("the game is over")
    states = session.board.position(wish.player)
    _keep_legal(session, wish, states)
    return _analysis(session, wish, states, style)


def _keep_legal(session: Session, wish: Wish, states: States) -> None:
    """Forbids legal moves only; GtpError if that is all of them."""
    legal = session.game.legal_mask(states)[0]
    forbidden = [action for action in sorted(set(wish.forbidden)) if legal[action]]
    if len(forbidden) == legal.sum():
        raise GtpError("no legal move is allowed")
    wish.forbidden = forbidden


def _analysis(session: Session, wish: Wish, states: States, style: str) -> Iterator[str]:
    """A line at once and after each interval, until there is new input."""
    agent, due = session.player.agent, -math.inf
    if isinstance(agent, SearchAgent):
        agent = agent.endless(wish.forbidden)
    views = Views(session, states)
    with Thought(agent, states, session.seeds(), wish.interval) as thought:
        if not move_infos(session.checked(thought.first()), wish.forbidden):
            raise GtpError(f"{agent.name} has nothing to say of the moves that are allowed")
        while True:
            if thought.latest and time.monotonic() >= due and move_infos(thought.latest, wish.forbidden):
                due = time.monotonic() + wish.interval
                yield _line(session, wish, views, thought.latest, style)
            if thought.error:
                raise thought.error
            if session.new_input():
                return
            time.sleep(PAUSE)


def genmove_analyze(session: Session, words: Words, style: str) -> Iterator[str]:
    """What the agent thinks of its moves as it decides, and then `play VERTEX`."""
    wish = read_wish(session, words)
    if session.board.is_over:
        yield f"play {session.genmove(wish.player)}"
        return
    states = session.board.position(wish.player)
    _keep_legal(session, wish, states)
    with session.thinking(wish.player):
        decision = session.decide(wish.player, session.budget(wish.player), wish.forbidden)
    if decision.forfeits and decision.forfeits[0]:
        yield "play resign"
        return
    action = session.chosen(decision, wish.forbidden)
    if move_infos(decision, wish.forbidden):  # an empty line would end the answer
        yield _line(session, wish, Views(session, states), decision, style)
    yield f"play {session.commit(wish.player, action, float(decision.value[0]))}"


class Views:
    """The outlooks of a position, a batch of one, and of what its moves lead to; each is worked out once."""

    def __init__(self, session: Session, states: States) -> None:
        self.session, self.states, self.sign = session, states, black_sign(states)
        self._after: dict[int, Outlook] = {}

    @cached_property
    def root(self) -> Outlook:
        """That of the position itself."""
        return self._judge(self.states, PLAYOUTS)[0]

    def after(self, moves: list[MoveInfo]) -> list[Outlook]:
        """Those after the moves."""
        unknown = [move.action for move in moves if move.action not in self._after]
        if unknown:
            states = np.repeat(self.states, len(unknown))
            self.session.game.step(states, np.array(unknown))
            self._after |= dict(zip(unknown, self._judge(states, MOVE_PLAYOUTS), strict=True))
        return [self._after[move.action] for move in moves]

    def _judge(self, states: States, playouts: int) -> list[Outlook]:
        session = self.session
        return outlooks(session.player.agent, session.game, states, session.seeds(PLAYOUT_SEED), playouts)


def _line(session: Session, wish: Wish, views: Views, decision: Decision, style: str) -> str:
    size, sign = session.game.size, views.sign
    moves = move_infos(decision, wish.forbidden)
    shown = moves[: wish.max_moves]
    if style == "lz":
        return " ".join(_leela(move, order, size) for order, move in enumerate(shown))
    after = views.after(shown)
    parts = [_kata(move, view, sign, order, size) for order, (move, view) in enumerate(zip(shown, after, strict=True))]
    if "rootinfo" in wish.flags:
        visits = sum(move.visits for move in moves)
        parts.append(f"rootInfo visits {visits} {_judgement(float(decision.value[0]), views.root, sign)}")
    if "ownership" in wish.flags:
        parts.append("ownership " + " ".join(f"{sign * value:.6f}" for value in views.root.ownership.ravel()))
    return " ".join(parts)


def _leela(move: MoveInfo, order: int, size: int) -> str:
    win = (move.value + 1) / 2
    return (
        f"info move {text.points([move.action], size)} visits {move.visits} winrate {round(10000 * win)} "
        f"prior {round(10000 * move.prior)} lcb {round(10000 * _lcb(win, move.visits))} order {order} "
        f"pv {text.points(move.line, size)}"
    )


def _kata(move: MoveInfo, view: Outlook, sign: int, order: int, size: int) -> str:
    lcb = _lcb((move.value + 1) / 2, move.visits)
    return (
        f"info move {text.points([move.action], size)} visits {move.visits} {_judgement(move.value, view, sign)} "
        f"prior {move.prior:.6f} lcb {lcb:.6f} utilityLcb {2 * lcb - 1:.6f} order {order} "
        f"pv {text.points(move.line, size)}"
    )


def _judgement(value: float, view: Outlook, sign: int) -> str:
    lead = sign * view.lead
    return (
        f"utility {value:.6f} winrate {(value + 1) / 2:.6f} scoreMean {lead:.6f} scoreStdev {view.spread or 0:.6f} "
        f"scoreLead {lead:.6f} scoreSelfplay {lead:.6f}"
    )


def _lcb(win: float, visits: int) -> float:
    """The lower end of the normal interval for a share, not below 0."""
    return max(0.0, win - Z * math.sqrt(max(win * (1 - win), 0.0) / max(1, visits)))


def _interval(word: str) -> float:
    return max(LEAST_INTERVAL, text.number(word) / CENTISECONDS)
