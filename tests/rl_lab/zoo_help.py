"""A zoo in a temporary folder, with nets that a test can make at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from agents.alphazero.network import NetConfig, PolicyValueNet
from envs.games.registry import make_game
from rl_lab.zoo import nets
from rl_lab.zoo.card import Trained
from rl_lab.zoo.ship import write_net

TRAINED = Trained("rl-lab train alphazero", 0, "a machine", 1.5, 10, 100)


def random_net(spec: str, seed: int = 0, scale: float = 0.2) -> PolicyValueNet:
    """A small net with random weights in all its layers, which has opinions but knows nothing."""
    torch.manual_seed(seed)
    net = PolicyValueNet(make_game(spec), NetConfig(2, 8, 8)).eval()
    for weights in net.parameters():
        weights.data.copy_(scale * torch.randn_like(weights))
    return net


def place(name: str, spec: str, sizes: Sequence[int] = (), simulations: int = 16, seed: int = 0) -> Path:
    """Puts such a net into the zoo; returns its folder."""
    game, net = make_game(spec), random_net(spec, seed)
    folder = nets.NETS / name
    folder.mkdir(parents=True)
    shape = {"blocks": 2, "channels": 8, "head_channels": 8}
    description = {"format": "rl-lab policy/value net, version 1", "game": spec, "net": shape, "trained": {}}
    write_net(folder, net, game, description, TRAINED, sizes, simulations)
    return folder
