"""The window's picture without a window: an episode as a film (.gif, .mp4), or its last moment as a .png."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pygame
from PIL import Image

from envs.chance import seed_states
from envs.errors import IllegalAction, LabError
from rl_lab import film
from rl_lab.film import Film, check_film, whole_file, write_film
from rl_lab.viewer.frame import Phase
from rl_lab.viewer.layout import Layout, layout
from rl_lab.viewer.picture import draw_picture
from rl_lab.viewer.session import chosen, turn_seed
from rl_lab.viewer.stage import Stage
from rl_lab.viewer.theme import BOARD_LAYERS, RGB
from rl_lab.viewer.track import track_of
from rl_lab.viewer.view import Look, View, recall

SIZE = (1100, 720)
KINDS = (*film.KINDS, ".png")
MAX_STEPS = 5000
"""An episode that has not ended by itself ends here: some environments never do."""

LOOK = Look()

FPS = 10
FILM_SECONDS = 40.0
"""Long episodes are shown faster, to last about so long."""
SLOWEST, FASTEST = 0.7, 0.2
"""Seconds for a chosen action, in a short and in a long episode."""
ANSWER_SHARE = 4 / 7
"""The environment's answer is shown for so much of the time of an action."""
END_SECONDS = 4.0
DETAILED_PLIES = 30
"""Episodes up to here also show each answer of the environment."""
MAX_PICTURES = 150
"""Longer episodes skip plies evenly."""

NUM_COLORS = 128
LEAST_SHADES = 48
WAIT_SECONDS = 0.001
"""Between looks at whether an environment has answered."""


def record_episode(
    stage: Stage,
    path: Path,
    seed: int = 0,
    size: tuple[int, int] = SIZE,
    look: Look = LOOK,
    beside: Stage | None = None,
) -> None:
    """Lets the agents on the stage act to the end of the episode, and writes it as `record_stage` does.

    The same seed gives the same episode here as in the window. What was recorded is shown to its end. Raises LabError
    if an agent or an environment fails, and as `record_stage` does.
    """
    check_path(path)
    for one in (stage, beside):
        if one is not None:
            play_out(one, seed)
    record_stage(stage, path, size, look, beside)


def play_out(stage: Stage, seed: int) -> None:
    """Lets the agents act until the episode ends, at most MAX_STEPS times; raises LabError if anything fails."""
    if stage.is_record:
        stage.ply = len(stage.frames) - 1
        return
    for player in stage.players:
        if player.agent:
            player.agent.reset()
    while not stage.at_end and stage.ply < MAX_STEPS:
        _turn(stage, seed)
        while not stage.arrive() and stage.waiting:
            time.sleep(WAIT_SECONDS)


def _turn(stage: Stage, seed: int) -> None:
    """One action of the agent to move, or its resignation."""
    player, seat = stage.players[stage.to_play], stage.seats[stage.to_play]
    if player.agent is None:
        raise LabError(f"{seat} is a person, who cannot act without a window.")
    try:
        decision = player.agent.act(stage.question(stage.frame), seed_states([turn_seed(seed, 0, stage.ply)]))
        if decision.forfeits and decision.forfeits[0]:
            stage.forfeit(stage.to_play)
        else:
            stage.act(chosen(decision), decision)
    except (LabError, IllegalAction) as problem:
        raise LabError(f"{seat} ({player.name}) failed: {problem}") from None
    except Exception as problem:  # an agent may raise anything; its bug must not be lost
        raise LabError(f"{seat} ({player.name}) failed: {type(problem).__name__}: {problem}") from problem


def record_stage(
    stage: Stage,
    path: Path,
    size: tuple[int, int] = SIZE,
    look: Look = LOOK,
    beside: Stage | None = None,
) -> None:
    """Writes the episode on a stage: all as a .gif or .mp4, or its last moment as a .png.

    `beside` is a second stage to compare with, drawn side by side. The file appears whole or not at all; the stages may
    go on meanwhile. Raises LabError for another kind of file or a place that cannot be written.
    """
    check_path(path)
    stages = tuple(_snapshot(one) for one in (stage, beside) if one is not None)
    painter = Painter(size, layout(*size, len(stage.seats), boards=len(stages), toolbar=False), look)
    if path.suffix.lower() == ".png":
        with whole_file(path) as temporary:
            Image.fromarray(painter.picture(*_last(stages))).save(temporary, "PNG", optimize=True)
    else:
        palette = painter.palette(stages) if path.suffix.lower() == ".gif" else None
        write_film(Film(_frames(stages, painter), FPS, palette), path)


def check_path(path: Path) -> None:
    """Makes the folder of a recording; raises LabError if it cannot be written, or for another kind of file."""
    check_film(path, KINDS)


def moments(*stages: Stage) -> Iterator[tuple[tuple[View, ...], float]]:
    """The views of an episode (of several side by side) in order, with the seconds each moment is shown.

    As in the window, none knows what comes later.
    """
    length = max(stage.ply for stage in stages)
    stride = -(-(length + 1) // MAX_PICTURES)
    seconds = min(SLOWEST, max(FASTEST, FILM_SECONDS * stride / (length + 1)))
    for ply in range(0, length, stride):
        if ply > 0 and length <= DETAILED_PLIES:
            yield tuple(_moment(stage, ply, acting=False) for stage in stages), seconds * ANSWER_SHARE
        yield tuple(_moment(stage, ply) for stage in stages), seconds
    yield _last(stages), END_SECONDS


def _moment(stage: Stage, ply: int, acting: bool = True) -> View:
    """One stage at a ply, or at its end if that came before."""
    if ply >= stage.ply:
        return recall(stage, stage.ply)
    view = recall(stage, ply, chosen=acting)
    frames = view.frames[: ply + 1]
    known = view.thought.decision if view.thought is not None and view.on_board else None
    return replace(view, frames=frames, track=track_of(frames, known))


def _last(stages: tuple[Stage, ...]) -> tuple[View, ...]:
    return tuple(recall(stage, stage.ply) for stage in stages)


def _snapshot(stage: Stage) -> Stage:
    """The episode as it stands: a window may let the stage go on while another thread records it."""
    still = copy.copy(stage)
    still.frames = stage.frames[: stage.ply + 1]
    still.ply = len(still.frames) - 1
    return still


def _frames(stages: tuple[Stage, ...], painter: Painter) -> Iterator[film.Frame]:
    for views, seconds in moments(*stages):
        picture = film.even(painter.picture(*views))
        for _ in range(max(1, round(seconds * FPS))):
            yield picture


@dataclass(frozen=True)
class Painter:
    """Draws views as the window does, at one size and with one look."""

    size: tuple[int, int]
    places: Layout
    look: Look

    def picture(self, *views: View) -> film.Frame:
        """The picture, uint8[H, W, 3]."""
        pygame.font.init()
        surface = pygame.Surface(self.size)
        draw_picture(surface, self.places, self.look.theme, *map(self._looked_at, views))
        width, height = self.size
        return np.frombuffer(pygame.image.tobytes(surface, "RGB"), np.uint8).reshape(height, width, 3)

    def _looked_at(self, view: View) -> View:
        revealed = bool(self.look.layers) or view.phase is Phase.OVER
        return replace(view, layers=self.look.layers, panel=self.look.panel, revealed=revealed)

    def palette(self, stages: tuple[Stage, ...]) -> list[RGB]:
        """One for all pictures, so that only what differs is stored.

        It has the theme's own colours (of two that nobody could tell apart, one), then the shades that the first, the
        middle and the last picture need.
        """
        middle = max(stage.ply for stage in stages) // 2
        samples = [tuple(_moment(stage, ply) for stage in stages) for ply in sorted({0, middle})] + [_last(stages)]
        sheet = Image.fromarray(np.concatenate([self.picture(*views) for views in samples]))
        exact = sorted({*self.look.theme.colors.values(), *self.look.theme.scene.values(), *BOARD_LAYERS.values()})
        count = max(LEAST_SHADES, NUM_COLORS - len(exact))
        shades = np.array(sheet.quantize(count, dither=Image.Dither.NONE).getpalette(), int).reshape(-1, 3)
        taken = {film.cell(color) for color in exact}
        return [*exact, *(shade for shade in map(tuple, shades.tolist()) if film.cell(shade) not in taken)]
