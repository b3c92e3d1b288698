"""A restless person at windows, round after round, and what this process holds after each: run in one of its own.

    python -m tests.rl_lab.soak SECONDS FOLDER

prints a line of JSON a round. In a process that has done much else before, memory given back would hide a leak.
"""

from __future__ import annotations

import functools
import gc
import json
import os
import random
import subprocess
import sys
import threading
import time
import tracemalloc
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import pygame

from envs.chance import seed_states
from rl_lab.viewer.desk import Desk
from rl_lab.viewer.frame import Phase
from rl_lab.viewer.session import Session
from rl_lab.viewer.staging import HUMAN, make_env, make_stage
from rl_lab.viewer.view import ALL_LAYERS, LAYERS
from rl_lab.viewer.window import Window

ROUND = 25  # ticks in one window
SEARCH = "rollout:simulations=24"
SEATS = [
    ("go:size=5", (SEARCH, "greedy")),
    ("connect_four", (SEARCH, SEARCH)),
    ("tic_tac_toe", (HUMAN, SEARCH)),
    ("snake:size=6", ("hamiltonian",)),
    ("maze", ("random",)),
]
SLOW_SEATS = ("CartPole-v1", ("random",))  # a process of its own takes seconds to start
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

ROUNDS = 6  # at least
LEAK = 2_000_000  # bytes that a leaking round keeps


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


def main(seconds: float, folder: Path, leaks: bool) -> None:
    """Soaks for so long, in six rounds or more; `leaks` keeps something of each round, which must be noticed."""
    os.environ["SDL_VIDEODRIVER"] = "dummy"
    tracemalloc.start()
    rng, kept, start, rounds = random.Random(0), [], time.monotonic(), 0
    seats = [*SEATS, SLOW_SEATS] if seconds > 60 else SEATS
    for env, players in seats:
        _warm_up(env, players)
    while time.monotonic() - start < seconds or rounds < ROUNDS:
        actions = sum(soak_one(env, players, rng, folder) for env, players in seats)
        rounds += 1
        if leaks:
            kept.append((bytearray(os.urandom(LEAK)), *_leaked_surface()))
        print(json.dumps({"actions": actions, **read()._asdict()}), flush=True)


def _warm_up(env: str, players: tuple[str, ...]) -> None:
    """Compiles what the agents use: a thought that compiles cannot be stopped, and closing would not wait for it."""
    stage = make_stage(make_env(env), players)
    for player in stage.players:
        if player.agent:
            player.agent.act(stage.question(stage.frame), seed_states([0]))
    stage.close()


def _leaked_surface() -> list[Any]:
    """Memory that only the system sees."""
    surface = pygame.Surface((4000, 2000))
    surface.fill((1, 2, 3))
    return [surface]


if __name__ == "__main__":
    main(float(sys.argv[1]), Path(sys.argv[2]), "leak" in sys.argv[3:])
