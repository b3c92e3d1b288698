"""Learning that builds on another net: its weights to start from, and parts that keep theirs."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from agents.alphazero.model import load_model
from agents.alphazero.network import PolicyValueNet
from envs.errors import LabError
from envs.games.game import Game


def take_weights(net: PolicyValueNet, path: str, game: Game) -> None:
    """Gives `net`, which plays `game`, the weights of the net at `path`, which may have learned another board size.

    Raises LabError if there is none at `path`, or it is for another game or of another shape.
    """
    source, _, _ = load_model(Path(path), game)
    have, want = dataclasses.asdict(source.config), dataclasses.asdict(net.config)
    if different := [f"{name} {have[name]} (not {want[name]})" for name in have if have[name] != want[name]]:
        raise LabError(f"The net at '{path}' has another shape than this run: {', '.join(different)}.")
    net.load_state_dict(source.state_dict())


def freeze(net: PolicyValueNet, modules: Sequence[str]) -> None:
    """Lets these modules of the net keep their weights; raises LabError if nothing is left to learn."""
    for name, module in net.named_children():
        if name in modules:
            module.requires_grad_(False)
    if not any(weights.requires_grad for weights in net.parameters()):
        raise LabError(f"With {', '.join(modules)} frozen this net has nothing left to learn.")
