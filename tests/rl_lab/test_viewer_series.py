"""The numbers of an episode as lanes: their axes, what they leave out, and what long episodes cost."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rl_lab.viewer import track
from rl_lab.viewer.panels.series import lanes_of, round_up, thinned
from rl_lab.viewer.track import Track, track_of
from rl_lab.viewer.view import recall
from tests.rl_lab.odd_stage import go, world


@example([250_000_000_001.0])
@given(st.lists(st.floats(-1e12, 1e12), min_size=1, max_size=400))
def test_axes_hold_what_is_drawn(rewards: list[float]) -> None:
    view = recall(world(*rewards, value=59.0), len(rewards))
    lanes = {lane.title: lane for lane in lanes_of(view, 100)}
    assert set(lanes) == {"value", "return", "reward"}
    for lane in lanes.values():
        assert lane.low < lane.high and (lane.title == "value" or lane.low <= 0 <= lane.high)
        for points in lane.lines:
            assert len(points) <= 202 and all(lane.low <= value <= lane.high for _, value in points)
    largest = max(rewards, key=abs)
    assert not largest or abs(largest) in [abs(value) for _, value in lanes["reward"].lines[0]]


def track_telling(values: list[float]) -> Track:
    """Of a world whose agent has expected these."""
    known = np.append(values, np.nan)
    nothing = np.zeros(len(known))
    return Track(nothing.astype(int), known, nothing, nothing, nothing)


@given(st.lists(st.floats(-1e9, 1e9).filter(lambda x: abs(x) > 1e-6), min_size=1, max_size=30))
def test_the_axis_of_values_fits_their_changes(values: list[float]) -> None:
    view = replace(recall(world(0.0), 0), track=track_telling(values))
    lane = lanes_of(view, 100)[0]
    span, largest = max(values) - min(values), max(abs(value) for value in values)
    assert lane.title == "value" and lane.low <= min(values) <= max(values) <= lane.high
    assert lane.high - lane.low <= 3.1 * max(span, 0.02 * largest)


def test_games_tell_probabilities_from_the_first_players_side() -> None:
    lanes = lanes_of(recall(go("c3 d3 b2"), 2), 100)
    assert [lane.title for lane in lanes] == ["Black", "margin"]
    assert lanes[0].lines == ([(0, 0.75), (2, 0.75)], [(1, 0.25)])
    assert lanes[1].lines == ([(0, 3.5), (2, 3.5)], [(1, -3.5)]) and lanes[1].ticks == ("−3.5", "+3.5")


@given(st.floats(1e-12, 1e12))
def test_round_up_is_the_next_round_number(value: float) -> None:
    assert value * (1 - 1e-9) <= round_up(value) <= 1.51 * value and round_up(-value) == -round_up(value)


def test_thinned_misses_no_peak() -> None:
    plies = np.arange(5000)
    numbers = np.where(plies == 777, -100.0, plies % 3)
    kept = thinned(plies, numbers, 50)
    assert len(kept) <= 50 and (777, -100.0) in kept and kept == sorted(kept)
    assert thinned(plies[:40], numbers[:40], 50) == [(ply, ply % 3) for ply in range(40)]


def test_what_agents_thought_is_in_no_lane_while_it_is_hidden() -> None:
    stage = go("c3 d3 b2")
    assert [lane.title for lane in lanes_of(recall(stage, 2, revealed=False), 100)] == ["Black"]
    hinted = replace(recall(stage, 2, revealed=False), revealed=True)  # as while a hint is shown
    (lane,) = lanes_of(hinted, 100)
    assert lane.lines == ([], [])


def test_long_episodes_are_told_from_blocks_as_short_ones_are() -> None:
    stage = world(*(float(k % 5) for k in range(40)), value=7.0)
    whole = track_of(stage.frames)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(track, "BLOCK", 9)
        parts = track_of(stage.frames)
    for name in ("seats", "values", "margins", "rewards", "returns"):
        assert np.array_equal(getattr(whole, name), getattr(parts, name), equal_nan=True)
    assert whole.values[:-1].tolist() == [7.0] * 40 and np.isnan(whole.values[-1]) and whole.returns[-1] == 80
