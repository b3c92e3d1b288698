"""`rl-lab zoo` and `rl-lab export`: nets that ship with the lab, and nets for other programs (see cli.py for how a
command is written)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg


@dataclass
class Zoo:
    """Lists the nets that ship with the lab; everyone can play them: rl-lab play go --opponent zoo:level=3."""

    name: Annotated[Positional[str], arg(metavar="NAME")] = ""
    """A net, of which all that is known is printed: how it was trained, how strong it is, its levels."""

    def start(self) -> None:
        """Prints."""
        from rich.console import Console

        from rl_lab.zoo.table import print_card, print_nets

        if self.name:
            print_card(self.name, Console())
        else:
            print_nets(Console())


@dataclass
class Export:
    """Writes a net as an ONNX file, for programs without torch, and checks that it says the same."""

    net: Annotated[Positional[str], arg(metavar="NET")]
    """The folder of a run or a checkpoint of AlphaZero, or zoo:NAME."""
    file: Annotated[Positional[Path], arg(metavar="FILE")]
    """Where to, e.g. go.onnx."""

    def start(self) -> None:
        """Exports."""
        from rl_lab.zoo.export import export

        print(export(self.net, self.file))
