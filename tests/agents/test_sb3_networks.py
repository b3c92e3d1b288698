"""The extractors see what the world says, from 0 to 1 or -1 to 1, and what they share with AlphaZero is one trunk."""

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium import spaces

from agents.alphazero.network import NetConfig, PolicyValueNet
from agents.sb3.config import DQNConfig, PPOConfig
from agents.sb3.dqn import make_dqn
from agents.sb3.networks import PlanesExtractor, VectorExtractor, learning_rate, policy_kwargs
from agents.sb3.ppo import make_ppo
from agents.sb3.vec_env import WorldVecEnv
from agents.scripted import RandomAgent
from envs.chance import seed_states
from envs.faces.seated import Seated
from envs.games.registry import make_game
from envs.solo.registry import make_world


def extractor(kwargs: dict[str, Any], space: spaces.Space[Any]) -> Any:
    return kwargs["features_extractor_class"](space, **kwargs.get("features_extractor_kwargs", {}))


def test_planes_are_scaled_by_their_highest_values() -> None:
    world = make_world("snake:size=4")
    net = extractor(policy_kwargs(PPOConfig(channels=8, hidden=16), world), world.observation_space)
    seen: list[torch.Tensor] = []
    net.trunk.stem.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].float()))
    highest = torch.from_numpy(world.observation_space.high)[None]
    assert net(highest).shape == (1, 16) and net(highest).dtype == torch.float32
    assert torch.equal(seen[0], torch.ones_like(seen[0]))


def test_board_games_are_seen_as_alphazero_sees_them() -> None:
    game = make_game("go:size=5")
    world = Seated(game, (RandomAgent(game),))
    states = game.init(3)
    states["komi2"] = 15
    net = extractor(policy_kwargs(DQNConfig(channels=8, blocks=2), world), world.observation_space)
    offset, scale = game.plane_offset_scale
    assert np.array_equal(net.trunk.plane_offset[:, 0, 0], offset) and np.array_equal(
        net.trunk.plane_scale[:, 0, 0], scale
    )
    twin = PolicyValueNet(game, NetConfig(blocks=2, channels=8))
    shared = {
        name: t
        for name, t in twin.state_dict().items()
        if name.split(".")[0] in ("stem", "blocks", "plane_offset", "plane_scale")
    }
    net.trunk.load_state_dict(shared)  # strict: all of the trunk, and nothing else
    planes = torch.from_numpy(game.observe(states))
    assert torch.equal(net.trunk.features(planes, None), twin.features(planes, None))


def test_a_worlds_bounds_become_minus_one_and_one_but_where_it_knows_better() -> None:
    world = make_world("skier:dims=2")
    net = extractor(policy_kwargs(PPOConfig(), world), world.observation_space)
    ends = torch.from_numpy(np.stack([world.observation_space.low, world.observation_space.high]))
    assert isinstance(net, VectorExtractor)
    expected = torch.tensor([[-1.0], [1.0]]).repeat(1, 8)
    expected[:, 3:5] *= 10  # slopes, which may be 10 but hardly ever are
    assert torch.allclose(net(ends), expected)


def test_a_strided_net_looks_at_rooms_and_what_is_around_them() -> None:
    world = make_world("maze:size=9")
    net = extractor(policy_kwargs(PPOConfig(stride=2, blocks=0, channels=4), world), world.observation_space)
    planes = torch.zeros(1, 3, 9, 9)
    before = net.trunk.features(planes, None)
    assert before.shape == (1, 4, 5, 5)
    planes[0, 0, 3, 4] = 1  # a corridor between the rooms (1, 2) and (2, 2)
    changed = (net.trunk.features(planes, None) != before).any(dim=1)[0]
    assert {tuple(room) for room in changed.nonzero().tolist()} <= {(1, 2), (2, 2)} and changed.any()


def test_repeated_blocks_have_the_same_weights() -> None:
    world = make_world("maze")
    once, thrice = (
        extractor(policy_kwargs(PPOConfig(blocks=2, repeats=n), world), world.observation_space).trunk for n in (1, 3)
    )
    for block in once.blocks:
        torch.nn.init.normal_(block.conv2.weight, std=0.01)  # at their start blocks change nothing
    thrice.load_state_dict(once.state_dict())  # strict: not one weight more
    planes = torch.from_numpy(world.observe(world.init(seed_states([0]))))
    x = once.stem((planes - once.plane_offset) * once.plane_scale)
    for block in [*once.blocks] * 3:
        x = block(x, None)
    assert torch.equal(thrice.features(planes, None), torch.relu(x))
    assert not torch.equal(thrice.features(planes, None), once.features(planes, None))


def test_bytes_are_scaled_and_other_peoples_numbers_are_not() -> None:
    for space, sent, got in (
        (spaces.Box(0, 255, (2,), np.uint8), [0.0, 255.0], [-1.0, 1.0]),
        (gym.make("CartPole-v1").observation_space, [2.0, -3.0, 0.2, 5.0], [2.0, -3.0, 0.2, 5.0]),
    ):
        net = extractor(policy_kwargs(DQNConfig(), space), space)
        assert torch.equal(net(torch.tensor([sent])), torch.tensor([got]))


def test_every_world_fits_a_policy_of_either_algorithm() -> None:
    for spec in ("catch", "snake", "maze", "skier", "skier:dims=2"):
        world = make_world(spec)
        for make, config in ((make_ppo, PPOConfig()), (make_dqn, DQNConfig())):
            model: Any = make(config, WorldVecEnv(world, 2))
            observations = world.observe(world.init(seed_states(range(2))))
            actions, _ = model.predict(observations, deterministic=True)
            assert all(action in world.action_space for action in actions)


def test_discrete_observations_are_one_hot() -> None:
    space = gym.make("FrozenLake-v1").observation_space
    net = extractor(policy_kwargs(DQNConfig(), space), space)
    assert net.features_dim == 16


def test_the_first_policy_is_nearly_uniform_and_residual_branches_begin_at_zero() -> None:
    world = make_world("catch")
    model = make_ppo(PPOConfig(blocks=2), WorldVecEnv(world, 4))
    trunk = model.policy.features_extractor.trunk
    assert all(not block.conv2.weight.any() for block in trunk.blocks)
    observations, _ = model.policy.obs_to_tensor(world.observe(world.init(seed_states(range(4)))))
    probabilities = model.policy.get_distribution(observations).distribution.probs
    assert torch.allclose(probabilities, torch.full_like(probabilities, 1 / 3), atol=1e-4)


def test_learning_rate_falls_along_a_straight_line() -> None:
    schedule = learning_rate(PPOConfig(learning_rate=1e-3, final_learning_rate=0.2))
    assert [schedule(remaining) for remaining in (1.0, 0.5, 0.0)] == pytest.approx([1e-3, 6e-4, 2e-4])


def test_planes_extractor_is_what_the_settings_say() -> None:
    world = make_world("maze")
    net = extractor(policy_kwargs(PPOConfig(blocks=3, channels=8, hidden=24), world), world.observation_space)
    assert isinstance(net, PlanesExtractor)
    assert (len(net.trunk.blocks), net.trunk.stem.out_channels, net.features_dim) == (3, 8, 24)
