"""Analysis over GTP: the formats of Leela Zero and KataGo, and that a clock is obeyed."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from gtp_lines import KATA, LZ, REAL, ROLLOUT, answer, engine

from agents.agent import Agent, Decision
from agents.alphazero.model import save_model
from agents.alphazero.network import NetConfig, PolicyValueNet
from envs.chance import Seeds
from envs.games.game import States
from envs.games.go.game import Go
from rl_lab.go_io.gtp_clock import Clock
from rl_lab.go_io.gtp_engine import GtpEngine
from rl_lab.go_io.gtp_session import Session


@pytest.mark.parametrize("agent", [ROLLOUT, "random", "greedy", "alphabeta:depth=1"])
def test_the_lines_of_leela_zero(agent: str) -> None:
    sign, line = answer(engine(agent), "7 lz-analyze b 10")
    assert sign == "=7"
    found = LZ.findall(line)
    assert " ".join(match[0] for match in LZ.finditer(line)) == line
    assert [int(order) for *_, order, _ in found] == list(range(len(found)))
    visits = [int(count) for _, count, *_ in found]
    assert visits == sorted(visits, reverse=True)
    assert all(0 <= int(win) <= 10000 and pv.split()[0] == move for move, _, win, *_, pv in found)


@pytest.mark.parametrize("prefix", ["kata-", ""])
def test_the_lines_of_katago_with_root_and_ownership(prefix: str) -> None:
    gtp = engine()
    _, line = answer(gtp, "play b c3", f"{prefix}analyze w 10 maxmoves 3 rootInfo true ownership true pvVisits true")
    moves, _, rest = line.partition(" rootInfo ")
    root, _, ownership = rest.partition(" ownership ")
    assert len(KATA.findall(moves)) == 3
    assert " ".join(match[0] for match in KATA.finditer(moves)) == moves
    assert re.fullmatch(
        rf"visits \d+ utility {REAL} winrate {REAL} scoreMean {REAL} scoreStdev {REAL} scoreLead {REAL} "
        rf"scoreSelfplay {REAL}",
        root,
    )
    values = [float(value) for value in ownership.split()]
    assert len(values) == 25
    assert all(-1 <= value <= 1 for value in values)
    assert values[12] < 0  # Black's stone in the centre, as White sees it
    assert sum(values) < 0


def test_avoid_and_allow_leave_moves_out() -> None:
    gtp = engine()
    _, line = answer(gtp, "lz-analyze b 10 allow b C3,D3 1")
    assert {found[0] for found in LZ.findall(line)} <= {"C3", "D3"}
    _, line = answer(gtp, "lz-analyze 10 avoid b C3,D3 1 avoid w A1 3 minmoves 2")
    assert not {found[0] for found in LZ.findall(line)} & {"C3", "D3"}
    assert answer(gtp, "play b c3", "lz-analyze w allow w C3 1") == ["? no legal move is allowed"]


def test_an_answer_about_moves_that_the_agent_does_not_consider_is_no_empty_line() -> None:
    gtp = engine("alphabeta:depth=1", lines=3)
    _, move = answer(gtp, "lz-analyze b 1")[:2]
    (chosen, *_), *others = LZ.findall(move)
    assert not others
    for name in ("lz-analyze", "lz-genmove_analyze"):
        refused = answer(gtp, f"5 {name} b 1 avoid b {chosen} 1")
        assert refused == ["?5 alphabeta:depth=1 has nothing to say of the moves that are allowed"]
    assert "Black to play" in "".join(answer(gtp, "showboard"))  # nothing has been played


@pytest.mark.parametrize("spec", ["rollout:simulations=20", "greedy"])
def test_a_move_to_be_played_heeds_avoid_and_allow_too(spec: str) -> None:
    gtp = engine(spec)
    _, *_, free = answer(gtp, "lz-genmove_analyze b")
    _, *_, other = answer(gtp, "clear_board", f"lz-genmove_analyze b avoid b {free.split()[1]} 1")
    assert other != free
    assert answer(gtp, "clear_board", "lz-genmove_analyze b allow b A1,B1 1")[-1] in ("play A1", "play B1")
    assert answer(gtp, "clear_board", "play b a1", "lz-genmove_analyze w allow w A1 1") == [
        "? no legal move is allowed"
    ]


def test_an_analysis_goes_on_and_grows_until_there_is_input() -> None:
    gtp = engine()
    visits: list[int] = []
    deadline = time.monotonic() + 120
    gtp.session.new_input = lambda: (len(visits) >= 3 and visits[-1] > visits[0]) or time.monotonic() >= deadline
    for line in gtp.respond(b"lz-analyze b interval 10"):
        if line.startswith(("=", "info")):
            visits.append(sum(int(found[1]) for found in LZ.findall(line)))
    assert line == "\n"
    assert len(visits) >= 3
    assert visits == sorted(visits) and visits[-1] > visits[0]
    assert "Black to play" in "".join(answer(gtp, "showboard"))  # nothing has been played


@pytest.mark.parametrize("name", ["lz-genmove_analyze", "kata-genmove_analyze", "genmove_analyze"])
def test_genmove_with_analysis_plays(name: str) -> None:
    gtp = engine()
    sign, line, last = answer(gtp, f"3 {name} b 5")
    assert sign == "=3" and line.startswith("info move ")
    assert last.startswith("play ")
    assert answer(gtp, "list_stones b") == [f"= {last.split()[1]}"]


def test_genmove_is_the_agents_own_move_and_the_seed_makes_it() -> None:
    def moves(seed: int) -> list[str]:
        gtp = engine("random", seed=seed)
        return [answer(gtp, f"genmove {colour}")[0] for colour in "bwbwbw"]

    assert moves(1) == moves(1) != moves(2)


def test_a_clock_cuts_the_search_short() -> None:
    # Visits tell it, not seconds: they are fewer than the agent's own on a slow machine and on a fast one.
    gtp = engine("rollout:simulations=300000")
    clocks = ("time_settings 0 1 2", "kgs-time_settings byoyomi 0 1 5", "kgs-time_settings absolute 10")
    for settings in (*clocks, "time_settings 3600 0 0\ntime_left b 2 1"):
        _, line, move = answer(gtp, "clear_board", *settings.split("\n"), "lz-genmove_analyze b")
        assert 16 <= sum(int(found[1]) for found in LZ.findall(line)) < 150_000
        assert move.startswith("play ")
    assert float(answer(gtp, "cputime")[0][2:]) > 0


def test_a_clock_of_ages_is_no_clock() -> None:
    assert answer(engine(), "time_settings 1e308 1e308 5", "genmove b") == answer(engine(), "genmove b")


def test_without_a_clock_an_agent_takes_what_it_wants() -> None:
    gtp = engine()
    before = answer(gtp, "genmove b")
    again = engine()
    assert answer(again, "time_settings 0 60 0", "genmove b") == before  # no limit
    assert answer(engine(), "time_settings 36000 0 0", "reg_genmove b") == before


def test_the_clock_of_canadian_and_absolute_time() -> None:
    clock = Clock(60, 30, 5)
    assert clock.budget(0, 20) == pytest.approx(0.9 * 6 - 0.05)  # a share of the period is more than 60 / 20
    clock.spend(0, 61)
    assert (clock.left[0], clock.stones_left[0]) == (30, 5)
    clock.spend(0, 10)
    assert clock.budget(0, 20) == pytest.approx(0.9 * 20 / 4 - 0.05)
    for _ in range(4):
        clock.spend(0, 1)
    assert (clock.left[0], clock.stones_left[0]) == (30, 5)
    assert (clock.left[1], clock.stones_left[1]) == (60, 0)
    absolute = Clock(10)
    assert absolute.budget(1, 40) == pytest.approx(0.2)
    absolute.spend(1, 11)
    assert absolute.budget(1, 40) == 0


def test_a_decision_against_the_clock_is_the_agents_own_if_there_is_enough() -> None:
    session = Session(ROLLOUT, 5)
    free = session.decide(0)
    timed = session.decide(0, 60)
    assert free.visits is not None and timed.visits is not None
    np.testing.assert_array_equal(free.visits, timed.visits)
    assert session.decide(0, 0).visits is not None  # no time at all: something, at once


class Pessimist(Agent):
    """Passes, and thinks little of its chances."""

    def __init__(self, values: Iterator[float]) -> None:
        super().__init__("pessimist")
        self.values = values

    def act(self, states: States, seeds: Seeds) -> Decision:
        """See Agent.act."""
        policy = np.zeros((1, 26), np.float32)
        policy[0, 25] = 1
        return Decision(np.array([25]), policy, np.array([next(self.values)], np.float32))


def test_it_resigns_after_three_bad_moves_in_a_row() -> None:
    session = Session("random", 5, resign=0.1)
    session.player.agent = Pessimist(iter([-0.9, -0.9, 0.0, -0.9, -0.9, -0.9]))
    gtp, said = GtpEngine(session), []
    for number in range(6):
        said.append(answer(gtp, "genmove b")[0])
        answer(gtp, f"play w {Go(5).action_name(number)}")
    assert said == ["= pass"] * 5 + ["= resign"]


def test_a_net_plays_and_analyses_on_every_size_that_it_fits(tmp_path: Path) -> None:
    game = Go(5)
    save_model(tmp_path, PolicyValueNet(game, NetConfig(blocks=1, channels=8)), game, {})
    gtp = engine(f"alphazero:{tmp_path},simulations=8")
    assert LZ.fullmatch(answer(gtp, "lz-genmove_analyze b 10 maxmoves 1")[1])
    assert answer(gtp, "boardsize 7", "kata-analyze b 10 maxmoves 2")[0] == "="
    assert answer(gtp, "time_settings 5 0 0", "genmove b")[0].startswith("= ")


def test_the_score_leaves_living_stones_on_the_board() -> None:
    gtp = engine("random")
    black, white = ("A2", "B2", "C2", "D2", "E2", "B1", "D1"), ("A4", "B4", "C4", "D4", "E4", "B5", "D5")
    answer(gtp, "komi 0.5", *(f"play b {point}" for point in black), *(f"play w {point}" for point in white))
    assert answer(gtp, "final_status_list dead") == ["= "]
    assert answer(gtp, "final_score") == ["= W+0.5"]  # both live with two eyes, and the middle row is nobody's
