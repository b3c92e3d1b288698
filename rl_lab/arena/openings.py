"""Openings: the positions that pairs of games start from, once with either colouring of the players.

Two strong or deterministic agents would play the same game again and again from the empty board. So all openings of a
tournament are different positions, and at first all of the same depth: then no game of two agents can be a repetition
of another, however they play. Playing every opening twice with colours swapped takes its own bias out of the score.

But an opening that is already decided only splits the pair, and says nothing. A random opening is therefore taken only
if it is balanced: a tree search of JUDGE_SIMULATIONS random games expects a result within BAND of a draw. Where less
than one position in LEAST_SHARE is balanced (the komi may be far from what random games give), the most even ones are
taken. docs/tournaments.md says how much that gains, measured against perfect play.

Openings are drawn in blocks of BLOCK candidates with a seed each, so a list of them can be continued later (more games
in the same tournament), from the block and the depth that it had reached. It is then the list that would have been
drawn at once from that first depth; but a tournament that had asked for all of the games at once might have begun
deeper, since the first depth is one with enough positions for the games asked for (least_depth).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import NDArray

from agents.rollout import RolloutAgent
from envs.chance import Seeds, choose, seed_of, seed_states
from envs.errors import LabError
from envs.games.game import Game, States, player_sign

Opening = tuple[int, ...]
"""The actions that lead from the start of the game to the position."""
Position = tuple[str, int]
"""What makes positions the same: how they are drawn, and the player to move. Rotations count as different."""
Judge = Callable[[States, Seeds], NDArray[np.float32]]
"""The result that player 0 may expect in each state, in [-1, 1]."""

BLOCK = 64
BAND = 0.25
LEAST_SHARE = 8
JUDGE_SIMULATIONS = 200
BLOCKS_WITHOUT_NEWS = 3  # after so many fruitless blocks, the positions of a depth count as used up


@dataclass(frozen=True)
class Drawn:
    """An opening and where it is from."""

    actions: Opening
    value: float | None = None
    """What the judge expects for player 0, in [-1, 1]; None if nobody was asked."""
    block: int = 0
    """The block of candidates it was drawn in."""


def rollout_judge(game: Game) -> Judge:
    """The judgement of a tree search over random games (agents/rollout.py)."""
    agent = RolloutAgent(game, JUDGE_SIMULATIONS)

    def judge(states: States, seeds: Seeds) -> NDArray[np.float32]:
        value: NDArray[np.float32] = agent.act(states, seeds).value * player_sign(states["to_play"])
        return value

    return judge


def least_depth(game: Game, n: int, plies: int, seed: int) -> int:
    """The least depth >= plies at which n different positions exist, as far as sampling finds them.

    Raises LabError for a negative depth, and if the game has too few positions at any.
    """
    depth, found = richest_depth(game, n, plies, seed)
    if found < n:
        raise _too_few(game, found, n, plies)
    return depth


def richest_depth(game: Game, n: int, plies: int, seed: int) -> tuple[int, int]:
    """(the least depth >= plies at which n different positions exist, n); without one, that with the most, and those.

    Positions exist as far as sampling finds them. Raises LabError for a negative depth.
    """
    if plies < 0:
        raise LabError(f"There is no opening of {plies} moves: the depth must be 0 or more.")
    richest, most = plies, 0
    for depth in range(plies, game.max_plies):
        found = _count_positions(game, n, depth, seed)
        if found > most:
            richest, most = depth, found
        if most == n:
            break
    return richest, most


def draw_openings(
    game: Game, n: int, depth: int, seed: int, judge: Judge | None = None, known: Sequence[Drawn] = ()
) -> list[Drawn]:
    """`known` and at least as many more as make n: random openings that lead to different unfinished positions.

    They are `depth` random moves long, those that continue others as long as they are; when the positions of a depth
    are used up, what follows is one ply deeper. Moves without a place on the board (a pass) are left out wherever
    another is legal. With a judge the openings are balanced, see above. The same arguments give the same openings, and
    those of a larger n begin with them. Raises LabError if the game has fewer than n.
    """
    drawn = list(known)
    asked, depth = depth, len(drawn[-1].actions) if drawn else depth
    taken = set(positions(game, [opening.actions for opening in drawn]))
    fruitless = 0
    for block in count(drawn[-1].block + 1 if drawn else 0):
        if len(drawn) >= n:
            return drawn
        if depth >= game.max_plies:
            break
        new = {p: actions for p, actions in _sample(game, depth, seed, block) if p not in taken}
        chosen = _balanced(game, list(new.values()), judge, seed_of(seed, depth, block)) if new else []
        drawn += [Drawn(actions, value, block) for actions, value in chosen]
        taken |= set(positions(game, [actions for actions, _ in chosen]))
        fruitless = 0 if new else fruitless + 1
        if fruitless == BLOCKS_WITHOUT_NEWS:
            depth, fruitless = depth + 1, 0
    raise _too_few(game, len(drawn), n, asked)


def open_game(game: Game, openings: Sequence[Opening]) -> States:
    """The positions after the openings. Shape [len(openings)]. Legality is not checked; see check_actions."""
    for opening in openings:
        check_actions(game, opening)
    states = game.init(len(openings))
    for ply in range(max(map(len, openings), default=0)):
        rows = [row for row, opening in enumerate(openings) if ply < len(opening)]
        moving = states[rows]
        game.step(moving, np.array([openings[row][ply] for row in rows]))
        states[rows] = moving
    return states


def positions(game: Game, openings: Sequence[Opening]) -> list[Position]:
    """What makes the positions after the openings the same or not."""
    return [_position(game, state) for state in open_game(game, openings)]


def check_actions(game: Game, actions: Sequence[int]) -> None:
    """Raises LabError for an action that the game does not have: kernels do not check, and would write anywhere."""
    for action in actions:
        if not 0 <= action < game.num_actions:
            raise LabError(f"{action} is no action of {game.spec}: the file that it is from is damaged.")


def _count_positions(game: Game, n: int, depth: int, seed: int) -> int:
    """How many different positions sampling finds at that depth, at most n."""
    seen: set[Position] = set()
    fruitless = 0
    for block in count():
        before = len(seen)
        seen |= {position for position, _ in _sample(game, depth, seed, block)}
        fruitless = 0 if len(seen) > before else fruitless + 1
        if len(seen) >= n or fruitless == BLOCKS_WITHOUT_NEWS:
            break
    return min(n, len(seen))


def _too_few(game: Game, found: int, n: int, plies: int) -> LabError:
    return LabError(
        f"{game.spec} has {found} different openings of {plies} or more moves, not {n}; ask for fewer games or shorter "
        "openings."
    )


def _sample(game: Game, depth: int, seed: int, block: int) -> list[tuple[Position, Opening]]:
    """The candidates of a block and the positions they lead to; those that end the game are left out."""
    states = game.init(BLOCK)
    seeds = seed_states(seed_of(seed, depth, block, i) for i in range(BLOCK))
    actions = np.zeros((BLOCK, depth), np.int64)
    for ply in range(depth):
        # Finished rows have no legal action; they stay as they are, whatever their action.
        actions[:, ply] = choose(_placed(game, game.legal_mask(states)), seeds)
        game.step(states, actions[:, ply])
    running = np.flatnonzero(~states["terminated"])
    return [(_position(game, states[i]), tuple(actions[i].tolist())) for i in running]


def _position(game: Game, state: np.void) -> Position:
    return game.text(state), int(state["to_play"])


def _balanced(
    game: Game, openings: Sequence[Opening], judge: Judge | None, seed: int
) -> list[tuple[Opening, float | None]]:
    """Those of one or more openings that are to be played, with what the judge expects."""
    if judge is None:
        return [(opening, None) for opening in openings]
    values = judge(open_game(game, openings), seed_states(seed_of(seed, i) for i in range(len(openings))))
    bias = np.abs(values)
    least = -(-len(openings) // LEAST_SHARE)
    within = np.flatnonzero(bias <= BAND)
    rows = within if len(within) >= least else np.sort(np.argsort(bias, kind="stable")[:least])
    return [(openings[i], float(values[i])) for i in rows]


def _placed(game: Game, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The legal actions that have a place on the board, or all legal ones where there is none. Shape [n, A]."""
    has_place = np.zeros(game.num_actions, np.bool_)
    has_place[list(game.scene(game.init(1)[0]).action_spots)] = True
    placed = mask & has_place
    return np.where(placed.any(axis=1, keepdims=True), placed, mask)
