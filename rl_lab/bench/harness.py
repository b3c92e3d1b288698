"""How things are timed and compared.

Machines differ, and a shared one differs from minute to minute. So what counts is a ratio: ours and the peer's are
measured alternately, several times, in the same run, and the median of the ratios is the verdict. Absolute figures are
shown for information.
"""

from __future__ import annotations

import importlib.util
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.table import Table

from envs.parallel import get_num_threads, set_num_threads

Measure = Callable[[], float]
"""Takes one measurement, in the benchmark's unit."""


class AtLeast(float):
    """A figure of a measurement that was given up: the true one is no better."""


@dataclass(frozen=True)
class Contest:
    """What is to be measured, ready to run: everything slow or compiled has been made."""

    ours: Measure
    peer: Measure | None = None
    remarks: list[str] = field(default_factory=list)
    """What else the measurements found, written by them, for a person to read below the table."""


@dataclass(frozen=True)
class Benchmark:
    """One line of the table."""

    name: str
    unit: str
    """What the figures count, e.g. "moves/s"."""
    prepare: Callable[[], Contest]
    """Called once; may import what is slow to import."""
    peer: str = ""
    """Who is compared with."""
    wanted: float | None = None
    """The least ratio that is good enough; None if there is none."""
    target: float | None = None
    """A figure to hold ours against: at least so much, or at most if less is better."""
    less_is_better: bool = False
    rounds: int = 5
    """How often both are measured; once where the figure does not depend on the machine, or takes minutes."""
    warm_up: bool = True
    """Whether both are measured once more before, which does not count: it compiles and fills caches."""
    packages: Mapping[str, str] = field(default_factory=dict)
    """The modules of the peer, and what to install for each."""


@dataclass(frozen=True)
class Row:
    """What came out. Ratios are how many times better ours is, so above 1 is good for times as for rates."""

    benchmark: Benchmark
    ours: float | None = None
    peer: float | None = None
    ratios: tuple[float, ...] = ()
    note: str = ""
    remarks: tuple[str, ...] = ()
    is_bound: bool = False
    """The peer was given up, so the ratio is at least this."""

    @property
    def ratio(self) -> float | None:
        """The median of the ratios."""
        return statistics.median(self.ratios) if self.ratios else None

    @property
    def met(self) -> bool | None:
        """Whether ours is good enough; None where the figures are for information."""
        b = self.benchmark
        if b.wanted is not None and self.ratio is not None:
            return self.ratio >= b.wanted
        if b.target is not None and self.ours is not None:
            return self.ours <= b.target if b.less_is_better else self.ours >= b.target
        return None


def rate(work: Callable[[], float], least_seconds: float = 0.3) -> float:
    """Amount of work per second: repeats `work`, which returns how much it did, for at least so long."""
    done, start = 0.0, time.perf_counter()
    while True:
        done += work()
        seconds = time.perf_counter() - start
        if seconds >= least_seconds:
            return done / seconds


@contextmanager
def one_thread() -> Iterator[None]:
    """Runs the batch kernels in the calling thread alone, as the peers do."""
    before = get_num_threads()
    set_num_threads(1)
    try:
        yield
    finally:
        set_num_threads(before)


def missing_packages(benchmark: Benchmark) -> list[str]:
    """The distributions that must be installed first."""
    return [name for module, name in benchmark.packages.items() if importlib.util.find_spec(module) is None]


def run(benchmark: Benchmark) -> Row:
    """Measures one benchmark; where a package is missing the row says how to install it."""
    if missing := missing_packages(benchmark):
        return Row(benchmark, note=f"pip install {' '.join(missing)}")
    with one_thread():
        contest = benchmark.prepare()
        ours, peers = [], []
        for _ in range(benchmark.rounds + benchmark.warm_up):
            ours.append(contest.ours())
            if contest.peer is not None:
                peers.append(contest.peer())
        if benchmark.warm_up:
            del ours[0], peers[:1]
    ratios = tuple(p / o if benchmark.less_is_better else o / p for o, p in zip(ours, peers, strict=False))
    return Row(
        benchmark,
        statistics.median(ours),
        statistics.median(peers) if peers else None,
        ratios,
        remarks=tuple(contest.remarks),
        is_bound=any(isinstance(figure, AtLeast) for figure in peers),
    )


def figure(value: float | None, unit: str = "") -> str:
    """A number with at least three digits that matter, and its unit."""
    if value is None:
        return ""
    return (f"{value:,.0f}" if value >= 100 else f"{value:.3g}") + (f" {unit}" if unit else "")


def new_table() -> Table:
    """The head of the table."""
    table = Table(
        title="rl-lab bench: medians of alternate measurements, one thread; in brackets the range of the ratios"
    )
    table.add_column("what")
    for column in ("ours", "peer", "ratio", "wanted", "met"):
        table.add_column(column, justify="right")
    return table


def cells(row: Row) -> list[str]:
    """One line of the table as text."""
    b = row.benchmark
    wanted = f"{b.wanted:g}x" if b.wanted is not None else ""
    if b.target is not None:
        target = f"{'<=' if b.less_is_better else '>='} {figure(b.target, b.unit)}"
        wanted = f"{wanted} ({target})" if wanted else target
    ratio = f"{'>= ' * row.is_bound}{figure(row.ratio)}x" if row.ratio is not None else ""
    if len(row.ratios) > 1:
        ratio += f" ({figure(min(row.ratios))}-{figure(max(row.ratios))})"
    met = {True: "yes", False: "NO", None: row.note or "info"}[row.met]
    peer = f"{b.peer}: {figure(row.peer, b.unit)}" if row.peer is not None else b.peer
    return [b.name, figure(row.ours, b.unit), peer, ratio, wanted, met]
