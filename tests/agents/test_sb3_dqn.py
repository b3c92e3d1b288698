"""DQN with masks and double Q-learning, held to a slow reference and to stable-baselines3; and it learns."""

from typing import Any

import numpy as np
import pytest
import torch
from dqn_runs import begun, collect
from stable_baselines3 import DQN
from stable_baselines3.common.type_aliases import ReplayBufferSamples

from agents.sb3 import networks
from agents.sb3.config import DQNConfig
from agents.sb3.dqn import _turned, make_dqn
from agents.sb3.masks import action_masks
from agents.sb3.symmetries import Symmetries
from agents.sb3.vec_env import WorldVecEnv
from envs.chance import seed_states
from envs.errors import LabError
from envs.games.registry import make_game
from envs.solo.registry import make_world


class GreedyForTheIllegal(torch.nn.Module):
    """A Q that loves occupied cells of tic-tac-toe above all, and else the later cells."""

    def forward(self, observations: torch.Tensor) -> torch.Tensor:
        occupied = observations[:, :2].flatten(2).sum(1).float()
        return 1000 * occupied + torch.linspace(0, 0.5, 9)

    def set_training_mode(self, mode: bool) -> None:
        """Has none."""


@pytest.mark.parametrize("double", [True, False])
def test_illegal_actions_are_never_chosen_explored_or_believed_in(double: bool) -> None:
    model = begun("tic_tac_toe", 16, double=double, learning_starts=100, exploration=0.5, n_step=2)
    lover = GreedyForTheIllegal()
    model.train = lambda **_: None
    vars(model)["q_net"] = vars(model)["q_net_target"] = model.policy.q_net = lover
    told = collect(model, 200)
    greedy = 0
    for observations, actions, *_ in told:
        occupied = observations[:, :2].reshape(16, 2, 9).sum(1)
        assert not occupied[np.arange(16), actions].any()
        greedy += (actions == np.where(occupied, -1, np.arange(9)).argmax(1)).sum()
    assert 0.4 < greedy / (200 * 16) < 0.99  # both kinds of action were seen
    batch = model.replay_buffer.draw(2000, model.rng)
    assert batch.next_masks is not None and not batch.next_masks.all()
    targets = model.targets(batch)
    assert targets.abs().max() < 2 and (targets[torch.from_numpy(batch.discounts > 0)] > 0).any()
    masks = action_masks(model.env)
    chosen, _ = model.predict(model._last_obs, deterministic=True, action_masks=masks)
    assert masks[np.arange(16), chosen].all()
    one, _ = model.predict(model._last_obs[0], deterministic=True, action_masks=masks[0])
    assert one == chosen[0]


@pytest.mark.parametrize("double", [True, False])
def test_targets_equal_a_slow_reference(double: bool) -> None:
    model = begun("go:size=3", 4, double=double, n_step=2)
    collect(model, 80)
    batch = model.replay_buffer.draw(100, model.rng)
    assert batch.next_masks is not None
    with torch.no_grad():
        q, judged = (
            net(torch.from_numpy(batch.next_observations)).numpy() for net in (model.q_net, model.q_net_target)
        )
    assert not np.allclose(q, judged)
    expected = []
    for i, legal in enumerate(batch.next_masks):
        actions = [a for a in range(10) if legal[a]]
        best = max(actions, key=lambda a: (q if double else judged)[i, a])
        expected.append(batch.returns[i] + batch.discounts[i] * judged[i, best])
    assert np.allclose(model.targets(batch), expected, atol=1e-6)


@pytest.mark.parametrize("spec", ["catch", "CartPole-v1"])
def test_learning_steps_are_those_of_stable_baselines3(spec: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without masks, with double=False and n_step=1."""
    monkeypatch.setattr(networks, "inference_dtype", lambda _: torch.float32)
    ours, theirs = (begun(spec, 2, double=False, seed=5) for _ in range(2))
    collect(ours, 20)
    theirs.policy.load_state_dict(ours.policy.state_dict())
    theirs.policy.optimizer.load_state_dict(ours.policy.optimizer.state_dict())
    batch = ours.replay_buffer.draw(64, ours.rng)
    assert batch.weights.all()
    columns = (batch.actions, batch.discounts == 0, batch.returns)
    actions, dones, rewards = (torch.as_tensor(column[:, None]) for column in columns)
    observations, after = torch.as_tensor(batch.observations), torch.as_tensor(batch.next_observations)
    samples = ReplayBufferSamples(observations, actions, after, dones.float(), rewards)
    monkeypatch.setattr(theirs.replay_buffer, "sample", lambda *_, **__: samples)
    monkeypatch.setattr(ours.replay_buffer, "draw", lambda *_: batch)
    for model in (ours, theirs):
        model._update_current_progress_remaining(1, 2)
    ours.train(3, 64)
    DQN.train(theirs, 3, 64)
    for a, b in zip(ours.policy.parameters(), theirs.policy.parameters(), strict=True):
        assert torch.equal(a, b)
    assert ours.logger.name_to_value["train/loss"] == pytest.approx(theirs.logger.name_to_value["train/loss"])


def test_each_environment_tosses_its_own_coin() -> None:
    model = begun("catch", 400)
    model.exploration_rate = 0.3
    greedy, _ = model.predict(model._last_obs, deterministic=True)
    explored = [np.mean(model.predict(model._last_obs)[0] != greedy) for _ in range(10)]
    assert all(0.1 < share < 0.3 for share in explored)  # a third of the random ones are greedy by chance
    assert len(set(explored)) > 1


def test_replayed_steps_are_turned_as_a_whole() -> None:
    model = begun("tic_tac_toe", 8)
    collect(model, 60)
    batch = model.replay_buffer.draw(400, model.rng)
    turned = _turned(batch, Symmetries(make_game("tic_tac_toe")), np.random.default_rng(1))
    assert not np.array_equal(turned.actions, batch.actions)
    rows = np.arange(400)
    before, after = (planes[:, :2].reshape(400, 2, 9) for planes in (turned.observations, turned.next_observations))
    goes_on = turned.discounts > 0
    assert not before[rows, :, turned.actions].any()
    assert after[rows, 0, turned.actions][goes_on].all()
    assert np.array_equal(turned.next_masks, after.sum(1) == 0)


def test_continuous_actions_are_refused() -> None:
    with pytest.raises(LabError, match="continuous"):
        begun("skier:actions=continuous", 2)


def test_same_seed_same_weights() -> None:
    weights = []
    for seed in (3, 3, 4):
        model = begun("catch", 4, seed=seed, n_step=3)
        model.learn(600)
        weights.append(torch.nn.utils.parameters_to_vector(model.policy.parameters()))
    assert torch.equal(weights[0], weights[1]) and not torch.equal(weights[0], weights[2])


@pytest.mark.parametrize("seed", [0, 1])
def test_learns_catch(seed: int) -> None:
    settings: dict[str, Any] = {"learning_starts": 1000, "gradient_steps": 2, "batch_size": 128, "target_steps": 1000}
    settings |= {"blocks": 0, "channels": 16, "hidden": 64, "learning_rate": 1e-3}
    env = WorldVecEnv(make_world("catch"), 64)
    model = make_dqn(DQNConfig(seed=seed, **settings), env)
    model.learn(40_000)
    world = env.world
    states = world.init(seed_states(range(1000, 1200)))
    for _ in range(world.max_steps):
        world.step(states, model.predict(world.observe(states), deterministic=True)[0])
    assert (states["reward"] == 1).all()
