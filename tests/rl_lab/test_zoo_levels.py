"""Levels of a net: the policy a setting makes of a search, ladders of settings, and their calibration by games."""

from __future__ import annotations

import io
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from agents.registry import make_agent
from envs.errors import LabError
from envs.games.registry import make_game
from rl_lab.arena.ratings import rate
from rl_lab.arena.tournament import play_tournament, round_robin
from rl_lab.zoo import measure, nets, recipes
from rl_lab.zoo.levels import CUT, PRIOR_VISITS, Setting, between, default_levels, even_levels, ladder, soften
from rl_lab.zoo.recipes import Recipe
from tests.rl_lab.zoo_help import place

SILENT = Console(file=io.StringIO())


def found_by_a_search(seed: int, n: int, actions: int, visits: int) -> tuple[np.ndarray, ...]:
    """(visits, prior, legal) of n searches that nobody has made."""
    rng = np.random.default_rng(seed)
    legal = rng.random((n, actions)) < 0.7
    legal[np.arange(n), rng.integers(actions, size=n)] = True
    prior = np.where(legal, rng.gamma(0.3, size=(n, actions)) + 1e-6, 0)
    prior /= prior.sum(1, keepdims=True)
    counts = np.array([rng.multinomial(visits, p) for p in prior])
    return counts.astype(np.int32), prior.astype(np.float32), legal


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 9), st.integers(1, 60), st.floats(0.05, 3), st.floats(0, 1))
def test_the_policy_is_what_its_formula_says(
    seed: int, actions: int, visits: int, temperature: float, mistakes: float
) -> None:
    counts, prior, legal = found_by_a_search(seed, 4, actions, visits)
    has_place = np.arange(actions) < actions - 1
    policy = soften(Setting(visits, temperature, mistakes), counts, prior, legal, has_place)
    for i in range(4):
        share = (counts[i] + PRIOR_VISITS * prior[i].astype(float)) / (visits + PRIOR_VISITS)
        share[share < CUT * share.max()] = 0
        drawn = (share / share.max()) ** (1 / temperature)
        slips = legal[i] & has_place if (legal[i] & has_place).any() else legal[i]
        expected = (1 - mistakes) * drawn / drawn.sum() + mistakes * slips / slips.sum()
        assert np.allclose(policy[i], expected, atol=2e-6)
        assert not policy[i][~legal[i]].any() and abs(policy[i].sum() - 1) < 1e-5


def test_a_row_has_the_same_policy_wherever_it_stands() -> None:
    counts, prior, legal = found_by_a_search(3, 33, 50, 20)
    setting, has_place = Setting(20, 0.37, 0.1), np.ones(50, np.bool_)
    whole = soften(setting, counts, prior, legal, has_place)
    for i in range(33):
        row = slice(i, i + 1)
        assert np.array_equal(soften(setting, counts[row], prior[row], legal[row], has_place), whole[row])


def test_without_temperature_it_is_the_best_move_but_for_mistakes() -> None:
    counts, prior, legal = found_by_a_search(1, 20, 12, 30)
    policy = soften(Setting(30, 0.0, 0.5), counts, prior, legal, np.ones(12, np.bool_))
    assert (policy.argmax(1) == (counts + PRIOR_VISITS * prior).argmax(1)).all()
    assert (policy.max(1) > 0.5).all()


@pytest.mark.parametrize("simulations", [1, 2, 3, 16, 64, 400, 1_000_000])
def test_ladders_go_up(simulations: int) -> None:
    for rungs in (ladder(simulations), default_levels(simulations)):
        assert rungs[-1] == Setting(simulations) and rungs[0] == Setting(1, 1.0, 0.9)
        for low, high in pairwise(rungs):
            assert low.simulations <= high.simulations
            assert low.mistakes >= high.mistakes and low.temperature >= high.temperature
    assert len(default_levels(simulations)) == 10


def test_between_two_rungs() -> None:
    rungs = [Setting(4, 1.0, 0.5), Setting(64, 0.5, 0.1), Setting(100)]
    assert [between(rungs, place) for place in (0.0, 1.0, 2.0)] == rungs
    assert between(rungs, 0.5) == Setting(16, 0.75, 0.3)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(1, 400), min_size=11, max_size=11))
def test_levels_are_evenly_strong_where_strength_is_known(steps: list[float]) -> None:
    """Between rungs strength is read as a line: on such a net the ten levels have evenly spaced strengths."""
    rungs = [Setting(1, 1.0, 1 - i / 11) for i in range(12)]
    elo = np.concatenate([[0.0], np.cumsum(steps)])
    levels = even_levels(rungs, elo)
    strengths = np.interp([11 * (1 - level.mistakes) for level in levels], range(12), elo)
    assert np.allclose(strengths, np.linspace(0, elo[-1], 10), atol=0.012 * max(steps))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-2000, 2000), min_size=12, max_size=12))
def test_whatever_was_measured_levels_go_up(elo: list[float]) -> None:
    levels = even_levels(ladder(256)[:12], np.array(elo))
    assert levels[0] == ladder(256)[0] and levels[-1] == ladder(256)[:12][-1] and len(levels) == 10
    for low, high in pairwise(levels):
        assert low.simulations <= high.simulations and low.mistakes >= high.mistakes


@pytest.mark.parametrize(
    ("numbers", "sentence"),
    [
        ((0, 0, 0), "simulations"),
        ((1, -1, 0), "temperature"),
        ((1, 0, 1.5), "mistakes"),
        ((1, float("nan"), 0), "temp"),
    ],
)
def test_settings_that_cannot_be(numbers: tuple[int, float, float], sentence: str) -> None:
    with pytest.raises(LabError, match=sentence):
        Setting(*numbers)


@pytest.fixture
def zoo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A zoo with a net that knows nothing, whose search knows what it sees; and a recipe for it."""
    monkeypatch.setattr(nets, "NETS", tmp_path / "nets")
    recipe = Recipe("tic_tac_toe", 1, 2, 8, 64, ("tic_tac_toe",), ("random", "rollout:simulations=20"))
    monkeypatch.setitem(recipes.RECIPES, "tic_tac_toe", recipe)
    place("tic_tac_toe", "tic_tac_toe", simulations=64)
    return tmp_path / "nets"


def test_calibration_finds_levels_that_rise(zoo: Path) -> None:
    card = measure.calibrate("tic_tac_toe", 12, 0, SILENT)
    assert card == nets.open_net("tic_tac_toe").card
    assert card.levels[0].elo == 0 and "tic_tac_toe" in card.levels_measured
    elo = np.array([level.elo for level in card.levels])
    assert all(level.low <= level.elo <= level.high for level in card.levels)
    assert elo[-1] > 150 and np.corrcoef(elo, range(10))[0, 1] > 0.8
    game = make_game("tic_tac_toe")
    agents = [make_agent(f"zoo:level={level}", game) for level in (1, 5, 10)]
    fixtures = round_robin(game, agents, 40, seed=7)
    records = play_tournament(game, agents, fixtures, 7).records
    ratings = rate(records, [agent.name for agent in agents])
    assert ratings.elo[0] < ratings.elo[1] < ratings.elo[2]


def test_measured_strength_is_on_the_card_once(zoo: Path) -> None:
    measure.measure("tic_tac_toe", 10, 0, SILENT)
    card = measure.measure("tic_tac_toe", 20, 0, SILENT)
    assert [(found.opponent, found.games) for found in card.strength] == [
        ("random", 20), ("rollout:simulations=20", 20),
    ]  # fmt: skip
    against_random = card.strength[0]
    assert against_random.score > 0.8 and against_random.low < against_random.score <= against_random.high
    assert against_random.simulations == 64 and against_random.openings.startswith("10 balanced random openings")
    assert card == nets.open_net("tic_tac_toe").card


def test_the_net_before_is_an_opponent(zoo: Path) -> None:
    (zoo / ".previous").mkdir()
    (zoo / "tic_tac_toe").rename(zoo / ".previous" / "tic_tac_toe")
    place("tic_tac_toe", "tic_tac_toe", simulations=64, seed=1)
    opponents = [found.opponent for found in measure.measure("tic_tac_toe", 4, 0, SILENT).strength]
    assert len(opponents) == 3 and opponents[-1].startswith("the net before, ")
    assert nets.net_names() == ["tic_tac_toe"]


def test_a_program_that_is_missing_is_left_out_and_said(zoo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text, recipe = io.StringIO(), Recipe("go:size=5", 1, 2, 8, 4, ("go:size=5",), ("gnugo", "random"))
    monkeypatch.setitem(recipes.RECIPES, "go", recipe)
    monkeypatch.setattr("agents.engines.gnugo.shutil.which", lambda program: None)
    place("go", "go:size=5", simulations=4)
    card = measure.measure("go", 2, 0, Console(file=text))
    assert [found.opponent for found in card.strength] == ["random"]
    assert "Without gnugo: GNU Go is not installed" in text.getvalue()


def test_two_calibrations_with_one_seed_agree(zoo: Path) -> None:
    game, net = make_game("tic_tac_toe"), nets.open_net("tic_tac_toe")
    rungs = [Setting(1, 1.0, 0.9), Setting(1, 0.5), Setting(16)]
    first, again = (measure.rate_settings(game, net, rungs, 6, 3, SILENT).elo for _ in range(2))
    assert np.array_equal(first, again) and first[0] == 0
