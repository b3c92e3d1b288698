"""The arena: openings, games in lockstep, round robins and their reports."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from agents.agent import Agent, Decision
from agents.scripted import GreedyAgent, RandomAgent
from envs.chance import Seeds
from envs.errors import LabError
from envs.games.connect_four import ConnectFour
from envs.games.game import Game, States
from envs.games.go.game import Go
from envs.games.match import Match
from envs.games.tic_tac_toe import TicTacToe
from rl_lab.arena.options import TournamentOptions
from rl_lab.arena.play import Fixture, play_games
from rl_lab.arena.report import print_report
from rl_lab.arena.run import run_tournament
from rl_lab.arena.store import Store
from rl_lab.arena.tournament import Tournament, play_tournament, round_robin

GAMES: list[Game] = [TicTacToe(), ConnectFour(), Go(5), Go(9)]


def name_of(game: Game) -> str:
    return game.spec


class Watched(RandomAgent):
    """A random player that writes down how it was called."""

    def __init__(self, game: Game, name: str = "watched") -> None:
        super().__init__(game)
        self.name = name
        self.batches: list[int] = []
        self.resets = 0

    def reset(self) -> None:
        self.resets += 1

    def act(self, states: States, seeds: Seeds) -> Decision:
        assert not states["terminated"].any()
        self.batches.append(len(states))
        return super().act(states, seeds)


class First(Agent):
    """Always the first legal action; twice the same game from the same opening."""

    def __init__(self, game: Game, name: str) -> None:
        super().__init__(name)
        self.game = game

    def act(self, states: States, seeds: Seeds) -> Decision:
        mask = self.game.legal_mask(states)
        return Decision(mask.argmax(axis=1), mask.astype(np.float32), np.full(len(states), 0.25, np.float32))


def play(game: Game, agents: list[Agent], games: int, plies: int = 2, seed: int = 0) -> Tournament:
    return play_tournament(game, agents, round_robin(game, agents, games, plies, seed), seed)


@pytest.mark.parametrize("game", GAMES, ids=name_of)
def test_records_replay_to_their_results(game: Game) -> None:
    tournament = play(game, [RandomAgent(game), GreedyAgent(game)], 6, seed=3)
    for record in tournament.records:
        match = Match(game)
        for action in record.actions:
            match.play(action)
        assert match.terminated
        assert match.state["outcome"] == record.outcome
        assert match.result_text == record.result
        assert sum(record.decisions) == record.plies - record.opening_plies
        assert record.values[: record.opening_plies] == [None] * record.opening_plies
        assert len(record.values) == record.plies
        assert min(record.seconds) > 0


def test_all_games_that_wait_for_an_agent_are_one_batch() -> None:
    game = TicTacToe()
    agents = [Watched(game, "a"), Watched(game, "b")]
    fixtures = [Fixture((0, 1), (), pair, seed=pair) for pair in range(50)]
    play_games(game, agents, fixtures)
    # Five moves of the first player and four of the second are the longest game, so no more calls than that.
    assert (agents[0].batches[0], len(agents[0].batches), len(agents[1].batches)) == (50, 5, 4)
    assert [agent.resets for agent in agents] == [5, 4], "an agent must carry nothing from one move to the next"


def test_no_more_games_run_at_once_than_asked_for() -> None:
    game = TicTacToe()
    agents = [Watched(game, "a"), Watched(game, "b")]
    fixtures = [Fixture((i % 2, 1 - i % 2), (), i, seed=i) for i in range(20)]
    records = play_games(game, agents, fixtures, parallel_games=3)
    assert max(agents[0].batches + agents[1].batches) <= 3
    assert [record.pair for record in records] == list(range(20))


def test_a_round_robin_is_fair_and_repeatable() -> None:
    game = Go(5)

    agents = [RandomAgent(game), GreedyAgent(game), First(game, "first")]
    tournament, again, other = (play(game, agents, 7, 2, seed) for seed in (1, 1, 2))
    records = tournament.records
    assert [r.actions for r in records] == [r.actions for r in again.records]
    assert [r.actions for r in records] != [r.actions for r in other.records]
    assert len(records) == 3 * 8  # an odd number of games is rounded up to pairs
    for record, swapped in zip(records[::2], records[1::2], strict=True):
        assert record.agents == swapped.agents[::-1]
        assert record.pair == swapped.pair
        assert record.actions[:2] == swapped.actions[:2]


def test_progress_counts_every_game() -> None:
    game, seen = TicTacToe(), []
    agents = [RandomAgent(game), First(game, "first")]
    schedule = round_robin(game, agents, 10)
    play_tournament(game, agents, schedule, progress=lambda played, total, record: seen.append((played, total)))
    assert seen == [(i, 10) for i in range(1, 11)]


@pytest.mark.parametrize(
    ("names", "options", "message"),
    [
        (["a"], {}, "two agents or more"),
        (["a", "b", "a"], {}, "'a' is given twice"),
        (["a", "b"], {"games": 0}, "one game or more"),
        (["a", "b"], {"seed": -1}, "seed must be 0 or more"),
        (["a", "b"], {"opening_plies": -1}, "depth must be 0 or more"),
        (["a", "b"], {"opening_plies": 9}, "0 different openings"),
        (["a", "b"], {"games": 20_000}, "ask for fewer games"),
    ],
)
def test_wrong_tournaments_are_one_sentence(names: list[str], options: dict[str, int], message: str) -> None:
    game = TicTacToe()
    with pytest.raises(LabError, match=message):
        round_robin(game, [First(game, name) for name in names], **options)


def run(game: str, out: Path, **options: Any) -> tuple[Tournament, str]:
    text = io.StringIO()
    console = Console(file=text, width=80)
    tournament = run_tournament(game, ["random", "greedy"], TournamentOptions(out=out, **options), console)
    return tournament, text.getvalue()


def test_a_tournament_leaves_tables_json_a_page_and_a_database(tmp_path: Path) -> None:
    out = tmp_path / "new" / "folder"
    tournament, text = run("go:size=5", out, games=6)
    assert max(map(len, text.splitlines()[:-1])) <= 80  # the last line is the path
    for part in ("Standings: go:size=5", "greedy", "95% interval", "B %", "6 games from 3 openings of 2 moves"):
        assert part in text
    results = json.loads((out / "results.json").read_text())
    assert [g["actions"] for g in results["games"]] == [r.actions for r in tournament.records]
    assert {row["name"] for row in results["standings"]} == {"random", "greedy"}
    assert {row["name"] for row in results["ratings"]} == {"random", "greedy"}
    assert "go:size=5" in (out / "report.html").read_text()
    with Store(out) as store:
        assert store.games() == tournament.records


def test_repeated_games_are_warned_of() -> None:
    """A repetition is counted, whatever brought it about; the openings see to it that there is none by accident."""
    game, text = TicTacToe(), io.StringIO()
    tournament = play(game, [First(game, "a"), First(game, "b")], 6, 0)
    assert len({(r.agents, tuple(r.actions)) for r in tournament.records}) == 6
    tournament.records *= 2
    print_report(tournament, Console(file=text, width=200))
    assert "12 games from 3 openings of 1 moves" in text.getvalue()
    assert "6 games repeat an earlier one" in text.getvalue()
    assert "Repeated games add no evidence: the ratings count each once" in text.getvalue()


@pytest.mark.parametrize(("repeated", "warned"), [(0, False), (1, False), (2, True)])
def test_one_repeated_game_in_twenty_is_no_warning(repeated: int, warned: bool) -> None:
    game, text = TicTacToe(), io.StringIO()
    tournament = play(game, [RandomAgent(game), First(game, "first")], 40)
    different = list({(r.agents, tuple(r.actions)): r for r in tournament.records}.values())[:20]
    tournament.records = different + different[:repeated]
    print_report(tournament, Console(file=text, width=200))
    assert f"{20 + repeated} games" in text.getvalue() and f"{repeated} games repeat" in text.getvalue()
    assert ("Repeated games add no evidence" in text.getvalue()) == warned


def test_the_same_command_plays_nothing_again_and_more_games_are_added(tmp_path: Path) -> None:
    first, _ = run("tic_tac_toe", tmp_path, games=4)
    again, _ = run("tic_tac_toe", tmp_path, games=4)
    assert again.records == first.records
    more, _ = run("tic_tac_toe", tmp_path, games=8)
    assert more.records[:4] == first.records
    assert len(more.records) == 8


def test_without_a_folder_a_finished_tournament_is_left_and_an_unfinished_one_continued(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folders = [tmp_path / "runs" / f"tournament-{number}" for number in (1, 2, 3)]

    def start(games: int, seed: int = 0) -> None:
        options = TournamentOptions(games=games, seed=seed)
        run_tournament("tic_tac_toe", ["random", "greedy"], options, Console(file=io.StringIO()))

    start(2)
    start(2)
    assert [(folder / "results.json").exists() for folder in folders] == [True, True, False]
    (folders[0] / "results.json").unlink()  # as if it had been killed
    start(4)
    with Store(folders[0]) as store:
        assert len(store.games()) == 4
    (folders[1] / "results.json").unlink()
    start(2, seed=1)  # another tournament
    assert (folders[2] / "results.json").exists()


def test_a_folder_that_cannot_be_written_is_said_before_the_games(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LabError, match="Cannot write into the folder"):
        run("tic_tac_toe", tmp_path / "file" / "out", games=2)
    (tmp_path / "results.json").write_text("{}")
    with pytest.raises(LabError, match="already holds a tournament"):
        run("tic_tac_toe", tmp_path, games=2)
