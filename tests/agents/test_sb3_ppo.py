"""The fast PPO is stable-baselines3's PPO: the same rollouts, the same updates; and it learns."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from gymnasium import spaces
from sb3_contrib import MaskablePPO
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import ConvertCallback
from stable_baselines3.common.logger import Logger
from stable_baselines3.common.vec_env import VecEnv

from agents.sb3 import networks
from agents.sb3.config import PPOConfig
from agents.sb3.gym_vec_env import env_for
from agents.sb3.masks import action_masks, masks_actions
from agents.sb3.ppo import AnyPPO, LabMaskablePPO, LabPPO, make_ppo
from agents.sb3.symmetries import Symmetries, View
from agents.sb3.vec_env import WorldVecEnv
from agents.scripted import RandomAgent
from envs.chance import seed_states
from envs.errors import LabError
from envs.faces.seated import Seated
from envs.games.registry import make_game
from envs.solo.registry import make_world

SMALL = {"blocks": 1, "channels": 8, "hidden": 16, "num_envs": 8, "rollout_steps": 64, "batch_size": 128, "epochs": 2}
SPECS = ["maze:size=5", "skier:dims=2,actions=continuous", "tic_tac_toe", "CartPole-v1", "FrozenLake-v1"]


def environment(spec: str, n: int = 8) -> VecEnv:
    if spec.split(":")[0] in ("tic_tac_toe", "go"):
        game = make_game(spec)
        return WorldVecEnv(Seated(game, (RandomAgent(game),)), n)
    return env_for(PPOConfig(env=spec, num_envs=n))


def begun(spec: str, **settings: Any) -> AnyPPO:
    """A small model about to collect its first rollout."""
    model = make_ppo(PPOConfig(env=spec, **{**SMALL, **settings}), environment(spec))
    model.set_logger(Logger(None, []))
    model._setup_learn(10_000)
    return model


def collect(model: AnyPPO, collector: Any) -> int:
    """One rollout; how many episodes were truncated in it."""
    told: list[dict[str, Any]] = []
    callback = ConvertCallback(lambda locals_, _: told.extend(locals_["infos"]) or True)
    callback.init_callback(model)
    torch.manual_seed(5)
    assert collector(model, model.env, callback, model.rollout_buffer, model.n_steps)
    return sum(info.get("TimeLimit.truncated", False) for info in told)


def parent(model: AnyPPO) -> Any:
    return MaskablePPO if isinstance(model, LabMaskablePPO) else PPO


@pytest.mark.parametrize("spec", SPECS)
def test_rollouts_are_those_of_stable_baselines3(spec: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """To the last bit, but for what a truncated episode's last observation is worth: it is judged in another batch."""
    monkeypatch.setattr(networks, "inference_dtype", lambda _: torch.float32)  # so that this is nearly nothing
    ours, theirs = begun(spec), begun(spec)
    assert isinstance(ours, LabMaskablePPO) == (spec == "tic_tac_toe")
    truncated = 0
    for _ in range(2):
        truncated += collect(ours, type(ours).collect_rollouts)
        collect(theirs, parent(theirs).collect_rollouts)
        exact = ["observations", "actions", "episode_starts", "values", "log_probs"]
        exact += ["action_masks"] if spec == "tic_tac_toe" else []
        for name in exact:
            assert np.array_equal(getattr(ours.rollout_buffer, name), getattr(theirs.rollout_buffer, name)), name
        for name in ("rewards", "advantages", "returns"):
            a, b = getattr(ours.rollout_buffer, name), getattr(theirs.rollout_buffer, name)
            assert np.allclose(a, b, rtol=0, atol=1e-5 if truncated else 0), name
        assert np.array_equal(ours._last_obs, theirs._last_obs)
        assert np.array_equal(ours._last_episode_starts, theirs._last_episode_starts)
        assert ours.num_timesteps == theirs.num_timesteps
        kept = [[(e["r"], e["l"]) for e in model.ep_info_buffer] for model in (ours, theirs)]
        assert kept[0] == kept[1] and kept[0]
    assert (truncated > 0) == spec.startswith("maze")


def test_truncated_episodes_are_believed_to_go_on() -> None:
    """Every reward is 1 and every value 100: a step that was cut is worth 1 + gamma 100, one that ended 1."""
    model = begun("maze:size=5", gamma=0.5)
    with torch.no_grad():
        model.policy.value_net.weight.zero_()
        model.policy.value_net.bias.fill_(100)
    ends: list[tuple[int, int, bool]] = []
    step, inner = 0, model.env.step

    def spy(actions: Any) -> Any:
        nonlocal step
        observations, rewards, dones, infos = inner(actions)
        ends.extend((step, i, infos[i]["TimeLimit.truncated"]) for i in np.flatnonzero(dones))
        step += 1
        return observations, np.ones_like(rewards), dones, infos

    model.env.step = spy
    collect(model, LabPPO.collect_rollouts)
    expected = np.ones_like(model.rollout_buffer.rewards)
    for row, slot, truncated in ends:
        expected[row, slot] += 50 * truncated
    assert {truncated for *_, truncated in ends} == {True, False}
    assert np.array_equal(model.rollout_buffer.rewards, expected)


@pytest.mark.parametrize("spec", SPECS)
def test_updates_are_those_of_stable_baselines3(spec: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = (begun(spec, clip_range=1e-3) for _ in range(2))  # so small that it matters
    collect(ours, type(ours).collect_rollouts)
    collect(theirs, type(theirs).collect_rollouts)
    orders = [np.random.default_rng(i).permutation(64 * 8) for i in range(2)]
    for_theirs = iter([order % 8 * 64 + order // 8 for order in orders])  # they lay slots end to end, we steps
    monkeypatch.setattr(np.random, "permutation", lambda _: next(for_theirs))
    parent(theirs).train(theirs)
    monkeypatch.undo()
    ours.rng = SimpleNamespace(permutation=lambda _, left=orders: left.pop(0))
    ours.train()
    for a, b in zip(ours.policy.parameters(), theirs.policy.parameters(), strict=True):
        assert torch.equal(a, b)
    mine, stock = ours.logger.name_to_value, theirs.logger.name_to_value
    assert mine["train/clip_fraction"] > 0.01
    assert mine.keys() == stock.keys()
    for name in mine.keys() - {"train/loss", "train/approx_kl"}:  # theirs are of the last minibatch or epoch
        assert mine[name] == pytest.approx(stock[name], rel=1e-4, abs=1e-6), name


@pytest.mark.parametrize("spec", ["tic_tac_toe", "connect_four", "othello:size=6", "hex:size=4", "go:size=5"])
def test_a_turned_game_is_the_same_game(spec: str) -> None:
    """Whoever plays the turned moves sees the turned boards, and may do the turned actions."""
    game = make_game(spec)
    rng = np.random.default_rng(3)
    n = 4 * len(game.symmetries)
    view = View(Symmetries(game), rng, n)
    states, turned = game.init(n), game.init(n)
    seeds = seed_states(range(n))
    for _ in range(12):
        assert np.array_equal(view.observations(game.observe(states)), game.observe(turned))
        masks = game.legal_mask(states)
        assert np.array_equal(view.masks(masks), game.legal_mask(turned))
        masks[~masks.any(axis=1)] = True
        actions = np.where(masks, rng.random(masks.shape), -1).argmax(axis=1)
        assert np.array_equal(view.actions_back(view.actions(actions)), actions)
        game.step(states, actions)
        game.step(turned, view.actions(actions))
    assert len(seeds) == n


def test_rollouts_through_symmetries_turn_everything() -> None:
    model = begun("go:size=3", symmetries=True)
    raw: list[tuple[Any, Any]] = []
    inner = model.env.step

    def spy(actions: Any) -> Any:
        raw.append((np.array(model._last_obs), (action_masks(model.env), actions)))
        return inner(actions)

    model.env.step = spy
    view = View(model.symmetries, np.random.default_rng(model.seed), 8)  # the first that the model will draw
    collect(model, LabMaskablePPO.collect_rollouts)
    buffer = model.rollout_buffer
    for step, (observations, (masks, actions)) in enumerate(raw):
        assert np.array_equal(buffer.observations[step], view.observations(observations))
        assert np.array_equal(buffer.action_masks[step], view.masks(masks))
        assert np.array_equal(buffer.actions[step, :, 0], view.actions(actions))
        assert masks[np.arange(8), actions].all()
    changed = [not np.array_equal(view.observations(seen), seen) for seen, _ in raw]
    assert any(changed)


def test_symmetries_need_a_board_game() -> None:
    with pytest.raises(LabError, match="board game"):
        begun("catch", symmetries=True)


def test_a_callback_can_stop_a_rollout() -> None:
    model = begun("catch")
    model.learn(10_000, lambda locals_, globals_: model.num_timesteps < 100)
    assert model.num_timesteps == 104 and model._n_updates == 0


def test_same_seed_same_weights() -> None:
    """And other seeds other ones; as stable-baselines3's test_deterministic."""
    weights = []
    for seed in (3, 3, 4):
        model = make_ppo(PPOConfig(seed=seed, **SMALL), environment("catch"))
        model.learn(1500)
        weights.append(torch.nn.utils.parameters_to_vector(model.policy.parameters()))
    assert torch.equal(weights[0], weights[1]) and not torch.equal(weights[0], weights[2])


@pytest.mark.parametrize("seed", [0, 1])
def test_learns_catch(seed: int) -> None:
    settings: dict[str, Any] = {"blocks": 0, "channels": 16, "hidden": 64, "rollout_steps": 16, "batch_size": 256}
    config = PPOConfig(steps=60_000, seed=seed, learning_rate=1e-3, **settings)
    env = WorldVecEnv(make_world("catch"), 64)
    model = make_ppo(config, env)
    model.learn(config.steps)
    world = env.world
    states = world.init(seed_states(range(1000, 1200)))
    for _ in range(world.max_steps):
        world.step(states, model.predict(world.observe(states), deterministic=True)[0])
    assert (states["reward"] == 1).all()


def test_masks_are_seen_for_what_they_are() -> None:
    assert masks_actions(environment("tic_tac_toe")) and not masks_actions(environment("catch"))
    assert not masks_actions(environment("CartPole-v1"))
    assert isinstance(environment("skier:actions=continuous").action_space, spaces.Box)
    assert not masks_actions(environment("skier:actions=continuous"))
