"""A run becomes a net of the zoo: what is written, what the card says, and what goes wrong on the way."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
from rich.console import Console
from safetensors.numpy import load_file

from agents.alphazero.config import AlphaZeroConfig
from agents.alphazero.model import load_model, save_model
from agents.registry import make_agent
from envs.errors import LabError
from envs.games.registry import make_game
from rl_lab.runs.run import Run
from rl_lab.train import train
from rl_lab.zoo import nets
from rl_lab.zoo.recipes import RECIPES, recipe_of
from rl_lab.zoo.ship import ship, training_command
from tests.rl_lab.zoo_help import random_net

GAME = make_game("tic_tac_toe")
TINY = AlphaZeroConfig(
    game="tic_tac_toe", minutes=60, iterations=4, blocks=1, channels=8, games=32, moves=8, simulations=4,
    batch_size=32, window_start=200, evaluation_seconds=1e9,
)  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train(TINY, tmp_path_factory.mktemp("runs") / "tiny", console=Console(quiet=True))


@pytest.fixture(autouse=True)
def zoo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(nets, "NETS", tmp_path / "nets")
    return tmp_path / "nets"


def test_a_run_becomes_a_net(run: Path, zoo: Path) -> None:
    net = ship("tic_tac_toe", run, "two cores")
    weights = load_file(net.folder / "model.safetensors")
    original, _, _ = load_model(run)
    for name, parameter in original.named_parameters():
        assert weights[name].dtype == np.float16
        assert np.allclose(weights[name], parameter.detach().numpy(), atol=1e-3, rtol=1e-3)
    card = net.card
    assert card.sha256 == hashlib.sha256((net.folder / "model.safetensors").read_bytes()).hexdigest()
    assert (card.game, card.sizes, card.trained.machine, card.trained.seed) == ("tic_tac_toe", [], "two cores", 0)
    last = Run(run).metrics("training")[-1]
    assert (card.trained.games, card.trained.positions) == (last["games"], last["positions"])
    assert card.trained.command == training_command(TINY)
    assert card.rounding.largest_difference < 0.01 < card.rounding.same_best_move
    assert [path.name for path in zoo.iterdir()] == ["tic_tac_toe"]


def test_the_command_on_a_card_trains_by_the_same_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    import shlex

    from rl_lab import cli

    switched = AlphaZeroConfig(symmetries=False, sizes="2 3", method="puct", learning_rate=1e-4)
    for config in (TINY, switched, *(recipe.config(seed=3) for recipe in RECIPES.values())):
        taken: list[AlphaZeroConfig] = []
        monkeypatch.setattr("rl_lab.train.train", lambda given, *_, taken=taken: taken.append(given))
        assert cli.main(shlex.split(training_command(config))[1:]) == 0
        assert taken == [config]


def test_a_ship_that_sinks_leaves_the_old_net(run: Path, zoo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = ship("tic_tac_toe", run).card
    rename, tried = Path.rename, []

    def fail(self: Path, target: Path) -> Path:
        tried.append(self)
        if self.name.endswith(".tmp"):
            raise OSError(28, "No space left on device")
        return rename(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", fail)
        with pytest.raises(LabError, match="No space left on device"):
            ship("tic_tac_toe", run, "another machine")
    assert tried and nets.open_net("tic_tac_toe").card == before
    assert not list(zoo.glob("*.tmp")) and not list(zoo.glob(".*.tmp"))
    after = ship("tic_tac_toe", run, "another machine").card
    assert after != before and nets.open_folder("before", zoo / ".previous" / "tic_tac_toe").card == before


def test_what_cannot_be_shipped(run: Path, zoo: Path, tmp_path: Path) -> None:
    for name, folder, sentence in [
        ("go", run, "plays go:size=9, but the run in"),
        ("chess", run, "There is no net in the recipes of the zoo 'chess'"),
        ("tic_tac_toe", tmp_path / "none", "There is no run in"),
    ]:
        with pytest.raises(LabError, match=sentence):
            ship(name, folder)
    assert not zoo.exists()


def test_a_card_names_the_sizes_that_were_learned(run: Path, tmp_path: Path) -> None:
    copied = tmp_path / "run"
    config = dataclasses.replace(TINY, game="go:size=3", sizes="2 3 3")
    save_model(checkpoint_of(copied, run, config), random_net("go:size=3"), make_game("go:size=3"), {})
    assert ship("go", copied).card.sizes == [2, 3]


def test_a_card_tells_of_the_net_that_a_run_started_from(run: Path, zoo: Path, tmp_path: Path) -> None:
    first = ship("tic_tac_toe", run, "here").card.trained
    copied = tmp_path / "second"
    config = dataclasses.replace(TINY, start_from=str(run), seed=9)
    save_model(checkpoint_of(copied, run, config), random_net("tic_tac_toe"), GAME, {})
    both = ship("tic_tac_toe", copied, "here").card.trained
    assert (both.games, both.positions) == (2 * first.games, 2 * first.positions) and both.minutes == 2 * first.minutes
    before, _, after = both.command.partition(" && ")
    assert before == f"{first.command} --out {run}" and f"--start-from {run}" in after and both.seed == 9


def checkpoint_of(copied: Path, run: Path, config: AlphaZeroConfig) -> Path:
    """An empty checkpoint in a copy of a run, which has these settings."""
    checkpoint = copied / "checkpoints" / "00000004"
    checkpoint.mkdir(parents=True)
    (copied / "config.json").write_text(config.to_json())
    (copied / "metrics.jsonl").write_bytes((run / "metrics.jsonl").read_bytes())
    return checkpoint


def test_weights_beyond_16_bits_are_not_shipped(run: Path, zoo: Path, tmp_path: Path) -> None:
    copied = tmp_path / "run"
    checkpoint = checkpoint_of(copied, run, TINY)
    net = random_net("tic_tac_toe")
    net.outcome.weight.data[0, 0] = 1e6
    save_model(checkpoint, net, GAME, {})
    with pytest.raises(LabError, match="do not fit into 16 bits"):
        ship("tic_tac_toe", copied)
    assert not torch.isfinite(net.outcome.weight.half()).all() and not nets.net_names()


@pytest.mark.parametrize("name", RECIPES)
def test_recipes_are_of_games_and_settings_that_exist(name: str) -> None:
    recipe = recipe_of(name)
    config = recipe.config(seed=5)
    assert config.seed == 5 and make_game(config.game).name == name
    for spec in recipe.measured_on:
        game = make_game(spec)
        assert game.name == name
        for opponent in recipe.opponents:
            if not opponent.startswith("gnugo"):
                make_agent(opponent, game)


def test_a_recipe_is_trained_in_stages_each_from_the_one_before() -> None:
    runs = list(recipe_of("go").runs(Path("a/go"), seed=5, minutes=1.5))
    assert [(folder.as_posix(), config.start_from) for config, folder in runs] == [
        ("a/go-start-start", ""),
        ("a/go-start", "a/go-start-start"),
        ("a/go", "a/go-start"),
    ]
    assert [config.seed for config, _ in runs] == [5, 5, 5]
    assert [config.minutes for config, _ in runs] == [25, 55, 1.5], "only the last is changed, but for the seed"
    assert runs[-1][0].learning_rate < runs[0][0].learning_rate
    assert [folder for _, folder in recipe_of("hex").runs(Path("b"))] == [Path("b")]
