"""Scores and intervals: exact on small cases, right coverage in simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from rl_lab.arena.play import GameRecord
from rl_lab.arena.statistics import (
    Tally,
    count_duplicates,
    head_to_head,
    mean_plies,
    opening_scores,
    paired_interval,
    standings,
)

# Pairs of games from one opening: how often the first and the second game are won, and drawn, and how often the
# opening alone decides, so that the pair splits.
KINDS_OF_PAIRS = {
    "equal players": (0.5, 0.5, 0.0, 0.0),
    "the first move matters": (0.8, 0.2, 0.0, 0.0),
    "many draws": (0.2, 0.3, 0.5, 0.0),
    "the opening decides half of the pairs": (0.3, 0.3, 0.0, 0.5),
    "better": (0.7, 0.5, 0.1, 0.0),
    "strong": (0.9, 0.9, 0.0, 0.0),
    "very strong": (0.98, 0.98, 0.0, 0.0),
}


def draw_pairs(kind: str, repetitions: int, pairs: int, rng: np.random.Generator) -> tuple[NDArray[np.float64], float]:
    first, second, draws, split = KINDS_OF_PAIRS[kind]
    scores = [
        rng.choice([1.0, 0.5, 0.0], p=[win, draws, 1 - win - draws], size=(repetitions, pairs))
        for win in (first, second)
    ]
    even = rng.random((repetitions, pairs)) < split
    truth = (1 - split) * ((first + second) / 2 + draws / 2) + split / 2
    return np.where(even, 0.5, (scores[0] + scores[1]) / 2), truth


@pytest.mark.parametrize("pairs", [20, 100])
@pytest.mark.parametrize("kind", KINDS_OF_PAIRS)
def test_intervals_hold_as_often_as_they_say(kind: str, pairs: int) -> None:
    samples, truth = draw_pairs(kind, 2000, pairs, np.random.default_rng(7))
    intervals = [paired_interval(sample) for sample in samples.tolist()]
    coverage = np.mean([i.low <= truth <= i.high for i in intervals])
    # 2000 simulated tournaments have a standard error of half a point.
    assert 0.925 <= coverage <= 0.985


def test_coverage_is_kept_on_average_over_strengths() -> None:
    rng = np.random.default_rng(3)
    held = []
    for strength in rng.uniform(0.02, 0.98, 3000):
        units = rng.binomial(2, strength, 40) / 2
        interval = paired_interval(units.tolist())
        held.append(interval.low <= strength <= interval.high)
    assert 0.935 <= np.mean(held) <= 0.965


def test_an_interval_never_claims_certainty() -> None:
    for units in ([1.0] * 20, [0.5] * 20, [0.0] * 20, [0.5], [1.0]):
        interval = paired_interval(units)
        assert 0 <= interval.low <= interval.mean <= interval.high <= 1
        assert interval.high - interval.low > 0.14
    assert paired_interval([0.5] * 20).high < 0.6
    assert paired_interval([0.5] * 20).low == pytest.approx(1 - paired_interval([0.5] * 20).high)


def test_without_games_nothing_is_known() -> None:
    interval = paired_interval([])
    assert math.isnan(interval.mean)
    assert (interval.low, interval.high) == (0, 1)


def test_wilson_is_the_case_of_wins_and_losses() -> None:
    # 8 wins of 10: (0.4902, 0.9433), the value in every table of Wilson's interval. The sample variance counts
    # n - 1, which makes the ratio 10/9, and it is cut to 1.
    interval = paired_interval([1.0] * 8 + [0.0] * 2)
    assert (interval.low, interval.high) == pytest.approx((0.4902, 0.9433), abs=1e-4)


def game(first: str, second: str, pair: int, outcome: int, actions: tuple[int, ...] = (0,)) -> GameRecord:
    values: list[float | None] = [None] * len(actions)
    return GameRecord((first, second), pair, 0, list(actions), values, outcome, "", [2, 1], [0.2, 0.4])


RECORDS = [
    game("a", "b", 0, 1, (1, 2, 3)),
    game("b", "a", 0, 1, (1, 2)),
    game("a", "b", 1, 0, (4, 5, 6, 7)),
    game("b", "a", 1, -1, (1, 2)),
    game("a", "c", 0, 1, (8, 9, 10)),
    game("c", "a", 0, -1, (8, 9, 10)),
    game("a", "b", 2, 0, (4, 5, 6, 7)),
]


def test_openings_are_the_units() -> None:
    assert opening_scores(RECORDS, "a", "b") == [0.5, 0.75, 0.5]
    assert opening_scores(RECORDS, "a") == [0.75, 0.75, 0.5]
    assert opening_scores(RECORDS, "b", "a") == [0.5, 0.25, 0.5]
    assert head_to_head(RECORDS, "a", "c").mean == 1


def test_standings_count_games_colours_and_time() -> None:
    table = standings(RECORDS, ["c", "b", "a"])
    assert [s.name for s in table] == ["a", "b", "c"]
    best = table[0]
    assert best.total == Tally(4, 2, 1)
    assert (best.first, best.second) == (Tally(2, 2, 0), Tally(2, 0, 1))
    assert best.first.score == 0.75
    # a was first in 4 games (2 moves, 0.2 s each) and second in 3 (1 move, 0.4 s each).
    assert best.seconds_per_move == pytest.approx((4 * 0.2 + 3 * 0.4) / (4 * 2 + 3))
    assert mean_plies(RECORDS) == pytest.approx(3.0)


def test_who_has_no_games_comes_last() -> None:
    table = standings(RECORDS, ["idle", "c", "lazy", "a", "b"])
    assert [s.name for s in table] == ["a", "b", "c", "idle", "lazy"]


def test_a_repeated_game_is_the_same_seats_and_the_same_moves() -> None:
    assert count_duplicates(RECORDS) == 2
    assert count_duplicates(RECORDS[:3]) == 0
