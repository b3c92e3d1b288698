"""Which agents exist. A new agent is one class, one dataclass of its options, and one line in AGENTS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from gymnasium.spaces import Box

from agents.agent import Agent
from agents.engines.options import EngineOptions, GnuGoOptions, parse_command_spec
from agents.solo.options import (
    AdamOptions,
    GradientDescentOptions,
    MomentumOptions,
    NoisyDescentOptions,
    OptimizerOptions,
)
from envs.errors import LabError
from envs.games.game import Game
from envs.games.go.game import Go
from envs.solo.catch import Catch
from envs.solo.maze import Maze
from envs.solo.skier import Skier
from envs.solo.snake import Snake
from envs.solo.world import World
from envs.spec import Spec, build, unknown_name

MAX_SIMULATIONS = 1_000_000

BOARD_GAMES, WORLDS = "board games", "single-agent worlds"


def check_range(what: str, value: int, low: int, high: int) -> None:
    """Raises LabError unless low <= value <= high."""
    if not low <= value <= high:
        raise LabError(f"{what} must be {low} to {high}, not {value}.")


@dataclass(frozen=True)
class NoOptions:
    """For agents that have nothing to set."""


@dataclass(frozen=True)
class AlphaBetaOptions:
    """Options of `alphabeta`."""

    depth: int = 4
    """How many plies it searches, 1 to 64."""


@dataclass(frozen=True)
class RolloutOptions:
    """Options of `rollout`."""

    simulations: int = 200
    """Random games a move, 1 to 1,000,000."""

    def __post_init__(self) -> None:
        check_range("simulations of agent 'rollout'", self.simulations, 1, MAX_SIMULATIONS)


@dataclass(frozen=True)
class AlphaZeroOptions:
    """Options of `alphazero`."""

    simulations: int = 64
    """Positions a move that the net evaluates, 1 to 1,000,000."""

    def __post_init__(self) -> None:
        check_range("simulations of agent 'alphazero'", self.simulations, 1, MAX_SIMULATIONS)


@dataclass(frozen=True)
class PolicyOptions:
    """Options of `ppo` and `dqn`."""

    sample: bool = False
    """Whether it acts by chance, as it did when it learned; else it does what seems best."""
    trust: bool = False
    """Whether to read a zip of stable-baselines3, which can run any code."""


# The makers import late: a random player must not wait for torch or for kernels it does not use.


def _random(env: Game | World, path: str, options: NoOptions) -> Agent:
    from agents.scripted import RandomAgent
    from agents.solo.random import RandomBoxAgent

    if isinstance(env, World) and isinstance(env.action_space, Box):
        return RandomBoxAgent(env.action_space)
    return RandomAgent(env)


def _greedy(game: Game, path: str, options: NoOptions) -> Agent:
    from agents.scripted import GreedyAgent

    return GreedyAgent(game)


def _alpha_beta(game: Game, path: str, options: AlphaBetaOptions) -> Agent:
    from agents.alpha_beta import AlphaBetaAgent

    return AlphaBetaAgent(game, options.depth)


def _rollout(game: Game, path: str, options: RolloutOptions) -> Agent:
    from agents.rollout import RolloutAgent

    return RolloutAgent(game, simulations=options.simulations)


def _alphazero(game: Game, path: str, options: AlphaZeroOptions) -> Agent:
    from agents.alphazero.player import load_player

    return load_player(path, game, options)


def _policy(env: Game | World, path: str, options: PolicyOptions, algorithm: str) -> Agent:
    from agents.sb3.player import load_player

    return load_player(path, algorithm, env, options)


def _gtp(game: Go, path: str, options: EngineOptions) -> Agent:
    from agents.engines.player import load_engine

    return load_engine(path, game, options)


def _gnugo(game: Go, path: str, options: GnuGoOptions) -> Agent:
    from agents.engines.gnugo import load_gnugo

    return load_gnugo(game, options)


def _human(game: Game, path: str, options: NoOptions) -> Agent:
    raise LabError("A 'human' can only play in the window: use 'rl-lab play'.")


def _perfect(world: Catch, path: str, options: NoOptions) -> Agent:
    from agents.solo.catch import PerfectCatcher

    return PerfectCatcher(world)


def _hamiltonian(world: Snake, path: str, options: NoOptions) -> Agent:
    from agents.solo.snake import HamiltonianAgent

    return HamiltonianAgent(world)


def _shortest_path(world: Maze, path: str, options: NoOptions) -> Agent:
    from agents.solo.maze import ShortestPathAgent

    return ShortestPathAgent(world)


def _mark_follower(world: Maze, path: str, options: NoOptions) -> Agent:
    from agents.solo.maze import MarkFollower

    return MarkFollower(world)


def _optimizer(world: Skier, path: str, options: OptimizerOptions) -> Agent:
    from agents.solo.optimizers import optimizer_agent

    return optimizer_agent(world, options)


def _optimum(world: Skier, path: str, options: NoOptions) -> Agent:
    from agents.solo.optimizers import OptimumAgent

    return OptimumAgent(world, "optimum")


@dataclass(frozen=True)
class AgentKind:
    """How one kind of agent is made."""

    usage: str
    """The spec as a user writes it, with its defaults."""
    meaning: str
    """What it is, in one line."""
    options: type[Any]
    """The dataclass of its options."""
    make: Callable[[Any, str, Any], Agent]
    """Takes the game or world, the spec's path and an instance of `options`."""
    plays: tuple[str, ...] = (BOARD_GAMES,)
    """What it can act in: BOARD_GAMES, WORLDS, or names of games and worlds."""
    needs_path: bool = False
    takes_command: bool = False
    """Whether its path is a whole command line (see parse_command_spec)."""


AGENTS: dict[str, AgentKind] = {
    "random": AgentKind("random", "any legal action, all equally likely", NoOptions, _random, (BOARD_GAMES, WORLDS)),
    "greedy": AgentKind("greedy", "looks one move ahead: wins, captures", NoOptions, _greedy),
    "alphabeta": AgentKind("alphabeta:depth=4", "alpha-beta search", AlphaBetaOptions, _alpha_beta),
    "rollout": AgentKind("rollout:simulations=200", "tree search judged by random games", RolloutOptions, _rollout),
    "alphazero": AgentKind(
        "alphazero:PATH,simulations=64",
        "tree search judged by the net at PATH",
        AlphaZeroOptions,
        _alphazero,
        needs_path=True,
    ),
    **{
        name: AgentKind(
            f"{name}:PATH,sample=false",
            f"the policy at PATH that {name.upper()} has learned",
            PolicyOptions,
            partial(_policy, algorithm=name),
            (BOARD_GAMES, WORLDS),
            needs_path=True,
        )
        for name in ("ppo", "dqn")
    },
    "gtp": AgentKind(
        "gtp:COMMAND,time=60,processes=1",
        "an outside engine that speaks GTP",
        EngineOptions,
        _gtp,
        ("go",),
        needs_path=True,
        takes_command=True,
    ),
    "gnugo": AgentKind("gnugo:level=10,resign=true", "GNU Go, if it is installed", GnuGoOptions, _gnugo, ("go",)),
    "perfect": AgentKind("perfect", "catches every ball", NoOptions, _perfect, ("catch",)),
    "hamiltonian": AgentKind("hamiltonian", "a cycle through all cells", NoOptions, _hamiltonian, ("snake",)),
    "shortest_path": AgentKind("shortest_path", "reads the maze", NoOptions, _shortest_path, ("maze",)),
    "mark_follower": AgentKind("mark_follower", "goes where the mark is", NoOptions, _mark_follower, ("maze",)),
    "gd": AgentKind("gd:lr=0.5", "gradient descent", GradientDescentOptions, _optimizer, ("skier",)),
    "sgd_noise": AgentKind(
        "sgd_noise:lr=1,noise=0.5", "gradient descent on a noisy slope", NoisyDescentOptions, _optimizer, ("skier",)
    ),
    "momentum": AgentKind(
        "momentum:lr=0.05,momentum=0.9", "gradient descent with momentum", MomentumOptions, _optimizer, ("skier",)
    ),
    "adam": AgentKind("adam:lr=0.5,beta1=0.9", "the optimiser Adam", AdamOptions, _optimizer, ("skier",)),
    "optimum": AgentKind("optimum", "is told where the lowest point is", NoOptions, _optimum, ("skier",)),
    "human": AgentKind("human", "a person at the window", NoOptions, _human),
}


def plays(kind: AgentKind, env: Game | World) -> bool:
    """Whether agents of that kind are for the game or world."""
    group = BOARD_GAMES if isinstance(env, Game) else WORLDS
    return group in kind.plays or env.name in kind.plays


def parse_agent(spec: str) -> Spec:
    """The parts of an agent's spec string; raises LabError if it is not written as one."""
    kind = AGENTS.get(spec.partition(":")[0].strip())
    return parse_command_spec(spec) if kind and kind.takes_command else Spec.parse(spec)


def make_agent(spec: str, env: Game | World) -> Agent:
    """The agent that a spec string names, e.g. "alphabeta:depth=6", for a game or a single-agent world.

    Raises LabError, with what would be right, for an unknown agent or option, a value out of range, a path
    where none belongs or none where one does, an agent of other games or worlds, and for "human", whom only the
    window can make.
    """
    parsed = parse_agent(spec)
    if parsed.name not in AGENTS:
        raise unknown_name("agent", parsed.name, (name for name, kind in AGENTS.items() if plays(kind, env)))
    kind = AGENTS[parsed.name]
    if not plays(kind, env):
        raise LabError(f"Agent '{parsed.name}' plays {' and '.join(kind.plays)}, not {env.name}.")
    return kind.make(env, parsed.path, options_of(parsed))


def options_of(spec: Spec) -> Any:
    """The options that a spec gives an agent that exists; raises LabError for what it does not take."""
    kind = AGENTS[spec.name]
    if kind.needs_path and not spec.path:
        raise LabError(f"Agent '{spec.name}' needs a path: write it as {kind.usage}.")
    if (spec.path and not kind.needs_path) or (spec.options and kind.options is NoOptions):
        raise LabError(f"'{spec.text}' gives agent '{spec.name}' what it does not take: write {kind.usage}.")
    return build(kind.options, dict(spec.options), f"agent '{spec.name}'")
