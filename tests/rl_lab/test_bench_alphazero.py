"""Where the time of a run goes, and what self-play costs, as the benchmark measures them."""

from __future__ import annotations

import re
import time
from types import SimpleNamespace

import pytest

from agents.alphazero.config import AlphaZeroConfig
from agents.alphazero.trainer import Trainer
from rl_lab.bench import cost
from rl_lab.bench.alphazero import Shares, watched

TINY = AlphaZeroConfig(
    game="go:size=3", blocks=1, channels=8, games=8, moves=4, simulations=4, batch_size=16, window_start=100, workers=1
)


def test_a_part_inside_another_counts_for_itself_alone() -> None:
    def outer() -> None:
        time.sleep(0.02)
        thing.inner()
        thing.inner()

    thing = SimpleNamespace(inner=lambda: time.sleep(0.04), outer=outer)
    shares = Shares()
    shares.time("inner", thing, "inner")
    shares.time("outer", thing, "outer")
    start = time.perf_counter()
    thing.outer()
    total = time.perf_counter() - start
    assert 0.08 <= shares.seconds["inner"] < total and shares.seconds["outer"] >= 0.02
    assert sum(shares.seconds.values()) == pytest.approx(total, rel=0.02)
    shares.seconds = {"inner": 0.6, "outer": 0.3}
    assert shares.told(1.0) == "inner 60.0%, outer 30.0%, the rest 10.0%"


def test_the_parts_of_a_run_are_all_seen_and_nothing_changes() -> None:
    seen, unseen = Trainer(TINY), Trainer(TINY)
    shares, start = watched(seen), time.perf_counter()
    for _ in range(4):
        last = seen.iterate()
    total = time.perf_counter() - start
    assert list(shares.seconds) == ["select", "expand", "evaluate", "backward", "learn"]
    assert min(shares.seconds.values()) > 0 and sum(shares.seconds.values()) <= total
    assert sum(float(part) for part in re.findall(r"([-0-9.]+)%", shares.told(total))) == pytest.approx(100, abs=0.5)
    for _ in range(4):
        again = unseen.iterate()
    again.play_seconds, again.learn_seconds = last.play_seconds, last.learn_seconds
    assert last == again


def test_each_row_of_the_cost_grows_one_thing() -> None:
    rows = cost.benchmarks()
    assert len(rows) == len({row.name for row in rows}) == 5 + 4 + 3 - 2
    assert cost.self_play(size=3, simulations=2, games=8).ours() > 0
