"""Measures agents in a world, in a seat of a board game against fixed opponents, or behind a Gymnasium id.

All play the same episodes, and the tables say how sure their means are.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from agents.agent import Agent, Decision
from agents.registry import make_agent
from envs.chance import Seeds, branch_seeds, seed_of, seed_states
from envs.errors import LabError
from envs.faces.seated import Seated
from envs.games.game import States, as_items
from envs.games.registry import GAMES, make_game
from envs.solo.registry import WORLDS, make_world
from envs.solo.world import World, is_over
from envs.spec import Spec

MAX_EPISODES = 100_000
RESAMPLES = 2000
CONFIDENCE = 0.95
ANCHORS = ("random", "greedy", "rollout:simulations=100")
"""Whom agents play in board games: these never change, so that results can be compared."""
FILE_WIDTH = 150


@dataclass(frozen=True)
class Evaluation:
    """What came of n episodes of one agent in one world; arrays are in the order of the seeds."""

    returns: NDArray[np.float64]
    """[n], the undiscounted sum of rewards."""
    lengths: NDArray[np.int64]
    """[n], steps."""
    outcomes: NDArray[np.int8]
    """[n], +1 as wished, -1 badly, 0 neither."""
    info: dict[str, NDArray[Any]]
    """World.info of the last states, arrays of length n."""
    seconds_per_decision: float
    """The agent's time for a decision, where it decides for all episodes at once."""


Result = tuple[str, Evaluation]
"""An agent's name, and what came of its episodes."""


class InSeat(Agent):
    """A player of a board game, as the agent of a Seated world; it forgets between moves, as in tournaments."""

    def __init__(self, player: Agent) -> None:
        super().__init__(player.name)
        self.player = player

    def act(self, states: States, seeds: Seeds) -> Decision:
        """See Agent.act."""
        boards = states["board"]
        self.player.reset()
        return self.player.act(as_items(boards).copy().view(boards.dtype), seeds)


def evaluate(world: World, agent: Agent, seeds: Seeds, remembers: bool = True) -> Evaluation:
    """Plays one episode from each of the random states `seeds` (uint64[n], n >= 1; left as they are).

    An episode depends on its seed and the agent alone, as far as the agent keeps its rows apart. The agent forgets
    what it remembers from before; what it remembers of these episodes fits if `remembers`, else it must not.
    """
    agent.reset()
    states = world.init(seeds)
    begun, all_rows = states.copy(), np.arange(len(seeds))
    chance = branch_seeds(seeds, np.ones(len(seeds), np.int64))
    # The first decision may compile, which is not the agent's speed.
    actions = agent.act(states[:1], chance[:1].copy()).action.repeat(len(seeds), axis=0)
    agent.reset()
    returns, seconds, decisions = np.zeros(len(seeds)), 0.0, 0
    while not (over := is_over(states)).all():
        # For an agent with a memory a slot keeps its episode; one that has ended shows how it began, and what the
        # agent would do there changes nothing. Any other is only asked about what goes on.
        rows = all_rows if remembers else np.flatnonzero(~over)
        shown, luck = np.where(over, begun, states)[rows], chance[rows]
        start = time.perf_counter()
        actions[rows] = agent.act(shown, luck).action
        seconds += time.perf_counter() - start
        decisions += len(rows)
        chance[rows] = luck
        world.step(states, actions)
        returns += np.where(over, 0.0, states["reward"])
    return Evaluation(
        returns, states["ply"].astype(np.int64), states["outcome"].copy(), world.info(states), seconds / decisions
    )


def bootstrap_interval(sample: NDArray[np.floating[Any]]) -> tuple[float, float]:
    """The percentile bootstrap interval at 95 % of the mean (Efron, 1979); the same for the same sample.

    NaN values are left out; (NaN, NaN) for fewer than two others.
    """
    values = sample[~np.isnan(sample)]
    if len(values) < 2:
        return np.nan, np.nan
    rng = np.random.default_rng(0)
    means = [values[rng.integers(len(values), size=len(values))].mean() for _ in range(RESAMPLES)]
    low, high = np.quantile(means, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)


Measure = Callable[[Evaluation], NDArray[np.floating[Any]]]


def _extra_steps(episodes: Evaluation) -> NDArray[np.float64]:
    """Steps beyond the shortest way where the goal was reached, else NaN."""
    return np.where(episodes.outcomes > 0, episodes.lengths - episodes.info["optimal"], np.nan)


MEASURES: dict[str, dict[str, Measure]] = {
    "skier": {"final height": lambda episodes: episodes.info["height"]},
    "snake": {"snake's length": lambda episodes: episodes.info["length"].astype(np.float64)},
    "maze": {"extra steps": _extra_steps},
    "seated": {"lost %": lambda episodes: 100.0 * (episodes.outcomes < 0)},
}
"""What each world measures beside return, success and steps: (heading -> one number an episode, NaN where none)."""


def evaluation_world(spec: str) -> World:
    """The world of a spec string; where worlds have held-out episodes and the spec does not choose, those.

    Raises LabError for a wrong spec.
    """
    world, asked = make_world(spec), Spec.parse(spec)
    if hasattr(world, "split") and "split" not in dict(asked.options):
        return make_world(dataclasses.replace(asked, options=(*asked.options, ("split", "held_out"))).text)
    return world


def run_evaluation(
    env: str, agent_specs: Sequence[str], episodes: int = 100, seed: int = 0, console: Console | None = None
) -> list[Result]:
    """Plays each agent on the same episodes and prints the tables; in a board game against each of ANCHORS in turn.

    `env` is the spec of a world or a game, or a Gymnasium id. Results are in the order of the tables. Raises LabError
    for a spec or a number that is wrong, before the first episode.
    """
    console = console or Console()
    if not agent_specs:
        raise LabError("Give one agent or more, e.g. random.")
    if not 1 <= episodes <= MAX_EPISODES:
        raise LabError(f"There must be 1 to {MAX_EPISODES} episodes, not {episodes}.")
    if seed < 0:
        raise LabError(f"The seed must be 0 or more, not {seed}.")
    if not console.is_terminal:
        console.width = FILE_WIDTH  # a file or a pipe has no width of its own
    name = Spec.parse(env).name
    if name not in {**GAMES, **WORLDS} and ("/" in env or "-v" in env):
        from rl_lab.evaluate_gym import run_gym_evaluation  # which needs torch

        return run_gym_evaluation(env, agent_specs, episodes, seed, console)
    if name in GAMES:
        game = make_game(env)
        players: list[Agent] = [InSeat(make_agent(spec, game)) for spec in agent_specs]
        worlds: dict[str, World] = {f"{game.spec} against {a}": Seated(game, (make_agent(a, game),)) for a in ANCHORS}
    else:
        world = evaluation_world(env)
        players, worlds = [make_agent(spec, world) for spec in agent_specs], {world.spec: world}
    seeds = seed_states(seed_of(seed, episode) for episode in range(episodes))
    found: list[Result] = []
    console.print("Getting ready. The first time, this compiles.")
    for played, world in worlds.items():
        console.print(f"Episodes of {played}: {episodes}, from seed {seed}.", highlight=False)
        results: list[Result] = []
        for player in players:
            with console.status(f"{player.name} ..."):
                results.append((player.name, evaluate(world, player, seeds, remembers=name not in GAMES)))
        console.print(returns_table(results))
        console.print(measures_table(world, results))
        found += results
    return found


def returns_table(results: Sequence[Result]) -> Table:
    """One line an agent: its mean return, how far it is above the first agent's on the same episodes, its speed."""
    table = _table("Return, and gain over the first agent", "mean", "gain", "ms/step")
    _, first = results[0]
    for number, (name, episodes) in enumerate(results):
        difference = _mean_and_interval(episodes.returns - first.returns) if number else ""
        speed = f"{1000 * episodes.seconds_per_decision:.4f}"
        table.add_row(Text(name), _mean_and_interval(episodes.returns), difference, speed)
    return table


def measures_table(world: World, results: Sequence[Result]) -> Table:
    """One line an agent: how often it succeeds, its mean number of steps, and what else the world measures."""
    measures = MEASURES.get(world.name, {})
    table = _table("Measures", "success %", "steps", *measures)
    for agent, episodes in results:
        success = _mean_and_interval(100.0 * (episodes.outcomes > 0), decimals=1)
        cells = [
            _mean_and_interval(measure(episodes), decimals=1 if "%" in heading else 3)
            for heading, measure in measures.items()
        ]
        table.add_row(Text(agent), success, f"{episodes.lengths.mean():.1f}", *cells)
    return table


def _table(title: str, *headings: str) -> Table:
    table = Table(title=f"{title} ({CONFIDENCE:.0%} intervals)", box=box.SIMPLE_HEAD, collapse_padding=True)
    table.add_column("Agent", overflow="fold", min_width=13)
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def _mean_and_interval(sample: NDArray[np.floating[Any]], decimals: int = 3) -> str:
    """Such as "0.512 (0.480 to 0.541)"; a dash where there is nothing to average, no brackets without an interval."""
    if np.isnan(sample).all():
        return "-"
    values = (float(np.nanmean(sample)), *bootstrap_interval(sample))
    mean, low, high = (_number(value, decimals) for value in values)
    return mean if low == "nan" else f"{mean} ({low} to {high})"


def _number(value: float, decimals: int) -> str:
    """So many decimals, from 10 on one."""
    return f"{value:.{decimals if abs(value) < 9.9995 else 1}f}"
