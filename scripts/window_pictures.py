"""Draws the pictures of docs/window.md and of the README anew: `python scripts/window_pictures.py`."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ["SDL_VIDEODRIVER"] = "dummy"
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")

import pygame
from PIL import Image

from rl_lab.viewer.desk import Desk
from rl_lab.viewer.frame import Phase
from rl_lab.viewer.record import play_out
from rl_lab.viewer.session import Session
from rl_lab.viewer.stage import Stage
from rl_lab.viewer.staging import Plan, make_env, make_stage
from rl_lab.viewer.start import form_of
from rl_lab.viewer.start_window import StartWindow
from rl_lab.viewer.theme import DARK, LIGHT, Theme
from rl_lab.viewer.view import DEFAULT_LAYERS
from rl_lab.viewer.window import Window

FOLDER = Path(__file__).parents[1] / "docs" / "images"
SIZE = (1280, 800)
SECONDS = 120.0
PREVIEW_SECONDS = 6.0  # until the form has drawn its small picture


def write(name: str, surface: pygame.Surface) -> None:
    """Keeps a picture, in few colours."""
    image = Image.frombytes("RGB", surface.get_size(), pygame.image.tobytes(surface, "RGB"))
    image.quantize(200, kmeans=2, dither=Image.Dither.NONE).save(FOLDER / f"{name}.png", optimize=True)
    print(f"{name}.png: {(FOLDER / f'{name}.png').stat().st_size:,} bytes")


def until(window: Window, ready: Callable[[Desk], bool]) -> None:
    """Ticks until the desk is ready."""
    end = time.monotonic() + SECONDS
    while not ready(window.desk):
        assert time.monotonic() < end, window.desk.view().status
        pygame.event.post(pygame.Event(pygame.USEREVENT))
        window.tick()


def shoot(
    name: str,
    stage: Stage,
    ready: Callable[[Desk], bool],
    commands: tuple[str, ...] = (),
    theme: Theme = LIGHT,
    against: Stage | None = None,
) -> None:
    """A picture of the window on a stage, once it is ready and the commands are done."""
    sessions = [Session(one, 1) for one in (stage, against) if one is not None]
    for session in sessions:
        session.turn_seconds = 0.05
    layers = frozenset[str]() if stage.has_human else DEFAULT_LAYERS
    window = Window(Desk(sessions[0], theme, layers, against=sessions[-1] if against else None), SIZE)
    until(window, ready)
    for session in sessions:
        session.turn_seconds = 1e6  # stay
    for command in commands:
        window.desk.do(command)
    until(window, lambda desk: "hint" not in commands or desk.session.hint is not None)
    pygame.event.post(pygame.Event(pygame.USEREVENT))
    window.tick()
    write(name, window.screen)
    window.close()


def acting(ply: int) -> Callable[[Desk], bool]:
    """Whether the agent has just chosen the action after so many."""
    return lambda desk: desk.session.stage.ply >= ply and desk.session.phase is Phase.ACT


def stage_of(env: str, *seats: str, seed: int = 1) -> Stage:
    """An environment and who acts in it."""
    return make_stage(make_env(env), seats, seed)


def opened(env: str, *seats: str, plies: int = 0) -> Stage:
    """A board game after some plies of a quick search against itself."""
    stage = stage_of(env, *seats)
    quick = stage_of(env, "rollout:simulations=300", "rollout:simulations=300")
    play_out(quick, 3)
    for action in quick.history[:plies]:
        stage.act(action, None)
        stage.arrive()
    return stage


def start_screen() -> None:
    """The form in which people choose."""
    screen = StartWindow(form_of(Plan(env="go:size=9", seats=("human", "rollout:simulations=500"))), LIGHT, SIZE)
    end = time.monotonic() + PREVIEW_SECONDS
    while time.monotonic() < end:
        pygame.event.post(pygame.Event(pygame.USEREVENT))
        screen.tick()
    write("window-start", screen.screen)
    pygame.display.quit()


PICTURES: dict[str, Callable[[], None]] = {
    "window": lambda: shoot("window", stage_of("go:size=9", *["rollout:simulations=4000"] * 2), acting(21)),
    "window-start": start_screen,
    "window-hint": lambda: shoot(
        "window-hint",
        opened("go:size=5", "human", "rollout:simulations=3000", plies=6),
        lambda desk: desk.session.stage.human_to_move,
        ("hint",),
    ),
    "window-tree": lambda: shoot(
        "window-tree",
        stage_of("connect_four", *["rollout:simulations=4000"] * 2),
        acting(9),
        ("panel", "panel"),
        DARK,
    ),
    "window-planes": lambda: shoot("window-planes", stage_of("snake", "hamiltonian"), acting(260), ("panel",)),
    "window-beside": lambda: shoot(
        "window-beside",
        stage_of("skier:dims=2", "momentum"),
        acting(14),
        against=stage_of("skier:dims=2", "gd"),
    ),
    "window-gym": lambda: shoot("window-gym", stage_of("CartPole-v1", "random"), acting(12), theme=DARK),
}


if __name__ == "__main__":
    for name in sys.argv[1:] or PICTURES:
        PICTURES[name]()
