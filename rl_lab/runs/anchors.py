"""How good a learner is at a game for two: its scores against opponents that never change."""

from __future__ import annotations

from collections.abc import Sequence

from agents.agent import Agent
from agents.registry import make_agent
from envs.games.game import Game
from rl_lab.arena.statistics import opening_scores, paired_interval
from rl_lab.arena.tournament import play_tournament, round_robin
from rl_lab.runs.training import Check, Scores

GAMES_EACH = 40
OPENING_PLIES = 2


def scores_against(
    anchors: Sequence[str], game: Game, player: Agent, seed: int, check: Check, games: int = GAMES_EACH
) -> Scores:
    """The player's score against each anchor, with both colours from the same random openings.

    `check` is told of each anchor, and called after each game.
    """
    scores: Scores = {}
    for anchor in anchors:
        check(f"Playing {games} games against {anchor} ...")
        agents = [player, make_agent(anchor, game)]
        schedule = round_robin(game, agents, games, OPENING_PLIES, seed=seed)
        records = play_tournament(game, agents, schedule, seed, progress=lambda *_: check("")).records
        scores[anchor] = paired_interval(opening_scores(records, player.name))
    return scores
