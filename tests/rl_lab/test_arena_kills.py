"""A tournament loses and doubles nothing: killed at random moments, interrupted, and shared by two processes.

The processes are forked, so that they begin to play within milliseconds. RL_LAB_KILLS says how many kills (default 20).
"""

from __future__ import annotations

import io
import multiprocessing
import os
import random
import signal
import time
from pathlib import Path

import pytest
from rich.console import Console

from agents.agent import Agent, Decision
from agents.registry import make_agent
from agents.scripted import RandomAgent
from envs.chance import Seeds
from envs.games.game import Game, States
from envs.games.registry import make_game
from rl_lab.arena import claims, run, session
from rl_lab.arena.options import TournamentOptions
from rl_lab.arena.run import run_tournament
from rl_lab.arena.store import Store

KILLS = int(os.environ.get("RL_LAB_KILLS", "20"))
GAMES = 40 + 2 * KILLS  # for each two agents: more than are played between the kills
GAME = "connect_four"
LONG = 60.0  # seconds; a machine may be busy
AGENTS = ["random", "greedy", "slow"]
fork = multiprocessing.get_context("fork")


class Slow(RandomAgent):
    """A random player that takes its time, so that a kill meets a tournament in any state."""

    def __init__(self, game: Game) -> None:
        super().__init__(game)
        self.name = "slow"

    def act(self, states: States, seeds: Seeds) -> Decision:
        time.sleep(0.001)
        return super().act(states, seeds)


def make(spec: str, game: Game) -> Agent:
    return Slow(game) if spec == "slow" else make_agent(spec, game)


@pytest.fixture(autouse=True)
def prepared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything compiled before a fork, and the slow player known."""
    monkeypatch.setattr(run, "make_agent", make)
    monkeypatch.setattr(run, "write_report", lambda *_: None)  # as long as all the games
    monkeypatch.setattr(session, "POLL_SECONDS", 0.02)
    monkeypatch.setattr(claims, "LEASE_SECONDS", 10 * LONG)  # so that nothing is owed to claims that expire
    run_games_of(2, None)


def run_games_of(games: int, out: Path | None, parallel_games: int = 5) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as scratch:
        options = TournamentOptions(games, out=out or Path(scratch), any_openings=True, parallel_games=parallel_games)
        run_tournament(GAME, AGENTS, options, Console(file=io.StringIO()))


def begin(out: Path, parallel_games: int = 5) -> multiprocessing.process.BaseProcess:
    process = fork.Process(target=run_games_of, args=(GAMES, out, parallel_games))
    process.start()
    return process


def kill(process: multiprocessing.process.BaseProcess) -> None:
    assert process.pid
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert process.exitcode == -signal.SIGKILL


def wait_for_more_games(out: Path, known: int) -> None:
    deadline = time.monotonic() + LONG
    while not (out / "games.sqlite").exists() or len(games_of(out)) <= known:
        assert time.monotonic() < deadline
        time.sleep(0.005)


def games_of(out: Path) -> dict[tuple[str, str, int], list[int]]:
    with Store(out) as store:
        records = store.games()
    found = {(*record.agents, record.pair): record.actions for record in records}
    assert len(found) == len(records), "a game was doubled"
    assert [record.number for record in records] == sorted(record.number for record in records)
    return found


def test_killed_at_random_moments_it_loses_and_doubles_no_game(tmp_path: Path) -> None:
    run_games_of(GAMES, tmp_path / "undisturbed")
    out, rng, kept = tmp_path / "killed", random.Random(0), {}
    for number in range(KILLS):
        process = begin(out)
        if number % 4:  # some die while they begin, the others when they have played
            wait_for_more_games(out, len(kept))
        time.sleep(rng.uniform(0.0, 0.03))
        kill(process)
        if (out / "games.sqlite").exists():
            now = games_of(out)
            assert kept.items() <= now.items(), "a game that was stored is lost or changed"
            kept = now
    assert KILLS // 2 < len(kept) < 3 * GAMES, "the kills must fall into the tournament"
    last = begin(out)
    last.join(LONG)
    assert last.exitcode == 0, "it failed, or waits for the claims of the dead"
    assert games_of(out) == games_of(tmp_path / "undisturbed")
    with Store(out) as store:
        assert store.connection.execute("SELECT count(*) FROM claims").fetchone() == (0,)


def test_two_processes_share_a_tournament(tmp_path: Path) -> None:
    run_games_of(GAMES, tmp_path / "alone")
    both = [begin(tmp_path / "shared", parallel_games=4) for _ in range(2)]
    for process in both:
        process.join(LONG)
        assert process.exitcode == 0
    assert games_of(tmp_path / "shared") == games_of(tmp_path / "alone")


def test_one_of_two_processes_is_killed_and_the_other_plays_its_games(tmp_path: Path) -> None:
    first, second = (begin(tmp_path, parallel_games=8) for _ in range(2))
    wait_for_more_games(tmp_path, 5)
    kill(first)
    second.join(LONG)
    assert second.exitcode == 0
    assert len(games_of(tmp_path)) == GAMES * 3


def test_ctrl_c_keeps_what_is_finished_and_prints_the_standing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = io.StringIO()
    asked = make_game(GAME)
    moves = 0

    class Interrupting(Slow):
        def act(self, states: States, seeds: Seeds) -> Decision:
            nonlocal moves
            moves += 1
            if moves == 80:
                os.kill(os.getpid(), signal.SIGINT)
            return super().act(states, seeds)

    monkeypatch.setattr(
        run, "make_agent", lambda spec, game: make(spec, game) if spec != "slow" else Interrupting(asked)
    )
    options = TournamentOptions(GAMES, out=tmp_path, any_openings=True, parallel_games=5)
    with pytest.raises(KeyboardInterrupt):
        run_tournament(GAME, AGENTS, options, Console(file=text, width=120))
    assert "Standings" in text.getvalue()
    assert "the same command goes on" in text.getvalue()
    stored = games_of(tmp_path)
    assert 0 < len(stored) < 3 * GAMES
    assert f"Stopped after {len(stored)} games" in text.getvalue()
    run_tournament(GAME, AGENTS, options, Console(file=text))
    assert stored.items() <= games_of(tmp_path).items()
    assert len(games_of(tmp_path)) == 3 * GAMES
