"""Outside engines in the arena: a fault costs a game, not the tournament; and none outlives the lab."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from engine_help import children, scripted, scripted_spec, wait_until_gone

from agents.registry import make_agent
from envs.games.go.game import Go
from rl_lab.arena.play import Fixture, GameRecord, play_games

GAME = Go(5)
FAULTS = {
    "crash": "crash",
    "hang": "time",
    "nonsense": "crash",
    "flood": "crash",
    "close": "crash",
    "no-point": "illegal",
    "off-board": "illegal",
    "refuse": "illegal",
    "resign": "resign",
    "slow": "score",
    "stderr": "score",
    "no-quit": "score",
    "honest": "score",
    "score": "score",
}


def games_of(fault: str, games: int = 2) -> list[GameRecord]:
    """Games between a random player, who begins, and an engine that fails at its second move."""
    engine = scripted(GAME, fault, 2, time=5 if fault == "hang" else 60)
    fixtures = [Fixture((0, 1), (), number, number) for number in range(games)]
    records = play_games(GAME, [make_agent("random", GAME), engine], fixtures)
    engine.close()
    return records


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_ends_its_game_with_the_reason_and_the_next_one_is_played(fault: str) -> None:
    records = games_of(fault)
    # The second game begins on another process, so the first of its moves is not the engine's second: both end alike.
    assert [record.reason for record in records] == [FAULTS[fault]] * 2 or fault in ("crash", "hang")
    assert FAULTS[fault] in {record.reason for record in records}
    for record in records:
        assert len(record.actions) >= 1
        if record.reason != "score":
            assert record.outcome == 1  # Black, the random player, wins
            assert record.result == {"time": "B+T", "resign": "B+R"}.get(record.reason, "B+F")
            assert record.detail or record.reason == "resign"


def test_a_dispute_about_the_score_is_kept() -> None:
    for record in games_of("score"):
        assert any("counts B+99.5, the lab" in event for event in record.events)


SCRIPT = """
import sys, time
from agents.registry import make_agent
from envs.chance import seed_states
from envs.games.go.game import Go
game = Go(5)
agent = make_agent(sys.argv[1], game)
print("ready", flush=True)
agent.act(game.init(2), seed_states([1, 2]))
"""


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_engine_outlives_a_lab_that_is_killed(tmp_path: Path, end: int) -> None:
    record = tmp_path / "record"
    spec = scripted_spec("family", 1, record, time=100, processes=2)
    lab = subprocess.Popen([sys.executable, "-c", SCRIPT, spec], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert lab.stdout and lab.stdout.readline() == b"ready\n"
    deadline = time.monotonic() + 120
    while len(children(str(record))) < 3 or not record.exists() or not record.read_text():
        # The lab, whose spec names the file too, and two engines, of which one has said who its child is.
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(0.3)
    pids = [pid for pid in children(str(record)) if pid != lab.pid] + [int(pid) for pid in record.read_text().split()]
    os.kill(lab.pid, end)
    lab.wait(120)
    lab.stdout.close()
    assert pids and wait_until_gone(pids) == []
