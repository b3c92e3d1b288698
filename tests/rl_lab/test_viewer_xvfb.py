"""The window on a real (virtual) screen, moved by a real mouse and keyboard: Xvfb and xdotool."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from envs.games.registry import make_game
from rl_lab.viewer.layout import layout
from rl_lab.viewer.panels import board

SIZE = (1280, 800)
GO = make_game("go:size=5")
PASS = GO.num_actions - 1

# The lab's own window, which tells after every tick where it stands.
PROGRAM = """
import json, sys
from pathlib import Path
from rl_lab.viewer import window as module
from rl_lab.viewer.app import WindowOptions, play

class Telling(module.Window):
    told = None

    def tick(self):
        session = self.desk.session
        session.turn_seconds = 0.1
        super().tick()
        stage = session.stage
        state = dict(ply=stage.ply, over=stage.over, human=stage.human_to_move, thinking=session.thinking,
                     history=[int(a) for a in stage.history], size=self.screen.get_size(), index=self.desk.index,
                     result=stage.result_text, hint=session.hint is not None, message=session.message)
        if state != self.told:
            self.told = state
            print(json.dumps(state), flush=True)

module.Window = Telling
play("go:size=5,komi=0.5", ("human", sys.argv[1]), options=WindowOptions(folder=Path(sys.argv[2])))
"""

# What a window manager sends for a click on a window's cross. There is none here, and not every xdotool can do it.
CLOSE = """
import ctypes, sys
class Message(ctypes.Structure):
    _fields_ = [("type", ctypes.c_int), ("serial", ctypes.c_ulong), ("sent", ctypes.c_int),
                ("display", ctypes.c_void_p), ("window", ctypes.c_ulong), ("kind", ctypes.c_ulong),
                ("format", ctypes.c_int), ("data", ctypes.c_long * 5), ("room", ctypes.c_long * 24)]
x = ctypes.CDLL("libX11.so.6")
x.XOpenDisplay.restype, x.XInternAtom.restype = ctypes.c_void_p, ctypes.c_ulong
display, window = ctypes.c_void_p(x.XOpenDisplay(None)), ctypes.c_ulong(int(sys.argv[1]))
message = Message(33, 0, 1, display, window, x.XInternAtom(display, b"WM_PROTOCOLS", 0), 32)
message.data[0] = x.XInternAtom(display, b"WM_DELETE_WINDOW", 0)
assert x.XSendEvent(display, window, 0, ctypes.c_long(0), ctypes.byref(message))
x.XCloseDisplay(display)
"""


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    """The name of an X server's display."""
    if missing := [tool for tool in ("Xvfb", "xdotool") if shutil.which(tool) is None]:
        pytest.skip(f"the window is tried on a virtual screen, which needs {', '.join(missing)}")
    command = ["Xvfb", "-displayfd", "1", "-screen", "0", "1920x1080x24"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        yield f":{server.stdout.readline().strip()}"
        server.terminate()


class Screen:
    """A program with a window on a display: what it tells, and hands to move it."""

    def __init__(self, display: str, opponent: str, folder: Path) -> None:
        self.env = {key: value for key, value in os.environ.items() if key != "SDL_VIDEODRIVER"} | {"DISPLAY": display}
        words = [sys.executable, "-c", PROGRAM, opponent, str(folder)]
        self.process = subprocess.Popen(
            words, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        self.state: dict[str, Any] = {}
        threading.Thread(target=self._listen, daemon=True).start()
        self.until(lambda: bool(self.state), 60)
        self.window = self.xdotool("search", "--sync", "--onlyvisible", "--pid", str(self.process.pid)).split()[0]
        self.xdotool("windowmove", self.window, "0", "0")
        self.xdotool("windowfocus", self.window)

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.state = json.loads(line)

    def xdotool(self, *words: str) -> str:
        return subprocess.run(["xdotool", *words], env=self.env, capture_output=True, text=True, check=True).stdout

    def until(self, condition: Callable[[], bool], seconds: float = 20) -> None:
        end = time.monotonic() + seconds
        while not condition():
            told = self.process.stderr.read() if self.process.poll() is not None and self.process.stderr else ""
            assert time.monotonic() < end and self.process.poll() is None, (self.state, told)
            time.sleep(0.02)

    def key(self, *names: str) -> None:
        self.xdotool("key", *names)

    def click(self, x: float, y: float) -> None:
        self.xdotool("mousemove", str(round(x)), str(round(y)), "click", "1")

    def click_point(self, action: int) -> None:
        """Clicks the place of an action in the window as it is laid out now."""
        scene = GO.scene(GO.init(1)[0])
        x, y, w, h = scene.action_spots[action]
        self.click(*board.placement(layout(*self.state["size"]).board, scene).to_pixels(x + w / 2, y + h / 2))

    def quit(self) -> str:
        """Closes the window by its cross; what the program had to say against it."""
        done = subprocess.run([sys.executable, "-c", CLOSE, self.window], env=self.env, check=False)
        assert done.returncode == 0
        assert self.process.wait(20) == 0
        assert self.process.stderr is not None
        return self.process.stderr.read()


@pytest.fixture
def open_window(display: str, tmp_path: Path) -> Iterator[Callable[[str], Screen]]:
    screens: list[Screen] = []

    def make(opponent: str) -> Screen:
        screens.append(Screen(display, opponent, tmp_path))
        return screens[-1]

    yield make
    for screen in screens:
        if screen.process.poll() is None:
            screen.process.kill()
        assert processes(screen.process.pid) == []


def processes(group: int) -> list[int]:
    """What still runs of the session that a program began."""
    for _ in range(100):
        listed = subprocess.run(["ps", "-eo", "pid=,sid=,stat="], capture_output=True, text=True, check=True).stdout
        rows = (line.split() for line in listed.splitlines())
        alive = [int(pid) for pid, session, state in rows if int(session) == group and not state.startswith("Z")]
        if not alive:
            return []
        time.sleep(0.05)
    return alive


def legal(history: list[int]) -> list[int]:
    states = make_game("go:size=5,komi=0.5").init(1)
    for action in history:
        GO.step(states, np.array([action]))
    return [action for action in np.flatnonzero(GO.legal_mask(states)[0]).tolist() if action != PASS]


def test_a_whole_game_of_go_by_clicks(open_window: Callable[[str], Screen]) -> None:
    screen = open_window("greedy")
    for _ in range(60):
        screen.until(lambda: screen.state["human"] or screen.state["over"])
        if screen.state["over"]:
            break
        history = screen.state["history"]
        # As long as there is room a stone, and when the opponent has passed or the board is full, a pass.
        options = legal(history)
        if options and history[-1:] != [PASS] and len(history) < 24:
            screen.click_point(options[len(history) % len(options)])
        else:
            screen.key("p")
        screen.until(lambda history=history: screen.state["history"] != history or screen.state["over"])
    assert screen.state["over"] and screen.state["result"] and screen.state["message"] == ""
    screen.key("Left")
    screen.until(lambda: screen.state["index"] == screen.state["ply"] - 1)
    screen.key("Home")
    screen.until(lambda: screen.state["index"] == 0)
    assert screen.quit() == ""


def test_undo_and_redo_while_the_opponent_thinks(open_window: Callable[[str], Screen]) -> None:
    screen = open_window("rollout:simulations=40000")
    screen.click_point(12)
    screen.until(lambda: screen.state["thinking"] and screen.state["ply"] == 1)
    screen.key("u")
    screen.until(lambda: screen.state["ply"] == 0 and screen.state["human"])
    screen.click_point(7)
    screen.until(lambda: screen.state["history"][:1] == [7])
    screen.until(lambda: screen.state["ply"] == 2, 60)  # the answer to the point that was played, and only that
    assert screen.state["history"][0] == 7
    assert screen.quit() == ""


def test_resized_the_window_is_laid_out_anew(open_window: Callable[[str], Screen], tmp_path: Path) -> None:
    screen = open_window("random")
    for width, height in ((900, 600), (1600, 1000), (1280, 800)):
        screen.xdotool("windowsize", "--sync", screen.window, str(width), str(height))
        screen.until(lambda size=[width, height]: screen.state["size"] == size)
        screen.until(lambda: screen.state["human"])
        before = screen.state["ply"]
        screen.click_point(legal(screen.state["history"])[0])
        screen.until(lambda before=before: screen.state["ply"] > before)
    screen.key("s")
    screen.until(lambda: bool(list(tmp_path.glob("*.png"))))
    assert screen.quit() == ""


def test_a_hundred_fast_clicks(open_window: Callable[[str], Screen]) -> None:
    screen = open_window("greedy")
    rng = np.random.default_rng(1)
    words = [
        word for x, y in rng.integers((0, 40), (800, 700), (100, 2)) for word in f"mousemove {x} {y} click 1".split()
    ]
    screen.xdotool(*words)
    screen.until(lambda: screen.state["human"] or screen.state["over"])
    screen.key("End")
    assert screen.process.poll() is None
    assert screen.quit() == ""


@pytest.mark.parametrize("way", ["quit", "Escape", "interrupt"])
def test_closed_during_a_thought_it_leaves_nothing(way: str, open_window: Callable[[str], Screen]) -> None:
    screen = open_window("rollout:simulations=400000")
    screen.click_point(12)
    screen.until(lambda: screen.state["thinking"])
    start = time.monotonic()
    if way == "quit":
        assert screen.quit() == ""
    elif way == "Escape":
        screen.key("Escape")
        screen.key("Escape")  # a game has begun
    else:
        screen.process.send_signal(signal.SIGINT)
    screen.process.wait(20)
    assert time.monotonic() - start < 6 and processes(screen.process.pid) == []


@pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="the processor time of another process is read in /proc"
)
def test_a_window_that_waits_costs_nothing(open_window: Callable[[str], Screen]) -> None:
    screen = open_window("random")

    def used() -> float:
        fields = Path(f"/proc/{screen.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    time.sleep(1)
    before = used()
    time.sleep(4)
    assert (used() - before) / 4 < 0.03
    assert screen.quit() == ""
