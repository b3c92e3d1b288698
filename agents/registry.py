"""Which agents exist. A new agent is one class, one dataclass of its options, one maker (makers.py) and one line in
AGENTS; a package on a higher floor, or of somebody else, adds its own by `register`."""

from __future__ import annotations

from functools import partial
from typing import Any

from agents import makers
from agents.agent import Agent
from agents.engines.options import EngineOptions, GnuGoOptions, parse_command_spec
from agents.kinds import AGENTS, BOARD_GAMES, WORLDS, AgentKind, register
from agents.options import AlphaBetaOptions, AlphaZeroOptions, NoOptions, PolicyOptions, RolloutOptions
from agents.solo.options import (
    AdamOptions,
    GradientDescentOptions,
    MomentumOptions,
    NoisyDescentOptions,
)
from envs.errors import LabError
from envs.games.game import Game
from envs.solo.world import World
from envs.spec import Spec, build, unknown_name

__all__ = [
    "AGENTS",
    "BOARD_GAMES",
    "WORLDS",
    "AgentKind",
    "make_agent",
    "options_of",
    "parse_agent",
    "plays",
    "register",
]

_KINDS: dict[str, AgentKind] = {
    "random": AgentKind(
        "random", "any legal action, all equally likely", NoOptions, makers.random, (BOARD_GAMES, WORLDS)
    ),
    "greedy": AgentKind("greedy", "looks one move ahead: wins, captures", NoOptions, makers.greedy),
    "alphabeta": AgentKind("alphabeta:depth=4", "alpha-beta search", AlphaBetaOptions, makers.alpha_beta),
    "rollout": AgentKind(
        "rollout:simulations=200", "tree search judged by random games", RolloutOptions, makers.rollout
    ),
    "alphazero": AgentKind(
        "alphazero:PATH,simulations=64,time=0",
        "tree search judged by the net at PATH",
        AlphaZeroOptions,
        makers.alphazero,
        path="needed",
    ),
    **{
        name: AgentKind(
            f"{name}:PATH,sample=false",
            f"the policy at PATH that {name.upper()} has learned",
            PolicyOptions,
            partial(makers.policy, algorithm=name),
            (BOARD_GAMES, WORLDS),
            path="needed",
        )
        for name in ("ppo", "dqn")
    },
    "gtp": AgentKind(
        "gtp:COMMAND,time=60,processes=1",
        "an outside engine that speaks GTP",
        EngineOptions,
        makers.gtp,
        ("go",),
        path="needed",
        takes_command=True,
    ),
    "gnugo": AgentKind("gnugo:level=10,resign=true", "GNU Go, if it is installed", GnuGoOptions, makers.gnugo, ("go",)),
    "perfect": AgentKind("perfect", "catches every ball", NoOptions, makers.perfect, ("catch",)),
    "hamiltonian": AgentKind("hamiltonian", "a cycle through all cells", NoOptions, makers.hamiltonian, ("snake",)),
    "shortest_path": AgentKind("shortest_path", "reads the maze", NoOptions, makers.shortest_path, ("maze",)),
    "mark_follower": AgentKind("mark_follower", "goes where the mark is", NoOptions, makers.mark_follower, ("maze",)),
    "gd": AgentKind("gd:lr=0.5", "gradient descent", GradientDescentOptions, makers.optimizer, ("skier",)),
    "sgd_noise": AgentKind(
        "sgd_noise:lr=1,noise=0.5",
        "gradient descent on a noisy slope",
        NoisyDescentOptions,
        makers.optimizer,
        ("skier",),
    ),
    "momentum": AgentKind(
        "momentum:lr=0.05,momentum=0.9", "gradient descent with momentum", MomentumOptions, makers.optimizer, ("skier",)
    ),
    "adam": AgentKind("adam:lr=0.5,beta1=0.9", "the optimiser Adam", AdamOptions, makers.optimizer, ("skier",)),
    "optimum": AgentKind("optimum", "is told where the lowest point is", NoOptions, makers.optimum, ("skier",)),
    "human": AgentKind("human", "a person at the window", NoOptions, makers.human),
}
for _name, _kind in _KINDS.items():
    register(_name, _kind)


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
    if kind.path == "needed" and not spec.path:
        raise LabError(f"Agent '{spec.name}' needs a path: write it as {kind.usage}.")
    if (spec.path and kind.path == "none") or (spec.options and kind.options is NoOptions):
        raise LabError(f"'{spec.text}' gives agent '{spec.name}' what it does not take: write {kind.usage}.")
    return build(kind.options, dict(spec.options), f"agent '{spec.name}'")
