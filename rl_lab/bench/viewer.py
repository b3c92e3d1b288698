"""The window: how long a picture takes while an agent searches, and what a window costs that nothing happens in.

On SDL's dummy video driver: everything but the copy from memory to a screen.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from agents.rollout import RolloutAgent
from agents.search.player import Territory, most_simulations
from envs.games.game import Game, States
from envs.games.registry import make_game
from rl_lab.bench.harness import Benchmark, Contest

if TYPE_CHECKING:
    from rl_lab.viewer.session import Session
    from rl_lab.viewer.window import Window

SIZE = (1920, 1080)
SIDE, PLIES = 9, 24
BUDGET_MS = 16.0
WARM_UP, FRAMES = 30, 200
IDLE_SECONDS = 4.0
IDLE_SHARE = 4.0
"""Per cent of one core. On the dummy driver SDL looks for events a thousand times a second; on a screen it sleeps."""


class Endless(RolloutAgent):
    """A search that goes on for longer than we look, and tells all that can be drawn; the areas are made up."""

    def __init__(self, game: Game) -> None:
        super().__init__(game, most_simulations(game))

    def territory(self, states: States) -> Territory:
        """See SearchAgent.territory."""
        owners = np.linspace(1, -1, SIDE * SIDE, dtype=np.float32).reshape(1, SIDE, SIDE)
        return Territory(owners.repeat(len(states), axis=0), np.full(len(states), 4.5, np.float32))


@contextmanager
def opened(people: bool) -> Iterator[Window]:
    """A window in the middle of a game; it is a person's turn, or a search's that goes on for longer than we look."""
    before = os.environ.get("SDL_VIDEODRIVER")
    os.environ["SDL_VIDEODRIVER"] = "dummy"
    import pygame

    from rl_lab.viewer.desk import Desk
    from rl_lab.viewer.frame import Player
    from rl_lab.viewer.row_stages import GameStage
    from rl_lab.viewer.session import Session
    from rl_lab.viewer.view import ALL_LAYERS
    from rl_lab.viewer.window import Window

    game = make_game(f"go:size={SIDE}")
    stage = GameStage(game, [Player("human") if people else Player("search", Endless(game))] * 2)
    rng = np.random.default_rng(0)
    for _ in range(PLIES):
        stage.act(int(rng.choice(stage.legal_actions(stage.frame)[:-1])), None)  # all but the pass
        stage.arrive()
    session = Session(stage)
    session.turn_seconds = 0.0
    window = Window(Desk(session, layers=ALL_LAYERS), SIZE)
    try:
        yield window
    finally:
        window.close()
        pygame.display.quit()
        if before is None:
            del os.environ["SDL_VIDEODRIVER"]
        else:
            os.environ["SDL_VIDEODRIVER"] = before


def settle(window: Window, ready: Callable[[Session], bool]) -> None:
    """Ticks until the session is where it should be."""
    import pygame

    deadline = time.monotonic() + 20
    while not ready(window.desk.session):
        if time.monotonic() > deadline:
            raise TimeoutError("the window has not come to the moment that is to be measured")
        pygame.event.post(pygame.Event(pygame.USEREVENT))
        window.tick()


def frame_times() -> tuple[list[float], float]:
    """Milliseconds of ticks that each draw the whole picture with all layers, while a search goes on.

    And the processor time of such a tick, which tells whether the window or the load of the machine is slow.
    """
    import pygame

    times, used = [], 0.0
    with opened(people=False) as window:
        settle(window, lambda session: session.forming is not None)
        for _ in range(WARM_UP + FRAMES):
            pygame.event.post(pygame.Event(pygame.USEREVENT))  # an event: the tick waits for nothing, and draws
            start, used = time.perf_counter(), used - 1000 * time.thread_time()
            window.tick()
            times.append(1000 * (time.perf_counter() - start))
            used += 1000 * time.thread_time()
            time.sleep(0.004)  # as between two frames: the search goes on
        if not window.desk.session.thinking:
            raise RuntimeError("the search has ended before the measurement")
    return times[WARM_UP:], used / len(times)


def frames(figure: Callable[[list[float]], float]) -> Contest:
    """A figure of the frame times, held against the budget of 60 frames a second; the first adds each panel's time."""
    remarks: list[str] = []

    def measure() -> float:
        if not remarks:
            remarks.append("Picture at 1080p: " + ", ".join(f"{name} {ms:.2f} ms" for name, ms in panel_times()))
        times, used = frame_times()
        remarks.append(f"Processor time of the window's thread: {used:.1f} ms a frame")
        return figure(times)

    return Contest(measure, lambda: BUDGET_MS, remarks)


def panel_times(repeats: int = 40) -> list[tuple[str, float]]:
    """Median milliseconds of each panel by name, the slowest first, all layers on and an agent's search shown."""
    from rl_lab.viewer import picture

    names = [name for name, part in vars(picture).items() if "viewer.panels" in getattr(part, "__name__", "")]
    spent: dict[str, list[float]] = {name: [] for name in names}
    with opened(people=False) as window:
        settle(window, lambda session: session.forming is not None)
        before = {name: getattr(picture, name).draw for name in names}
        try:
            for name in names:
                getattr(picture, name).draw = _timed(before[name], spent[name])
            for _ in range(repeats):
                picture.draw_picture(window.screen, window.places, window.desk.theme, window.desk.view())
        finally:
            for name in names:
                getattr(picture, name).draw = before[name]
    found = [(name, statistics.median(times)) for name, times in spent.items() if times]
    return sorted(found, key=lambda pair: -pair[1])


def _timed(draw: Callable[..., None], spent: list[float]) -> Callable[..., None]:
    def timed(*words: object) -> None:
        start = time.perf_counter()
        draw(*words)
        spent.append(1000 * (time.perf_counter() - start))

    return timed


def idle_share(people: bool) -> float:
    """Processor time of the whole process in per cent of the time that passes, while nothing happens in the window."""
    with opened(people) as window:
        session = window.desk.session
        if people:
            settle(window, lambda session: session.stage.human_to_move and not session.thinking)
        else:
            session.toggle_pause()
            session.stop_thinking()
            settle(window, lambda session: not session.thinking)
        used, start = time.process_time(), time.monotonic()
        while (passed := time.monotonic() - start) < IDLE_SECONDS:
            window.tick()
        return 100 * (time.process_time() - used) / passed


def benchmarks() -> list[Benchmark]:
    """The rows of this file."""
    figures: dict[str, Callable[[list[float]], float]] = {
        "mean": statistics.fmean,
        "99th percentile": lambda times: float(np.percentile(times, 99)),
    }
    rows = [
        Benchmark(
            f"window 1920x1080, all layers, agent searching: {name}",
            "ms",
            partial(frames, figure),
            "60 frames/s",
            wanted=1,
            less_is_better=True,
            rounds=3,
            warm_up=False,
        )
        for name, figure in figures.items()
    ]
    for name, people in (("waiting for a person", True), ("paused", False)):
        rows.append(
            Benchmark(
                f"idle window, {name}",
                "% of a core",
                partial(lambda people: Contest(lambda: idle_share(people)), people),
                target=IDLE_SHARE,
                less_is_better=True,
                rounds=3,
                warm_up=False,
            )
        )
    return rows
