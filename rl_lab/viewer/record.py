"""The same picture without a display: a game as an animated GIF, or its end as a PNG."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pygame
from PIL import Image

from envs.chance import seed_states
from envs.errors import LabError
from rl_lab.viewer.layout import Layout, layout
from rl_lab.viewer.picture import draw_picture
from rl_lab.viewer.session import chosen, turn_seed
from rl_lab.viewer.stage import Stage
from rl_lab.viewer.theme import BOARD_LAYERS, LIGHT, Theme
from rl_lab.viewer.view import View, recall

SIZE = (1100, 720)
ACT_MS, OBSERVE_MS, END_MS = 700, 400, 4000  # how long a chosen action, the answer to it and the result are shown
DETAILED_PLIES = 30  # games up to here also show each answer of the environment
MAX_PICTURES = 150  # longer games skip plies evenly
NUM_COLORS = 128
WAIT_SECONDS = 0.001  # between looks at whether an environment has answered
KINDS = (".gif", ".png")


def record_episode(stage: Stage, path: Path, seed: int = 0, size: tuple[int, int] = SIZE, theme: Theme = LIGHT) -> None:
    """Lets the agents on the stage act to the end of the episode, and writes it as `record_stage` does.

    The same seed gives the same episode here as in the window.
    """
    check_path(path)
    for player in stage.players:
        if player.agent:
            player.agent.reset()
    while not stage.at_end:
        agent = stage.players[stage.to_play].agent
        assert agent, "a person cannot act here"
        decision = agent.act(stage.question(stage.frame), seed_states([turn_seed(seed, 0, stage.ply)]))
        if decision.forfeits and decision.forfeits[0]:
            stage.forfeit(stage.to_play)
            break
        stage.act(chosen(decision), decision)
        while not stage.arrive():
            time.sleep(WAIT_SECONDS)
    record_stage(stage, path, size, theme)


def record_stage(stage: Stage, path: Path, size: tuple[int, int] = SIZE, theme: Theme = LIGHT) -> None:
    """Writes the episode on a stage: all as a .gif, or its last position as a .png; the file appears whole or not.

    Raises LabError for another kind of file or a place that cannot be written.
    """
    check_path(path)
    places = layout(*size, len(stage.seats), toolbar=False)
    temporary = path.with_name(f".{path.name}.part")
    try:
        if path.suffix.lower() == ".png":
            _image(recall(stage, stage.ply), places, size, theme).save(temporary, "PNG", optimize=True)
        else:
            _write_gif(stage, temporary, places, size, theme)
        temporary.replace(path)
    except OSError as problem:
        with suppress(OSError):
            temporary.unlink()
        raise LabError(f"{path} cannot be written: {problem.strerror or problem}.") from None


def check_path(path: Path) -> None:
    """Makes the folder of a recording; raises LabError if it cannot be written, or for another kind of file."""
    if path.suffix.lower() not in KINDS:
        raise LabError(f"a recording ends in {' or '.join(KINDS)}, so '{path}' cannot be one.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise LabError(f"{path} cannot be written: {problem.strerror or problem}.") from None
    if not os.access(path.parent, os.W_OK):
        raise LabError(f"{path} cannot be written: permission denied.")


def moments(stage: Stage) -> Iterator[tuple[View, int]]:
    """The views of an episode in order, each with how many milliseconds it is shown; none knows what comes later."""
    stride = -(-(stage.ply + 1) // MAX_PICTURES)
    for ply in range(0, stage.ply, stride):
        if ply > 0 and stage.ply <= DETAILED_PLIES:
            yield _so_far(recall(stage, ply, chosen=False)), OBSERVE_MS
        yield _so_far(recall(stage, ply)), ACT_MS
    yield recall(stage, stage.ply), END_MS


def _so_far(view: View) -> View:
    known = view.index if view.on_board else view.index - 1
    return replace(view, values=[(ply, seat, value) for ply, seat, value in view.values if ply <= known])


def _image(view: View, places: Layout, size: tuple[int, int], theme: Theme) -> Image.Image:
    surface = pygame.Surface(size)
    draw_picture(surface, places, theme, view)
    return Image.frombytes("RGB", size, pygame.image.tobytes(surface, "RGB"))


def _write_gif(stage: Stage, path: Path, places: Layout, size: tuple[int, int], theme: Theme) -> None:
    """One palette for all pictures: they share most of their pixels, and only what differs is stored."""
    views = list(moments(stage))
    palette = _palette([view for view, _ in views], places, size, theme)
    images = (
        _image(view, places, size, theme).quantize(palette=palette, dither=Image.Dither.NONE) for view, _ in views
    )
    next(images).save(
        path,
        "GIF",
        save_all=True,
        append_images=images,
        duration=[milliseconds for _, milliseconds in views],
        loop=0,
        disposal=1,
    )


def _palette(views: list[View], places: Layout, size: tuple[int, int], theme: Theme) -> Image.Image:
    """The theme's own colours exactly, then the shades that the first, the middle and the last picture need."""
    samples = [_image(views[i], places, size, theme) for i in sorted({0, len(views) // 2, len(views) - 1})]
    sheet = Image.new("RGB", (size[0], size[1] * len(samples)))
    for i, sample in enumerate(samples):
        sheet.paste(sample, (0, size[1] * i))
    exact = {*theme.colors.values(), *theme.scene.values(), *BOARD_LAYERS.values()}
    shades = sheet.quantize(NUM_COLORS - len(exact), dither=Image.Dither.NONE).getpalette() or []
    palette = Image.new("P", (1, 1))
    palette.putpalette([*chain.from_iterable(sorted(exact)), *shades])
    return palette
