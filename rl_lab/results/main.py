"""`python scripts/results.py ROW ...`: trains rows of the table with fresh seeds, and prints what they reach."""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Sequence
from typing import Any

from rich.console import Console

from agents.sb3.player import CONFIGS
from agents.sb3.policy import Config
from agents.sb3.tuned import config_for
from envs.spec import unknown_name
from rl_lab.results.table import ROWS, Figure, Row
from rl_lab.runs.run import Run
from rl_lab.train import train

SEEDS = (6, 7, 8)
"""Settings were chosen with others (0 to 5, and 10)."""
HEADING = """\
| Environment | Learner | Measure | Goal | Median | Each seed | Steps | Minutes |
|---|---|---|---|---|---|---|---|"""


def main(arguments: Sequence[str]) -> None:
    """Lists the rows, or trains and measures those named; what is trained already is only measured.

    Raises LabError for a name that is no row's.
    """
    parser = argparse.ArgumentParser(prog="results.py", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help='names as the list has them, or "all"')
    parser.add_argument("--seeds", nargs="+", type=int, default=SEEDS, metavar="N")
    options = parser.parse_args(arguments)
    if not options.rows:
        for row in ROWS:
            print(f"{row.name:40} {row.command(options.seeds[0])}")
        return
    rows = ROWS if options.rows == ["all"] else [_named(name) for name in options.rows]
    print(HEADING)
    for row in rows:
        minutes = statistics.median([_train(row, seed) for seed in options.seeds])
        for figure in row.figures:
            print(_line(row, figure, options.seeds, minutes), flush=True)


def _named(name: str) -> Row:
    rows = {row.name: row for row in ROWS}
    if name not in rows:
        raise unknown_name("row", name, rows)
    return rows[name]


def _train(row: Row, seed: int) -> float:
    """Trains it, if it is not trained yet; the minutes that took, evaluations on the way left out."""
    folder = row.folder(seed)
    train(_settings(row, seed), folder, resume=folder.exists(), console=Console(stderr=True))
    run = Run.open(folder)
    try:
        return float(run.metrics("training")[-1]["seconds"]) / 60
    finally:
        run.close()


def _settings(row: Row, seed: int) -> Config:
    kind: Any = CONFIGS[row.learner]
    given = {"seed": str(seed)} | ({} if row.steps is None else {"steps": str(row.steps)})
    settings: Config = config_for(kind, row.env, given)
    return settings


def _line(row: Row, figure: Figure, seeds: Sequence[int], minutes: float) -> str:
    """A line of the table: what the agents of those seeds come to."""
    values = [figure.measure(row.env, row.agent(seed, figure.by_chance)) for seed in seeds]
    median = statistics.median(values)
    texts = [f"{value:.{figure.decimals}f}" for value in (median, *values)]
    verdict = f"**{texts[0]}**" if figure.reached(median) else f"{texts[0]}, not reached"
    steps = _settings(row, seeds[0]).steps
    cells = (
        row.env,
        row.learner,
        figure.name,
        figure.goal_text,
        verdict,
        ", ".join(texts[1:]),
        f"{steps:,}",
        f"{minutes:.1f}",
    )
    return f"| {' | '.join(cells)} |"
