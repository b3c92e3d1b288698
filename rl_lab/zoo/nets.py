"""Which nets the zoo holds.

nets/NAME/model.safetensors    the weights, with 16 bits each
          model.json           which game, what shape of net, the weights' sha256
          card.json            how it was trained, how strong it is, its levels
nets/.previous/NAME/           the net that this one has replaced, on the machine where it was shipped
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from agents.files import load_description
from envs.errors import LabError
from envs.games.game import Game
from envs.spec import unknown_name
from rl_lab.zoo.card import CARD, Card, load_card

NETS = Path(__file__).parent / "nets"
PREVIOUS = ".previous"
MODEL = "model"  # the stem of what agents/alphazero/model.py writes; to import it from there would import torch


@dataclass(frozen=True)
class ZooNet:
    """A net of the zoo; its weights have not been read."""

    name: str
    folder: Path
    card: Card


def net_names() -> list[str]:
    """The names of all nets, in order; those whose files are damaged too."""
    return sorted(path.parent.name for path in NETS.glob(f"*/{CARD}.json") if not path.parent.name.startswith("."))


def open_net(name: str) -> ZooNet:
    """The net of that name; raises LabError, with those that there are, if there is none or it is damaged."""
    names = net_names()
    if not names:
        raise LabError("The zoo holds no net yet; 'alphazero:PATH' plays one of your own runs.")
    if name not in names:
        raise unknown_name("net in the zoo", name, names)
    return open_folder(name, NETS / name)


def open_folder(name: str, folder: Path) -> ZooNet:
    """The net in a folder; raises LabError if its files are damaged or do not belong together."""
    card = load_card(folder)
    if load_description(folder / MODEL).get("sha256") != card.sha256:
        raise LabError(f"The net in '{folder}' is damaged: card.json and model.json are not of the same weights.")
    return ZooNet(name, folder, card)


def net_for(game: Game, name: str = "") -> ZooNet:
    """The net of that name, or the game's own; raises LabError, with those that there are, if none plays the game."""
    net = open_net(name or _own_net(game))
    if net.card.game_name != game.name:
        raise LabError(f"The net '{net.name}' of the zoo plays {net.card.game}, not {game.spec}; there are: {_list()}.")
    return net


def _own_net(game: Game) -> str:
    """The name of the net for a game: the game's own name if there is such a net, else the first that plays it."""
    names = net_names()
    if not names or game.name in names:
        return game.name
    for name in names:
        with suppress(LabError):  # another net's damage is no reason not to play
            if open_net(name).card.game_name == game.name:
                return name
    raise LabError(f"The zoo holds no net for {game.name}; there are: {_list()}.")


def _list() -> str:
    return ", ".join(net_names())
