"""Which agents exist. A new agent is one class, one dataclass of its options, and one line in AGENTS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from agents.agent import Agent
from envs.errors import LabError
from envs.games.game import Game
from envs.spec import Spec, build, unknown_name

MAX_SIMULATIONS = 1_000_000


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


# The makers import late: a random player must not wait for torch or for kernels it does not use.


def _random(game: Game, path: str, options: NoOptions) -> Agent:
    from agents.scripted import RandomAgent

    return RandomAgent(game)


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


def _human(game: Game, path: str, options: NoOptions) -> Agent:
    raise LabError("A 'human' can only play in the window: use 'rl-lab play'.")


@dataclass(frozen=True)
class AgentKind:
    """How one kind of agent is made."""

    usage: str
    """The spec as a user writes it, with its defaults."""
    meaning: str
    """What it is, in one line."""
    options: type[Any]
    """The dataclass of its options."""
    make: Callable[[Game, str, Any], Agent]
    """Takes the game, the spec's path and an instance of `options`."""
    needs_path: bool = False


AGENTS: dict[str, AgentKind] = {
    "random": AgentKind("random", "any legal action, all equally likely", NoOptions, _random),
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
    "human": AgentKind("human", "a person at the window", NoOptions, _human),
}


def make_agent(spec: str, game: Game) -> Agent:
    """The agent that a spec string names, e.g. "alphabeta:depth=6", for `game`.

    Raises LabError, with what would be right, for an unknown agent or option, a value out of range, a path
    where none belongs or none where one does, and for "human", whom only the window can make.
    """
    parsed = Spec.parse(spec)
    if parsed.name not in AGENTS:
        raise unknown_name("agent", parsed.name, AGENTS)
    kind = AGENTS[parsed.name]
    if kind.needs_path and not parsed.path:
        raise LabError(f"Agent '{parsed.name}' needs a path: write it as {kind.usage}.")
    if (parsed.path and not kind.needs_path) or (parsed.options and kind.options is NoOptions):
        raise LabError(f"'{spec}' gives agent '{parsed.name}' what it does not take: write {kind.usage}.")
    options = build(kind.options, dict(parsed.options), f"agent '{parsed.name}'")
    return kind.make(game, parsed.path, options)
