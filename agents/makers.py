"""How each agent is made, from its game or world, the path in its spec and its options.

Each imports late what it makes: a random player must not wait for torch or for kernels that it does not use.
"""

from __future__ import annotations

from gymnasium.spaces import Box

from agents.agent import Agent
from agents.engines.options import EngineOptions, GnuGoOptions
from agents.options import AlphaBetaOptions, AlphaZeroOptions, NoOptions, PolicyOptions, RolloutOptions
from agents.solo.options import OptimizerOptions
from envs.errors import LabError
from envs.games.game import Game
from envs.games.go.game import Go
from envs.solo.catch import Catch
from envs.solo.maze import Maze
from envs.solo.skier import Skier
from envs.solo.snake import Snake
from envs.solo.world import World


def random(env: Game | World, path: str, options: NoOptions) -> Agent:
    from agents.scripted import RandomAgent
    from agents.solo.random import RandomBoxAgent

    if isinstance(env, World) and isinstance(env.action_space, Box):
        return RandomBoxAgent(env.action_space)
    return RandomAgent(env)


def greedy(game: Game, path: str, options: NoOptions) -> Agent:
    from agents.scripted import GreedyAgent

    return GreedyAgent(game)


def alpha_beta(game: Game, path: str, options: AlphaBetaOptions) -> Agent:
    from agents.alpha_beta import AlphaBetaAgent

    return AlphaBetaAgent(game, options.depth)


def rollout(game: Game, path: str, options: RolloutOptions) -> Agent:
    from agents.rollout import RolloutAgent

    return RolloutAgent(game, simulations=options.simulations)


def alphazero(game: Game, path: str, options: AlphaZeroOptions) -> Agent:
    from agents.alphazero.player import load_player

    return load_player(path, game, options)


def policy(env: Game | World, path: str, options: PolicyOptions, algorithm: str) -> Agent:
    from agents.sb3.player import load_player

    return load_player(path, algorithm, env, options)


def gtp(game: Go, path: str, options: EngineOptions) -> Agent:
    from agents.engines.player import load_engine

    return load_engine(path, game, options)


def gnugo(game: Go, path: str, options: GnuGoOptions) -> Agent:
    from agents.engines.gnugo import load_gnugo

    return load_gnugo(game, options)


def human(game: Game, path: str, options: NoOptions) -> Agent:
    raise LabError("A 'human' can only play in the window: use 'rl-lab play'.")


def perfect(world: Catch, path: str, options: NoOptions) -> Agent:
    from agents.solo.catch import PerfectCatcher

    return PerfectCatcher(world)


def hamiltonian(world: Snake, path: str, options: NoOptions) -> Agent:
    from agents.solo.snake import HamiltonianAgent

    return HamiltonianAgent(world)


def shortest_path(world: Maze, path: str, options: NoOptions) -> Agent:
    from agents.solo.maze import ShortestPathAgent

    return ShortestPathAgent(world)


def mark_follower(world: Maze, path: str, options: NoOptions) -> Agent:
    from agents.solo.maze import MarkFollower

    return MarkFollower(world)


def optimizer(world: Skier, path: str, options: OptimizerOptions) -> Agent:
    from agents.solo.optimizers import optimizer_agent

    return optimizer_agent(world, options)


def optimum(world: Skier, path: str, options: NoOptions) -> Agent:
    from agents.solo.optimizers import OptimumAgent

    return OptimumAgent(world, "optimum")
