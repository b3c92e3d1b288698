"""What is worked out from finished games beside their positions: surprise, and when to resign."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import entropy

from agents.alphazero.resign import HIGHEST, KEPT_GAMES, LEAST_GAMES, LEAST_PLAYERS, ResignCalibration
from agents.alphazero.self_play import SelfPlay, divergence, surprise_shares
from agents.search import SearchResult
from envs.chance import Seeds
from envs.games.game import States
from envs.games.tic_tac_toe import TicTacToe


def test_the_divergence_is_kullback_and_leiblers() -> None:
    rng = np.random.default_rng(0)
    policy, prior = rng.dirichlet(np.ones(8), size=(2, 30)).astype(np.float32)
    policy[:, 3] = 0
    policy /= policy.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(divergence(policy, prior), entropy(policy, prior, axis=1), rtol=1e-4)
    assert divergence(policy, policy).max() < 1e-6 and not divergence(policy, None).any()
    sure, never = np.eye(2, dtype=np.float32)
    assert 10 < divergence(sure[None], never[None])[0] < 30, "a prior of 0 is a great surprise, and finite"


@settings(deadline=None)
@given(
    st.lists(st.lists(st.floats(0, 30, width=32), min_size=1, max_size=6), max_size=4),
    st.sampled_from([0.0, 0.5, 1.0]),
)
def test_shares_are_one_on_average_over_each_game(games: list[list[float]], weight: float) -> None:
    starts = np.cumsum([0, *map(len, games)])
    surprise = np.concatenate([np.array(game, np.float32) for game in games] or [np.empty(0, np.float32)])
    shares = surprise_shares(surprise, starts, weight)
    for game, a, b in zip(games, starts, starts[1:], strict=False):
        assert shares[a:b].mean() == pytest.approx(1, abs=1e-5)
        assert (shares[a:b] >= 1 - weight - 1e-6).all()
        if weight == 0.5 and sum(game) > 1e-3:
            np.testing.assert_allclose(shares[a:b], 0.5 + 0.5 * np.array(game) / np.mean(game), rtol=1e-4, atol=1e-5)


class Script:
    """Plays a fixed game in every slot, says fixed values, and is surprised at ply 2 alone."""

    def __init__(self, names: str, values: list[float]) -> None:
        self.actions = [TicTacToe().parse_action(name) for name in names.split()]
        self.values = values

    def run(self, states: States, seeds: Seeds) -> SearchResult:
        plies = states["ply"].astype(int)
        policy = np.full((len(states), 9), 1 / 9, np.float32)
        prior = policy.copy()
        prior[plies == 2] = np.eye(9, dtype=np.float32)[0] * 0.9 + 0.1 / 9
        value = np.array([self.values[ply] for ply in plies], np.float32)
        action = np.array([self.actions[ply] for ply in plies])
        return SearchResult(action, policy, value, prior, np.zeros(policy.shape, np.int32), policy)


def test_a_finished_game_tells_its_surprise_and_the_lowest_values_of_both_sides() -> None:
    play = SelfPlay(TicTacToe(), 2, random_opening=0.0, search_value_share=0.0, seed=[0], surprise_weight=0.6)
    script = Script("A3 A2 B3 B2 C3", [0.1, -0.2, -0.5, 0.3, 0.9])
    steps = [play.step(script) for _ in range(5)]
    np.testing.assert_allclose(steps[-1].weight, [0.4, 0.4, 0.4 + 0.6 * 5, 0.4, 0.4] * 2, rtol=1e-5)
    np.testing.assert_allclose(play.take_endings(), [[-0.5, -0.2, 1]] * 2, rtol=1e-6)
    assert play.take_endings().shape == (0, 3)


def calibrated(endings: NDArray[np.float64]) -> ResignCalibration:
    calibration = ResignCalibration()
    for part in np.array_split(endings, 7):
        calibration.add(part)
    return calibration


def endings_of(rng: np.random.Generator, games: int) -> NDArray[np.float64]:
    """Losers fall lower than winners, mostly; some games are drawn."""
    outcome = rng.choice([-1, 0, 1], size=games, p=[0.4, 0.2, 0.4])
    low = rng.uniform(-1, 0, size=(games, 2))
    low[:, 0] -= 0.5 * (outcome == -1) * rng.random(games)
    low[:, 1] -= 0.5 * (outcome == 1) * rng.random(games)
    return np.column_stack([np.maximum(low, -1.5), outcome])


@pytest.mark.parametrize("seed", range(5))
def test_at_most_one_in_twenty_of_those_who_fall_below_saves_itself(seed: int) -> None:
    endings = endings_of(np.random.default_rng(seed), 900)
    value = calibrated(endings).value
    players = [(row[p], row[2] * (1 - 2 * p)) for row in endings for p in (0, 1)]

    def share_saved(limit: float) -> float:
        fallen = [result for low, result in players if low < limit]
        return sum(result >= 0 for result in fallen) / len(fallen) if len(fallen) >= LEAST_PLAYERS else 1.0

    assert value is not None and share_saved(value) <= 0.05
    higher = [low for low, _ in players if value < low <= 0]
    assert all(share_saved(limit) > 0.05 for limit in higher), "and no higher value would do"


def test_too_little_seen_is_no_value() -> None:
    rng = np.random.default_rng(0)
    assert ResignCalibration().value is None
    assert calibrated(endings_of(rng, LEAST_GAMES - 1)).value is None
    saved = np.column_stack([np.full((500, 2), -0.9), np.zeros(500)])  # who falls draws
    assert calibrated(saved).value is None
    hopeful = np.column_stack([np.full((500, 2), 0.5), np.ones(500)])  # nobody ever falls
    assert calibrated(hopeful).value is None


def test_who_resigns_is_far_behind() -> None:
    """All losers fall below 0.4, no winner below 0.6; and yet it is not higher than HIGHEST."""
    endings = np.column_stack([np.full(500, 0.6), np.linspace(-0.9, 0.4, 500), np.ones(500)])
    assert calibrated(endings).value == HIGHEST


def test_only_the_latest_games_count() -> None:
    old, new = endings_of(np.random.default_rng(0), 3000), endings_of(np.random.default_rng(1), KEPT_GAMES)
    calibration = calibrated(np.concatenate([old, new]))
    np.testing.assert_array_equal(calibration.endings, new)
