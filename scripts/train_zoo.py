"""Makes the nets of the zoo (docs/zoo.md), each by its recipe in rl_lab/zoo/recipes.py.

For example: python scripts/train_zoo.py train go
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, cast

import tyro
from rich.console import Console
from tyro.conf import FlagCreatePairsOff, Positional, arg, subcommand

from rl_lab.cli import guarded

Name = Annotated[Positional[str], arg(metavar="NAME")]


@dataclass
class Train:
    """Trains a net by its recipe; Ctrl-C leaves a run that the same command goes on with."""

    name: Name
    """The net, e.g. go."""
    minutes: float | None = None
    """Training time, by default the recipe's; a run may be given more."""
    seed: int | None = None
    """The seed of a new run."""
    out: Annotated[Path | None, arg(metavar="FOLDER")] = None
    """Folder of the run, by default runs/zoo-NAME. If the recipe starts from a net, FOLDER-start is that one's, and so
    on."""
    threads: Annotated[int | None, arg(metavar="INT")] = None
    """Threads for games and nets; by default all cores."""

    def start(self) -> None:
        """Trains."""
        from rl_lab.threads import use_threads

        use_threads(self.threads)
        from rl_lab.train import train
        from rl_lab.zoo.recipes import recipe_of

        folder = self.out or Path("runs") / f"zoo-{self.name}"
        given = {"seed": self.seed, "minutes": self.minutes}
        changes = {name: value for name, value in given.items() if value is not None}
        for config, run in recipe_of(self.name).runs(folder, **changes):
            train(config, run, resume=(run / "config.json").exists())


@dataclass
class Ship:
    """Puts a run's newest checkpoint into the zoo, in place of the net that was there."""

    name: Name
    """The net, e.g. go."""
    run: Annotated[Positional[Path], arg(metavar="RUN")]
    """Folder of the run, e.g. runs/zoo-go."""
    machine: str = ""
    """Where it was trained, in words; by default this machine."""

    def start(self) -> None:
        """Ships."""
        from rl_lab.zoo.ship import ship
        from rl_lab.zoo.table import print_card

        ship(self.name, self.run, self.machine)
        print_card(self.name, Console())


@dataclass
class Measure:
    """Plays a net of the zoo against its recipe's opponents, and the net it replaced, and notes the scores."""

    name: Name
    """The net, e.g. go."""
    games: int = 100
    """Games against each."""
    seed: int = 0
    """The same seed gives the same openings."""

    def start(self) -> None:
        """Measures."""
        from rl_lab.zoo.measure import measure

        measure(self.name, self.games, self.seed, Console())


@dataclass
class Calibrate:
    """Finds ten levels for a net of the zoo whose strengths rise evenly, and notes their ratings."""

    name: Name
    """The net, e.g. go."""
    games: int = 60
    """Games between each two settings that are near each other."""
    seed: int = 0
    """The same seed gives the same openings and the same chance to the settings."""

    def start(self) -> None:
        """Calibrates."""
        from rl_lab.zoo.measure import calibrate
        from rl_lab.zoo.table import print_card

        calibrate(self.name, self.games, self.seed, Console())
        print_card(self.name, Console())


Command = (
    Annotated[Train, subcommand("train")]
    | Annotated[Ship, subcommand("ship")]
    | Annotated[Measure, subcommand("measure")]
    | Annotated[Calibrate, subcommand("calibrate")]
)


def main() -> None:
    """Reads the command line and does what it says."""
    command = tyro.cli(cast(Any, Command), prog="train_zoo.py", description=__doc__, config=(FlagCreatePairsOff,))
    command.start()


if __name__ == "__main__":
    sys.exit(guarded(main))
