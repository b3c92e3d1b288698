"""A tournament in a single-agent world: the agents' returns on the same held-out episodes, paired, and stored.

It lives in the same database as tournaments at a board, with the same claims, so it too goes on where it was killed,
and several processes may share it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from itertools import combinations
from typing import Any

import numpy as np
from rich.console import Console

from agents.agent import Agent
from agents.files import write_atomic
from agents.registry import make_agent
from envs.chance import Seeds, seed_of, seed_states
from envs.errors import LabError
from envs.solo.world import World
from rl_lab.arena.claims import Claims
from rl_lab.arena.decide import describe
from rl_lab.arena.display import Display
from rl_lab.arena.episodes import Episodes
from rl_lab.arena.folder import PAGE, RESULTS, find_folder
from rl_lab.arena.identity import identify
from rl_lab.arena.options import TournamentOptions
from rl_lab.arena.page.worlds import render_world_page
from rl_lab.arena.session import POLL_SECONDS, interrupts_held_back
from rl_lab.arena.store import Store
from rl_lab.arena.tournament import check_agents, check_numbers
from rl_lab.evaluate import (
    FILE_WIDTH,
    Evaluation,
    Result,
    bootstrap_interval,
    evaluate,
    evaluation_world,
    measures_table,
    returns_table,
)

FORMAT = 1  # of results.json; raised when a key changes its meaning


def run_comparison(
    world_spec: str,
    agent_specs: Sequence[str],
    options: TournamentOptions | None = None,
    console: Console | None = None,
) -> list[Result]:
    """Plays what is missing, prints how the agents compare, and writes results.json and report.html into the folder.

    Raises LabError for a spec, a number or an option that is wrong, and for a folder that cannot be written or holds
    something else; all of that before the first episode. Ctrl-C prints the standing so far; the episodes stay.
    """
    options, console = options or TournamentOptions(), console or Console()
    _check(options)
    world = evaluation_world(world_spec)
    agents = [make_agent(spec, world) for spec in agent_specs]
    names = [agent.name for agent in agents]
    check_agents(names)
    if not console.is_terminal:
        console.width = FILE_WIDTH  # a file or a pipe has no width of its own
    settings = {"game": world.spec, "seed": options.seed, "format": "episodes"}
    folder = find_folder(options.out, "tournament", settings, names)
    with Store(folder) as store:
        store.settle(settings)
        store.enrol(identify(agent, spec) for agent, spec in zip(agents, agent_specs, strict=True))
        episodes = Episodes(store)
        stopped = _play_out(world, agents, episodes, store, options, console)
        results, shared = _shared(episodes, names, options.most_games)
    if results:
        console.print(
            f"Episodes of {world.spec} that all have played: {len(shared)}, seed {options.seed}.", highlight=False
        )
        console.print(returns_table(results))
        console.print(measures_table(world, results))
    if stopped:
        console.print(
            f"Stopped; the episodes played are in {folder}, and the same command goes on.",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )
        raise KeyboardInterrupt
    data = results_dict(results, shared, settings)
    write_atomic(folder / RESULTS, (json.dumps(data, indent=1, allow_nan=False) + "\n").encode("utf-8", "replace"))
    title = f"{len(agents)} agents in {world.spec}"
    page = render_world_page(world, results, len(shared), title, {"episodes": len(shared), "seed": options.seed})
    write_atomic(folder / PAGE, page.encode("utf-8", "replace"))
    console.print(
        f"The report is {folder / PAGE}; results and episodes are in {folder}.",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
    return results


def play_episodes(
    world: World, agents: Sequence[Agent], episodes: Episodes, claims: Claims, options: TournamentOptions
) -> Generator[tuple[int, str], None, None]:
    """Plays what nobody has played; yields how many are done and who plays, before and after each batch."""
    everything = range(options.most_games)
    done = {agent.name: 0 for agent in agents}
    while sum(done.values()) < len(agents) * len(everything):
        is_idle = True
        for agent in agents:
            played = set(episodes.played(agent.name))
            done[agent.name] = len(played & set(everything))
            yield sum(done.values()), agent.name
            missing = [number for number in everything if number not in played]
            numbers = episodes.claim(claims, agent.name, missing, options.parallel_games)
            if not numbers:
                continue
            is_idle = False
            seeds = seed_states(seed_of(options.seed, number) for number in numbers)
            found = _play(world, agent, seeds)
            with interrupts_held_back():
                episodes.add(claims, agent.name, numbers, seeds, found)
        if is_idle and sum(done.values()) < len(agents) * len(everything):
            time.sleep(POLL_SECONDS)  # the rest is with other processes


def _play(world: World, agent: Agent, seeds: Seeds) -> Evaluation:
    """The agent's episodes; raises LabError if it raises an exception: in a world there is nobody to lose to."""
    try:
        return evaluate(world, agent, seeds)
    except (LabError, MemoryError):
        raise
    except Exception as error:
        raise LabError(
            f"{agent.name} failed in {world.spec} ({describe(error)}); the episodes played before are kept."
        ) from error


def results_dict(results: Sequence[Result], shared: Sequence[int], settings: Mapping[str, Any]) -> dict[str, Any]:
    """The comparison as plain data: means, paired differences of returns with 95% intervals, and every return."""
    return {
        "format": FORMAT,
        "settings": dict(settings),
        "agents": [
            {
                "name": name,
                **_mean(e.returns),
                "success": float((e.outcomes > 0).mean()),
                "steps": float(e.lengths.mean()),
            }
            for name, e in results
        ],
        "differences": [
            {"agents": [a, b], **_mean(first.returns - second.returns)}
            for (a, first), (b, second) in combinations(results, 2)
        ],
        "episodes": list(shared),
        "returns": {name: found.returns.tolist() for name, found in results},
    }


def _play_out(
    world: World,
    agents: Sequence[Agent],
    episodes: Episodes,
    store: Store,
    options: TournamentOptions,
    console: Console,
) -> bool:
    """Plays until nothing is missing; returns whether Ctrl-C has stopped it."""
    total = options.most_games * len(agents)
    try:
        with (
            Claims(store.connection, store.path) as claims,
            Display(console, "episodes") as display,
            closing(play_episodes(world, agents, episodes, claims, options)) as batches,
        ):
            for done, name in batches:
                display.progress(done, total)
                display.note(name)
    except KeyboardInterrupt:
        return True
    return False


def _shared(episodes: Episodes, names: Sequence[str], most: int) -> tuple[list[Result], list[int]]:
    """The results of the episodes that all of the agents have played, and their numbers."""
    played = [set(episodes.played(name)) for name in names]
    shared = sorted(number for number in set.intersection(*played) if number < most)
    return ([(name, episodes.results(name, shared)) for name in names] if shared else []), shared


def _mean(values: np.ndarray[Any, np.dtype[np.float64]]) -> dict[str, float | None]:
    low, high = (None if np.isnan(end) else end for end in bootstrap_interval(values))
    return {"mean": float(values.mean()), "low": low, "high": high}


def _check(options: TournamentOptions) -> None:
    """Raises LabError for numbers out of range, and for options that mean nothing where nobody is played against."""
    check_numbers(options.most_games, options.seed)
    if options.parallel_games < 1:
        raise LabError(f"One episode or more must run at once, not {options.parallel_games}.")
    plain = TournamentOptions()
    for name in ("opening_plies", "openings", "any_openings", "format", "challenger", "rounds", "anchor"):
        if getattr(options, name) != getattr(plain, name):
            option = "--" + name.replace("_", "-")
            raise LabError(f"{option} is for games between two; in a world all agents play the same episodes.")
