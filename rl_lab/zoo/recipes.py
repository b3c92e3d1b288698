"""How each net of the zoo is trained and measured: what `python scripts/train_zoo.py` does for a NAME."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from agents.alphazero.config import AlphaZeroConfig
from envs.spec import unknown_name


@dataclass(frozen=True)
class Recipe:
    """One net."""

    game: str
    """The game it learns, as a spec; the largest board, if it learns several sizes."""
    minutes: float
    """Training time."""
    blocks: int
    channels: int
    simulations: int
    """Simulations a move when it plays at full strength."""
    measured_on: tuple[str, ...]
    """The games in which its strength is measured; the levels are calibrated in the last."""
    opponents: tuple[str, ...] = ("rollout:simulations=1000",)
    """Whom it is measured against, beside the net that it replaces."""
    sizes: tuple[int, ...] = ()
    """The sizes of board it learns side by side, one that is named twice twice as often; empty for the game's own."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Other settings of AlphaZeroConfig."""
    start: Recipe | None = None
    """Of the net it starts from, which is trained first: small boards teach much in little time."""

    def config(self, **changes: Any) -> AlphaZeroConfig:
        """The settings of its training, with changes to them; raises LabError for one that will not do."""
        known = {"game": self.game, "minutes": self.minutes, "blocks": self.blocks, "channels": self.channels}
        sizes = {"sizes": " ".join(map(str, self.sizes))} if self.sizes else {}
        return AlphaZeroConfig(**{**known, **sizes, **self.settings, **changes})


_SIZES = {  # a batch is a small one of each size
    **{"batch_size": 256, "replay_ratio": 4.0, "window_max": 500_000},
    **{"checkpoint_seconds": 120.0, "evaluation_seconds": 600.0},
}
RECIPES: dict[str, Recipe] = {
    "go": Recipe(
        game="go:size=9",
        sizes=(2, 3, 4, 5, 6, 7, 7, 8, 9, 9, 9, 9, 9, 9),
        minutes=55,
        blocks=6,
        channels=64,
        simulations=200,
        measured_on=("go:size=5", "go:size=7", "go:size=9"),
        opponents=("rollout:simulations=200", "gnugo:level=10"),
        settings=_SIZES,
        start=Recipe(
            game="go:size=7",
            sizes=(2, 3, 4, 5, 5, 6, 7, 7, 7),
            minutes=25,
            blocks=6,
            channels=64,
            simulations=400,
            measured_on=("go:size=7",),
            settings=_SIZES,
        ),
    ),
    "connect_four": Recipe(
        "connect_four", 60, 5, 64, 400, ("connect_four",), settings={"random_opening": 0.7, "random_plies": 16}
    ),
    "tic_tac_toe": Recipe(
        game="tic_tac_toe",
        minutes=3,
        blocks=2,
        channels=32,
        simulations=64,
        measured_on=("tic_tac_toe",),
        opponents=("rollout:simulations=200",),
        settings={"random_opening": 1.0},  # without it, it hardly sees what follows a blunder
    ),
    "hex": Recipe("hex:size=7", 90, 5, 64, 400, ("hex:size=7",)),
    "othello": Recipe("othello:size=8", 120, 5, 64, 400, ("othello:size=8",)),
}
"""By the name of the net."""


def recipe_of(name: str) -> Recipe:
    """The recipe of that name; raises LabError, with those that there are, if there is none."""
    if name not in RECIPES:
        raise unknown_name("net in the recipes of the zoo", name, RECIPES)
    return RECIPES[name]
