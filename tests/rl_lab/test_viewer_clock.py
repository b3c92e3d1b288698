"""Clocks, stopping and giving up: how a session's time runs, and how it ends before its time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from viewer_help import First, Ponderer, settle, until

from agents.agent import Agent, Decision, Forfeit
from envs.chance import Seeds
from envs.errors import LabError
from envs.games.game import Game, States
from envs.games.registry import make_game
from rl_lab.viewer.clock import GameClock
from rl_lab.viewer.frame import Phase, Player
from rl_lab.viewer.row_stages import GameStage
from rl_lab.viewer.session import Session
from rl_lab.viewer.view import capture


class Resigner(First):
    """Gives up at once, with an answer that is otherwise nonsense."""

    def act(self, states: States, seeds: Seeds) -> Decision:
        nothing = np.zeros(1, np.float32)
        return Decision(np.array([-7]), np.full((1, 2), np.nan, np.float32), nothing, forfeits=[Forfeit("resign")])


class Nonsense(First):
    """Answers with whatever it is given."""

    answer: Any = None

    def act(self, states: States, seeds: Seeds) -> Decision:
        decision = super().act(states, seeds)
        if isinstance(self.answer, dict):
            for name, value in self.answer.items():
                setattr(decision, name, value)
            return decision
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


class Time:
    """A clock that stands until it is moved."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def game() -> Game:
    return make_game("tic_tac_toe")


@pytest.fixture
def seat(game: Game) -> Iterator[Callable[..., Session]]:
    """Makes sessions without waiting times, and closes them."""
    made: list[Session] = []

    def make(first: Agent | None, second: Agent | None, **options: Any) -> Session:
        players = tuple(Player(agent.name, agent) if agent else Player("human") for agent in (first, second))
        made.append(Session(GameStage(game, players), **options))
        made[-1].turn_seconds = 0.0
        return made[-1]

    yield make
    for session in made:
        assert session.close()
        assert all(player.agent is None or player.agent.closed for player in session.stage.players)


def test_a_clock_is_told_in_minutes() -> None:
    clock = GameClock(3725, 2)
    assert clock.text(0) == "1:02:05"
    clock.spend(0, 3725 - 299.5)
    assert clock.text(0) == "5:00" and clock.text(1) == "1:02:05"
    clock.spend(0, 290.25)
    assert clock.text(0) == "9.2"
    clock.spend(0, 100)
    assert clock.text(0) == "0.0" and clock.has_fallen(0) and not clock.has_fallen(1)


@pytest.mark.parametrize(("seconds", "increment", "seats"), [(0, 0, 2), (-1, 0, 2), (float("nan"), 0, 2), (9, -1, 2)])
def test_clocks_that_cannot_be(seconds: float, increment: float, seats: int) -> None:
    with pytest.raises(LabError, match="clock"):
        GameClock(seconds, increment, seats)
    with pytest.raises(LabError, match="games of two"):
        GameClock(60, 0, 1)


def test_an_increment_comes_after_the_move_and_time_goes_back() -> None:
    clock = GameClock(60, 5)
    clock.spend(0, 10)
    clock.moved(0, 0)
    clock.spend(1, 20)
    clock.moved(1, 1)
    assert clock.left == [55, 45]
    clock.return_to(1)
    assert clock.left == [55, 60]
    clock.spend(1, 1)
    clock.moved(1, 1)
    assert clock.left == [55, 64]
    assert [clock.text(1, ply) for ply in range(3)] == ["1:00", "1:00", "1:04"]
    clock.return_to(0)
    assert clock.left == [60, 60]
    clock.begin()
    assert clock.left == [60, 60]


def test_a_persons_time_runs_out(seat: Callable[..., Session]) -> None:
    now = Time()
    session = seat(None, None, clock=now, clock_seconds=60, increment=1)
    settle(session)
    now.now += 20
    session.update()
    assert session.notes(0)[0] == "0:40" and session.notes(1)[0] == "1:00"
    session.play(4)
    assert session.notes(0)[0] == "0:41"
    session.update()
    now.now += 30
    session.play(0)
    assert session.notes(1)[0] == "0:31"
    assert session.undo() and session.stage.ply == 1 and session.notes(1)[0] == "1:00"
    session.update()
    now.now += 61
    assert not session.play(0), "too late"
    assert session.phase is Phase.OVER and session.stage.result_text == "X wins on time"
    assert session.stage.rewards == (1, -1) and capture(session).result == "X wins on time"
    assert session.undo() and session.notes(1)[0] == "1:00" and not session.stage.over
    session.new_game()
    assert [session.notes(seat)[0] for seat in (0, 1)] == ["1:00", "1:00"]


def test_a_held_game_spends_no_time(game: Game, seat: Callable[..., Session]) -> None:
    now = Time()
    session = seat(Ponderer(game), First(game), clock=now, clock_seconds=60)
    until(session, lambda: session.thinking)
    session.toggle_pause()
    now.now += 1000
    session.update()
    assert not session.stage.over and session.notes(0) == ("1:00",)
    session.toggle_pause()
    session.stop_thinking()
    until(session, lambda: session.stage.ply == 2)


def test_an_agent_keeps_within_its_time(game: Game, seat: Callable[..., Session]) -> None:
    session = seat(Ponderer(game), Ponderer(game), clock_seconds=2.0)
    until(session, lambda: session.phase is Phase.OVER)
    assert "time" not in session.stage.result_text and session.game_clock is not None
    assert min(session.game_clock.left) > 0.1


def test_captures_and_komi_are_told() -> None:
    stage = GameStage(make_game("go:size=5,komi=3.5"), (Player("human"), Player("human")))
    session = Session(stage)
    for move in ("B1", "A1", "A2"):
        assert session.play(stage.game.parse_action(move))
    assert session.notes(0) == ("1 captured",) and session.notes(1) == ("0 captured", "komi 3.5")
    session.close()


def test_stop_makes_an_agent_answer(game: Game, seat: Callable[..., Session]) -> None:
    session = seat(Ponderer(game), None)
    until(session, lambda: session.forming is not None)
    assert session.thinking
    session.stop_thinking()
    settle(session)
    assert session.stage.history == [0] and session.forming is None


def test_an_abandoned_thought_is_stopped(game: Game, seat: Callable[..., Session]) -> None:
    agent = Ponderer(game)
    session = seat(None, agent)
    settle(session)
    for _ in range(3):
        session.play(4)
        until(session, lambda: session.forming is not None)
        assert session.undo() and session.forming is None
    session.new_game()
    settle(session)
    assert agent.thoughts == 3 and session.stage.ply == 0 and session.decision is None


def test_what_advice_grows_from_is_not_shown(game: Game, seat: Callable[..., Session]) -> None:
    session = seat(None, Ponderer(game))
    settle(session)
    session.stop_thinking()  # nobody thinks: later thoughts are not hurried by it
    session.ask_hint()
    for _ in range(50):
        session.update()
        assert session.thinking and session.forming is None and capture(session).thought is None
        time.sleep(0.001)
    session.stop_thinking()
    until(session, lambda: session.hint is not None)


def test_an_agent_that_resigns_has_lost(game: Game, seat: Callable[..., Session]) -> None:
    session = seat(First(game), Resigner(game))
    until(session, lambda: session.phase is Phase.OVER)
    assert session.stage.result_text == "X wins by resignation" and session.stage.ply == 1 and not session.message
    session = seat(None, Resigner(game))
    settle(session)
    session.ask_hint()
    until(session, lambda: not session.thinking)
    assert "give up" in session.message and not session.stage.over


@pytest.mark.parametrize(
    "answer",
    [
        None,
        {"action": None},
        {"action": np.array([0.5])},
        {"action": np.array([[0]])},
        {"action": np.array([99])},
        {"policy": np.zeros((1, 3), np.float32)},
        {"policy": np.full((1, 9), np.nan, np.float32)},
        {"value": np.array([np.inf], np.float32)},
        {"value": 0.5},
        {"visits": np.zeros(9, np.int32)},
        {"q": np.zeros((1, 2), np.float32)},
        {"lines": [{0: [0, 77]}]},
        {"score": np.array([np.nan])},
        SystemExit(1),
        MemoryError(),
    ],
    ids=str,
)
def test_whatever_an_agent_answers_becomes_a_message(game: Game, seat: Callable[..., Session], answer: Any) -> None:
    agent = Nonsense(game)
    agent.answer = answer
    session = seat(agent, First(game))
    until(session, lambda: bool(session.message))
    assert session.message.startswith("X (first) failed: ") and session.paused and session.stage.ply == 0
    capture(session)
    agent.answer = {}
    session.toggle_pause()
    until(session, lambda: session.phase is Phase.OVER)
