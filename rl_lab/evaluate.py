"""Measures agents in a single-agent world: all play the same episodes, and the tables say how sure their means are."""

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

from agents.agent import Agent
from agents.registry import make_agent
from envs.chance import Seeds, branch_seeds, seed_of, seed_states
from envs.errors import LabError
from envs.games.registry import GAMES
from envs.solo.registry import make_world
from envs.solo.world import World, is_over
from envs.spec import Spec

MAX_EPISODES = 100_000
RESAMPLES = 2000
CONFIDENCE = 0.95
INTERVAL = f"{CONFIDENCE:.0%} interval"


@dataclass(frozen=True)
class Episodes:
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


def evaluate(world: World, agent: Agent, seeds: Seeds) -> Episodes:
    """Plays one episode from each of the random states `seeds` (uint64[n], n >= 1; left as they are).

    An episode depends on its seed and the agent alone, as far as the agent keeps its rows apart. The agent forgets
    what it remembers from before.
    """
    agent.reset()
    states = world.init(seeds)
    begun = states.copy()
    chance = branch_seeds(seeds, np.ones(len(seeds), np.int64))
    agent.act(states, chance.copy())  # the first decision may compile, which is not the agent's speed
    agent.reset()
    returns, seconds, decisions = np.zeros(len(seeds)), 0.0, 0
    while not (over := is_over(states)).all():
        # A slot keeps its episode, so that an agent's memory of it fits; one that has ended shows how it began, and
        # what the agent would do there changes nothing.
        shown = np.where(over, begun, states)
        start = time.perf_counter()
        actions = agent.act(shown, chance).action
        seconds += time.perf_counter() - start
        decisions += len(states)
        world.step(states, actions)
        returns += np.where(over, 0.0, states["reward"])
    return Episodes(
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


Measure = Callable[[Episodes], NDArray[np.floating[Any]]]


def _extra_steps(episodes: Episodes) -> NDArray[np.float64]:
    """Steps beyond the shortest way where the goal was reached, else NaN."""
    return np.where(episodes.outcomes > 0, episodes.lengths - episodes.info["optimal"], np.nan)


MEASURES: dict[str, dict[str, Measure]] = {
    "skier": {"final height": lambda episodes: episodes.info["height"]},
    "snake": {"snake's length": lambda episodes: episodes.info["length"].astype(np.float64)},
    "maze": {"extra steps": _extra_steps},
}
"""What each world measures beside return, success and steps: (heading -> one number an episode, NaN where none)."""


def evaluation_world(spec: str) -> World:
    """The world of a spec string; where worlds have held-out episodes and the spec does not choose, those.

    Raises LabError for a wrong spec and for a board game.
    """
    parsed = Spec.parse(spec)
    if parsed.name in GAMES:
        raise LabError(f"'{parsed.name}' is a game for two: compare its players with 'rl-lab tournament {spec}'.")
    world = make_world(spec)
    has_split = any(field.name == "split" for field in dataclasses.fields(world))  # type: ignore[arg-type]
    if has_split and "split" not in dict(parsed.options):
        world = dataclasses.replace(world, split="held_out")  # type: ignore[type-var]
    return world


def run_evaluation(
    world_spec: str, agent_specs: Sequence[str], episodes: int = 100, seed: int = 0, console: Console | None = None
) -> list[tuple[Agent, Episodes]]:
    """Plays each agent on the same episodes and prints the table.

    Raises LabError for a spec or a number that is wrong, before the first episode.
    """
    console = console or Console()
    if not agent_specs:
        raise LabError("Give one agent or more, e.g. random.")
    if not 1 <= episodes <= MAX_EPISODES:
        raise LabError(f"There must be 1 to {MAX_EPISODES} episodes, not {episodes}.")
    world = evaluation_world(world_spec)
    agents = [make_agent(spec, world) for spec in agent_specs]
    seeds = seed_states(seed_of(seed, episode) for episode in range(episodes))
    console.print(f"Episodes of {world.spec}: {episodes}, from seed {seed}.", highlight=False)
    results: list[tuple[Agent, Episodes]] = []
    for agent in agents:
        with console.status(f"{agent.name} ..."):
            results.append((agent, evaluate(world, agent, seeds)))
    console.print(returns_table(results))
    console.print(measures_table(world, results))
    return results


def returns_table(results: Sequence[tuple[Agent, Episodes]]) -> Table:
    """One line an agent: its mean return, how far it is above the first agent's on the same episodes, its speed."""
    table = _table("Return, and gain over the first agent", "mean", INTERVAL, "gain", INTERVAL, "ms/step")
    _, first = results[0]
    for number, (agent, episodes) in enumerate(results):
        difference = _mean_and_interval(episodes.returns - first.returns) if number else ("", "")
        speed = f"{1000 * episodes.seconds_per_decision:.4f}"
        table.add_row(Text(agent.name), *_mean_and_interval(episodes.returns), *difference, speed)
    return table


def measures_table(world: World, results: Sequence[tuple[Agent, Episodes]]) -> Table:
    """One line an agent: how often it succeeds, its mean number of steps, and what else the world measures."""
    measures = MEASURES.get(world.name, {})
    others = [heading for name in measures for heading in (name, INTERVAL)]
    table = _table("Measures", "success %", INTERVAL, "steps", *others)
    for agent, episodes in results:
        success = _mean_and_interval(100.0 * (episodes.outcomes > 0), decimals=1)
        cells = [cell for measure in measures.values() for cell in _mean_and_interval(measure(episodes))]
        table.add_row(Text(agent.name), *success, f"{episodes.lengths.mean():.1f}", *cells)
    return table


def _table(title: str, *headings: str) -> Table:
    table = Table(title=title, box=box.SIMPLE_HEAD, collapse_padding=True)
    table.add_column("Agent", overflow="fold", min_width=13)
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def _mean_and_interval(sample: NDArray[np.floating[Any]], decimals: int = 3) -> tuple[str, str]:
    """Such as ("0.512", "0.480 to 0.541"); dashes where there is nothing to average, or no interval."""
    if np.isnan(sample).all():
        return "-", "-"
    values = (float(np.nanmean(sample)), *bootstrap_interval(sample))
    mean, low, high = (_number(value, decimals) for value in values)
    return mean, "-" if low == "nan" else f"{low} to {high}"


def _number(value: float, decimals: int) -> str:
    """So many decimals, from 10 on one."""
    return f"{value:.{decimals if abs(value) < 9.9995 else 1}f}"
