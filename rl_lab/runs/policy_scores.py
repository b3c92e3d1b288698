"""How good a policy of DQN or PPO is: scores against fixed opponents, or its return on held-out episodes."""

from __future__ import annotations

from agents.sb3.gym_vec_env import GymVecEnv, lab_spec
from agents.sb3.player import PolicyAgent
from agents.sb3.policy import Config, Policy
from envs.chance import seed_of, seed_states
from envs.games.game import Game
from envs.games.registry import GAMES, make_game
from envs.solo.world import World
from envs.spec import Spec
from rl_lab.arena.statistics import Interval
from rl_lab.evaluate import ANCHORS, bootstrap_interval, evaluate, evaluation_world
from rl_lab.evaluate_gym import evaluate_gym
from rl_lab.runs.anchors import GAMES_EACH, scores_against
from rl_lab.runs.training import Check, Scores

EVALUATION_EPISODES = 100
HELD_OUT = 2**40
"""The seed of the episodes that evaluations of a run play; no run is given one as large."""


def policy_scores(
    policy: Policy,
    config: Config,
    seed: int,
    check: Check,
    episodes: int = EVALUATION_EPISODES,
    games: int = GAMES_EACH,
) -> Scores:
    """In a board game the scores in `games` games against each anchor; elsewhere {"return": ...} over `episodes`.

    `seed` decides which games or episodes those are; `check` is told of the progress, and may raise to end it.
    """
    env = env_of(config.env)
    if isinstance(env, Game):
        return scores_against(ANCHORS, env, PolicyAgent(env, policy, "learner"), seed, check, games)
    check(f"Playing {episodes} held-out episodes ...")
    if isinstance(env, World):
        seeds = seed_states(seed_of(seed, episode) for episode in range(episodes))
        returns = evaluate(env, PolicyAgent(env, policy, "learner"), seeds).returns
    else:
        returns = evaluate_gym(config.env, policy, episodes, seed).returns
    return {"return": Interval(float(returns.mean()), *bootstrap_interval(returns))}


def env_of(name: str) -> Game | World | GymVecEnv:
    """Where a policy for the environment of that name can be put to the test: held-out episodes, if there are such."""
    if spec := lab_spec(name):
        return make_game(spec) if Spec.parse(spec).name in GAMES else evaluation_world(spec)
    return GymVecEnv(name)
