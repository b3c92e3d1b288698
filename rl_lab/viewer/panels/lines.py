"""Lines of play: who plays each move of one."""

from __future__ import annotations

from functools import lru_cache

from rl_lab.viewer.frame import Frame
from rl_lab.viewer.stage import Stage


@lru_cache(maxsize=128)
def seated(stage: Stage, frame: Frame, line: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    """(action, seat) of the moves of a line from that frame on, as far as they can be foreseen."""
    found = []
    for action in line:
        found.append((action, frame.to_play))
        after = None if frame.over else stage.preview(frame, action)
        if after is None:
            break
        frame = after
    return tuple(found)
