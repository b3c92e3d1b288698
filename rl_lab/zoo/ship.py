"""A run becomes a net of the zoo: its newest checkpoint with 16 bits a weight, and its card; whole, or not at all."""

from __future__ import annotations

import dataclasses
import os
import platform
import shlex
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch

from agents.alphazero.config import AlphaZeroConfig
from agents.alphazero.evaluator import NetEvaluator
from agents.alphazero.model import load_model
from agents.alphazero.network import PolicyValueNet
from agents.files import load_description, save_arrays, sync_folder
from envs.chance import seed_states
from envs.errors import LabError
from envs.games.game import Game
from envs.games.registry import make_game
from rl_lab.runs.run import Run
from rl_lab.train import settings_of
from rl_lab.zoo import nets
from rl_lab.zoo.card import Card, Level, Rounding, Trained, save_card
from rl_lab.zoo.levels import default_levels
from rl_lab.zoo.positions import random_positions
from rl_lab.zoo.recipes import recipe_of

POSITIONS = 1000
SECONDS_PER_MINUTE = 60


def ship(name: str, run: Path, machine: str = "") -> nets.ZooNet:
    """Puts the newest checkpoint of a run into the zoo under that name; what was there moves to nets/.previous.

    `machine` says where it was trained, by default here. Raises LabError if there is no such recipe or run of
    AlphaZero, the run is of another game, or its weights do not fit into 16 bits.
    """
    recipe = recipe_of(name)
    checkpoint = newest_checkpoint(run)
    config = settings_of(Run(run), AlphaZeroConfig)
    trained = describe_training(run, config, int(checkpoint.name), machine or this_machine())
    net, game, description = load_model(checkpoint)
    if game.name != make_game(recipe.game).name:
        raise LabError(f"'{name}' in the zoo plays {recipe.game}, but the run in '{run}' has learned {game.spec}.")
    sizes = list(config.size_shares) or own_sizes(game)
    temporary = nets.NETS / f".{name}.{os.getpid()}.tmp"
    try:
        temporary.mkdir(parents=True)
        write_net(temporary, net, game, description, trained, sizes, recipe.simulations)
        _install(name, temporary)
    except OSError as error:
        raise LabError(f"The zoo in '{nets.NETS}' cannot be written: {error.strerror}.") from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return nets.open_net(name)


def write_net(
    folder: Path,
    net: PolicyValueNet,
    game: Game,
    description: Mapping[str, Any],
    trained: Trained,
    sizes: Sequence[int],
    simulations: int,
) -> None:
    """Writes a net with its card into a folder; `description` is that of the model it is from.

    Its levels go up to so many simulations. Raises LabError if the weights do not fit into 16 bits.
    """
    _save_half(folder / nets.MODEL, net, description)
    stored, _, _ = load_model(folder)
    card = Card(
        game=game.spec,
        sizes=list(sizes),
        trained=trained,
        sha256=load_description(folder / nets.MODEL)["sha256"],
        rounding=compare(game, net, stored),
        levels=[Level(**dataclasses.asdict(setting)) for setting in default_levels(simulations)],
    )
    save_card(folder, card)


def newest_checkpoint(run: Path) -> Path:
    """The folder of a run's newest checkpoint; raises LabError if there is none."""
    if not (run / "config.json").exists():
        raise LabError(f"There is no run in '{run}': ship takes the folder of a run, e.g. runs/zoo-go.")
    checkpoints = Run(run).checkpoints()
    if not checkpoints:
        raise LabError(f"The run in '{run}' has no checkpoint yet.")
    return checkpoints[-1]


def describe_training(folder: Path, config: AlphaZeroConfig, iteration: int, machine: str) -> Trained:
    """How the net of a run came about by that iteration, with the run that it started from, if that is at hand.

    Raises LabError if nothing was measured.
    """
    so_far = [measured for measured in Run(folder).metrics("training") if measured["iteration"] <= iteration]
    if not so_far:
        raise LabError(f"The run in '{folder}' has no measurements of its training, which a card tells of.")
    trained = Trained(
        command=training_command(config),
        seed=config.seed,
        machine=machine,
        minutes=round(so_far[-1]["seconds"] / SECONDS_PER_MINUTE, 1),
        games=so_far[-1]["games"],
        positions=so_far[-1]["positions"],
    )
    start = Path(config.start_from)
    if not config.start_from or not (start / "config.json").exists():
        return trained
    before = settings_of(Run(start), AlphaZeroConfig)
    return _one_after_the_other(
        describe_training(start, before, int(newest_checkpoint(start).name), machine), trained, start
    )


def _one_after_the_other(first: Trained, second: Trained, folder: Path) -> Trained:
    """Both trainings as one; the first was in that folder."""
    return dataclasses.replace(
        second,
        command=f"{first.command} {shlex.join(['--out', str(folder)])} && {second.command}",
        minutes=round(first.minutes + second.minutes, 1),
        games=first.games + second.games,
        positions=first.positions + second.positions,
    )


def training_command(config: AlphaZeroConfig) -> str:
    """The command that trains with those settings, without the ones that are the default."""
    default = dataclasses.asdict(AlphaZeroConfig())
    words = ["rl-lab", "train", "alphazero"]
    for name, value in dataclasses.asdict(config).items():
        if value != default[name]:
            words += [f"--{name.replace('_', '-')}", str(value)]
    return shlex.join(words)


def own_sizes(game: Game) -> list[int]:
    """The size of a game that has sizes."""
    size = getattr(game, "size", None)
    return [] if size is None else [size]


def this_machine() -> str:
    """What computes here, in words."""
    processor = platform.processor() or platform.machine()
    with suppress(OSError, StopIteration):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        processor = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    gpu = f", {torch.cuda.get_device_name()}" if torch.cuda.is_available() else ""
    return f"{os.cpu_count()} cores of {processor}{gpu}"


def compare(game: Game, net: PolicyValueNet, stored: PolicyValueNet) -> Rounding:
    """How far two nets differ in positions of random games."""
    states, device = random_positions(game, POSITIONS), torch.device("cpu")
    legal = torch.from_numpy(game.legal_mask(states))
    policies = []
    for one in (net, stored):
        logits, _ = NetEvaluator(game, one, device, torch.float32)(states, seed_states(range(len(states))))
        policies.append(torch.from_numpy(logits).masked_fill(~legal, -torch.inf).softmax(-1))
    a, b = policies
    return Rounding(
        positions=len(states),
        same_best_move=float((a.argmax(-1) == b.argmax(-1)).float().mean()),
        largest_difference=float((a - b).abs().max()),
    )


def _save_half(stem: Path, net: PolicyValueNet, description: Mapping[str, Any]) -> None:
    """As agents.alphazero.model.save_model, with 16 bits for all that was learned."""
    learned = dict(net.named_parameters())
    arrays = {}
    for name, tensor in net.state_dict().items():
        stored = tensor.half() if name in learned else tensor
        if not stored.isfinite().all():
            raise LabError(f"The weights {name} do not fit into 16 bits: they are beyond 65,504 or not finite.")
        arrays[name] = stored.numpy()
    save_arrays(stem, arrays, {key: value for key, value in description.items() if key != "sha256"})


def _install(name: str, temporary: Path) -> None:
    """Gives a folder that is whole its name; what had it before is kept in nets/.previous."""
    final, previous = nets.NETS / name, nets.NETS / nets.PREVIOUS / name
    sync_folder(temporary)
    replaces = final.exists()
    if replaces:
        previous.parent.mkdir(exist_ok=True)
        shutil.rmtree(previous, ignore_errors=True)
        final.rename(previous)
    try:
        temporary.rename(final)
    except OSError:
        if replaces:
            previous.rename(final)
        raise
    sync_folder(nets.NETS)
