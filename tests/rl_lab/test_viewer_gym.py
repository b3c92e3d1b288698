"""Environments of Gymnasium in the window: they live elsewhere, and whatever they do becomes a message."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from envs.errors import LabError
from rl_lab.viewer import gym_process
from rl_lab.viewer.desk import Desk
from rl_lab.viewer.frame import Phase
from rl_lab.viewer.keys import action_keys
from rl_lab.viewer.session import Session
from rl_lab.viewer.staging import make_stage


@pytest.fixture
def begin() -> Iterator[Callable[..., Session]]:
    """Makes sessions without waiting times; in the end nothing may be left of them."""
    made: list[Session] = []

    def make(env: str, seat: str = "random", seed: int = 3) -> Session:
        session = Session(make_stage(env, [seat], seed), seed)
        session.turn_seconds = 0.0
        made.append(session)
        return session

    yield make
    for session in made:
        assert session.close()
    assert not multiprocessing.active_children()


def until(session: Session, condition: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, (session.phase, session.message, session.stage.waiting)
        started = time.monotonic()
        session.update()
        assert time.monotonic() - started < 1.0, "an update must not wait"
        time.sleep(0.002)


def test_cart_pole_is_watched_and_begins_anew(begin: Callable[..., Session]) -> None:
    session = begin("CartPole-v1")
    until(session, lambda: session.phase is Phase.OVER)
    stage, first = session.stage, session.stage.history
    assert len(stage.frames) == stage.ply + 1 >= 8 and stage.frame.returns == (float(stage.ply),)
    assert stage.frame.state.size == (600, 400) and stage.action_name(1) == "right"
    assert os.environ.get("SDL_VIDEODRIVER", "") == "" or "PYTEST_CURRENT_TEST" in os.environ
    session.new_game()
    until(session, lambda: not stage.waiting)
    assert stage.ply == 0 and not session.message
    until(session, lambda: session.phase is Phase.OVER)
    assert stage.history != first
    session.restart()
    until(session, lambda: session.phase is Phase.OVER and not stage.waiting)
    again = stage.history
    session.restart()
    until(session, lambda: session.phase is Phase.OVER and not stage.waiting)
    assert stage.history == again, "the same episode once more"


def test_a_stage_leaves_the_environment_variables_alone(
    begin: Callable[..., Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SDL_VIDEODRIVER", raising=False)
    begin("CartPole-v1")
    assert "SDL_VIDEODRIVER" not in os.environ  # or the window would open on no display


def test_a_person_acts_by_keys_and_may_begin_anew_at_any_time(begin: Callable[..., Session]) -> None:
    session = begin("CartPole-v1", "human")
    desk, stage = Desk(session), session.stage
    assert desk.command_of("left") == desk.command_of("a") == "action 0"
    assert desk.command_of("right") == "action 1" and desk.command_of("up") == "faster"
    assert desk.command_of("1") == "layer policy"
    assert {"action 0", "action 1"} <= {button.command for button in desk.buttons()}
    until(session, lambda: stage.human_to_move)
    stage.act(1, None)  # its answer is on the way
    assert stage.waiting and not stage.human_to_move
    desk.do("action 0")
    desk.do("new")
    until(session, lambda: not stage.waiting)
    assert stage.ply == 0 and stage.history == []
    desk.do("action 1")
    until(session, lambda: stage.ply == 1)
    assert stage.history == [1] and not session.undo()


@pytest.mark.parametrize(
    ("how", "said"),
    [("Raises", "RuntimeError: out of order"), ("Dies", "its process has died"), ("Exits", "SystemExit: enough")],
)
def test_an_environment_that_fails_is_a_message_and_a_new_episode_works(
    begin: Callable[..., Session], how: str, said: str
) -> None:
    session = begin(f"bad_envs:{how}-v0")
    until(session, lambda: bool(session.message))
    assert said in session.message and "New episode" not in session.message and "(N)" in session.message
    assert session.stage.ply == 2 and session.paused
    session.step()
    session.step()
    until(session, lambda: session.phase is not Phase.THINK)
    session.step()
    session.update()
    assert session.stage.ply == 2, "what has failed does not go on"
    session.new_game()
    assert not session.paused
    until(session, lambda: session.stage.ply == 1)
    assert not session.message


def test_an_environment_that_hangs_is_told_and_replaced(
    begin: Callable[..., Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rl_lab.viewer.loop.PATIENCE_SECONDS", 0.3)
    monkeypatch.setattr(gym_process, "BUSY_SECONDS", 0.2)
    session = begin("bad_envs:Hangs-v0")
    until(session, lambda: session.stage.ply == 2)
    until(session, lambda: "does not answer" in session.message)
    session.new_game()
    until(session, lambda: session.stage.ply == 1)


def test_a_process_that_is_killed_is_noticed(begin: Callable[..., Session]) -> None:
    session = begin("CartPole-v1", "human")
    until(session, lambda: session.stage.human_to_move)
    (process,) = multiprocessing.active_children()
    process.kill()
    process.join()
    session.play(0)
    until(session, lambda: "died" in session.message)
    session.new_game()
    until(session, lambda: session.stage.human_to_move and session.stage.ply == 0)
    assert session.play(1)


def test_warnings_of_environments_do_not_reach_the_terminal(
    begin: Callable[..., Session], capfd: pytest.CaptureFixture[str]
) -> None:
    session = begin("bad_envs:Warns-v0")
    until(session, lambda: session.phase is Phase.OVER)
    session.close()
    told = capfd.readouterr()
    assert "nobody asked" not in told.err + told.out and "another one" not in told.err + told.out


@pytest.mark.parametrize(("how", "said"), [("Unborn", "not today"), ("Flat", "its picture has the shape")])
def test_an_environment_that_cannot_begin_is_a_sentence(how: str, said: str) -> None:
    with pytest.raises(LabError, match=said):
        make_stage(f"bad_envs:{how}-v0", ["random"])
    assert not multiprocessing.active_children()


def test_continuous_actions_and_the_mask_of_names(begin: Callable[..., Session]) -> None:
    session = begin("Pendulum-v1")
    until(session, lambda: session.stage.ply >= 3)
    assert np.shape(session.stage.history[0]) == (1,) and action_keys(session.stage) == {}


def test_an_environment_that_hangs_ends_with_a_killed_window() -> None:
    code = (
        "import time, multiprocessing\n"
        "from rl_lab.viewer.gym_process import EnvProcess\n"
        "if __name__ == '__main__':\n"
        "    env = EnvProcess('bad_envs:Hangs-v0')\n"
        "    env.reset(0)\n"
        "    for _ in range(3):\n"
        "        assert env.poll(30)\n"
        "        env.step(0)\n"
        "    time.sleep(0.2)\n"
        "    print(multiprocessing.active_children()[0].pid, flush=True)\n"
        "    time.sleep(60)\n"
    )
    paths = os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parents[2])])
    window = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": paths}
    )
    assert window.stdout is not None
    child = int(window.stdout.readline())
    window.kill()
    window.wait()
    end = time.monotonic() + 10
    while is_running(child):
        assert time.monotonic() < end, "the environment's process has outlived the window's"
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
