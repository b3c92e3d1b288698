"""A take: what happens between two presses of a key, written to a film in a thread of its own."""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from envs.errors import LabError
from rl_lab.viewer.stage import Stage
from rl_lab.viewer.view import Look


class Take:
    """Begun with the present; `write` makes the film. If the episode has begun anew since, it has all of that one."""

    def __init__(self, stages: Sequence[Stage]) -> None:
        """`stages`: one, or two side by side."""
        self.stages = tuple(stages)
        self._first = [(stage.ply, stage.frame) for stage in stages]
        self._thread: threading.Thread | None = None

    def write(self, folder: Path, look: Look, tell: Callable[[str], None]) -> None:
        """Begins to write what has happened. `tell` gets a sentence now, and one in the end, in another thread."""
        from rl_lab.film import film_kind

        path = free_path(folder, film_kind())
        parts = [_since(stage, *first) for stage, first in zip(self.stages, self._first, strict=True)]
        self._thread = threading.Thread(target=_write, args=(parts, path, look, tell), name="rl-lab-film", daemon=True)
        tell(f"Writing {path}")
        self._thread.start()

    def join(self, timeout: float) -> bool:
        """Waits for the film; False if it takes longer than `timeout` seconds."""
        if self._thread is None:
            return True
        self._thread.join(timeout)
        return not self._thread.is_alive()


def _write(parts: list[Stage], path: Path, look: Look, tell: Callable[[str], None]) -> None:
    from rl_lab.viewer.record import record_stage

    try:
        record_stage(parts[0], path, look=look, beside=parts[1] if len(parts) > 1 else None)
        tell(f"Saved {path}")
    except (LabError, OSError) as problem:
        tell(f"The film could not be written: {problem}")


def _since(stage: Stage, ply: int, frame: object) -> Stage:
    """The episode from that frame on, or all of it if that frame is no longer in it."""
    still = copy.copy(stage)
    first = ply if ply <= stage.ply and stage.frames[ply] is frame else 0
    start = replace(stage.frames[first], action=None, seat=None, decision=None)
    still.frames = [start, *stage.frames[first + 1 : stage.ply + 1]]
    still.ply = len(still.frames) - 1
    return still


def free_path(folder: Path, kind: str) -> Path:
    """A name by the time that no file has yet."""
    stem = time.strftime("rl-lab-%Y%m%d-%H%M%S")
    path, number = folder / f"{stem}{kind}", 1
    while path.exists():
        number += 1
        path = folder / f"{stem}-{number}{kind}"
    return path
