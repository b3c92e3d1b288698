"""A DQN or PPO run that is saved and goes on elsewhere: it ends bit for bit as the one that was left alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium import spaces

import rl_lab  # noqa: F401 - registers its ids
from agents.sb3.config import DQNConfig, PPOConfig
from agents.sb3.state import GlobalChance, model_state
from agents.sb3.trainer import Sb3Trainer
from envs.errors import LabError

SMALL = {"steps": 20_000, "blocks": 1, "channels": 8, "hidden": 16, "num_envs": 6, "seed": 3}
PPO = {**SMALL, "rollout_steps": 24, "batch_size": 48, "epochs": 2}
DQN = {
    **SMALL,
    "num_envs": 20,
    "buffer_size": 3_000,
    "learning_starts": 200,
    "gradient_steps": 1,
    "batch_size": 32,
    "target_steps": 500,
}
CONFIGS = {
    "ppo catch": PPOConfig(env="catch", **PPO),
    "ppo skier, continuous": PPOConfig(env="skier:actions=continuous", **PPO),
    "ppo CartPole": PPOConfig(env="CartPole-v1", **PPO),
    "ppo Pendulum, truncated": PPOConfig(env="Pendulum-v1", **PPO),
    "maskable ppo": PPOConfig(env="tic_tac_toe", opponents="random self", snapshots=2, snapshot_steps=300, **PPO),
    "maskable ppo, symmetries": PPOConfig(env="tic_tac_toe", opponents="greedy", symmetries=True, **PPO),
    "dqn catch": DQNConfig(env="rl_lab:rl_lab/Catch-v0", **DQN),
    "dqn maze, three steps": DQNConfig(env="maze:size=5", n_step=3, **DQN),
    "dqn Blackjack, of several parts": DQNConfig(env="Blackjack-v1", **DQN),
    "dqn CartPole": DQNConfig(env="CartPole-v1", **DQN),
    "masked dqn": DQNConfig(env="connect_four", opponents="self random", snapshots=2, snapshot_steps=900, **DQN),
}


def weights(trainer: Sb3Trainer) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in trainer.model.policy.state_dict().items()}


def disturb() -> None:
    """Somebody else in the process draws from the global generators, and seeds them."""
    torch.manual_seed(99)
    torch.rand(3)
    np.random.seed(99)  # noqa: NPY002
    np.random.rand(3)  # noqa: NPY002


class Words(gym.Env[Any, Any]):
    """Its observations have no fixed size."""

    observation_space, action_space = spaces.Sequence(spaces.Discrete(3)), spaces.Discrete(2)


gym.register("LabTestWords-v0", Words)


@pytest.mark.parametrize("name", CONFIGS)
def test_what_is_restored_goes_on_bit_for_bit(name: str, tmp_path: Path) -> None:
    config = CONFIGS[name]
    straight = Sb3Trainer(config)
    for _ in range(2):
        straight.iterate()
    straight.save(tmp_path)
    at_save = weights(straight)
    disturb()
    measured = [straight.iterate() for _ in range(2)]
    resumed = Sb3Trainer(config)
    resumed.load(tmp_path)
    assert all(torch.equal(tensor, weights(resumed)[key]) for key, tensor in at_save.items())
    again = [resumed.iterate() for _ in range(2)]
    expected, found = model_state(straight.model), model_state(resumed.model)
    assert found[1] == expected[1]
    assert found[0].keys() == expected[0].keys()
    for key, array in expected[0].items():
        np.testing.assert_array_equal(found[0][key], array, err_msg=key)
    for one, other in zip(measured, again, strict=True):
        assert (one.steps, one.updates, one.losses) == (other.steps, other.updates, other.losses)
        assert (one.episode_return, one.episode_length) == (other.episode_return, other.episode_length)
    changed = [not torch.equal(tensor, weights(resumed)[key]) for key, tensor in at_save.items()]
    assert any(changed), "the run must have learned something since it was saved"


@pytest.mark.parametrize("name", ["maskable ppo", "dqn catch"])
def test_the_same_seed_is_the_same_run_whoever_else_draws(name: str) -> None:
    first, second = (Sb3Trainer(CONFIGS[name]) for _ in range(2))
    for _ in range(2):
        first.iterate()
    for _ in range(2):
        disturb()
        second.iterate()
    assert all(torch.equal(tensor, weights(second)[key]) for key, tensor in weights(first).items())


def test_a_trainer_leaves_global_chance_as_it_was() -> None:
    disturb()
    before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    Sb3Trainer(CONFIGS["dqn catch"]).iterate()
    assert torch.equal(torch.get_rng_state(), before[0])
    np.testing.assert_array_equal(np.random.get_state()[1], before[1])  # noqa: NPY002


def test_own_chance_goes_on_where_it_stopped() -> None:
    disturb()
    chance, expected = GlobalChance(), [torch.rand(1).item(), np.random.rand()]  # noqa: NPY002
    with chance.own():
        first = torch.rand(1).item()
    disturb()
    with chance.own():
        second = np.random.rand()  # noqa: NPY002
    assert [first, second] == expected


def test_no_pickles(tmp_path: Path) -> None:
    trainer = Sb3Trainer(CONFIGS["dqn CartPole"])
    trainer.iterate()
    trainer.save(tmp_path)
    assert {path.suffix for path in tmp_path.iterdir()} == {".json", ".safetensors"}
    names = {path.name for path in tmp_path.iterdir() if len(path.stem) < 64}  # the others are the replay's
    assert names == {"policy.json", "policy.safetensors", "trainer.json", "trainer.safetensors"}


@pytest.mark.parametrize(
    ("env", "words"),
    [
        ("skier:actions=continuous", "are continuous: take ppo"),
        ("Pendulum-v1", "are continuous: take ppo"),
        ("snaek", "Did you mean 'snake'"),
        ("CartPol-v1", "Did you mean: `CartPole`"),
        ("LabTestWords-v0", "are Sequences of no fixed size"),
        ("go:size=99", "2 to 19"),
        ("rl_lab/Chess-v0", "Chess"),
    ],
)
def test_what_cannot_be_learned_is_one_sentence(env: str, words: str) -> None:
    with pytest.raises(LabError) as error:
        Sb3Trainer(DQNConfig(env=env))
    assert words in str(error.value)
