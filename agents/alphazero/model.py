"""A net on disk: model.safetensors (the weights) and model.json (which game, what shape, how trained)."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray

from agents.alphazero.network import NetConfig, PolicyValueNet, cells_are_actions
from agents.checkpoints import checkpoints_in
from agents.files import load_arrays, load_description, save_arrays
from envs.errors import LabError
from envs.games import make_game
from envs.games.game import Game

FORMAT = "rl-lab policy/value net, version 1"
STEM = "model"
CHECKPOINTS = "checkpoints"


def save_model(folder: Path, net: PolicyValueNet, game: Game, trained: dict[str, Any]) -> None:
    """Writes the net's weights and description into `folder`; `trained` says how it came about."""
    weights = {name: t.detach().float().cpu().contiguous().numpy() for name, t in net.state_dict().items()}
    description = {"format": FORMAT, "game": game.spec, "net": dataclasses.asdict(net.config), "trained": trained}
    save_arrays(folder / STEM, weights, description)


def find_model(path: Path) -> Path:
    """The folder that holds the model a user means: the folder itself, or the newest checkpoint of a run.

    Raises LabError if there is none.
    """
    if not path.exists():
        raise LabError(f"There is no '{path}'; an alphazero agent needs the folder of a run or of a checkpoint.")
    if path.is_file():
        path = path.parent
    for folder in [path, *reversed(checkpoints_in(path / CHECKPOINTS))]:
        if (folder / f"{STEM}.json").exists():
            return folder
    raise LabError(f"'{path}' holds no trained net: there is neither {STEM}.json nor {CHECKPOINTS}/ in it.")


def load_model(path: Path, game: Game | None = None) -> tuple[PolicyValueNet, Game, dict[str, Any]]:
    """(net, game, description) of the model at `path`; `game` asks for a net that plays that game.

    A net whose actions are the board's cells plays other sizes of its game too. Raises LabError if the files are
    missing or damaged, or the net is for another game.
    """
    folder = find_model(path)
    description = load_description(folder / STEM)
    if description.get("format") != FORMAT:
        raise LabError(f'{folder / STEM}.json is not the description of a net: it lacks "format": "{FORMAT}".')
    try:
        own_game = make_game(description["game"])
        config = NetConfig(**description["net"])
    except (KeyError, TypeError, AttributeError) as error:
        raise LabError(f"{folder / STEM}.json is damaged: {error}.") from None
    game = game or own_game
    if game.name != own_game.name or (not cells_are_actions(own_game) and game.spec != own_game.spec):
        raise LabError(f"The net at '{folder}' plays {own_game.spec}, not {game.spec}.")
    arrays, _ = load_arrays(folder / STEM)
    try:
        _check_shape(game, config, arrays)
        net = PolicyValueNet(game, config)
        net.load_state_dict({name: torch.from_numpy(array.copy()) for name, array in arrays.items()})
    except (RuntimeError, TypeError, ValueError, OverflowError):
        raise LabError(f"The weights in '{folder}' do not fit the net that {STEM}.json describes.") from None
    return net.eval(), game, description


def _check_shape(game: Game, config: NetConfig, arrays: dict[str, NDArray[Any]]) -> None:
    """Raises an error of torch's, or ValueError, unless these are the weights of such a net.

    A description may be a stranger's: a net that it makes larger than its weights must not be built.
    """
    if config.blocks != sum(re.fullmatch(r"blocks\.\d+\.conv1\.weight", name) is not None for name in arrays):
        raise ValueError("it has another number of blocks")
    with torch.device("meta"):  # which takes no memory
        shapes = {name: tuple(t.shape) for name, t in PolicyValueNet(game, config).state_dict().items()}
    if shapes != {name: array.shape for name, array in arrays.items()}:
        raise ValueError("it has other weights")
