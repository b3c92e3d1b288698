"""A window that shows frames, in a process of its own: it answers whatever its owner is busy with.

The owner holds a Window and sends frames down a pipe; the process is this file run as a script, light enough to start
at once. It ends when the user closes the window (the close button, Escape), and when the owner closes the pipe or dies.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import struct
import subprocess
import sys
import threading
import weakref
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    import pygame

HEAD = struct.Struct("<II")  # before the pixels of a frame: its width and height
OPEN = "open"  # what the process says; if it ends without, its last words are why there is no window
LOOK_MS = 200  # how often the process looks whether its owner is still alive
PATIENCE_S = 2.0  # how long an owner waits for the process to end by itself


class Window:
    """The owner's end. The window goes when the object does, at the latest with the interpreter."""

    def __init__(self, title: str, size: tuple[int, int]) -> None:
        """Opens a window for pictures of that (width, height); raises OSError, with the reason, if it cannot."""
        command = [sys.executable, "-P", __file__, title, *map(str, size)]
        # Its errors too come here: what graphics libraries mutter is no concern of the user.
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert process.stdin is not None and process.stdout is not None
        self._process, self._pipe = process, process.stdin
        self._end = weakref.finalize(self, _end, process, process.stdin)
        words = ""
        with process.stdout as answers:
            while words != OPEN and (line := answers.readline()):
                words = line.decode(errors="replace").strip()
        if words != OPEN:
            self.close()
            raise OSError(words or "its process ended at once")

    @property
    def is_open(self) -> bool:
        """False once the user has closed the window, or the owner has."""
        return self._process.poll() is None

    def show(self, width: int, height: int, pixels: bytes) -> None:
        """Shows a frame, RGB from left to right and from top to bottom; nothing happens if the window is closed.

        An exception that interrupts it (Ctrl-C) leaves a frame half sent: the window must then be closed.
        """
        with contextlib.suppress(BrokenPipeError):  # the user may close it at this very moment
            self._pipe.write(HEAD.pack(width, height) + pixels)
            self._pipe.flush()

    def close(self) -> None:
        """Closes the window; a second time does nothing."""
        self._end()


def _end(process: subprocess.Popen[bytes], pipe: IO[bytes]) -> None:
    with contextlib.suppress(OSError):
        pipe.close()
    try:
        process.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Inbox:
    """The process's end of the pipe: a thread keeps the newest frame, so that the owner never waits for a repaint."""

    def __init__(self) -> None:
        import pygame

        self.arrived = pygame.event.custom_type()
        self._newest: queue.SimpleQueue[pygame.Surface] = queue.SimpleQueue()
        self._pipe = open(0, "rb", buffering=0)  # noqa: SIM115 - as long as the process; a buffer's lock can hang the exit
        threading.Thread(target=self._listen, daemon=True).start()

    def newest(self, shown: pygame.Surface | None) -> pygame.Surface | None:
        """The last frame that has come since, or `shown` if none has."""
        while True:
            try:
                shown = self._newest.get_nowait()
            except queue.Empty:
                return shown

    def _listen(self) -> None:
        import pygame

        while head := self._read(HEAD.size):
            size = HEAD.unpack(head)
            pixels = self._read(size[0] * size[1] * 3)
            if not pixels:
                break
            self._newest.put(pygame.image.frombuffer(pixels, size, "RGB"))
            pygame.event.post(pygame.Event(self.arrived))
        pygame.event.post(pygame.Event(pygame.QUIT))

    def _read(self, n: int) -> bytes:
        """The next n bytes; none if the pipe has ended before."""
        parts = bytearray()
        while len(parts) < n:
            part = self._pipe.read(n - len(parts))
            if not part:
                return b""
            parts += part
        return bytes(parts)


def paint(frame: pygame.Surface | None) -> None:
    """The frame as large as the window has room for, in its middle; the rest is the colour of the frame's corner."""
    import pygame

    screen = pygame.display.get_surface()
    if frame is None or screen is None:
        return
    (width, height), (frame_width, frame_height) = screen.get_size(), frame.get_size()
    scale = min(width / frame_width, height / frame_height)
    size = max(1, round(scale * frame_width)), max(1, round(scale * frame_height))
    screen.fill(frame.get_at((0, 0)))
    screen.blit(pygame.transform.smoothscale(frame, size), ((width - size[0]) // 2, (height - size[1]) // 2))
    pygame.display.flip()


def run(inbox: Inbox, owner: int) -> None:
    """Shows what comes until the window is closed or the process `owner` is no longer this one's parent."""
    import pygame

    repaint = {inbox.arrived, pygame.VIDEOEXPOSE, pygame.VIDEORESIZE}
    frame = None
    # The pipe of a dead owner stays open as long as a process that it has forked; hence the look at the parent.
    while os.getppid() == owner:
        events = [pygame.event.wait(LOOK_MS), *pygame.event.get()]
        for event in events:
            if event.type == pygame.QUIT or (event.type == pygame.KEYDOWN and event.key == pygame.K_ESCAPE):
                return
        if any(event.type in repaint for event in events):
            frame = inbox.newest(frame)
            paint(frame)


def main() -> None:
    """The process: `window.py TITLE WIDTH HEIGHT`, frames on its standard input."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches every process of a terminal; the owner decides
    os.environ["PYGAME_HIDE_SUPPORT_PROMPT"] = "1"
    import pygame

    title, width, height = sys.argv[1:]
    owner = os.getppid()  # still alive: it waits for OPEN
    pygame.display.init()
    # Where SDL finds no display it draws into memory; that is a window only for those who asked for it.
    if pygame.display.get_driver() == "offscreen" and "SDL_VIDEODRIVER" not in os.environ:
        sys.exit("there is no display")
    pygame.display.set_mode((int(width), int(height)), pygame.RESIZABLE)
    pygame.display.set_caption(title)
    inbox = Inbox()
    print(OPEN, flush=True)
    run(inbox, owner)
    pygame.display.quit()


if __name__ == "__main__":
    main()
