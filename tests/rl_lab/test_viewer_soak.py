"""The window for a long time: nothing grows. Twenty seconds here; RL_LAB_SOAK=3600 makes it an hour."""

from __future__ import annotations

import functools
import gc
import os
import random
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pygame
import pytest

from rl_lab.viewer.desk import Desk
from rl_lab.viewer.frame import Phase
from rl_lab.viewer.session import Session
from rl_lab.viewer.staging import HUMAN, make_env, make_stage
from rl_lab.viewer.view import ALL_LAYERS, LAYERS
from rl_lab.viewer.window import Window

SECONDS = float(os.environ.get("RL_LAB_SOAK", "20"))
ROUND = 25  # ticks in one window
SEARCH = "rollout:simulations=24"
SEATS = [
    ("go:size=5", (SEARCH, "greedy")),
    ("connect_four", (SEARCH, SEARCH)),
    ("tic_tac_toe", (HUMAN, SEARCH)),
    ("snake:size=6", ("hamiltonian",)),
    ("maze", ("random",)),
]
if SECONDS > 60:  # a process of its own takes seconds to start
    SEATS.append(("CartPole-v1", ("random",)))
COMMANDS = [
    "new",
    "undo",
    "redo",
    "pause",
    "step",
    "hint",
    "layers",
    "panel",
    "theme",
    "back",
    "forward",
    "first",
    "last",
]
COMMANDS += ["faster", "slower", "swap", "resign", "help", "restart", *(f"layer {name}" for name in LAYERS)]
SIZES = [(900, 600), (1280, 800), (1000, 900)]

RSS_GROWTH = 40e6  # bytes; the allocators keep now more, now less of what searches and surfaces have given back
TRACED_GROWTH = 0.6e6


class Reading(NamedTuple):
    """What this process holds."""

    resident: float
    """Bytes, as the system sees them; the surfaces of SDL too."""
    traced: float
    """Bytes of Python's objects."""
    threads: int
    files: int
    """Open ones."""


def read() -> Reading:
    """After caches are emptied: theirs is a growth that ends, but only after much longer than a test."""
    for cache in gc.get_objects():
        if type(cache) is functools._lru_cache_wrapper and cache.__module__.startswith(("rl_lab.viewer", "envs.")):
            cache.cache_clear()
    gc.collect()
    rss = subprocess.run(
        ["ps", "-o", "rss=", "-p", str(os.getpid())], capture_output=True, text=True, check=True
    ).stdout
    return Reading(1024.0 * int(rss), tracemalloc.get_traced_memory()[0], threading.active_count(), open_files())


def open_files() -> int:
    """How many files, pipes and sockets are open, where /proc tells; without fonts, of which every size is one."""
    found = 0
    for entry in Path("/proc/self/fd").glob("*"):
        with suppress(OSError):  # the one by which we look
            found += entry.readlink().suffix != ".ttf"
    return found


@pytest.fixture
def traced(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    tracemalloc.start()
    yield
    tracemalloc.stop()


def soak_one(env: str, seats: tuple[str, ...], rng: random.Random, folder: Path) -> int:
    """One window for some ticks, with everything that a restless person does; how many actions were played in it."""
    session = Session(make_stage(make_env(env), seats, rng.randrange(1000)), rng.randrange(1000))
    session.turn_seconds, actions = 0.02, 0
    window = Window(Desk(session, layers=ALL_LAYERS), rng.choice(SIZES), folder)
    try:
        for _ in range(ROUND):
            before = session.stage.ply
            _disturb(window, rng)
            window.tick()
            actions += max(0, session.stage.ply - before)
            if session.phase is Phase.OVER or session.message:
                window.desk.do("new")
    finally:
        assert window.close()
    return actions


def _disturb(window: Window, rng: random.Random) -> None:
    """Something that happens at a window, and an event, without which the dummy driver sleeps soundly."""
    stage = window.desk.session.stage
    pygame.event.post(pygame.Event(pygame.USEREVENT))
    if stage.human_to_move:
        window.desk.play(rng.choice(stage.legal_actions(stage.frame)))
    if rng.random() < 0.25:
        window.desk.do(rng.choice(COMMANDS))
        window.desk.do("last")
        window.desk.help = False
    if rng.random() < 0.03:
        size = rng.choice(SIZES)
        pygame.display.set_mode(size, pygame.RESIZABLE)
        pygame.event.post(pygame.Event(pygame.VIDEORESIZE, size=size, w=size[0], h=size[1]))
    if rng.random() < 0.2:
        pos = (rng.randrange(900), rng.randrange(600))
        pygame.event.post(pygame.Event(pygame.MOUSEMOTION, pos=pos, rel=(0, 0), buttons=(0, 0, 0)))


@pytest.mark.skipif(sys.platform == "win32", reason="ps tells the memory of a process")
def test_nothing_grows(traced: None, tmp_path: Path) -> None:
    """One reading after every round through all environments; after a third, the least ones count."""
    rng, readings, actions = random.Random(0), [], 0
    start = time.monotonic()
    while (time.monotonic() - start) < SECONDS or len(readings) < 6:
        actions += sum(soak_one(env, seats, rng, tmp_path) for env, seats in SEATS)
        readings.append(read())
    assert actions > 8 * len(readings), "the windows have been busy"
    third = len(readings) // 3
    middle, end = (
        Reading(*map(min, zip(*part, strict=True))) for part in (readings[third : 2 * third], readings[-third:])
    )
    told = f"{len(readings)} rounds, {actions} actions: {middle} became {end}"
    print(told)
    assert end.resident - middle.resident < RSS_GROWTH, told
    assert end.traced - middle.traced < TRACED_GROWTH, told
    assert (end.threads, end.files) <= (middle.threads, middle.files), told
    assert not list(tmp_path.iterdir())


def test_a_leak_would_be_noticed(traced: None) -> None:
    before = read()
    kept = [(pygame.Surface((900, 600)), [index] * 1000) for index in range(80)]
    for surface, _ in kept:
        surface.fill((1, 2, 3))
    after = read()
    assert after.resident - before.resident > RSS_GROWTH and after.traced - before.traced > TRACED_GROWTH
