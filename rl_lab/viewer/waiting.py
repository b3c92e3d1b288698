"""What is seen while something is made ready in a thread: the window answers, and can be closed."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from math import cos, pi, sin
from typing import Generic, TypeVar

import pygame

from rl_lab.viewer.canvas import Canvas
from rl_lab.viewer.layout import Rect, unit
from rl_lab.viewer.theme import Theme

FRAME_MS = 40
PATIENCE_SECONDS = 0.15  # what is ready sooner shows nothing
DOTS = 8

T = TypeVar("T")

Tell = Callable[[str], bool]
"""Says how far it is, and learns whether to go on."""


@dataclass(frozen=True)
class Failed:
    """What a job has raised."""

    problem: BaseException


class Job(Generic[T]):
    """A function in a thread of its own."""

    def __init__(self, work: Callable[[Tell], T], discard: Callable[[T], None] = lambda found: None) -> None:
        """`discard` gets the result if nobody waits for it any more."""
        self.text, self.wanted = "", True
        self._abandoned, self._lock = False, threading.Lock()
        self._work, self._discard = work, discard
        self._results: queue.SimpleQueue[T | Failed] = queue.SimpleQueue()
        # A daemon, so that what takes minutes cannot keep a closed program alive.
        self._thread = threading.Thread(target=self._run, name="rl-lab-maker", daemon=True)
        self._thread.start()

    @property
    def done(self) -> bool:
        """Whether `result` will not wait."""
        return not self._results.empty()

    def result(self) -> T:
        """What the function has returned; raises what it has raised."""
        found = self._results.get()
        if isinstance(found, Failed):
            raise found.problem
        return found

    def abandon(self) -> None:
        """Nobody wants the result any more."""
        with self._lock:
            self.wanted, self._abandoned = False, True
        if self.done:
            with suppress(BaseException):
                self._discard(self.result())

    def _tell(self, text: str) -> bool:
        self.text = text
        return self.wanted

    def _run(self) -> None:
        found: T | Failed
        try:
            found = self._work(self._tell)
        except BaseException as error:
            found = Failed(error)
        with self._lock:
            if not self._abandoned:
                self._results.put(found)
                return
        if not isinstance(found, Failed):
            self._discard(found)


def wait_for(
    work: Callable[[Tell], T],
    title: str,
    theme: Theme,
    size: tuple[int, int],
    discard: Callable[[T], None] = lambda found: None,
    stoppable: bool = False,
) -> T | None:
    """Runs `work` in a thread and shows in the window that it does; returns its result, None if people have left.

    If it is `stoppable`, Escape only asks it to be content with what it has; otherwise, and the second time, Escape
    leaves, as closing the window always does. Raises what `work` raises.
    """
    job = Job(work, discard)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not job.done and time.monotonic() < deadline:
        time.sleep(0.005)
    opened = not job.done and _open(size)
    while not job.done:
        for event in [pygame.event.wait(FRAME_MS), *pygame.event.get()]:
            escaped = event.type == pygame.KEYDOWN and event.key == pygame.K_ESCAPE
            if event.type == pygame.QUIT or (escaped and not (stoppable and job.wanted)):
                job.abandon()
                if opened:
                    pygame.display.quit()
                return None
            if escaped:
                job.wanted = False
        _draw(title, job.text, theme, stoppable and job.wanted)
    return job.result()


def _open(size: tuple[int, int]) -> bool:
    """Opens a window, unless there is one; returns whether it has."""
    pygame.display.init()
    pygame.font.init()
    if pygame.display.get_surface() is not None:
        return False
    pygame.display.set_mode(size, pygame.RESIZABLE)
    pygame.display.set_caption("rl-lab")
    return True


def _draw(title: str, text: str, theme: Theme, stoppable: bool) -> None:
    surface = pygame.display.get_surface()
    if surface is None:
        return
    width, height = surface.get_size()
    surface.fill(theme["ground"])
    canvas = Canvas(surface, theme, unit(width, height))
    w, h = min(width, canvas.px(560)), canvas.px(190)
    card = Rect((width - w) // 2, (height - h) // 2, w, h)
    inner = canvas.panel(card)
    x, _ = inner.center
    for dot in range(DOTS):
        angle = 2 * pi * dot / DOTS
        age = (dot - int(time.monotonic() * DOTS)) % DOTS / DOTS
        place = (x + canvas.px(18) * sin(angle), inner.y + canvas.px(34) - canvas.px(18) * cos(angle))
        canvas.dot(*place, canvas.px(3.4), "live", round(40 + 215 * age))
    canvas.text(title, x, inner.y + canvas.px(88), "title", bold=True, align="center", width=inner.w)
    canvas.text(text, x, inner.y + canvas.px(116), role="faint", align="center", width=inner.w)
    leave = "Esc: show what there is" if stoppable else "Esc: never mind"
    canvas.text(leave, x, inner.y + canvas.px(146), "small", "faint", align="center", width=inner.w)
    pygame.display.flip()
