"""Windows on the dummy driver, and the events that move them, for the tests of the window."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pygame

from rl_lab.viewer.desk import Desk
from rl_lab.viewer.session import Session
from rl_lab.viewer.staging import make_env, make_stage
from rl_lab.viewer.window import Window


@contextmanager
def windows(folder: Path) -> Iterator[Callable[..., Window]]:
    """What opens windows on environments; in the end all are closed, and must leave nothing running."""
    made: list[Window] = []

    def make(env: str, *seats: str, size: tuple[int, int] = (900, 600), **options: Any) -> Window:
        session = Session(make_stage(make_env(env), seats, 1), 1, **options)
        session.turn_seconds = 0.0
        made.append(Window(Desk(session), size, folder))
        return made[-1]

    try:
        yield make
    finally:
        closed = [window.close() for window in made]
    assert all(closed)


def key(window: Window, code: int, unicode: str = "") -> None:
    pygame.event.post(pygame.Event(pygame.KEYDOWN, key=code, mod=0, unicode=unicode))
    window.tick()


def click(window: Window, x: float, y: float) -> None:
    pygame.event.post(pygame.Event(pygame.MOUSEBUTTONDOWN, pos=(round(x), round(y)), button=1))
    window.tick()


def until(window: Window, condition: Callable[[], bool], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, window.desk.view().status
        pygame.event.post(pygame.Event(pygame.USEREVENT))
        window.tick()
