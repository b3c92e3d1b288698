"""Chance in the arena: a game depends on its fixture alone, whatever runs beside it."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from agents.registry import make_agent
from agents.scripted import RandomAgent
from envs.games.connect_four import ConnectFour
from envs.games.game import Game
from envs.games.go.game import Go
from rl_lab.arena.play import Fixture, play_games
from rl_lab.arena.tournament import round_robin


@pytest.mark.parametrize("game", [ConnectFour(), Go(3)], ids=lambda game: game.spec)
def test_a_game_does_not_depend_on_what_runs_beside_it(game: Game) -> None:
    """One at a time, all at once, in another order, or without most of the others: the same moves, values, results."""
    specs = ["random", "greedy", "alphabeta:depth=2", "rollout:simulations=20"]
    agents = [make_agent(spec, game) for spec in specs]
    schedule = round_robin(game, agents, games=4)
    subset = list(range(len(schedule)))[::-5]

    def played(fixtures: list[Fixture], parallel_games: int) -> list[dict[str, Any]]:
        records = play_games(game, agents, fixtures, parallel_games)
        return [{k: v for k, v in dataclasses.asdict(record).items() if k != "seconds"} for record in records]

    at_once = played(schedule, 128)
    assert played(schedule, 1) == at_once
    assert played([schedule[i] for i in subset], 3) == [at_once[i] for i in subset]
    reseeded = [dataclasses.replace(fixture, seed=fixture.seed + 1) for fixture in schedule]
    assert sum(a["actions"] != b["actions"] for a, b in zip(played(reseeded, 128), at_once, strict=True)) > 12


def test_each_game_and_each_seat_has_chance_of_its_own() -> None:
    """Random players from the start of a game without passes: no two games alike, nor the two players in one game."""
    game = ConnectFour()
    agents = [RandomAgent(game), RandomAgent(game), RandomAgent(game)]
    for agent, name in zip(agents, "abc", strict=True):
        agent.name = name
    schedule = round_robin(game, agents, games=100, opening_plies=0)
    assert len({fixture.seed for fixture in schedule}) == len(schedule) == 300
    records = play_games(game, agents, schedule)
    assert len({tuple(record.actions[:8]) for record in records}) > 290
    assert sum(record.actions[:8:2] == record.actions[1:8:2] for record in records) < 5
    assert sum(len(set(record.actions[:8:2])) == 1 for record in records) < 5  # each move has a draw of its own
