"""Outside engines as agents: what they are told, what becomes of each fault, and that no process is left behind."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from engine_help import children, scripted, scripted_spec, wait_until_gone

from agents.engines import gnugo
from agents.engines.options import GnuGoOptions, parse_command_spec
from agents.registry import make_agent, parse_agent
from envs.chance import seed_states
from envs.errors import LabError
from envs.games.go.game import Go
from envs.games.tic_tac_toe import TicTacToe
from envs.parallel import get_num_threads

GAME = Go(5)


def decide(fault: str, **options: object) -> tuple[str, str, int]:
    """(reason, detail, action) of an engine's first decision on the empty board."""
    agent = scripted(GAME, fault, **options)
    decision = agent.act(GAME.init(1), seed_states([1]))
    forfeit = decision.forfeits[0] if decision.forfeits else None
    agent.close()
    return (forfeit.reason, forfeit.detail, int(decision.action[0])) if forfeit else ("", "", int(decision.action[0]))


def test_an_honest_engine_plays() -> None:
    agent = scripted(GAME, "honest")
    decision = agent.act(GAME.init(1), seed_states([1]))
    assert decision.forfeits is None
    assert GAME.action_name(int(decision.action[0])) == "A1"
    assert decision.policy[0].argmax() == decision.action[0]
    agent.close()


FAULTS = {
    "crash": ("crash", "It ended with exit code 3 at 'genmove b': out of ideas."),
    "close": ("crash", "It closed its output at 'genmove b'."),
    "nonsense": ("crash", "It"),
    "flood": ("crash", "is not GTP"),
    "flood-equals": ("crash", "does not end"),
    "no-point": ("illegal", "'banana', which is no point"),
    "off-board": ("illegal", "'t19', which is no point"),
    "digits": ("illegal", "', which is no point"),
    "empty": ("illegal", "'', which is no point"),
    "binary": ("crash", "is not GTP"),
    "refuse": ("illegal", "It refuses to go on: No move."),
    "resign": ("resign", ""),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_has_its_reason_and_a_sentence(fault: str) -> None:
    reason, detail, action = decide(fault)
    assert reason == FAULTS[fault][0]
    assert FAULTS[fault][1] in detail
    assert "\n" not in detail
    assert action == GAME.num_actions - 1  # a pass, in case nobody looks


@pytest.mark.parametrize("fault", ["hang", "family"])
def test_an_engine_that_hangs_loses_on_time(fault: str) -> None:
    start = time.monotonic()
    reason, detail, _ = decide(fault, time=6)
    assert (reason, detail) == ("time", "It did not answer 'genmove b' within 6 s.")
    assert time.monotonic() - start < 90  # of the 1000 that it sleeps


@pytest.mark.parametrize("fault", ["slow", "stderr", "dos", "refuse-advice"])
def test_what_is_odd_but_right_is_no_fault(fault: str) -> None:
    assert decide(fault)[0] == ""


def test_a_late_second_answer_is_a_fault_of_the_next_move() -> None:
    agent = scripted(GAME, "twice")
    states = GAME.init(1)
    decision = agent.act(states, seed_states([1]))
    assert decision.forfeits is None
    again = agent.act(states, seed_states([1]))
    assert again.forfeits and again.forfeits[0] and again.forfeits[0].reason == "crash"
    assert "more to say" in again.forfeits[0].detail
    agent.close()


def test_an_illegal_move_is_seen() -> None:
    agent = scripted(GAME, "illegal", 1)
    states = GAME.init(1)
    GAME.step(states, np.array([GAME.parse_action("A1")]))
    decision = agent.act(states, seed_states([1]))
    assert decision.forfeits and decision.forfeits[0]
    assert decision.forfeits[0].detail == "It plays A1, which the rules do not allow."
    agent.close()


def test_a_refused_move_of_the_game_is_the_engines_fault() -> None:
    agent = scripted(GAME, "refuse-play", 2)
    states = GAME.init(1)
    for action in (3, 4, 5):
        GAME.step(states, np.array([action]))
    decision = agent.act(states, seed_states([1]))
    assert decision.forfeits and decision.forfeits[0]
    assert (decision.forfeits[0].reason, decision.forfeits[0].detail) == (
        "illegal",
        "It refuses to go on: Illegal move.",
    )
    agent.close()


def test_after_a_fault_another_process_goes_on() -> None:
    agent = scripted(GAME, "crash", 2)
    reasons = []
    for _ in range(4):
        decision = agent.act(GAME.init(1), seed_states([1]))
        reasons.append(decision.forfeits[0].reason if decision.forfeits and decision.forfeits[0] else "")
    assert reasons == ["", "crash", "", "crash"]
    agent.close()


def test_one_row_of_a_batch_does_not_harm_the_others() -> None:
    agent = scripted(GAME, "crash", 2, processes=2)
    decision = agent.act(GAME.init(6), seed_states(range(6)))
    assert decision.forfeits is not None
    assert {"" if f is None else f.reason for f in decision.forfeits} == {"", "crash"}
    assert len(decision.action) == 6
    agent.close()


def test_only_what_is_new_is_told(tmp_path: Path) -> None:
    agent = scripted(GAME, "honest", 1, tmp_path / "record")
    states, told = GAME.init(1), tmp_path / "record"
    agent.act(states, seed_states([1]))
    told.write_text("")
    GAME.step(states, np.array([GAME.parse_action("A1")]))  # what the engine has just played
    GAME.step(states, np.array([GAME.parse_action("C3")]))
    agent.reset()
    agent.act(states, seed_states([1]))
    lines = [line for line in told.read_text().splitlines() if not line.startswith("set_random_seed")]
    assert lines == ["play w C3", "genmove b"]
    told.write_text("")
    agent.act(GAME.init(1), seed_states([1]))  # another game
    assert told.read_text().splitlines()[:3] == ["boardsize 5", "clear_board", "komi 24.5"]
    agent.close()


def test_a_time_that_is_given_is_told(tmp_path: Path) -> None:
    told = tmp_path / "record"
    make_agent(scripted_spec("honest", 1, told, time=20), GAME).close()
    assert "time_settings" not in told.read_text()  # the scripted engine has no such command


def test_the_seed_of_the_row_reaches_the_engine(tmp_path: Path) -> None:
    def seeds_told(seed: int) -> list[str]:
        told = tmp_path / "record"
        agent = scripted(GAME, "honest", 1, told)
        told.write_text("")
        agent.act(GAME.init(2), seed_states([seed, 7]))
        agent.close()
        return [line for line in told.read_text().splitlines() if line.startswith("set_random_seed")]

    assert seeds_told(1) == seeds_told(1) != seeds_told(2)


def test_a_difference_about_the_score_is_remarked() -> None:
    states = GAME.init(2)
    for action in (12, 25, 25):
        GAME.step(states, np.array([action, action]))
    agent = scripted(GAME, "score")
    assert agent.finished(states) == ["It counts B+99.5, the lab B+0.5."] * 2
    assert agent.finished(GAME.init(1)) == [""]  # not over
    agent.close()


def test_no_process_is_left_behind_by_close_or_by_forgetting(tmp_path: Path) -> None:
    for fault in ("honest", "no-quit", "family"):
        record = tmp_path / fault
        agent = scripted(GAME, fault, 1, record, processes=2, time=6)
        agent.act(GAME.init(2), seed_states([1, 2]))
        pids = children(str(record))
        if fault == "family":
            pids += map(int, record.read_text().split())
        assert pids
        if fault == "no-quit":
            del agent
        else:
            agent.close()
        assert wait_until_gone(pids) == []


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("gtp", "needs a path: write it as gtp:COMMAND"),
        ("gtp:", "needs a path"),
        ("gtp:no-such-program --gtp", "There is no program 'no-such-program'"),
        ("gtp:'unclosed", "cannot be read: No closing quotation"),
        ("gtp:cat,time=0", "time of an engine must be above 0"),
        ("gtp:cat,time=nan", "time of an engine must be above 0"),
        ("gtp:cat,processes=0", "processes of an engine must be 1 to 256"),
        ("gtp:cat,processes=x", "processes of agent 'gtp' must be a whole number"),
        ("gtp:cat,time=1,time=2", "gives time twice"),
        ("gtp:cat", "cannot play go:size=5,komi=24.5: its answer to 'list_commands' is not GTP"),
        ("gtp:true", "cannot play go:size=5,komi=24.5: it ended with exit code 0"),
        (scripted_spec("start-hang", start=0.5, time=0.5), "it did not answer 'list_commands' within 0.5 s"),
        ("gnugo:level=99", "level of agent 'gnugo' must be 0 to 30"),
    ],
)
def test_what_is_no_engine_is_one_sentence(spec: str, message: str) -> None:
    with pytest.raises(LabError) as error:
        make_agent(spec, GAME)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_an_engine_that_cannot_play_the_size_is_one_sentence() -> None:
    with pytest.raises(LabError, match="cannot play go:size=9,komi=7: unacceptable size"):
        make_agent(scripted_spec("small"), Go(9))


def test_engines_play_go_only() -> None:
    with pytest.raises(LabError, match="Agent 'gtp' plays go, not tic_tac_toe"):
        make_agent("gtp:cat", TicTacToe())


@pytest.mark.parametrize(
    ("text", "command", "options"),
    [
        ("gtp:engine --gtp", "engine --gtp", ()),
        ("gtp:engine -a x=1,y=2 host:80,time=5", "engine -a x=1,y=2 host:80", (("time", "5"),)),
        ("gtp: engine , time=5 , processes=2 ", "engine", (("time", "5"), ("processes", "2"))),
        ("gtp:sh -c 'engine,time=5'", "sh -c 'engine,time=5'", ()),
        ("gtp:engine,colour=red", "engine,colour=red", ()),
    ],
)
def test_a_command_keeps_its_commas_and_colons(text: str, command: str, options: tuple[tuple[str, str], ...]) -> None:
    spec = parse_agent(text)
    assert (spec.name, spec.path, spec.options) == ("gtp", command, options)
    assert parse_command_spec(spec.text) == spec


def test_gnu_go_plays_as_many_games_side_by_side_as_there_are_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gnugo, "find_gnugo", lambda: "gnugo")
    monkeypatch.setattr(gnugo, "GtpAgent", lambda game, command, name, options: options)
    options = [gnugo.load_gnugo(GAME, GnuGoOptions(processes=number)) for number in (None, 7)]
    assert [found.processes for found in options] == [get_num_threads(), 7]
