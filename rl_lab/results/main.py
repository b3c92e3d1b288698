"""`python scripts/results.py ROW ...`: trains rows of the table with fresh seeds, and prints what they reach."""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Sequence

from envs.spec import unknown_name
from rl_lab.arena.statistics import Interval
from rl_lab.results.ablations import ABLATIONS, Ablation
from rl_lab.results.ablations import HEADING as ABLATION_HEADING
from rl_lab.results.rows import SEEDS, Figure, Row, Training
from rl_lab.results.table import ROWS

HEADING = """\
| Environment | Learner | Measure | Goal | Median | Each seed | Experience | Minutes |
|---|---|---|---|---|---|---|---|"""


def main(arguments: Sequence[str]) -> None:
    """Lists the rows, or trains and measures those named; what is trained already is only measured.

    Raises LabError for a name that is no row's.
    """
    parser = argparse.ArgumentParser(prog="results.py", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help='names of the list, "all", "ablations"')
    parser.add_argument("--seeds", nargs="+", type=int, metavar="N", help="in place of the table's own")
    parser.add_argument("--agent", metavar="AGENT", help="measure this one, e.g. zoo:connect_four, and train nobody")
    options = parser.parse_args(arguments)
    if not options.rows:
        for row in (*ROWS, *(ablation.changed for ablation in ABLATIONS)):
            print(f"{row.name:40} {row.command((options.seeds or row.seeds)[0])}")
        return
    chosen = [entry for name in options.rows for entry in _named(name)]
    if rows := [entry for entry in chosen if isinstance(entry, Row)]:
        print(HEADING)
    for row in rows:
        seeds = options.seeds or row.seeds
        trained = [] if options.agent else [row.train(seed) for seed in seeds]
        for figure in row.figures:
            agents = [options.agent] if options.agent else [row.agent(seed, figure.by_chance) for seed in seeds]
            print(_line(row, figure, agents, trained), flush=True)
    if changes := [entry for entry in chosen if isinstance(entry, Ablation)]:
        print(ABLATION_HEADING)
    for change in changes:
        print(change.line(options.seeds or SEEDS), flush=True)


def _named(name: str) -> Sequence[Row | Ablation]:
    """What a name on the command line stands for; raises LabError for one that stands for nothing."""
    everything: list[Row | Ablation] = [*ROWS, *ABLATIONS]
    entries: dict[str, Sequence[Row | Ablation]] = {entry.name: [entry] for entry in everything}
    entries |= {"all": ROWS, "ablations": ABLATIONS}
    if name not in entries:
        raise unknown_name("row", name, entries)
    return entries[name]


def _line(row: Row, figure: Figure, agents: Sequence[str], trained: Sequence[Training]) -> str:
    """A line of the table: what the agents come to, and what their trainings took, if they have just been trained."""
    found = [figure.measure(row.env, agent) for agent in agents]
    median = statistics.median([value.mean if isinstance(value, Interval) else value for value in found])
    text = f"{median:.{figure.decimals}f}"
    cells = (
        row.env,
        " ".join(filter(None, (row.learner, row.label))) if trained else agents[0],
        figure.name,
        figure.goal_text,
        f"**{text}**" if figure.reached(median) else f"{text}, not reached",
        ", ".join(_value(value, figure.decimals) for value in found),
        f"{statistics.median([training.experience for training in trained]):,.0f}" if trained else "-",
        f"{statistics.median([training.minutes for training in trained]):.1f}" if trained else "-",
    )
    return f"| {' | '.join(cells)} |"


def _value(value: float | Interval, decimals: int) -> str:
    if isinstance(value, Interval):
        return f"{value.mean:.{decimals}f} ({value.low:.{decimals}f} to {value.high:.{decimals}f})"
    return f"{value:.{decimals}f}"
