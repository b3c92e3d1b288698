"""GTP commands about the score, and pictures for GoGui.

Which stones are dead, as people would say, random games to the end tell (no player fills an own eye): a chain whose
stones' points end as their owner's by more than a third, on a scale from -1 to 1, is alive; as the opponent's by as
much, in two of three games, dead; any other counts as seki, which is also said of a fight that is not over.
`final_status_list` says so. `final_score` counts the board by area: of a finished game as it stands, since that is its
result by the lab's rules, under which what is dead must have been captured; of one in progress without the dead stones.
"""

from __future__ import annotations

import numpy as np

from envs.games.game import States, player_sign
from envs.games.go.game import Go
from envs.games.go.layout import BLACK, EMPTY, WHITE
from rl_lab.go_io import gtp_text as text
from rl_lab.go_io.gtp_session import Session
from rl_lab.go_io.gtp_setup import Words
from rl_lab.go_io.gtp_text import syntax_error, want
from rl_lab.judgement import Outlook, move_infos, playout_outlook

PLAYOUTS = 256
CERTAIN = 1 / 3
STATUSES = ("alive", "dead", "seki")
PLAYOUT_SEED = 1  # keeps these random games apart from those of the agent


def outlook(session: Session, states: States) -> Outlook:
    """How random games from a position, a batch of one, end; the same each time."""
    return playout_outlook(session.game, states, session.seeds(PLAYOUT_SEED), PLAYOUTS)


def final_score(session: Session, words: Words) -> str:
    """Of a finished game its result, the board as it stands; before, an opinion: without the stones that are dead."""
    want(words, 0)
    states = session.board.states if session.board.is_over else without_dead(session)
    margin = float(session.game.margin(states)[0])
    return f"{'B' if margin > 0 else 'W'}+{abs(margin):g}" if margin else "0"


def without_dead(session: Session) -> States:
    """The position, a batch of one, when the dead stones have been taken off."""
    states = session.board.states
    dead = [point for chain, status in statuses(session) if status == "dead" for point in chain]
    if not dead:
        return states
    stones = session.game.stones(states[0]).copy()
    stones.flat[dead] = EMPTY
    cleared = session.game.set_up(stones, int(states["to_play"][0]))
    cleared["komi2"] = states["komi2"]
    return cleared


def final_status_list(session: Session, words: Words) -> str:
    want(words, 1)
    status = words[0].lower()
    if status not in STATUSES:
        raise syntax_error(f"a status is one of {', '.join(STATUSES)}")
    chains = [chain for chain, found in statuses(session) if found == status]
    return "\n".join(text.points(chain, session.game.size) for chain in chains)


def final_status(session: Session, words: Words) -> str:
    """Of the stone on one vertex."""
    want(words, 1)
    action = text.point(words[0], session.game.size)
    for chain, status in statuses(session):
        if action in chain:
            return status
    raise syntax_error("there is no stone")


def statuses(session: Session) -> list[tuple[list[int], str]]:
    """Every chain on the board, with what is thought of it."""
    states = session.board.states
    player = int(states["to_play"][0])
    ownership = outlook(session, session.board.position(player)).ownership.ravel()
    found = []
    for chain, colour in chains(session.game, states):
        owner = ownership[chain].mean() * (1 if colour == BLACK else -1)
        found.append((chain, "alive" if owner > CERTAIN else "dead" if owner < -CERTAIN else "seki"))
    return found


def chains(game: Go, states: States) -> list[tuple[list[int], int]]:
    """The chains of a batch of one, each with its colour; points as actions, ascending."""
    colours = game.stones(states[0])
    rest = {int(action) for action in np.flatnonzero((colours == BLACK) | (colours == WHITE))}
    found = []
    while rest:
        first = min(rest)
        colour, chain, waiting = int(colours.flat[first]), [], [first]
        rest.remove(first)
        while waiting:
            action = waiting.pop()
            chain.append(action)
            row, column = divmod(action, game.size)
            for r, c in ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)):
                other = r * game.size + c
                if 0 <= c < game.size and other in rest and colours.flat[other] == colour:
                    rest.remove(other)
                    waiting.append(other)
        found.append((sorted(chain), colour))
    return found


def ownership_board(session: Session, words: Words) -> str:
    """For GoGui (dboard): whose each point will be."""
    want(words, 0)
    states = session.board.states
    board = outlook(session, session.board.position(int(states["to_play"][0]))).ownership
    return "\n" + "\n".join(" ".join(f"{value:.2f}" for value in row) for row in board)


def top_moves(session: Session, words: Words) -> str:
    """For GoGui (gfx): the agent's moves with their shares, its main line, and its chance to win."""
    want(words, 0, 1)
    player = text.colour(words[0]) if words else int(session.board.states["to_play"][0])
    decision = session.decide(player)
    moves, size = move_infos(decision), session.game.size
    shown = [move for move in moves if move.action < size * size][:20]
    labels = " ".join(f"{text.points([m.action], size)} {decision.policy[0, m.action]:.0%}" for m in shown)
    line = moves[0].line if moves else []
    played = (f"{text.LETTERS[(player + i) % 2]} {text.points([a], size)}" for i, a in enumerate(line))
    win, name = (float(decision.value[0]) + 1) / 2, session.game.player_names[player]
    return f"LABEL {labels}\nVAR {' '.join(played)}\nTEXT {name} expects to win {win:.1%}"


def black_sign(states: States) -> int:
    """+1 if Black is to move in a batch of one, else -1."""
    return int(player_sign(states["to_play"])[0])


COMMANDS = {
    "final_score": final_score,
    "final_status_list": final_status_list,
    "final_status": final_status,
    "rl-lab-ownership": ownership_board,
    "rl-lab-top_moves": top_moves,
}
ANALYZE_COMMANDS = """gfx/Top moves and main line/rl-lab-top_moves %c
dboard/Ownership by random games/rl-lab-ownership
string/Score as the board stands/final_score
plist/Legal moves/all_legal %c
plist/Dead stones/final_status_list dead"""
