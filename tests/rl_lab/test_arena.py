"""The arena: openings, games in lockstep, round robins and their reports."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from agents.agent import Agent, Decision
from agents.scripted import GreedyAgent, RandomAgent
from envs.chance import Seeds
from envs.errors import IllegalAction, LabError
from envs.games.connect_four import ConnectFour
from envs.games.game import Game, States
from envs.games.go.game import Go
from envs.games.match import Match
from envs.games.tic_tac_toe import TicTacToe
from rl_lab.arena.openings import random_openings
from rl_lab.arena.play import Fixture, play_games
from rl_lab.arena.report import print_report
from rl_lab.arena.run import run_tournament
from rl_lab.arena.tournament import Tournament, play_tournament, round_robin
from rl_lab.go_io.sgf import load_sgf

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


class Cheat(First):
    """Plays action 0 whatever the rules say."""

    def act(self, states: States, seeds: Seeds) -> Decision:
        decision = super().act(states, seeds)
        decision.action[:] = 0
        return decision


def play(game: Game, agents: list[Agent], games: int, plies: int = 2, seed: int = 0) -> Tournament:
    return play_tournament(game, agents, round_robin(game, agents, games, plies, seed), seed)


@pytest.mark.parametrize("game", GAMES, ids=name_of)
def test_openings_are_legal_unfinished_and_different(game: Game) -> None:
    openings = random_openings(game, 30, 3, np.random.default_rng(0))
    positions = set()
    for opening in openings:
        match = Match(game)
        for action in opening:
            match.play(action)
        assert not match.terminated
        assert len(opening) == 3
        assert "pass" not in [game.action_name(action) for action in opening]
        positions.add(game.text(match.state))
    assert len(positions) == len(openings) == 30


def test_openings_depend_on_the_seed_alone() -> None:
    first, again, other = (random_openings(Go(5), 20, 4, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert first == again != other


def test_openings_go_deeper_when_a_depth_is_used_up() -> None:
    openings = random_openings(TicTacToe(), 12, 1, np.random.default_rng(0))
    assert sorted(map(len, openings)) == [1] * 9 + [2] * 3
    with pytest.raises(LabError, match="ask for fewer games"):
        random_openings(TicTacToe(), 6000, 8, np.random.default_rng(0))


def test_openings_of_no_moves_are_the_start() -> None:
    assert random_openings(Go(5), 3, 0, np.random.default_rng(0)) == [(), (), ()]


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


def test_an_illegal_move_is_the_agents_fault() -> None:
    game = TicTacToe()
    with pytest.raises(IllegalAction, match="cheat played"):
        play(game, [Cheat(game, "cheat"), RandomAgent(game)], 4)


@pytest.mark.parametrize(
    ("names", "options", "message"),
    [
        (["a"], {}, "two agents or more"),
        (["a", "b", "a"], {}, "'a' is given twice"),
        (["a", "b"], {"games": 0}, "one game or more"),
        (["a", "b"], {"seed": -1}, "seed must be 0 or more"),
        (["a", "b"], {"opening_plies": -1}, "depth must be 0 or more"),
        (["a", "b"], {"opening_plies": 9}, "0 different openings"),
    ],
)
def test_wrong_tournaments_are_one_sentence(names: list[str], options: dict[str, int], message: str) -> None:
    game = TicTacToe()
    with pytest.raises(LabError, match=message):
        round_robin(game, [First(game, name) for name in names], **options)


def run(game: str, out: Path, **options: int) -> tuple[Tournament, str]:
    text = io.StringIO()
    console = Console(file=text, width=80)
    tournament = run_tournament(game, ["random", "greedy"], out=out, console=console, **options)
    return tournament, text.getvalue()


def test_a_tournament_of_go_leaves_tables_json_and_sgf(tmp_path: Path) -> None:
    tournament, text = run("go:size=5", tmp_path / "new" / "folder", games=6)
    assert max(map(len, text.splitlines()[:-1])) <= 80  # the last line is the path
    for part in ("Standings: go:size=5", "greedy", "95% interval", "Black %", "6 games from 3 random openings"):
        assert part in text
    results = json.loads((tmp_path / "new" / "folder" / "results.json").read_text())
    assert [g["actions"] for g in results["games"]] == [r.actions for r in tournament.records]
    assert {row["name"] for row in results["standings"]} == {"random", "greedy"}
    for number, record in enumerate(tournament.records, 1):
        game = load_sgf(tmp_path / "new" / "folder" / "games" / f"{number:04d}.sgf")
        assert game.game == tournament.game
        assert (game.actions, game.players) == (record.actions, record.agents)


def test_repeated_games_are_reported(tmp_path: Path) -> None:
    _, text = run("tic_tac_toe", tmp_path, games=4)
    assert "0 games repeat an earlier one" in text
    assert "Repeated games add no evidence" not in text


def test_repeated_games_are_warned_of() -> None:
    """Two agents without chance, from the start: one game for either colouring, again and again."""
    game, text = TicTacToe(), io.StringIO()
    tournament = play(game, [First(game, "a"), First(game, "b")], 6, 0)
    assert len({(r.agents, tuple(r.actions)) for r in tournament.records}) == 2
    print_report(tournament, Console(file=text, width=200))
    assert "6 games from the start" in text.getvalue()
    assert "4 games repeat an earlier one" in text.getvalue()
    assert "Repeated games add no evidence, so the intervals are too narrow." in text.getvalue()


@pytest.mark.parametrize(("repeated", "warned"), [(0, False), (1, False), (2, True)])
def test_one_repeated_game_in_twenty_is_no_warning(repeated: int, warned: bool) -> None:
    game, text = TicTacToe(), io.StringIO()
    tournament = play(game, [RandomAgent(game), First(game, "first")], 40)
    different = list({(r.agents, tuple(r.actions)): r for r in tournament.records}.values())[:20]
    tournament.records = different + different[:repeated]
    print_report(tournament, Console(file=text, width=200))
    assert f"{20 + repeated} games" in text.getvalue() and f"{repeated} games repeat" in text.getvalue()
    assert ("Repeated games add no evidence" in text.getvalue()) == warned


def test_a_tournament_is_never_written_over(tmp_path: Path) -> None:
    run("tic_tac_toe", tmp_path, games=2)
    with pytest.raises(LabError, match="already holds a tournament"):
        run("tic_tac_toe", tmp_path, games=2)


def test_without_a_folder_the_next_free_one_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for number in (1, 2):
        run_tournament("tic_tac_toe", ["random", "greedy"], games=2, console=Console(file=io.StringIO()))
        assert (tmp_path / "runs" / f"tournament-{number}" / "results.json").exists()


def test_a_folder_that_cannot_be_written_is_said_before_the_games(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LabError, match="Cannot write into the folder"):
        run("tic_tac_toe", tmp_path / "file" / "out", games=2)
