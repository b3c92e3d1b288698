"""How good a trained agent is, as one number: on held-out episodes, or in games against a fixed player.

A measure takes an environment and an agent's spec. What it plays is seen neither in training nor by the evaluations of
a run, which choose its best policy.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.registry import make_agent
from agents.sb3.gym_vec_env import GymVecEnv
from agents.sb3.player import load_policy
from envs.chance import seed_of, seed_states
from envs.faces.seated import Seat, Seated
from envs.games.registry import make_game
from envs.solo.world import World
from envs.spec import Spec
from rl_lab.arena.statistics import Interval
from rl_lab.evaluate import Evaluation, InSeat, evaluate, evaluation_world
from rl_lab.evaluate_gym import evaluate_gym
from rl_lab.runs.anchors import scores_against

Measure = Callable[[str, str], float | Interval]

SEED = 2**41
"""Evaluations of a run have 2**40, people choose small ones."""
EPISODES = 2000
GYM_EPISODES = 100
GAMES = 400
SEATS: tuple[Seat, ...] = ("first", "second")


def mean_return(env: str, agent: str) -> float:
    """The mean return on held-out episodes of a world."""
    return float(_episodes(evaluation_world(env), agent).returns.mean())


def gym_return(env: str, agent: str) -> float:
    """The mean return behind a Gymnasium id."""
    spec = Spec.parse(agent)
    policy = load_policy(Path(spec.path), spec.name, GymVecEnv(env))
    return float(evaluate_gym(env, policy, GYM_EPISODES, SEED).returns.mean())


def final(name: str) -> Measure:
    """The mean of what the world tells by that name at the end of held-out episodes."""
    return lambda env, agent: float(_episodes(evaluation_world(env), agent).info[name].mean())


def solved(split: str) -> Measure:
    """The share of a world's episodes of that split, "train" or "held_out", that end well."""
    return lambda env, agent: float(_won(_episodes(evaluation_world(f"{env},split={split}"), agent)).mean())


def score_against(opponent: str) -> Measure:
    """The score in GAMES games against that player: both colours, from the same random openings of two moves."""

    def measure(env: str, agent: str) -> float:
        game = make_game(env)
        return scores_against([opponent], game, make_agent(agent, game), SEED, lambda _: None, GAMES)[opponent].mean

    return measure


def games_lost_to(opponent: str, games: int) -> Measure:
    """How many of so many games from the start are lost against that player, in both seats together."""

    def measure(env: str, agent: str) -> float:
        game = make_game(env)
        player, seeds = InSeat(make_agent(agent, game)), _seeds(games)
        worlds = [Seated(game, (make_agent(opponent, game),), seat) for seat in SEATS]
        return float(sum((evaluate(world, player, seeds, remembers=False).outcomes < 0).sum() for world in worlds))

    return measure


def _episodes(world: World, agent: str) -> Evaluation:
    return evaluate(world, make_agent(agent, world), _seeds(EPISODES))


def _won(episodes: Evaluation) -> NDArray[np.bool_]:
    won: NDArray[Any] = episodes.outcomes > 0
    return won


def _seeds(n: int) -> NDArray[np.uint64]:
    return seed_states(seed_of(SEED, episode) for episode in range(n))
