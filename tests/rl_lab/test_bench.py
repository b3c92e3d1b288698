"""The benchmark's own reckoning, on made-up measurements."""

import itertools

import pytest

from envs.errors import LabError
from envs.parallel import get_num_threads, set_num_threads
from rl_lab.bench.harness import AtLeast, Benchmark, Contest, cells, rate, run
from rl_lab.bench.main import AREAS, main


def sequence(*values):
    """A measurement that gives these figures in turn."""
    return itertools.cycle(values).__next__


def test_the_verdict_is_the_median_of_the_ratios():
    # The first measurement of each is the warm-up and does not count.
    contest = Contest(sequence(1.0, 40.0, 90.0, 50.0), sequence(99.0, 10.0, 10.0, 10.0))
    row = run(Benchmark("x", "moves/s", lambda: contest, "peer", wanted=5, rounds=3))
    assert row.ratios == (4.0, 9.0, 5.0)
    assert (row.ours, row.peer, row.ratio, row.met) == (50.0, 10.0, 5.0, True)
    assert cells(row) == ["x", "50 moves/s", "peer: 10 moves/s", "5x (4-9)", "5x", "yes"]
    row = run(Benchmark("x", "moves/s", lambda: contest, "peer", wanted=5.5, rounds=3))
    assert row.met is False


def test_for_times_a_ratio_above_one_means_less_time():
    contest = Contest(lambda: 0.5, lambda: 2.0)
    row = run(Benchmark("x", "s", lambda: contest, "peer", wanted=3, less_is_better=True, rounds=1))
    assert row.ratio == 4.0 and row.met is True


def test_absolute_figures_are_a_verdict_too():
    size = Benchmark("x", "bytes", lambda: Contest(lambda: 4000.0), target=4096, less_is_better=True, rounds=1)
    assert run(size).met is True
    assert cells(run(size))[-2:] == ["<= 4,096 bytes", "yes"]
    assert run(Benchmark("x", "s", lambda: Contest(lambda: 4.0), target=1, less_is_better=True)).met is False
    assert run(Benchmark("x", "s", lambda: Contest(lambda: 4.0))).met is None


def test_a_missing_peer_is_a_row_that_says_how_to_install_it():
    def prepare():
        raise AssertionError("not to be called")

    row = run(Benchmark("x", "s", prepare, "peer", wanted=2, packages={"no_such_module": "no-such-package"}))
    assert row.met is None
    assert cells(row)[-1] == "pip install no-such-package"


def test_one_thread_while_measuring_and_as_before_after():
    before = get_num_threads()
    set_num_threads(2)
    try:
        assert run(Benchmark("x", "threads", lambda: Contest(lambda: float(get_num_threads())))).ours == 1
        assert get_num_threads() == 2
    finally:
        set_num_threads(before)


def test_rate_counts_all_the_work():
    assert rate(lambda: 10.0, least_seconds=0.01) > 1000


def test_every_area_describes_its_benchmarks_without_measuring():
    for benchmarks in AREAS.values():
        for benchmark in benchmarks():
            assert benchmark.name and benchmark.unit


def test_an_unknown_area_lists_those_that_exist():
    with pytest.raises(LabError, match="random_go"):
        main("random")


def test_a_peer_that_is_given_up_makes_the_ratio_a_bound():
    remarks = []

    def peer():
        remarks.append("it had not got there")
        return AtLeast(8.0)

    race = Benchmark("x", "s", lambda: Contest(lambda: 2.0, peer, remarks), "p", 3, None, True, rounds=1, warm_up=False)
    row = run(race)
    assert row.is_bound and row.ratio == 4.0 and row.met is True
    assert cells(row)[3] == ">= 4x"
    assert row.remarks == ("it had not got there",), "the peer is measured once, without a warm-up"
    assert not run(Benchmark("x", "s", lambda: Contest(lambda: 2.0, lambda: 8.0), rounds=1)).is_bound
