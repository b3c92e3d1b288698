"""Who meets whom: round robins, gauntlets, Swiss rounds and ladders."""

from __future__ import annotations

import random
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envs.errors import LabError
from rl_lab.arena.schedule import Pairing, Round, Schedule, climbed, fixtures, gauntlet, ladder, round_robin, swiss


def names(n: int) -> list[str]:
    return [f"agent {i}" for i in range(n)]


def play(schedule: Schedule, strength: dict[str, float], rng: random.Random | None = None) -> list[Round]:
    """All rounds; the stronger one scores 1, or by chance."""
    rounds: list[Round] = []
    while pairings := schedule(rounds):
        assert len(rounds) < 100
        better = {p: float(strength[p[0]] > strength[p[1]]) for p in pairings}
        rounds.append({p: better[p] if rng is None else rng.choice([0.0, 0.25, 0.5, 1.0]) for p in pairings})
    return rounds


def test_a_round_robin_is_every_pairing_once() -> None:
    (only,) = play(round_robin(names(5)), dict.fromkeys(names(5), 0.0))
    assert list(only) == list(combinations(names(5), 2))


def test_a_gauntlet_is_the_pairings_of_the_challengers() -> None:
    (only,) = play(gauntlet(names(5), ["agent 2"]), dict.fromkeys(names(5), 0.0))
    assert set(map(frozenset, only)) == {frozenset(("agent 2", other)) for other in names(5) if other != "agent 2"}


@settings(max_examples=60, deadline=None)
@given(n=st.integers(2, 13), seed=st.integers(0, 1000), data=st.data())
def test_swiss_rounds_are_pairings_without_rematches(n: int, seed: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(1, max(1, (n - 1 + n % 2) // 2)))
    rounds = play(swiss(names(n), count), {}.fromkeys(names(n), 0.0), random.Random(seed))
    assert len(rounds) == count
    met = [frozenset(pairing) for past in rounds for pairing in past]
    assert len(met) == len(set(met)) == count * (n // 2)
    for past in rounds:
        players = [agent for pairing in past for agent in pairing]
        assert len(players) == len(set(players)) == n - n % 2
    if n % 2:
        left_out = [set(names(n)) - {agent for pairing in past for agent in pairing} for past in rounds]
        assert len(set().union(*left_out)) == count, "nobody is left out twice before everybody was"


def test_a_swiss_tournament_finds_the_best() -> None:
    agents = names(16)
    random.Random(1).shuffle(agents)
    strength = {agent: float(agent.split()[1]) for agent in agents}
    rounds = play(swiss(agents, 4), strength)
    points = {
        agent: sum(s if p[0] == agent else 1 - s for r in rounds for p, s in r.items() if agent in p)
        for agent in agents
    }
    assert max(points, key=lambda agent: points[agent]) == "agent 15" and points["agent 15"] == 4


def test_as_many_swiss_rounds_as_there_are_opponents_still_pair_everybody() -> None:
    for n in (2, 3, 4, 6, 7, 8):
        rounds = play(swiss(names(n), n - 1 + n % 2), dict.fromkeys(names(n), 0.0), random.Random(n))
        assert [len(past) for past in rounds] == [n // 2] * len(rounds)
    with pytest.raises(LabError, match="4 agents can meet in 3 rounds without meeting twice, not 4"):
        swiss(names(4), 4)


@pytest.mark.parametrize("n", [2, 3, 4, 7, 8])
def test_a_ladder_is_sorted_after_as_many_rounds_as_agents(n: int) -> None:
    for seed in range(5):
        agents = names(n)
        random.Random(seed).shuffle(agents)
        strength = {agent: float(agent.split()[1]) for agent in agents}
        rounds = play(ladder(agents, n), strength)
        assert climbed(agents, rounds) == sorted(agents, key=lambda agent: -strength[agent])


def test_on_a_ladder_half_the_points_do_not_climb() -> None:
    pairing: Pairing = ("a", "b")
    assert climbed(["a", "b"], [{pairing: 0.5}]) == ["a", "b"]
    assert climbed(["a", "b"], [{pairing: 0.49}]) == ["b", "a"]


def test_a_game_has_the_same_seed_whoever_else_plays() -> None:
    openings = [(1,), (2,)]
    few = fixtures(["a", "b"], [("a", "b")], openings, 7, seed=3)
    many = fixtures(["c", "b", "a"], [("b", "a"), ("a", "c")], openings, 7, seed=3)
    agents = ["c", "b", "a"]
    seeds = {(agents[f.seats[0]], agents[f.seats[1]], f.pair): f.seed for f in many}
    assert len(set(seeds.values())) == len(seeds) == 8
    for fixture in few:
        assert seeds["ab"[fixture.seats[0]], "ab"[fixture.seats[1]], fixture.pair] == fixture.seed
    assert [fixture.pair for fixture in few] == [7, 7, 8, 8]
    assert all(a.seats == b.seats[::-1] and a.opening == b.opening for a, b in zip(few[::2], few[1::2], strict=True))
