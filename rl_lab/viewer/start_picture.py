"""The picture on the start screen: how the chosen environment begins, made in a thread, as its rules may compile."""

from __future__ import annotations

from contextlib import suppress

import numpy as np

from envs.chance import seed_states
from envs.errors import LabError
from envs.faces.paint import fit, paint
from envs.games.game import Game
from envs.games.scene import Scene
from rl_lab.viewer.canvas import Canvas
from rl_lab.viewer.layout import Rect
from rl_lab.viewer.staging import handicap_start
from rl_lab.viewer.start import Form
from rl_lab.viewer.start_choices import lab_env
from rl_lab.viewer.theme import font_path
from rl_lab.viewer.waiting import Job

Wanted = tuple[str, int, int]
"""Environment, handicap, seed."""


class Preview:
    """The first picture of the environment that a form names; the last one stays until the next is ready."""

    def __init__(self) -> None:
        self.scene: Scene | None = None
        self.shown: Wanted | None = None
        self._made: Wanted | None = None
        self._job: Job[Scene | None] | None = None

    def is_ready(self, form: Form) -> bool:
        """Whether the picture is of what the form says; if not, it is being made."""
        wanted = (form.env.strip(), form.handicap, form.seed)
        if self._job is not None and self._job.done:
            found: Scene | None = None
            with suppress(Exception):  # what is wrong will be said when people begin
                found = self._job.result()
            self.scene, self.shown, self._job = found, self._made, None
        if self._job is None and self.shown != wanted:
            self._made = wanted
            self._job = Job(lambda tell: first_scene(*wanted))
        return self.shown == wanted


def first_scene(env: str, handicap: int, seed: int) -> Scene | None:
    """How an episode of the lab's environment begins; None for anything else."""
    made = lab_env(env)
    if made is None:
        return None
    if isinstance(made, Game):
        try:
            start: np.void = handicap_start(made, handicap) if handicap else made.init(1)[0]
        except LabError:
            return None
        return made.scene(start)
    return made.scene(made.init(seed_states([seed]))[0])


def draw_preview(canvas: Canvas, rect: Rect, form: Form, preview: Preview) -> None:
    """The picture as large as it can be, or what there is to say instead."""
    ready = preview.is_ready(form)
    inner = canvas.panel(rect)
    lines = canvas.wrapped(meaning(form.env), inner.w, 3)
    line_h = canvas.px(18)
    for i, text in enumerate(lines):
        canvas.text(text, inner.x, inner.bottom - (len(lines) - i - 0.5) * line_h, "small", "faint")
    room = Rect(inner.x, inner.y, inner.w, inner.h - line_h * len(lines) - canvas.px(8))
    scene = preview.scene
    if scene is None:
        words = "The picture comes with the first step." if ready else "…"
        canvas.text(words, *room.center, role="faint", align="center", width=room.w)
        return
    place = fit(scene, room.x, room.y, room.w, room.h)
    clip = (round(place.left), round(place.top), round(scene.width * place.scale), round(scene.height * place.scale))
    canvas.surface.set_clip(clip)
    canvas.surface.fill(canvas.theme.scene["floor"])
    paint(canvas.surface, scene, place, canvas.theme.scene, font_path())
    canvas.surface.set_clip(None)


def meaning(env: str) -> str:
    """What the lab's environment is, in the first words of its documentation; "" for another."""
    made = lab_env(env)
    paragraph = (type(made).__doc__ or "").partition("\n\n")[0] if made is not None else ""
    sentence = " ".join(paragraph.split()).partition(" State: ")[0].partition("; the module")[0]
    return sentence.replace("`", "")
