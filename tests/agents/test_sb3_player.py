"""Learned policies as agents: what they say is what stable-baselines3 says, on disk and back, and bad files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sb3_contrib import MaskablePPO
from stable_baselines3 import DQN, PPO

from agents.agent import Agent
from agents.registry import make_agent
from agents.sb3.config import DQNConfig, PPOConfig
from agents.sb3.dqn import make_dqn
from agents.sb3.gym_vec_env import GymVecEnv
from agents.sb3.player import PolicyAgent, load_policy, save_policy, seated_view
from agents.sb3.policy import policy_of
from agents.sb3.ppo import make_ppo
from agents.sb3.vec_env import WorldVecEnv
from envs.chance import choose, seed_states
from envs.errors import LabError
from envs.games.game import Game, States
from envs.games.registry import GAMES, make_game
from envs.solo.registry import make_world
from envs.solo.world import World
from envs.spec import Spec

SPECS = ["tic_tac_toe", "go:size=5,komi=3.5", "snake:size=6", "skier:dims=2", "skier:actions=continuous"]
CASES = [(kind, spec) for spec in SPECS for kind in ("ppo", "dqn") if (kind, spec[-10:]) != ("dqn", "continuous")]


def env_of(spec: str) -> Game | World:
    return make_game(spec) if Spec.parse(spec).name in GAMES else make_world(spec)


def learner(kind: str, spec: str, seed: int = 0) -> tuple[Any, Any]:
    """(model, config) of a learner with a small net that has learned nothing."""
    settings: dict[str, Any] = {"env": spec, "blocks": 2, "channels": 8, "hidden": 16, "seed": seed, "device": "cpu"}
    env = WorldVecEnv(seated_view(env_of(spec)), 4)
    if kind == "dqn":
        config = DQNConfig(**settings, buffer_size=100, exploration=0.25)
        model: Any = make_dqn(config, env)
    else:
        ppo = PPOConfig(**settings, rollout_steps=8, batch_size=16)
        return scattered(make_ppo(ppo, env)), ppo
    return scattered(model), config


def scattered(model: Any) -> Any:
    """The model with weights at random, where some layers begin at zero and would hide what is lost."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for weights in model.policy.parameters():
            weights += 0.2 * torch.randn(weights.shape, generator=generator)
    return model


def some_states(env: Game | World, n: int = 24) -> States:
    """n unfinished states, some moves into their episodes."""
    seeds = seed_states(range(n))
    states = env.init(n) if isinstance(env, Game) else env.init(seeds)
    for _ in range(3):
        if isinstance(env, World) and env.action_space.shape:
            env.step(states, np.full((n, *env.action_space.shape), 0.3, np.float32))
        else:
            env.step(states, choose(env.legal_mask(states), seeds))
    return states[~states["terminated"]]


@pytest.mark.parametrize(("kind", "spec"), CASES)
def test_it_acts_as_stable_baselines_does_and_the_same_when_read_again(kind: str, spec: str, tmp_path: Path) -> None:
    model, config = learner(kind, spec)
    env = env_of(spec)
    states = some_states(env)
    seen, n = env.observe(states), len(states)
    masks = {"action_masks": env.legal_mask(states)} if isinstance(env, Game) else {}
    wanted, _ = model.predict(seen, deterministic=True, **masks)
    save_policy(tmp_path, model, config, {"steps": 0})
    chance = torch.get_rng_state()
    agent = make_agent(f"{kind}:{tmp_path}", env)
    for each in (PolicyAgent(env, policy_of(model), "present"), agent):
        decision = each.act(states, seed_states(range(n)))
        assert np.array_equal(decision.action, wanted) and decision.action.dtype == wanted.dtype
        values = (
            model.policy.predict_values(torch.as_tensor(seen)) if kind == "ppo" else model.q_net(torch.as_tensor(seen))
        )
        values = values.detach().numpy()
        best = values[:, 0] if kind == "ppo" else np.where(masks.get("action_masks", True), values, -np.inf).max(axis=1)
        best = best.clip(-1, 1) if isinstance(env, Game) else best
        assert np.allclose(decision.value, best, atol=1e-5)
        assert values.std(axis=0).min() > 0, "a net that sees nothing"
    assert torch.equal(torch.get_rng_state(), chance), "reading a policy drew from the run's chance"


@pytest.mark.parametrize("kind", ["ppo", "dqn"])
def test_what_it_tells_keeps_to_the_rules(kind: str) -> None:
    model, _ = learner(kind, "connect_four")
    game = make_game("connect_four")
    states = game.init(200)
    for _ in range(6):
        game.step(states, np.zeros(200, np.int64))  # the first column is full now
    mask = game.legal_mask(states)
    assert not mask[:, 0].any()
    with torch.no_grad():  # and is what the net likes best
        (model.q_net.q_net[-1] if kind == "dqn" else model.policy.action_net).bias[0] = 1e6
    for sample in (False, True):
        decision = PolicyAgent(game, policy_of(model, sample), "").act(states, seed_states(range(200)))
        assert (decision.action != 0).all() and (decision.policy[:, 0] == 0).all()
        assert np.allclose(decision.policy.sum(axis=1), 1) and np.abs(decision.value).max() <= 1
        if kind == "dqn":
            assert decision.q is not None and np.isnan(decision.q[:, 0]).all() and np.isfinite(decision.q[:, 1:]).all()
        else:
            assert decision.prior is not None and (decision.prior[:, 0] == 0).all()


@pytest.mark.parametrize("kind", ["ppo", "dqn"])
def test_a_sampled_action_comes_as_often_as_the_policy_says_and_from_the_rows_seed(kind: str) -> None:
    model, _ = learner(kind, "tic_tac_toe")
    game, n = make_game("tic_tac_toe"), 20_000
    agent = PolicyAgent(game, policy_of(model, sample=True), "")
    states = game.init(n)
    first, again = (agent.act(states, seed_states(range(n))) for _ in range(2))
    assert np.array_equal(first.action, again.action)
    alone = agent.act(states[:1], seed_states([17]))
    assert alone.action[0] == first.action[17]
    share = np.bincount(first.action, minlength=9) / n
    assert np.abs(share - first.policy[0]).max() < 4 * np.sqrt(0.25 / n)
    if kind == "dqn":
        assert np.sort(first.policy[0]) == pytest.approx([0.25 / 9] * 8 + [0.75 + 0.25 / 9])


def test_continuous_actions_are_drawn_around_the_mean_and_stay_in_the_box() -> None:
    model, _ = learner("ppo", "skier:actions=continuous")
    world, n = make_world("skier:actions=continuous"), 20_000
    with torch.no_grad():
        model.policy.log_std[:] = np.log(0.2)
        model.policy.action_net.weight.zero_()
        model.policy.action_net.bias[:] = 0.1
    states = world.init(seed_states(np.zeros(n, int)))
    drawn = PolicyAgent(world, policy_of(model, sample=True), "").act(states, seed_states(range(n))).action
    assert drawn.mean() == pytest.approx(0.1, abs=4 * 0.2 / np.sqrt(n)) and drawn.std() == pytest.approx(0.2, rel=0.03)
    with torch.no_grad():
        model.policy.action_net.bias[:] = 5.0
    decision = PolicyAgent(world, policy_of(model), "").act(states[:3], seed_states(range(3)))
    assert (decision.action == 1).all() and decision.policy.shape == (3, 0)


def test_a_policy_for_a_gymnasium_id(tmp_path: Path) -> None:
    config = PPOConfig(env="CartPole-v1", hidden=8, rollout_steps=8, batch_size=16, num_envs=2)
    env = GymVecEnv("CartPole-v1", 2)
    model: Any = scattered(make_ppo(config, env))
    save_policy(tmp_path, model, config, {})
    seen = np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32)
    decision = load_policy(tmp_path, "ppo", env).decide(seen, None, seed_states(range(50)))
    wanted, _ = model.predict(seen, deterministic=True)
    assert np.array_equal(decision.action, wanted) and set(wanted) == {0, 1}
    with pytest.raises(LabError, match="is for CartPole-v1, not for Acrobot-v1"):
        load_policy(tmp_path, "ppo", GymVecEnv("Acrobot-v1"))


def test_a_runs_best_policy_goes_before_its_newest(tmp_path: Path) -> None:
    policies = {}
    for place in ("checkpoints/00000002", "checkpoints/00000010", "best"):
        model, config = learner("ppo", "catch", seed=len(policies))
        (tmp_path / place).mkdir(parents=True)
        save_policy(tmp_path / place, model, config, {})
        policies[place] = model.policy.action_net.weight.detach().numpy().copy()
        found = load_policy(tmp_path, "ppo", make_world("catch"))
        assert np.array_equal(found.net.action_net.weight.detach().numpy(), policies[place])


def test_other_options_do_if_observations_and_actions_are_the_same(tmp_path: Path) -> None:
    model, config = learner("dqn", "maze:size=5")
    save_policy(tmp_path, model, config, {})
    assert isinstance(make_agent(f"dqn:{tmp_path}", make_world("maze:size=5,split=held_out")), Agent)
    for other in ("maze:size=7", "catch", "tic_tac_toe"):
        with pytest.raises(LabError, match=f"is for maze:size=5, not for {other}"):
            make_agent(f"dqn:{tmp_path}", env_of(other))


@pytest.mark.parametrize("algorithm", [PPO, DQN, MaskablePPO])
def test_zips_of_stable_baselines_are_read_only_if_trusted(algorithm: Any, tmp_path: Path) -> None:
    game = make_game("tic_tac_toe")
    model = algorithm("MlpPolicy", WorldVecEnv(seated_view(game), 2), seed=3)
    path, kind, other = tmp_path / "model.zip", *(("dqn", "ppo") if algorithm is DQN else ("ppo", "dqn"))
    model.save(path)
    with pytest.raises(LabError, match=r"pickles, which can run any code.*trust=true"):
        make_agent(f"{kind}:{path}", game)
    with pytest.raises(LabError, match=f"write {kind}:"):
        make_agent(f"{other}:{path},trust=true", game)
    with pytest.raises(LabError, match="other observations or actions than those of connect_four"):
        make_agent(f"{kind}:{path},trust=true", make_game("connect_four"))
    states = game.init(1)
    wanted, _ = model.predict(game.observe(states), deterministic=True)
    assert make_agent(f"{kind}:{path},trust=true", game).act(states, seed_states([0])).action == wanted
    path.write_bytes(b"PK no zip")
    with pytest.raises(LabError, match="is no zip that DQN, PPO or MaskablePPO"):
        make_agent(f"{kind}:{path},trust=true", game)


def described(folder: Path, **changes: Any) -> None:
    text = json.loads((folder / "policy.json").read_text())
    (folder / "policy.json").write_text(json.dumps({**text, **changes}))


def test_files_that_will_not_do_get_a_sentence(tmp_path: Path) -> None:
    model, config = learner("ppo", "catch")
    world = make_world("catch")

    def refused(spec: str, words: str) -> None:
        with pytest.raises(LabError, match=words) as error:
            make_agent(spec, world)
        assert "\n" not in str(error.value)

    refused(f"ppo:{tmp_path}/nowhere", "There is no '.*nowhere'")
    refused(f"ppo:{tmp_path}", "holds no trained policy")
    refused("ppo", "needs a path")
    refused(f"ppo:{tmp_path},sampel=true", "Did you mean 'sample'")
    (tmp_path / "model.json").write_text("{}")
    refused(f"ppo:{tmp_path}", "a net of AlphaZero: write alphazero:")
    save_policy(tmp_path, model, config, {})
    refused(f"dqn:{tmp_path}", "was learned by ppo: write ppo:")
    described(tmp_path, config={"env": "catch", "blokcs": 3})
    refused(f"ppo:{tmp_path}", "policy.json is damaged: .*blokcs")
    described(tmp_path, config={**config.__dict__, "hidden": 24})
    refused(f"ppo:{tmp_path}", "do not fit the net that policy.json describes")
    for size in ({"blocks": 10**9}, {"channels": 10**7}, {"hidden": 10**9}, {"channels": 10**30}):
        described(tmp_path, config={**config.__dict__, **size})
        refused(f"ppo:{tmp_path}", "do not fit the net that policy.json describes")
    (tmp_path / "policy.json").write_text("[" * 200_000)
    refused(f"ppo:{tmp_path}", "is not JSON")
    save_policy(tmp_path, model, config, {})
    described(tmp_path, format="something")
    refused(f"ppo:{tmp_path}", "not the description of a policy")
    save_policy(tmp_path, model, config, {})
    weights = tmp_path / "policy.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\7")
    refused(f"ppo:{tmp_path}", "is damaged")
