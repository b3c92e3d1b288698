"""How each net of the zoo is trained and measured: what `python scripts/train_zoo.py` does for a NAME."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
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

    def runs(self, folder: Path, **changes: Any) -> Iterator[tuple[AlphaZeroConfig, Path]]:
        """The trainings that make the net, in their order, with their folders; the last is in `folder`.

        The changes are to the settings of the last one; a seed is for all.
        """
        if self.start:
            start = folder.with_name(f"{folder.name}-start")
            yield from self.start.runs(start, **{name: changes[name] for name in changes if name == "seed"})
            changes = {**changes, "start_from": str(start)}
        yield self.config(**changes), folder


_SIZES = {  # a batch is a small one of each size
    **{"batch_size": 256, "replay_ratio": 4.0, "window_max": 500_000, "averaging": 0.995},
    **{"checkpoint_seconds": 120.0, "evaluation_seconds": 600.0},
}
_SMALL_GO = Recipe(
    game="go:size=7",
    sizes=(2, 3, 4, 5, 5, 6, 7, 7, 7),
    minutes=25,
    blocks=6,
    channels=64,
    simulations=200,
    measured_on=("go:size=7",),
    settings=_SIZES,
)
_LARGE_GO = replace(
    _SMALL_GO,
    game="go:size=9",
    sizes=(2, 3, 4, 5, 6, 7, 7, 8, 9, 9, 9, 9, 9, 9),
    minutes=55,
    measured_on=("go:size=5", "go:size=7", "go:size=9"),
    opponents=("rollout:simulations=200", "gnugo:level=10"),
    start=_SMALL_GO,
)
_LEAN: Mapping[str, Any] = {"branching": 0.5, "gumbel_noise": 0.5, "evaluation_seconds": 600.0}
RECIPES: dict[str, Recipe] = {
    "go": replace(
        _LARGE_GO,
        sizes=(2, 3, 4, 5, 5, 5, 6, 7, 7, 7, 8, 9, 9, 9),  # the last was short of 5x5, and lost a little there
        minutes=20,
        settings={**_SIZES, "learning_rate": 4e-4, "averaging": 0.999, "branching": 0.5, "gumbel_noise": 0.5},
        start=_LARGE_GO,
    ),
    "connect_four": Recipe(
        game="connect_four",
        minutes=30,
        blocks=4,
        channels=48,
        simulations=1600,
        measured_on=("connect_four",),
        settings={**_LEAN, "gumbel_noise": 0.2, "random_opening": 0.9, "random_plies": 12, "decay_start": 2000},
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
    "hex": Recipe("hex:size=7", 25, 5, 64, 400, ("hex:size=7",), settings=_LEAN),
    "othello": Recipe("othello:size=8", 22, 4, 64, 400, ("othello:size=8",), settings={**_LEAN, "decay_start": 2000}),
}
"""By the name of the net."""


def recipe_of(name: str) -> Recipe:
    """The recipe of that name; raises LabError, with those that there are, if there is none."""
    if name not in RECIPES:
        raise unknown_name("net in the recipes of the zoo", name, RECIPES)
    return RECIPES[name]
