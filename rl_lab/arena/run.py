"""A tournament from spec strings to files: what `rl-lab tournament` and the demo do."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from agents.registry import make_agent
from envs.errors import LabError
from envs.games.registry import make_game
from envs.parallel import set_num_threads
from rl_lab.arena.play import GameRecord
from rl_lab.arena.report import RESULTS, print_report, write_results
from rl_lab.arena.tournament import Tournament, play_tournament, round_robin

RUNS = Path("runs")


def run_tournament(
    game_spec: str,
    agent_specs: Sequence[str],
    games: int = 40,
    opening_plies: int = 2,
    seed: int = 0,
    out: Path | None = None,
    parallel_games: int = 128,
    console: Console | None = None,
) -> Tournament:
    """Plays a round robin with a progress bar, prints the report, and writes results.json and the games into `out`.

    Without `out` a new folder runs/tournament-N is made. Raises LabError for a spec or a number that is wrong, and
    for a folder that cannot be written or already holds a tournament; all of that before the first game.
    """
    console = console or Console()
    if parallel_games < 1:
        raise LabError(f"One game or more must run at once, not {parallel_games}.")
    game = make_game(game_spec)
    agents = [make_agent(spec, game) for spec in agent_specs]
    schedule = round_robin(game, agents, games, opening_plies, seed)
    folder = _new_folder(out)
    console.print(f"Getting ready: {', '.join(agent.name for agent in agents)}. The first time, this compiles.")
    with _progress_bar(console) as progress:
        tournament = play_tournament(game, agents, schedule, seed, parallel_games, progress)
    print_report(tournament, console)
    write_results(tournament, folder)
    console.print(f"Results and games are in {folder}.", highlight=False, soft_wrap=True)
    return tournament


def use_threads(threads: int) -> None:
    """Lets kernels and nets use so many threads; raises LabError for fewer than one."""
    if threads < 1:
        raise LabError(f"There must be one thread or more, not {threads}.")
    set_num_threads(threads)
    # torch, if an agent needs it, is not imported yet, and reads this when it is.
    os.environ["OMP_NUM_THREADS"] = str(threads)


def _new_folder(out: Path | None) -> Path:
    """Makes the folder for the results, the next free runs/tournament-N if none is given."""
    if out is None:
        out = next(p for p in (RUNS / f"tournament-{n}" for n in count(1)) if not (p / RESULTS).exists())
    if (out / RESULTS).exists():
        raise LabError(f"{out} already holds a tournament; give another folder.")
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / RESULTS).touch()
        (out / RESULTS).unlink()
    except OSError as error:
        raise LabError(f"Cannot write into the folder {out}: {error.strerror or error}.") from None
    return out


@contextmanager
def _progress_bar(console: Console) -> Iterator[_ProgressCallback]:
    """A bar with games played, time spent and time left."""
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("games"), TimeElapsedColumn(), TextColumn("left"))
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as bar:
        yield _ProgressCallback(bar)


class _ProgressCallback:
    """Turns the tournament's progress calls into a bar."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._task = bar.add_task("games", total=None)

    def __call__(self, played: int, total: int, record: GameRecord) -> None:
        self._bar.update(self._task, completed=played, total=total)
