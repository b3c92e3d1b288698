"""The loop turns by itself, waits for people, survives broken agents and drops answers that come too late."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from viewer_help import Chancy, First, Slow, settle, until

from agents.agent import Agent, Decision
from envs.chance import Seeds, seed_states
from envs.games.game import Game, States
from envs.games.registry import make_game
from rl_lab.viewer.frame import Phase, Player
from rl_lab.viewer.row_stages import GameStage
from rl_lab.viewer.session import Session
from rl_lab.viewer.view import ALL_LAYERS, capture, recall
from rl_lab.viewer.worker import Question, Worker


class Broken(First):
    """Raises, until it is mended."""

    mended = False

    def act(self, states: States, seeds: Seeds) -> Decision:
        if not self.mended:
            raise RuntimeError("no ideas")
        return super().act(states, seeds)


class Cheat(First):
    """Always plays action 0, legal or not."""

    def act(self, states: States, seeds: Seeds) -> Decision:
        decision = super().act(states, seeds)
        decision.action = np.array([0])
        return decision


@pytest.fixture
def game() -> Game:
    return make_game("tic_tac_toe")


@pytest.fixture
def seat(game: Game):
    """Makes sessions without waiting times, and closes them."""
    made: list[Session] = []

    def make(first: Agent | None, second: Agent | None, **options: object) -> Session:
        players = tuple(Player(agent.name, agent) if agent else Player("human") for agent in (first, second))
        session = Session(GameStage(game, players), **options)
        session.turn_seconds = 0.0
        made.append(session)
        return session

    yield make
    for session in made:
        for player in session.stage.players:
            if isinstance(player.agent, Slow):
                player.agent.go.set()
        assert session.close()
        assert not session.worker._thread.is_alive()


def test_agents_play_a_whole_game(game: Game, seat) -> None:
    session = seat(Chancy(game, 0.5), Chancy(game, 0.5))
    until(session, lambda: session.phase is Phase.OVER)
    table = session.stage
    assert table.over and table.ply >= 5 and len(table.frames) == table.ply + 1
    assert all(frame.rewards == (0, 0) for frame in table.frames[:-1])
    assert sum(table.rewards) == 0 and table.rewards[0] == table.frame.state["outcome"]
    assert [frame.seat for frame in table.frames[1:]] == [ply % 2 for ply in range(table.ply)]
    # Values are told from player 0's side: both believe in themselves.
    assert capture(session).track.values[:2].tolist() == [0.5, -0.5]
    assert session.stage.players[0].agent.resets == 1


def test_the_same_seed_gives_the_same_game(game: Game, seat) -> None:
    games = []
    for seed in (1, 1, 2):
        session = seat(Chancy(game), Chancy(game), seed=seed)
        until(session, lambda session=session: session.phase is Phase.OVER)
        games.append(session.stage.history)
    assert games[0] == games[1] != games[2]


def test_a_person_plays_undoes_and_redoes(game: Game, seat) -> None:
    session = seat(None, First(game))
    settle(session)
    assert not session.undo()
    assert session.play(4)
    settle(session)
    assert session.stage.history == [4, 0]
    assert not session.play(4) and "not legal" in session.message
    assert session.undo() and session.stage.ply == 0
    assert session.redo() and session.stage.history == [4, 0] and not session.redo()
    session.undo()
    session.play(8)
    assert not session.redo()
    settle(session)
    assert session.stage.history == [8, 0]


def test_undo_never_leaves_the_agent_to_move_first_again(game: Game, seat) -> None:
    session = seat(First(game), None)
    settle(session)
    assert session.stage.history == [0] and not session.undo()


def test_an_answer_to_an_abandoned_position_is_dropped(game: Game, seat) -> None:
    agent = Slow(game)
    session = seat(None, agent)
    settle(session)
    session.play(4)
    until(session, agent.started.is_set)
    assert session.thinking
    assert session.undo() and session.stage.ply == 0
    agent.go.set()
    for _ in range(100):
        session.update()
        time.sleep(0.001)
    assert session.stage.ply == 0 and session.decision is None and session.stage.human_to_move
    session.play(0)
    settle(session)
    assert session.stage.history == [0, 1]


def test_an_agent_that_raises_gives_a_message_and_can_be_asked_again(game: Game, seat) -> None:
    agent = Broken(game)
    session = seat(First(game), agent)
    until(session, lambda: bool(session.message))
    assert session.message == "O (first) failed: RuntimeError: no ideas" and session.paused
    agent.mended = True
    session.toggle_pause()
    until(session, lambda: session.phase is Phase.OVER)
    assert session.message == ""


def test_an_illegal_action_of_an_agent_is_a_message(game: Game, seat) -> None:
    session = seat(First(game), Cheat(game))
    until(session, lambda: bool(session.message))
    assert "A1" in session.message or "not legal" in session.message
    assert session.stage.ply == 1


def test_closing_during_a_thought_ends_the_thread(game: Game, seat) -> None:
    agent = Slow(game)
    session = seat(agent, None)
    until(session, agent.started.is_set)
    assert not session.close(timeout=0.01)
    agent.go.set()
    assert session.close()
    assert "rl-lab-thinker" not in {thread.name for thread in threading.enumerate()}


def test_pause_holds_and_a_step_is_half_a_turn(game: Game, seat) -> None:
    session = seat(First(game), First(game))
    session.toggle_pause()
    for _ in range(20):
        session.update()
    assert session.phase is Phase.OBSERVE and session.stage.ply == 0
    session.step()
    until(session, lambda: session.phase is Phase.ACT)
    session.update()
    assert session.stage.ply == 0 and session.decision is not None
    session.step()
    session.update()
    assert session.stage.ply == 1 and session.phase is Phase.OBSERVE


def test_speed_and_pace(game: Game) -> None:
    now = 0.0
    session = Session(GameStage(game, (Player("a", First(game)), Player("b", First(game)))), clock=lambda: now)
    session.turn_seconds, session.speed = 1.0, 2.0
    assert session.phase_seconds == pytest.approx(0.2)
    now = 0.19
    assert not session.update()
    now = 0.21
    assert session.update() and session.phase is Phase.THINK
    session.close()


def test_resign_hint_and_swap(game: Game, seat) -> None:
    session = seat(None, First(game))
    settle(session)
    assert session.ask_hint()
    until(session, lambda: session.hint is not None)
    view = capture(session, layers=frozenset())
    assert view.revealed and view.thought is not None and view.thought.is_hint and view.thought.action == 0
    session.swap_sides()
    settle(session)
    assert session.stage.history == [0] and session.hint is None
    assert session.resign() and not session.resign()
    assert session.stage.result_text == "X wins by resignation" and session.stage.rewards == (1, -1)
    assert session.undo() and not session.stage.over


def test_nothing_is_revealed_to_a_person_unless_asked(game: Game, seat) -> None:
    session = seat(None, First(game))
    settle(session)
    session.play(4)
    settle(session)
    assert not capture(session, layers=frozenset()).revealed and capture(session, layers=ALL_LAYERS).revealed
    assert not capture(session, layers=frozenset(), index=1).revealed


def test_two_people_need_no_agent(game: Game, seat) -> None:
    session = seat(None, None)
    for action in (0, 3, 1, 4, 2):
        assert session.play(action)
    assert session.stage.result_text == "X wins" and session.update() is False
    assert not session.ask_hint()


def test_the_worker_skips_questions_nobody_waits_for(game: Game) -> None:
    worker, agent = Worker(), First(game)
    worker.current = 2
    for position in (1, 2):
        worker.ask(Question(position, "move", agent, game.init(1), 0))
    found = []
    while not found:
        found = worker.answers()
    assert [answer.position for answer in found] == [2] and worker.close()


def test_recall_tells_what_was_chosen_and_what_came(game: Game) -> None:
    agent = First(game)
    table = GameStage(game, (Player("a", agent), Player("b", agent)))
    while not table.over:
        decision = agent.act(table.question(table.frame), seed_states([0]))
        table.act(int(decision.action[0]), decision)
        table.arrive()
    acting, answer, end = recall(table, 2), recall(table, 2, chosen=False), recall(table, table.ply)
    assert acting.phase is Phase.ACT and acting.on_board and acting.action == 2
    assert answer.phase is Phase.OBSERVE and not answer.on_board and answer.action == 1
    assert end.phase is Phase.OVER and end.rewards == (1, -1) and end.acting_seat == 0
    assert acting.belief(0) == pytest.approx(0.25) and acting.belief(1) == pytest.approx(0.25)
