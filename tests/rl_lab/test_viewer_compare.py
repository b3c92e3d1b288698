"""Two sessions side by side: the same seed, the same commands, the same pace."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pygame
import pytest

from rl_lab.viewer import compare
from rl_lab.viewer.canvas import Canvas
from rl_lab.viewer.compare import Sessions
from rl_lab.viewer.desk import Desk
from rl_lab.viewer.frame import Phase
from rl_lab.viewer.layout import layout
from rl_lab.viewer.panels import header
from rl_lab.viewer.session import Session
from rl_lab.viewer.staging import make_env, make_stage
from rl_lab.viewer.theme import LIGHT
from rl_lab.viewer.window import Window


def make(env: str, *agents: str, seed: int = 5) -> list[Session]:
    """Sessions of one seat each, without waiting times."""
    sessions = [Session(make_stage(make_env(env), [agent], seed), seed) for agent in agents]
    for session in sessions:
        session.turn_seconds = 0.0
    return sessions


@pytest.fixture
def desk() -> Iterator[Desk]:
    first, second = make("maze", "shortest_path", "random")
    desk = Desk(first, against=second)
    yield desk
    assert desk.sessions.close()


def until(desk: Desk, condition: Callable[[], bool], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, [(session.phase, session.stage.ply) for session in desk.sessions.all]
        desk.sessions.update()
        time.sleep(0.0002)


def test_neither_gets_ahead_and_both_begin_alike(desk: Desk) -> None:
    first, second = (session.stage for session in desk.sessions.all)
    assert (first.frame.state == second.frame.state).all()
    gaps = set()
    while not first.over:
        until(desk, lambda: desk.sessions.update())
        gaps.add(first.ply - second.ply)
    assert gaps <= {-1, 0, 1}
    shortest = first.ply
    until(desk, lambda: second.ply > shortest + 5)  # the end of one does not hold the other
    assert first.ply == shortest


def test_commands_go_to_both(desk: Desk) -> None:
    until(desk, lambda: desk.session.stage.ply >= 2)
    desk.do("pause")
    assert all(session.paused for session in desk.sessions.all)
    desk.do("faster")
    assert {session.speed for session in desk.sessions.all} == {2.0}
    desk.do("new")
    first, second = (session.stage for session in desk.sessions.all)
    assert first.ply == second.ply == 0 and (first.frame.state == second.frame.state).all()
    for _ in range(4):
        desk.do("step")
        until(desk, lambda: all(not session.thinking and not session._steps for session in desk.sessions.all))
    assert first.ply == second.ply == 2
    desk.do("undo")
    assert first.ply == second.ply == 1
    desk.sessions.all[1].paused = False
    desk.do("pause")
    assert not any(session.paused for session in desk.sessions.all)


def test_one_is_looked_at_closely(desk: Desk) -> None:
    until(desk, lambda: desk.session.stage.ply >= 2)
    first, second = desk.sessions.all
    beside = desk.beside()
    assert desk.session is first and beside is not None and beside.stage is second.stage
    desk.do("focus")
    assert desk.session is second and desk.view().stage is second.stage
    desk.do("first")
    beside = desk.beside()
    assert desk.view().index == 0 and beside is not None and beside.index == 0
    desk.do("focus")
    assert desk.session is first


def test_one_that_fails_does_not_hold_the_other() -> None:
    first, second = make("catch", "random", "random")
    sessions = Sessions(first, second)
    first._hold("It broke")
    end = time.monotonic() + 5
    while second.phase is not Phase.OVER and time.monotonic() < end:
        sessions.update()
        time.sleep(0.0005)
    assert second.phase is Phase.OVER and first.stage.ply == 0
    assert sessions.close()


def test_new_episodes_by_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare, "AGAIN_SECONDS", 0.05)
    (session,) = make("catch", "random")
    desk = Desk(session)
    until(desk, lambda: desk.sessions.over)
    frames = session.stage.frames
    time.sleep(0.1)
    assert not desk.sessions.update() and session.stage.frames is frames
    desk.do("again")
    until(desk, lambda: session.stage.frames is not frames)
    until(desk, lambda: desk.sessions.over)
    desk.do("again")
    time.sleep(0.1)
    assert not desk.sessions.update()
    assert desk.sessions.close()


def test_two_boards_in_a_window(desk: Desk, tmp_path: Path) -> None:
    window = Window(desk, (1280, 800), tmp_path)
    end = time.monotonic() + 5
    while desk.session.stage.ply < 2 and time.monotonic() < end:
        window.tick()
    left, right = window.places.boards
    x, y = right.center
    pygame.event.post(pygame.Event(pygame.MOUSEBUTTONDOWN, pos=(round(x), round(y)), button=1))
    window.tick()
    assert desk.session is desk.sessions.all[1]
    assert window.places.board == right and window.places.boards[1] == left  # the boards stay where they were
    pygame.event.post(pygame.Event(pygame.KEYDOWN, key=pygame.K_TAB, mod=0, unicode=""))
    window.tick()
    assert desk.session is desk.sessions.all[0] and window.places.board == left
    assert window.close()


def test_undo_takes_back_whichever_is_ahead(desk: Desk) -> None:
    first, second = (session.stage for session in desk.sessions.all)
    until(desk, lambda: first.over and second.ply >= first.ply + 2)
    ahead = second.ply
    desk.do("undo")
    assert first.over and second.ply == ahead - 1 and all(session.paused for session in desk.sessions.all)
    while second.ply > first.ply:
        desk.do("undo")
    desk.do("undo")
    assert not first.over and first.ply == second.ply


def test_people_who_look_back_are_not_torn_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare, "AGAIN_SECONDS", 0.0)
    (session,) = make("catch", "random")
    desk = Desk(session)
    until(desk, lambda: desk.sessions.over)
    frames = session.stage.frames
    desk.do("again")
    desk.do("back")
    assert not desk.update() and session.stage.frames is frames
    desk.do("last")
    assert desk.update() and session.stage.frames is not frames and desk.view().live
    assert desk.sessions.close()


def test_both_states_and_the_failure_of_either_are_told(desk: Desk) -> None:
    pygame.font.init()
    places = layout(1280, 800, 1, boards=2)

    def shown() -> bytes:
        surface = pygame.Surface((1280, 800))
        header.draw(Canvas(surface, LIGHT, places.unit), places, desk.view(), desk.beside())
        return pygame.image.tobytes(surface, "RGB")

    calm = shown()
    desk.sessions.all[1].paused = True
    held = shown()
    desk.sessions.all[1].message = "It broke."
    assert calm != held != shown() != calm
