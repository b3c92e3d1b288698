"""How good a learner is at a game for two: its scores against opponents that never change."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

from agents.agent import Agent
from agents.engines.gnugo import find_gnugo
from agents.registry import make_agent
from envs.errors import LabError
from envs.games.game import Game
from envs.games.go.game import Go
from rl_lab.arena.statistics import opening_scores, paired_interval
from rl_lab.arena.tournament import play_tournament, round_robin
from rl_lab.runs.training import Check, Scores
from rl_lab.zoo.nets import net_for

GAMES_EACH = 40
OUTSIDE, OUTSIDE_GAMES = ("gnugo", "gtp"), 10
"""Outside engines take tenths of a second for each move: fewer games."""
OPENING_PLIES = 2
FOR_ALL_GAMES = ("random", "rollout:simulations=200")
ZOO = "zoo:simulations=64"
GNU_GO = "gnugo:level=10"


def anchors_of(game: Game) -> list[str]:
    """Whom a learner of the game is measured against: random moves, random games, the zoo's net of the game if there is
    one, and for Go GNU Go if it is installed."""
    anchors = list(FOR_ALL_GAMES)
    try:
        net_for(game)
        anchors.append(ZOO)
    except LabError:
        pass  # there is none, or it is damaged: no reason not to learn
    if isinstance(game, Go) and find_gnugo():
        anchors.append(GNU_GO)
    return anchors


def scores_against(
    anchors: Sequence[str], game: Game, player: Agent, seed: int, check: Check, games: int = GAMES_EACH
) -> Scores:
    """The player's score against each anchor, with both colours from the same random openings.

    `games` against each, at most OUTSIDE_GAMES against an outside engine. `check` is told of each anchor, and called
    after each game.
    """
    scores: Scores = {}
    for anchor in anchors:
        number = min(games, OUTSIDE_GAMES) if anchor.startswith(OUTSIDE) else games
        check(f"Playing {number} games against {anchor} ...")
        with closing(make_agent(anchor, game)) as opponent:
            agents = [player, opponent]
            schedule = round_robin(game, agents, number, OPENING_PLIES, seed=seed)
            records = play_tournament(game, agents, schedule, seed, progress=lambda *_: check("")).records
        scores[anchor] = paired_interval(opening_scores(records, player.name))
    return scores
