"""What a render mode shows of a state: the one renderer of all faces."""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from gymnasium import logger
from gymnasium.error import UnsupportedMode
from numpy.typing import NDArray

from envs.faces.paint import Placement, paint
from envs.faces.svg import svg
from envs.faces.window import Window
from envs.games.game import States
from envs.games.scene import Scene
from envs.solo.world import World

RENDER_MODES = ("human", "rgb_array", "ansi", "svg")
RENDER_FPS = 10

LONGEST_SIDE = 512  # pixels, the margin included
MARGIN = 12
BACKGROUND = (214, 217, 222)  # both a white and a black edge of a board show on it


class Renderer:
    """Draws states in one of RENDER_MODES, or with mode None not at all.

    Mode "human" opens a window at the first draw, in a process of its own (see window.py). If the user closes it, or
    there is no screen to open it on (a warning says so), drawing does nothing from then on, until `close`. A copy of a
    renderer, by `copy` or `pickle`, opens a window of its own.
    """

    def __init__(self, mode: str | None, title: str) -> None:
        """Raises UnsupportedMode for a mode that does not exist; `title` is the window's."""
        if mode is not None and mode not in RENDER_MODES:
            raise UnsupportedMode(f"There is no render_mode '{mode}'; there are: {', '.join(RENDER_MODES)}.")
        self.mode = mode
        self.title = title
        self._window: Window | None = None
        self._has_warned = False
        self._due = 0.0  # when the next frame may be shown

    def draw(self, scene: Callable[[], Scene], text: Callable[[], str]) -> Any:
        """The state as the mode has it; only what the mode needs is asked for.

        "rgb_array": a new array uint8[H, W, 3], as `picture` makes it; "ansi": the text; "svg": an SVG document;
        "human": None, and the window shows it, at most RENDER_FPS frames a second; mode None: None, and a warning.
        """
        if self.mode == "ansi":
            return text()
        if self.mode == "svg":
            return svg(scene())
        if self.mode == "rgb_array":
            return picture(scene())
        if self.mode == "human":
            self._show(scene)
        else:
            self._warn("render() shows nothing without a render_mode: give one of %s at make.", ", ".join(RENDER_MODES))
        return None

    def close(self) -> None:
        """Closes the window, if one is open; the next draw would open another."""
        if self._window is not None:
            self._window.close()
        self._window, self._has_warned = None, False

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_window": None, "_has_warned": False}

    def _show(self, scene: Callable[[], Scene]) -> None:
        """Shows the scene in the window, and waits until the frame before has been seen long enough."""
        # Who has been warned has no screen.
        if self._has_warned or (self._window is not None and not self._window.is_open):
            return
        image = picture(scene())
        height, width, _ = image.shape
        if self._window is None:
            try:
                self._window = Window(f"rl-lab · {self.title}", (width, height))
            except OSError as error:
                self._warn(
                    "No window can be opened (%s): going on without one. render_mode='rgb_array' needs none.", error
                )
                return
        time.sleep(max(0.0, self._due - time.monotonic()))
        self._due = time.monotonic() + 1 / RENDER_FPS
        try:
            self._window.show(width, height, image.tobytes())
        except BaseException:
            self.close()
            raise

    def _warn(self, message: str, *args: object) -> None:
        if not self._has_warned:
            logger.warn(message, *args, stacklevel=2)
        self._has_warned = True


class SlotRenderer:
    """Draws n states of a world at once; a window shows the first alone, since n of them would cover the screen."""

    def __init__(self, mode: str | None, world: World, n: int) -> None:
        """Raises UnsupportedMode for a mode that does not exist."""
        self._world = world
        num_drawn = {None: 0, "human": 1}.get(mode, n)
        self._renderers = [Renderer(mode, world.spec) for _ in range(max(1, num_drawn))][:num_drawn]

    def draw(self, states: States) -> list[Any]:
        """What Renderer.draw gives for each state that is drawn."""
        return [
            renderer.draw(partial(self._world.scene, row), partial(self._world.text, row))
            for renderer, row in zip(self._renderers, states, strict=False)
        ]

    def close(self) -> None:
        """Closes the window, if one is open."""
        for renderer in self._renderers:
            renderer.close()


def picture(scene: Scene) -> NDArray[np.uint8]:
    """The scene with a margin as an image uint8[H, W, 3], its longest side LONGEST_SIDE pixels; needs no display.

    Scenes of the same width and height give images of the same size, even in both directions, as video encoders ask.
    """
    with contextlib.redirect_stdout(io.StringIO()):  # pygame greets there, which belongs to our users
        import pygame

    scale = (LONGEST_SIDE - 2 * MARGIN) / max(scene.width, scene.height)
    size = tuple(2 * round(scale * side / 2) + 2 * MARGIN for side in (scene.width, scene.height))
    surface = pygame.Surface(size, depth=32)
    surface.fill(BACKGROUND)
    paint(surface, scene, Placement(scale, MARGIN, MARGIN))
    return np.ascontiguousarray(pygame.surfarray.array3d(surface).swapaxes(0, 1))
