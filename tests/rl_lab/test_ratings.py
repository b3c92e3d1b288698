"""Ratings: exact where the answer is known, the same as other people's software, sensible at the edges."""

from __future__ import annotations

import math

import choix
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import approx_fprime, minimize

from envs.errors import LabError
from rl_lab.arena.davidson import ELO_PER_NAT, PRIOR_ELO, Games, Posterior, Profile
from rl_lab.arena.play import GameRecord
from rl_lab.arena.ratings import rate
from rl_lab.arena.statistics import distinct_games
from tests.rl_lab.tournaments import World, game

FOUR = World((0, 100, 250, 600), openings=30, first_move=60, nu=1.2)


def games_of(records: list[GameRecord], names: list[str]) -> Games:
    seats = np.array([[names.index(name) for name in record.agents] for record in records])
    return Games(seats[:, 0], seats[:, 1], np.array([record.outcome + 1 for record in records]))


def test_choix_finds_the_same_ratings() -> None:
    rng = np.random.default_rng(5)
    names = [f"agent{i}" for i in range(7)]
    strength = rng.normal(0, 1.5, 7)
    won = []
    for _ in range(300):
        a, b = rng.choice(7, 2, replace=False)
        won.append((a, b) if rng.random() < 1 / (1 + np.exp(strength[b] - strength[a])) else (b, a))
    # choix knows no colours: with every result once in either seat, moving first is worth nothing.
    records = [game(names[a], names[b], i, 1, (i, 0)) for i, (a, b) in enumerate(won)]
    records += [game(names[b], names[a], i, -1, (i, 1)) for i, (a, b) in enumerate(won)]
    # Its penalty is alpha |theta|^2, ours |theta|^2 / (2 sigma^2).
    alpha = (ELO_PER_NAT / PRIOR_ELO) ** 2 / 2
    theirs = choix.opt_pairwise(7, [*won, *won], alpha, tol=1e-10) * ELO_PER_NAT
    ours = rate(records, names)
    assert ours.elo == pytest.approx(theirs - theirs.mean(), abs=0.01)
    assert ours.first_move.value == pytest.approx(0, abs=1e-6)
    assert ours.draws == 0


def test_large_matches_give_the_textbook_numbers() -> None:
    # 60 % won, 20 % drawn, 20 % lost as either colour. Davidson: the odds of win to loss are 10^(elo / 400), and
    # nu^2 = draws^2 / (wins losses).
    outcomes = [1] * 6 + [0] * 2 + [-1] * 2
    records = [
        game(*seats, pair, outcome * sign, (pair, sign))
        for pair, outcome in enumerate(outcomes * 200)
        for seats, sign in ((("a", "b"), 1), (("b", "a"), -1))
    ]
    ratings = rate(records, ["a", "b"], anchor="b")
    assert ratings.elo[0] == pytest.approx(400 * math.log10(3), abs=0.2)
    assert ratings.elo[1] == ratings.low[1] == ratings.high[1] == 0
    assert ratings.draws == pytest.approx(0.2 / math.sqrt(0.6 * 0.2), abs=5e-3)


def test_the_advantage_of_the_first_move() -> None:
    # Equals of whom the first wins 3 games of 4.
    outcomes = [1, 1, 1, -1] * 1000
    records = [game("a", "b", p, o, (p, 0)) for p, o in enumerate(outcomes)]
    records += [game("b", "a", p, o, (p, 1)) for p, o in enumerate(outcomes)]
    ratings = rate(records, ["a", "b"])
    assert ratings.first_move.value == pytest.approx(400 * math.log10(3), abs=0.1)
    assert ratings.first_move.low < ratings.first_move.value < ratings.first_move.high
    assert ratings.elo == pytest.approx([0, 0], abs=1e-6)


def test_derivatives_are_those_of_the_log_posterior() -> None:
    records = FOUR.play(np.random.default_rng(0))
    posterior = Posterior(games_of(records, FOUR.names), 4)
    at = np.random.default_rng(1).normal(0, 0.5, 6)
    point, gradient = posterior.at(at)
    slope = approx_fprime(at, lambda theta: posterior.at(theta)[0].log_posterior, 1e-6)
    assert gradient == pytest.approx(slope, rel=1e-3, abs=1e-3)
    for row, step in zip(point.precision, 1e-5 * np.eye(6), strict=True):
        difference = posterior.at(at - step)[1] - posterior.at(at + step)[1]
        assert row == pytest.approx(difference / 2e-5, rel=1e-4, abs=1e-5)
    assert np.abs(posterior.at(posterior.mode().theta)[1]).max() < 1e-4


def test_the_profile_is_the_constrained_maximum() -> None:
    records = World((0, 300), openings=20, first_move=80).play(np.random.default_rng(3))
    posterior = Posterior(games_of(records, ["agent0", "agent1"]), 2)
    mode, contrast = posterior.mode(), np.array([-1.0, 1.0, 0.0])
    profile = Profile(posterior, mode, contrast)
    for end, sign in zip(profile.bounds(1.96), (1, -1), strict=True):
        constraint = {"type": "eq", "fun": lambda theta, end=end: contrast @ theta - end}
        best = minimize(lambda theta: -posterior.at(theta)[0].log_posterior, mode.theta, constraints=constraint)
        assert mode.log_posterior + best.fun == pytest.approx(1.96**2 / 2, abs=2e-3)
        assert profile.signed_root(end) == pytest.approx(1.96 * sign, abs=2e-3)
    assert profile.signed_root(profile.estimate) == 0


def test_superiority_is_the_mass_of_the_posterior() -> None:
    world = World((0, 30), openings=40)
    ratings = rate(world.play(np.random.default_rng(2)), world.names)
    a, b = world.names
    deviation = math.sqrt(np.array([1, -1]) @ ratings.covariance @ np.array([1, -1]))
    normal = 0.5 * (1 + math.erf((ratings.elo[1] - ratings.elo[0]) / deviation / math.sqrt(2)))
    assert 0.05 < normal < 0.95
    assert ratings.superiority(b, a) == pytest.approx(normal, abs=0.01)
    assert ratings.superiority(a, b) == pytest.approx(1 - ratings.superiority(b, a), abs=1e-6)
    assert ratings.superiority(a, a) == 0.5


def test_covariance_fits_the_intervals() -> None:
    ratings = rate(FOUR.play(np.random.default_rng(0)), FOUR.names, anchor="agent1")
    deviations = np.sqrt(np.diag(ratings.covariance))
    assert deviations[1] == 0
    assert (ratings.high - ratings.low)[[0, 2]] / 2 == pytest.approx(1.98 * deviations[[0, 2]], rel=0.05)
    assert np.linalg.eigvalsh(ratings.covariance).min() > -1e-6


def test_who_wins_every_game_is_better_without_end() -> None:
    records = [
        game(*seats, pair, outcome, (pair, outcome))
        for pair in range(20)
        for seats, outcome in ((("a", "b"), 1), (("b", "a"), -1))
    ]
    ratings = rate(records, ["a", "b"], anchor="b")
    assert np.isfinite([ratings.elo, ratings.low, ratings.high]).all()
    # 40 of 40: Wilson's interval begins at 0.91, which is 407 Elo.
    assert 250 < ratings.low[0] < 500
    assert 800 < ratings.elo[0] < 1500 < ratings.high[0]
    assert ratings.superiority("a", "b") > 0.995


def test_without_games_only_the_prior_speaks() -> None:
    ratings = rate([], ["a", "b", "c"], anchor="c")
    assert ratings.elo == pytest.approx([0, 0, 0])
    assert (ratings.high[:2] > 1.9 * PRIOR_ELO).all()
    assert ratings.superiority("a", "b") == pytest.approx(0.5)
    some = rate([game("a", "b", 0, 1)], ["a", "b", "c"])
    assert some.elo[0] > some.elo[2] > some.elo[1]
    assert some.games == 1


def test_all_draws() -> None:
    ratings = rate([game(*s, p, 0, (p, 0)) for p in range(30) for s in (("a", "b"), ("b", "a"))], ["a", "b"])
    assert ratings.elo == pytest.approx([0, 0], abs=1e-6)
    assert ratings.draws > 10
    assert np.isfinite(ratings.high).all()


def test_a_game_that_is_repeated_counts_once() -> None:
    once = [game("a", "b", 0, 1, (1, 2)), game("b", "a", 0, 1, (1, 3))]
    again = [game(*record.agents, pair, 1, record.actions) for pair in range(50) for record in once]
    one, many = rate(once, ["a", "b"]), rate(again, ["a", "b"])
    assert many.games == one.games == 2
    assert (many.elo, many.low, many.high) == (pytest.approx(one.elo), pytest.approx(one.low), pytest.approx(one.high))
    assert len(distinct_games([*again, game("a", "b", 0, 1, (1, 4))])) == 3


def test_games_with_others_are_left_out() -> None:
    records = FOUR.play(np.random.default_rng(1))
    some = [record for record in records if "agent3" not in record.agents]
    assert rate(records, FOUR.names[:3]).elo == pytest.approx(rate(some, FOUR.names[:3]).elo)


@settings(max_examples=10, deadline=None)
@given(st.permutations(range(4)), st.randoms())
def test_order_does_not_matter(order: list[int], random: object) -> None:
    world = World((0, 100, 200, 300), openings=5, nu=1)
    records = world.play(np.random.default_rng(0))
    plain = rate(records, world.names, anchor="agent2")
    random.shuffle(records)
    mixed = rate(records, [world.names[i] for i in order], anchor="agent2")
    for field in ("elo", "low", "high"):
        assert getattr(mixed, field) == pytest.approx(getattr(plain, field)[order], abs=0.05)
    assert [mixed.names[i] for i in mixed.order] == [plain.names[i] for i in plain.order]


def test_wrong_names_are_refused() -> None:
    records = FOUR.play(np.random.default_rng(1))
    with pytest.raises(LabError, match=r"'nobody' was not rated; there are: agent0, agent1"):
        rate(records, FOUR.names, anchor="nobody")
    with pytest.raises(LabError, match="two agents or more"):
        rate(records, ["agent0"])
    with pytest.raises(LabError, match="each named once"):
        rate(records, ["agent0", "agent0"])
    with pytest.raises(LabError, match="'x' was not rated"):
        rate(records, FOUR.names).superiority("agent0", "x")
