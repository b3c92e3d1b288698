"""The moments whose pictures are kept in tests/rl_lab/golden, and when two pictures count as the same.

`python -m tests.rl_lab.golden_moments` draws them anew; look at each before you keep it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pygame
from numpy.typing import NDArray
from PIL import Image as Picture

from agents.agent import Decision
from envs.games.registry import make_game
from envs.games.scene import Image, Scene
from envs.solo.registry import make_world
from rl_lab.viewer.frame import Frame, Observation, Player
from rl_lab.viewer.layout import layout
from rl_lab.viewer.picture import draw_picture
from rl_lab.viewer.row_stages import GameStage, WorldStage
from rl_lab.viewer.stage import Stage
from rl_lab.viewer.theme import THEMES
from rl_lab.viewer.view import ALL_LAYERS, View, recall

FOLDER = Path(__file__).with_name("golden")
SIZE = (900, 600)
NUM_COLORS = 128  # of a kept picture
CELL = 6  # pixels; what is compared are the means of such squares
TOLERANCE = 24  # how far a mean may be off, of 255; letters half a pixel off and pale kept colours are within
CELLS_OFF = 8  # how many squares may be off by more

RECORDED = Player("rollout:simulations=500", recorded=True)


def search(stage: Stage, best: int, value: float) -> Decision:
    """What a search would tell that prefers the action `best`; every number is made up, and the same each time."""
    legal = stage.legal_actions(stage.frame)
    share = np.zeros((1, stage.num_actions), np.float32)
    share[0, legal] = 1 / (3.0 + (np.array(legal) - best) ** 2)
    share /= share.sum()
    prior = np.sqrt(share) / np.sqrt(share).sum()
    tried = np.where(share > 0.01, share * 500, 0).astype(np.int32)
    q = np.where(tried > 0, value + 0.6 * (share - share.max()) / share.max(), np.nan).astype(np.float32)
    if len(stage.seats) == 2:
        q = q.clip(-1, 1)
    top = [action for action in np.argsort(-share[0]).tolist() if tried[0, action]]
    lines: dict[int, list[int]] = {a: [a, *(b for b in top if b != a)][:5] for a in top}
    ownership = score = None
    if stage.num_actions == 26:  # Go on a small board; both from the side to move, as the value is
        side = 1 - 2 * stage.to_play
        ownership = side * np.linspace(0.9, -0.9, 25, dtype=np.float32).reshape(1, 5, 5)
        score = np.array([side * 2.5], np.float32)
    return Decision(
        np.array([best]), share, np.array([value], np.float32), prior, tried, q, [lines], None, ownership, score
    )


def play(stage: Stage, actions: Sequence[int], values: Sequence[float] = ()) -> Stage:
    """Plays the actions on a stage, each with a made-up search where there is a value for it."""
    for action, value in zip(actions, [*values, *[None] * len(actions)], strict=False):
        stage.act(action, None if value is None else search(stage, action, value))
        stage.arrive()
    return stage


GO_ACTIONS = (12, 11, 7, 6, 17, 16, 2, 1, 22, 21, 25, 25)
VALUES = (0.1, -0.1, 0.2, 0.1, 0.3, -0.4, 0.45, -0.5, 0.6, -0.7, 0.8, -0.9)


def go(plies: int, komi: float = 4.5) -> Stage:
    """Black builds a wall down the middle of a small board, White one beside it; then both pass."""
    stage = GameStage(make_game(f"go:size=5,komi={komi}"), [RECORDED, replace(RECORDED, name="greedy")])
    return play(stage, GO_ACTIONS[:plies], VALUES)


def snake(agent: str = "hamiltonian", steps: int = 12, prefer: int = 1) -> Stage:
    """Some steps of a snake on a small board, every one the first action (the last, with -1) that does not end it."""
    stage = WorldStage(make_world("snake:size=6"), Player(agent, recorded=True), 3)
    for step in range(steps):
        for action in stage.legal_actions(stage.frame)[::prefer]:
            stage.act(action, search(stage, action, 4.0 - step / 3))
            stage.arrive()
            if not stage.over:
                break
            stage.undo()
    return stage


class Pictures(Stage):
    """An environment whose states are pictures, as most of Gymnasium's: a bar swings from left to right."""

    can_undo = False
    spec, seats, num_actions = "Swing-v0", ("Agent",), 2

    def __init__(self) -> None:
        super().__init__([Player("ppo:runs/swing", recorded=True)])
        self._next: Frame | None = None
        self.restart(0)
        self.arrive()

    def action_name(self, action: Any) -> str:
        return str(action)

    def scene(self, frame: Frame) -> Scene:
        pixels = np.full((60, 90, 3), 235, np.uint8)
        pixels[40:44] = 60
        pixels[10:40, 20 + 4 * frame.state : 28 + 4 * frame.state] = (200, 80, 40)
        return Scene(9, 6, [Image(0, 0, 9, 6, pixels.tobytes(), (90, 60))])

    def observation(self, frame: Frame) -> Observation:
        numbers = np.array([frame.state / 10, 0.4, -0.2, -1.1], np.float32)
        return Observation(("position", "speed", "angle", ""), numbers)

    def question(self, frame: Frame) -> Any:
        return [frame.state]

    def legal_actions(self, frame: Frame) -> list[int]:
        return [] if frame.over else [0, 1]

    def outcome_text(self, frame: Frame) -> str:
        return f"over after {frame.state} steps"

    def begin(self, seed: int) -> None:
        self._next = Frame(0)

    def send(self, frame: Frame, action: Any) -> None:
        self._next = Frame(frame.state + 1, rewards=(1.0,))

    def poll(self) -> Frame | None:
        return self._next


def swing(steps: int = 8) -> Stage:
    """Some steps of the pictures."""
    return play(Pictures(), [step % 2 for step in range(steps)], [8.0 - step / 2 for step in range(steps)])


def shown(stage: Stage, index: int, **options: Any) -> View:
    """The moment at which the agent has just chosen its action at that ply."""
    return recall(stage, index, **{"layers": ALL_LAYERS, **options})


MOMENTS: dict[str, Callable[[], tuple[View, ...]]] = {
    "go": lambda: (shown(go(10), 8),),
    "go-dark": lambda: (shown(go(10), 8),),
    "go-answer": lambda: (shown(go(10), 8, chosen=False),),
    "go-no-layers": lambda: (shown(go(10), 8, layers=frozenset()),),
    "go-tree": lambda: (shown(go(10), 8, panel="tree"),),
    "go-planes": lambda: (shown(go(10), 8, panel="planes"),),
    "go-start": lambda: (shown(go(0), 0, revealed=False),),
    "go-end": lambda: (shown(go(12), 12),),
    "snake": lambda: (shown(snake(), 7),),
    "swing": lambda: (shown(swing(), 5),),
    "swing-dark-planes": lambda: (shown(swing(), 5, panel="planes"),),
    "side-by-side": lambda: (shown(snake(), 7), shown(snake("random", 9, -1), 5)),
}
"""Every picture by name; "dark" in it says in which theme."""


def draw(name: str, views: tuple[View, ...] | None = None) -> NDArray[np.uint8]:
    """A moment's picture, uint8[H, W, 3]; with `views`, other ones in its place."""
    views = views or MOMENTS[name]()
    pygame.font.init()
    surface = pygame.Surface(SIZE)
    places = layout(*SIZE, len(views[0].stage.seats), boards=len(views), toolbar=False)
    draw_picture(surface, places, THEMES["dark" if "dark" in name else "light"], *views)
    return np.frombuffer(pygame.image.tobytes(surface, "RGB"), np.uint8).reshape(SIZE[1], SIZE[0], 3)


def kept(name: str) -> NDArray[np.uint8]:
    """The picture as it was kept."""
    with Picture.open(FOLDER / f"{name}.png") as picture:
        return np.asarray(picture.convert("RGB"))


def cells_off(ours: NDArray[np.uint8], theirs: NDArray[np.uint8]) -> int:
    """How many squares of two pictures differ so much that a person would see it, not only a font's rasteriser."""
    means = [
        picture.reshape(picture.shape[0] // CELL, CELL, picture.shape[1] // CELL, CELL, 3).mean(axis=(1, 3))
        for picture in (ours, theirs)
    ]
    return int((np.abs(means[0] - means[1]).max(axis=2) > TOLERANCE).sum())


def main(names: Sequence[str] = ()) -> None:
    """Draws all moments (or those of these names) and keeps them."""
    FOLDER.mkdir(exist_ok=True)
    for name in names or MOMENTS:
        picture = Picture.fromarray(draw(name)).quantize(NUM_COLORS, kmeans=2, dither=Picture.Dither.NONE)
        picture.save(FOLDER / f"{name}.png", optimize=True)
        print(f"{name}.png: {(FOLDER / f'{name}.png').stat().st_size:,} bytes, {cells_off(draw(name), kept(name))} off")


if __name__ == "__main__":
    main(sys.argv[1:])
