"""Every render mode, and a window that answers, goes when it should and never takes its owner along."""

import copy
import io
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from gymnasium.error import UnsupportedMode
from PIL import Image

from envs.chance import seed_states
from envs.faces import render
from envs.faces.paint import PALETTE
from envs.faces.render import BACKGROUND, LONGEST_SIDE, Renderer, picture
from envs.faces.window import Window
from envs.games.registry import GAMES, make_game
from envs.games.scene import Box, Scene
from envs.solo.registry import WORLDS, make_world

RED, BLUE = Scene(2, 1, [Box(0, 0, 2, 1, "mark")]), Scene(2, 1, [Box(0, 0, 2, 1, "agent")])
SIZE = (512, 268)  # of such a scene's picture, width and height
OWNER = """
import os, sys, time
from envs.faces.window import Window
window = Window("owned", (64, 64))
window.show(64, 64, bytes(64 * 64 * 3))
print(window._process.pid, flush=True)
"""


def draw(renderer: Renderer, scene: Scene = RED) -> object:
    return renderer.draw(lambda: scene, lambda: "text")


def wait_until(condition: Callable[[], object], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "this should have come true by now"
        time.sleep(0.02)


def is_gone(pid: int) -> bool:
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return not state.strip() or state.startswith("Z")


def owner(more: str) -> tuple[subprocess.Popen[str], int]:
    """A process that opens a window and goes on with `more`, and the process of its window."""
    process = subprocess.Popen([sys.executable, "-c", OWNER + more], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, int(process.stdout.readline())


@pytest.fixture
def human() -> Iterator[Renderer]:
    renderer = Renderer("human", "a test")
    yield renderer
    renderer.close()


def test_modes_without_a_window() -> None:
    assert draw(Renderer("ansi", "")) == "text"
    assert str(draw(Renderer("svg", ""))).startswith("<svg")
    with pytest.raises(UnsupportedMode, match=r"human, rgb_array, ansi, svg\.$"):
        Renderer("video", "")
    silent = Renderer(None, "")
    with pytest.warns(UserWarning, match="render_mode") as warned:
        assert draw(silent) is None and draw(silent) is None
    assert len(warned) == 1


def test_an_image_is_the_scene_with_a_margin() -> None:
    renderer = Renderer("rgb_array", "")
    first, second = draw(renderer), draw(renderer)
    assert isinstance(first, np.ndarray) and first.dtype == np.uint8 and first.shape == (SIZE[1], SIZE[0], 3)
    assert tuple(first[0, 0]) == tuple(first[-1, -1]) == BACKGROUND and first[134, 256].tolist() == [200, 62, 20]
    assert np.array_equal(first, second) and not np.shares_memory(first, second) and first.flags.c_contiguous


@pytest.mark.parametrize("name", sorted({**GAMES, **WORLDS}))
def test_images_of_an_episode_have_one_size(name: str) -> None:
    rules = make_game(name) if name in GAMES else make_world(name)
    states = rules.init(1) if name in GAMES else rules.init(seed_states([1]))
    rng, shapes = np.random.default_rng(0), set()
    for _ in range(12):
        shapes.add(picture(rules.scene(states[0])).shape)
        rules.step(states, rng.choice(np.flatnonzero(rules.legal_mask(states)[0]), 1))
        if states["terminated"][0]:
            break
    ((height, width, channels),) = shapes
    assert max(height, width) == LONGEST_SIDE and channels == 3 and height % 2 == width % 2 == 0


def test_images_need_no_display_and_print_nothing() -> None:
    code = (
        "import sys; from envs.faces.render import picture; from envs.games.scene import Scene\n"
        "assert 'pygame' not in sys.modules; picture(Scene(1, 1)); import pygame\n"
        "sys.exit(pygame.display.get_init() or 'SDL_VIDEODRIVER' in __import__('os').environ)"
    )
    bare = {key: value for key, value in os.environ.items() if key not in ("SDL_VIDEODRIVER", "DISPLAY")}
    done = subprocess.run([sys.executable, "-c", code], env=bare, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_window_is_paced(human: Renderer) -> None:
    assert draw(human) is None
    start = time.monotonic()
    assert draw(human) is None and draw(human) is None
    assert 1.5 / render.RENDER_FPS < time.monotonic() - start < 10 / render.RENDER_FPS


def test_the_owner_goes_on_when_the_user_has_closed_the_window(human: Renderer) -> None:
    draw(human)
    assert human._window is not None
    human._window._process.terminate()
    human._window.show(8, 8, bytes(192))  # at whatever moment
    wait_until(lambda: not human._window.is_open)
    start = time.monotonic()
    assert all(draw(human) is None for _ in range(100)) and time.monotonic() - start < 1, "nothing is left to pace"
    human.close()
    human.close()
    draw(human)
    assert human._window is not None and human._window.is_open, "after close, drawing opens another"


def test_a_copy_has_a_window_of_its_own(human: Renderer) -> None:
    draw(human)
    other = copy.deepcopy(human)
    draw(other)
    other.close()
    assert human._window is not None and human._window.is_open


def test_an_interrupted_frame_does_not_spoil_the_next(human: Renderer, monkeypatch: pytest.MonkeyPatch) -> None:
    draw(human)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Window, "show", lambda *_: os.kill(os.getpid(), signal.SIGINT) or time.sleep(1))
        draw(human)
    draw(human)
    assert human._window is not None and human._window.is_open


@pytest.mark.parametrize("driver", ["nonsense", None])
def test_without_a_display_a_warning_and_on(driver: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    if driver:
        monkeypatch.setenv("SDL_VIDEODRIVER", driver)
    elif sys.platform != "linux":
        pytest.skip("only on Linux a machine can be told that it has no display")
    else:
        for name in ("SDL_VIDEODRIVER", "DISPLAY", "WAYLAND_DISPLAY"):
            monkeypatch.delenv(name, raising=False)
    renderer = Renderer("human", "")
    with pytest.warns(
        UserWarning, match=r"No window.*(nonsense not available|there is no display).*rgb_array"
    ) as warned:
        assert draw(renderer) is None and draw(renderer) is None
    assert len(warned) == 1
    renderer.close()


@pytest.mark.parametrize("end", ["", "os._exit(1)", "os.kill(os.getpid(), 9)", "raise KeyboardInterrupt"])
def test_no_window_outlives_its_owner(end: str) -> None:
    process, window = owner(f"sys.stderr.close(); {end}")
    process.wait(timeout=10)
    wait_until(lambda: is_gone(window))


def test_no_window_outlives_its_owner_though_a_fork_holds_the_pipe() -> None:
    process, window = owner("if os.fork(): os.kill(os.getpid(), 9)\ntime.sleep(4)")
    process.wait(timeout=10)
    wait_until(lambda: is_gone(window), seconds=3)


def test_ctrl_c_in_the_terminal_is_the_owners_affair(human: Renderer) -> None:
    draw(human)
    assert human._window is not None
    human._window._process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    assert human._window.is_open


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], np.ndarray]]:
    """An X server; gives a function that takes a picture of its screen."""
    missing = [tool for tool in ("Xvfb", "xdotool", "import") if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"a window is tried on a virtual screen, which needs {', '.join(missing)}")
    command = ["Xvfb", "-displayfd", "1", "-screen", "0", "800x700x24"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        monkeypatch.setenv("DISPLAY", f":{server.stdout.readline().strip()}")
        monkeypatch.delenv("SDL_VIDEODRIVER", raising=False)

        def shot() -> np.ndarray:
            png = subprocess.run(["import", "-window", "root", "png:-"], capture_output=True, check=True).stdout
            return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), np.uint8)

        yield shot
        server.terminate()


def test_a_window_on_a_screen_answers_while_its_owner_sleeps(screen: Callable[[], np.ndarray], human: Renderer) -> None:
    def area(role: str) -> int:
        return int((screen() == PALETTE[role]).all(axis=-1).sum())

    def xdotool(*words: str) -> str:
        return subprocess.run(["xdotool", *words], capture_output=True, text=True, check=False).stdout.strip()

    draw(human)
    wait_until(lambda: area("mark") > 100_000)  # 488 x 244 pixels are red
    assert human._window is not None
    window = xdotool("search", "--pid", str(human._window._process.pid))
    draw(human, BLUE)
    wait_until(lambda: area("agent") > 100_000 and area("mark") == 0)
    xdotool("windowsize", "--sync", window, "256", "256")
    wait_until(lambda: 25_000 < area("agent") < 35_000)  # it is scaled, from half the width
    xdotool("windowfocus", window, "key", "--window", window, "Escape")
    wait_until(lambda: not human._window.is_open)
    assert draw(human) is None and area("agent") == 0


def test_the_windows_process_starts_light() -> None:
    file = Path(render.__file__).with_name("window.py")
    loaded = "{'numpy', 'pygame', 'envs'} & set(sys.modules)"
    code = f"import runpy, sys; runpy.run_path({str(file)!r}); sys.exit(bool({loaded}))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
