"""How strong an agent with a search is where the truth is known, or an outside program stands for it (measures.py says
what a measure is)."""

from __future__ import annotations

import numpy as np

from agents.agent import Agent
from agents.registry import make_agent
from envs.chance import seed_of, seed_states
from envs.games.game import Game
from envs.games.go.game import Go
from envs.games.registry import make_game
from rl_lab.arena.openings import rollout_judge
from rl_lab.arena.play import Fixture, play_games
from rl_lab.arena.statistics import opening_scores, paired_interval
from rl_lab.arena.tournament import play_tournament, round_robin
from rl_lab.results.measures import SEED, Measure
from rl_lab.results.solved import Play, solved_positions

OPENING_PLIES = 2
SOLVED_MARGINS = {2: 1, 3: 9, 4: 2}
"""Black's margin with best play from the empty board, by the size of the board."""
CONFIDENT = 0.5
"""A value beyond this is an opinion."""


def wins_from_start(opponent: str, games: int) -> Measure:
    """The share won of so many games as the first player, from the start of the game."""

    def measure(env: str, agent: str) -> float:
        game = make_game(env)
        players = [make_agent(agent, game), make_agent(opponent, game)]
        fixtures = [Fixture((0, 1), (), number, seed_of(SEED, number)) for number in range(games)]
        records = play_games(game, players, fixtures)
        _close(*players)
        return sum(record.outcome > 0 for record in records) / games

    return measure


def opens_at_centre(env: str, agent: str) -> float:
    """1 if its first move is the middle of the board, else 0."""
    game = make_game(env)
    player = make_agent(agent, game)
    height, width = game.board_shape
    return float(player.act(game.init(1), seed_states([SEED])).action[0] == (height // 2) * width + width // 2)


def balanced_score(opponent: str, games: int) -> Measure:
    """The score with both colours from balanced random openings of two moves."""

    return lambda env, agent: paired_interval(balanced_scores(env, agent, opponent, games, SEED))


def balanced_scores(env: str, agent: str, opponent: str, games: int, seed: int) -> list[float]:
    """The agent's score from each of games / 2 balanced random openings of two moves, with both colours."""
    game = make_game(env)
    players = [make_agent(agent, game), make_agent(opponent, game)]
    fixtures = round_robin(game, players, games, OPENING_PLIES, seed, rollout_judge(game))
    records = play_tournament(game, players, fixtures, seed).records
    _close(*players)
    return opening_scores(records, players[0].name)


def value_kept(play: Play, positions: int, only_where_it_can_fail: bool = False) -> Measure:
    """The share of moves that keep the solver's value, on positions of Connect Four from that kind of play."""

    def measure(env: str, agent: str) -> float:
        player = make_agent(agent, make_game(env))
        solved = solved_positions(play, positions, SEED)
        actions = player.act(solved.states, seed_states(seed_of(SEED, i) for i in range(positions))).action
        asked = solved.can_fail if only_where_it_can_fail else np.ones(positions, np.bool_)
        return float(solved.kept(actions)[asked].mean())

    return measure


def solved_sizes(env: str, agent: str) -> float:
    """The share of the solved sizes of Go, 2x2 to 4x4, of which the agent knows the value."""
    return float(np.mean([_knows(size, margin, agent) for size, margin in SOLVED_MARGINS.items()]))


def _knows(size: int, margin: int, agent: str) -> bool:
    """Whether it believes that Black wins from the empty board with half a point less komi than the margin, and loses
    with half a point more, and wins and loses so against itself."""
    for komi, outcome in ((margin - 0.5, 1), (margin + 0.5, -1)):
        game: Game = Go(size=size, komi=komi)
        player = make_agent(agent, game)
        believes = outcome * player.act(game.init(1), seed_states([SEED])).value[0] > CONFIDENT
        if not believes or play_games(game, [player], [Fixture((0, 0), (), 0, SEED)])[0].outcome != outcome:
            return False
    return True


def _close(*players: Agent) -> None:
    for player in players:
        player.close()
