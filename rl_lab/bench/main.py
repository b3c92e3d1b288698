"""`rl-lab bench`: runs the benchmark and prints its table."""

from __future__ import annotations

from collections.abc import Callable

from rich.console import Console

from envs.spec import unknown_name
from rl_lab.bench import alphazero, arena, cost, environment, learning, random_go, search, startup, vector, viewer
from rl_lab.bench.harness import Benchmark, Row, cells, new_table, run

FILE_WIDTH = 150  # characters, where the table goes to a file or a pipe

AREAS: dict[str, Callable[[], list[Benchmark]]] = {
    "random_go": random_go.benchmarks,
    "environment": environment.benchmarks,
    "vector": vector.benchmarks,
    "search": search.benchmarks,
    "alphazero": alphazero.benchmarks,
    "cost": cost.benchmarks,
    "arena": arena.benchmarks,
    "learning": learning.benchmarks,
    "window": viewer.benchmarks,
    "startup": startup.benchmarks,
}
"""One file an area: a new area is one file and one line here."""


def main(only: str | None = None) -> list[Row]:
    """Measures everything, or the area `only`, and prints a table.

    Raises LabError if there is no such area.
    """
    if only is not None and only not in AREAS:
        raise unknown_name("benchmark", only, AREAS)
    console = Console()
    if not console.is_terminal:
        console.width = FILE_WIDTH
    table, rows = new_table(), []
    for area in [only] if only is not None else list(AREAS):
        for benchmark in AREAS[area]():
            with console.status(f"measuring {benchmark.name} ..."):
                rows.append(run(benchmark))
            table.add_row(*cells(rows[-1]))
    console.print(table)
    for row in rows:
        for remark in row.remarks:
            console.print(remark, soft_wrap=True, markup=False, highlight=False)
    return rows
