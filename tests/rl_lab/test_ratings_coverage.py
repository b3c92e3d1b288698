"""Intervals of ratings hold as often as they say, whatever decides the games."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize

from rl_lab.arena.ratings import rate
from tests.rl_lab.tournaments import ELO, World, outcome_probabilities

TOURNAMENTS = 160
WORLDS = {
    "few games": World((0, 60, 150), openings=5, first_move=50),
    "draws": World((-100, 0, 150), openings=20, nu=2.0),
    "openings that decide most games": World((0, 80, 200), openings=20, bias=3.0),
    "openings that decide most games, with draws": World((0, 100), openings=40, bias=3.0, nu=1.5),
    "unequal": World((0, 300, 500), openings=20, first_move=-80),
    "a gauntlet": World((0, 50, 150, -100), openings=15, bias=1.0, challenger=True),
}


def true_ratings(world: World) -> tuple[NDArray[np.float64], float]:
    """What endless games in that world would give: (ratings minus the first agent's, first move's advantage), in Elo.

    Without lopsided openings these are the numbers that the world was made of. Else they are those of the model nearest
    to the games' chances (the maximum of the expected log-likelihood), found without the code under test.
    """
    n, seats, chances = len(world.elo), world.seats, world.chances()

    def loss(theta: NDArray[np.float64]) -> float:
        ratings = np.append(0, theta[: n - 1])
        x = ratings[seats[:, 0]] - ratings[seats[:, 1]] + theta[n - 1]
        logs = np.log(outcome_probabilities(x, np.exp(theta[n]) if world.nu else 0.0) + 1e-300)
        return -float((chances * logs).sum())

    found = minimize(loss, np.zeros(n + 1), method="BFGS").x * ELO
    return np.append(0, found[: n - 1]), float(found[n - 1])


def coverage(world: World, seed: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """For each tournament whether the intervals hold: of each agent but the anchor, and of the first move."""
    truth, advantage = true_ratings(world)
    rng = np.random.default_rng(seed)
    agents, first = [], []
    for _ in range(TOURNAMENTS):
        ratings = rate(world.play(rng), world.names, anchor=world.names[0])
        agents.append(((ratings.low <= truth) & (truth <= ratings.high))[1:])
        first.append(ratings.first_move.low <= advantage <= ratings.first_move.high)
    return np.array(agents), np.array(first)


def test_the_truth_without_lopsided_openings_is_what_the_world_was_made_of() -> None:
    truth, advantage = true_ratings(WORLDS["unequal"])
    assert truth == pytest.approx([0, 300, 500], abs=0.1)
    assert advantage == pytest.approx(-80, abs=0.1)


def test_intervals_hold_in_95_percent_of_tournaments() -> None:
    held, advantage = {}, {}
    for seed, (name, world) in enumerate(WORLDS.items()):
        agents, first = coverage(world, seed)
        held[name], advantage[name] = agents.mean(), first.mean()
        # The standard error is at most sqrt(0.95 * 0.05 / 160) = 1.7 points (less, as agents' errors differ).
        assert 0.90 <= agents.mean() <= 0.99, name
        assert first.mean() >= 0.90, name
    # Over all worlds 0.7 points, so these bounds would be missed by chance once in 200 times.
    assert 0.93 <= np.mean(list(held.values())) <= 0.97, held
    assert 0.93 <= np.mean(list(advantage.values())) <= 0.97, advantage


def test_an_agent_that_wins_everything_is_within_its_interval() -> None:
    world = World((0, 1200), openings=10)
    held, _ = coverage(world, 9)
    # Such intervals are too long rather than too short: no loss is all that is seen in 96 of 100 tournaments.
    assert held.mean() >= 0.93


def test_more_games_make_shorter_intervals() -> None:
    widths = []
    for openings in (10, 40, 160):
        ratings = rate(World((0, 100), openings).play(np.random.default_rng(0)), ["agent0", "agent1"], anchor="agent0")
        widths.append(ratings.high[1] - ratings.low[1])
    assert widths[1] == pytest.approx(widths[0] / 2, rel=0.2)
    assert widths[2] == pytest.approx(widths[1] / 2, rel=0.2)


def test_swapped_colours_make_lopsided_openings_harmless() -> None:
    rng = np.random.default_rng(0)
    even, lopsided = (World((0, 0), openings=100, bias=bias) for bias in (0.0, 5.0))
    ratings = [rate(world.play(rng), world.names, anchor="agent0") for world in (even, lopsided)]
    assert (ratings[1].high - ratings[1].low)[1] < 0.7 * (ratings[0].high - ratings[0].low)[1]
