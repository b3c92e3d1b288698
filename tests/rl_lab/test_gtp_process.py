"""`rl-lab gtp` as a program: as GUIs talk to it, and as an agent of the lab itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from agents.engines.gnugo import find_gnugo
from agents.engines.lines import moves_of
from agents.registry import make_agent
from envs.chance import seed_states
from envs.games.go.game import Go
from rl_lab.arena.openings import open_game
from rl_lab.arena.play import Fixture, play_games

LAB = f"{sys.executable} -m rl_lab.cli"
GNUGO = find_gnugo()
needs_gnugo = pytest.mark.skipif(GNUGO is None, reason="GNU Go is not installed (on Debian: apt-get install gnugo)")


def talk(arguments: str, commands: str) -> tuple[str, int]:
    """What the engine answers to commands that come all at once, and its exit code."""
    words = [*LAB.split(), "gtp", *arguments.split()]
    done = subprocess.run(words, input=commands.encode(), capture_output=True, timeout=600, check=False)
    return done.stdout.decode(), done.returncode


def test_a_transcript_as_from_sabaki() -> None:
    # Sabaki asks for these in this order, with ids, and compares the list with what it can use.
    said, code = talk(
        "rollout:simulations=20 --size 9",
        "0 name\n1 version\n2 protocol_version\n3 list_commands\n4 boardsize 7\n5 komi 6.5\n6 clear_board\n"
        "7 play B D4\n8 genmove W\n9 analyze B 20\n10 undo\n11 loadsgf /nowhere.sgf\n12 quit\n",
    )
    answers = said.split("\n\n")
    assert code == 0
    assert [answer.split()[0] for answer in answers[:-1]] == [f"={n}" for n in range(11)] + ["?11", "=12"]
    assert {"analyze", "genmove_analyze", "loadsgf", "undo"} <= set(answers[3].split())
    assert answers[9].startswith("=9\ninfo move ")


def test_it_ends_with_its_input_and_leaves_standard_output_alone() -> None:
    said, code = talk("random --size 5", "1 genmove b\n")
    assert (said.startswith("=1 "), said.count("\n\n"), code) == (True, 1, 0)


def test_a_gui_that_waits_sees_each_answer_and_can_quit() -> None:
    words = [*LAB.split(), "gtp", "rollout:simulations=20", "--size", "5"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as gtp:
        assert gtp.stdin and gtp.stdout and gtp.stderr

        def send(text: bytes) -> None:
            assert gtp.stdin
            gtp.stdin.write(text)
            gtp.stdin.flush()

        send(b"lz-analyze 1\n")
        lines = [gtp.stdout.readline() for _ in range(6)]
        assert lines[0] == b"=\n" and all(line.startswith(b"info ") for line in lines[1:])
        send(b"\n")  # an empty line ends it
        while gtp.stdout.readline() != b"\n":
            pass
        send(b"quit\n")
        assert gtp.stdout.readline() == b"= \n"
        assert gtp.wait(300) == 0  # although the input is still open
        assert gtp.stderr.read() == b""


def test_what_is_wrong_is_one_sentence() -> None:
    said, code = talk("nobody", "")
    assert (said, code) == ("", 2)


def test_the_lab_plays_itself_over_gtp_with_the_same_rules() -> None:
    game = Go(5, 0.5)
    outside = make_agent(f"gtp:{LAB} gtp random --seed 3,start=600", game)
    record = play_games(game, [outside, make_agent("random", game)], [Fixture((0, 1), (3, 4), 0, 0)])[0]
    outside.close()
    assert (record.reason, record.events) == ("score", [])


@needs_gnugo
def test_gnu_go_plays_by_the_labs_rules_to_the_end() -> None:
    game = Go(7)
    agents = [make_agent("gnugo:level=1,resign=false,processes=2", game), make_agent("random", game)]
    fixtures = [Fixture(seats, (number,), number, number) for number in range(2) for seats in ((0, 1), (1, 0))]
    records = play_games(game, agents, fixtures)
    agents[0].close()
    assert [(record.reason, record.events) for record in records] == [("score", [])] * 4
    assert all(record.score(record.agents.index("gnugo:level=1,resign=false")) == 1 for record in records)
    assert all(moves_of(game, open_game(game, [tuple(r.actions)])) == r.actions for r in records)


@needs_gnugo
def test_gnu_go_is_the_same_from_the_same_seed_whatever_the_processes() -> None:
    game = Go(7)

    def actions(processes: int) -> list[int]:
        agent = make_agent(f"gnugo:level=1,processes={processes}", game)
        chosen: list[int] = agent.act(game.init(4), seed_states([1, 2, 3, 1])).action.tolist()
        agent.close()
        return chosen

    assert actions(1) == actions(2)
    assert actions(1)[0] == actions(1)[3]


@needs_gnugo
def test_gnu_go_resigns_unless_told_otherwise() -> None:
    game = Go(7, 9)
    lost = game.parse_text(
        "\n".join([". X . X . X X", *["X X X X X X X"] * 5, "O . X X X X X", "White to play, komi 9"])
    )
    decision = make_agent("gnugo", game).act(lost, seed_states([1]))
    assert decision.forfeits and decision.forfeits[0] and decision.forfeits[0].reason == "resign"
    assert make_agent("gnugo:resign=false", game).act(lost, seed_states([1])).forfeits is None


def test_gnu_go_that_is_not_there_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.engines.gnugo.shutil.which", lambda _: None)
    with pytest.raises(Exception, match="GNU Go is not installed"):
        make_agent("gnugo", Go(5))


TWOGTP = os.environ.get("GOGUI_TWOGTP") or shutil.which("gogui-twogtp")


@pytest.mark.skipif(TWOGTP is None, reason="gogui-twogtp is not there (GOGUI_TWOGTP may name its command)")
def test_gogui_twogtp_referees_two_of_the_labs_agents(tmp_path: Path) -> None:
    assert TWOGTP
    black, white = (f"{LAB} gtp {agent} --size 5" for agent in ("rollout:simulations=20", "greedy"))
    words = [*TWOGTP.split(), "-black", black, "-white", white, "-referee", f"{LAB} gtp random", "-size", "5"]
    words += ["-komi", "3.5", "-games", "2", "-alternate", "-auto", "-time", "1", "-sgffile", str(tmp_path / "game")]
    start = time.monotonic()
    subprocess.run(words, check=True, timeout=300)
    rows = [line.split("\t") for line in (tmp_path / "game.dat").read_text().splitlines() if not line.startswith("#")]
    assert len(rows) == 2
    for _, by_black, by_white, by_referee, *_, error, _ in rows:
        assert by_black == by_white == by_referee
        assert error == "0"
    assert time.monotonic() - start < 300
