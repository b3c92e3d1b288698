"""WorldVecEnv is what DummyVecEnv makes of n WorldEnvs in Monitors, bit for bit, and learns with stable-baselines3."""

import pickle
import warnings
from typing import Any

import numpy as np
import pytest
from gymnasium import Wrapper, spaces
from gymnasium.error import InvalidAction, ResetNeeded, UnsupportedMode
from stable_baselines3 import A2C, DQN, PPO, SAC
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import DummyVecEnv, VecFrameStack, VecMonitor, VecNormalize

from agents.sb3.vec_env import WorldVecEnv
from agents.scripted import RandomAgent
from envs.errors import IllegalAction, LabError
from envs.faces.episodes import IllegalMove
from envs.faces.gym_env import WorldEnv
from envs.faces.seated import Seated
from envs.games.registry import make_game
from envs.solo.catch import Catch
from envs.solo.registry import WORLDS, make_world
from envs.solo.world import World


def seated(spec: str) -> Seated:
    game = make_game(spec)
    return Seated(game, (RandomAgent(game),))


CASES: list[tuple[World, IllegalMove]] = [
    *((make_world(name), "random") for name in WORLDS),
    (make_world("maze:size=5"), "lose"),  # its limit of 50 steps cuts many episodes short
    (make_world("skier:dims=2,actions=continuous"), "lose"),
    (seated("tic_tac_toe"), "lose"),
    (seated("tic_tac_toe"), "random"),
    (seated("go:size=3"), "random"),
]


def dummy(world: World, n: int, illegal: IllegalMove = "lose", render_mode: str | None = None) -> DummyVecEnv:
    return DummyVecEnv([lambda: Monitor(WorldEnv(world, render_mode, illegal)) for _ in range(n)])


def sample(world: World, n: int, rng: np.random.Generator) -> np.ndarray:
    if isinstance(world.action_space, spaces.Discrete):
        return rng.integers(world.action_space.n, size=n)
    return rng.uniform(-1, 1, (n, *world.action_space.shape)).astype(np.float32)


def same(a: Any, b: Any) -> bool:
    return type(a) is type(b) and np.array_equal(a, b) and np.asarray(a).dtype == np.asarray(b).dtype


@pytest.mark.parametrize(("world", "illegal"), CASES, ids=lambda case: case if isinstance(case, str) else case.spec)
def test_equal_to_dummy_vec_env_bit_for_bit(world: World, illegal: IllegalMove) -> None:
    ours, theirs = WorldVecEnv(world, 3, illegal), dummy(world, 3, illegal)
    rng, finished = np.random.default_rng(1), 0
    ours.seed(7)
    theirs.seed(7)
    assert same(ours.reset(), theirs.reset())
    for _ in range(1100):
        if isinstance(world.action_space, spaces.Discrete):
            assert same(np.stack(ours.env_method("action_masks")), np.stack(theirs.env_method("action_masks")))
        actions = sample(world, 3, rng)
        (*a, infos), (*b, wanted) = ours.step(actions), theirs.step(actions)
        assert all(same(x, y) for x, y in zip(a, b, strict=True))
        for done, info, want in zip(a[2], infos, wanted, strict=True):
            if not done:
                assert info == {}
                continue
            finished += 1
            assert info.keys() == want.keys()
            assert isinstance(info["episode"].pop("t"), float) and want["episode"].pop("t") >= 0
            assert info.pop("episode") == want.pop("episode")
            assert all(same(info[key], want[key]) for key in want)
        for info, want in zip(ours.reset_infos, theirs.reset_infos, strict=True):
            assert info.keys() == want.keys() and all(same(info[key], want[key]) for key in want)
    assert finished >= 10
    ours.seed(8)  # counts from the next reset on, which cuts the present episodes short
    theirs.seed(8)
    assert same(ours.reset(), theirs.reset()) and same(ours.reset(), theirs.reset())


def test_an_episode_cut_short_is_called_truncated() -> None:
    vec = WorldVecEnv(make_world("maze:size=5"), 64)
    vec.seed(0)
    vec.reset()
    for _ in range(vec.world.max_steps):
        *_, infos = vec.step(np.zeros(64, np.int64))  # into the wall
    cut = [info for info in infos if info and info["episode"]["l"] == vec.world.max_steps]
    assert len(cut) > 20 and all(info["TimeLimit.truncated"] is True for info in cut)


def test_a_saved_state_goes_on_exactly() -> None:
    world, rng = seated("tic_tac_toe"), np.random.default_rng(2)
    vec, other = WorldVecEnv(world, 4, "random"), WorldVecEnv(world, 4, "random")
    vec.seed(1)
    vec.reset()
    for _ in range(5):
        vec.step(sample(world, 4, rng))
    saved, copied = vec.save(), pickle.loads(pickle.dumps(vec))
    plan = [sample(world, 4, rng) for _ in range(60)]
    lived = [vec.step(actions) for actions in plan]
    assert same(other.load(saved), copied.world.observe(copied._episodes.states))
    for actions, (*wanted, wanted_infos) in zip(plan, lived, strict=True):
        for env in (other, copied):
            *found, infos = env.step(actions)
            assert all(same(x, y) for x, y in zip(found, wanted, strict=True))
            for info, want in zip(infos, wanted_infos, strict=True):
                assert ("episode" in info) == ("episode" in want)
                if info:
                    assert (info["episode"]["r"], info["episode"]["l"]) == (want["episode"]["r"], want["episode"]["l"])
    with pytest.raises(LabError):
        WorldVecEnv(Catch(), 4).load(saved)


def test_unseeded_environments_differ() -> None:
    world = make_world("snake")
    states = [WorldVecEnv(world, 8), WorldVecEnv(world, 8)]
    first, second = (vec.reset() for vec in states)
    assert not np.array_equal(first, second)


def test_what_is_asked_by_name() -> None:
    vec = WorldVecEnv(seated("connect_four"), 5)
    vec.reset()
    assert vec.has_attr("action_masks") and not vec.has_attr("nonsense")
    assert vec.get_attr("render_mode") == [None] * 5 and vec.get_attr("world", indices=2) == [vec.world]
    assert len(vec.env_method("action_masks", indices=[0, 3])) == 2
    assert vec.env_is_wrapped(Monitor) == [True] * 5 and vec.env_is_wrapped(Wrapper, 0) == [False]
    assert not WorldVecEnv(make_world("skier:actions=continuous"), 2).has_attr("action_masks")
    with pytest.raises(AttributeError, match="nonsense"):
        vec.env_method("nonsense")
    with pytest.raises(AttributeError, match="cannot be set"):
        vec.set_attr("world", None)


def test_indices_mean_those_slots_in_that_order() -> None:
    vec = WorldVecEnv(seated("tic_tac_toe"), 4, render_mode="ansi")
    vec.seed(0)
    vec.reset()
    vec.step(np.array([np.flatnonzero(mask)[i] for i, mask in enumerate(vec.action_masks())]))
    for method in ("action_masks", "render"):
        of_all = vec.env_method(method)
        assert not any(np.array_equal(of_all[i], of_all[j]) for i in range(4) for j in range(i))
        for indices in ([3, 1], [2], 2):
            wanted = [of_all[i] for i in np.atleast_1d(indices)]
            assert np.array_equal(vec.env_method(method, indices=indices), wanted)


def test_a_reset_in_mid_episode_begins_its_record_anew() -> None:
    vec = WorldVecEnv(make_world("skier"), 2)
    vec.seed(0)
    vec.reset()
    assert sum(vec.step(np.zeros(2, np.int64))[1] for _ in range(3)).any()
    vec.reset()
    total, length, dones = np.zeros(2), 0, np.zeros(2, np.bool_)
    while not dones.any():
        _, rewards, dones, infos = vec.step(np.zeros(2, np.int64))
        total, length = total + rewards, length + 1
    for i in np.flatnonzero(dones):
        assert infos[i]["episode"]["l"] == length and infos[i]["episode"]["r"] == pytest.approx(total[i], abs=1e-5)


def test_what_is_wrong_is_said_and_changes_nothing() -> None:
    vec = WorldVecEnv(seated("tic_tac_toe"), 2, illegal="raise")
    with pytest.raises(ResetNeeded):
        vec.step(np.array([0, 0]))
    vec.seed(0)
    vec.reset()
    vec.step(np.argmax(vec.action_masks(), axis=1))
    saved = vec.save()
    illegal = np.argmin(vec.action_masks(), axis=1)
    for actions, error in ((illegal, IllegalAction), (np.array([9, 9]), InvalidAction), (np.array([0]), InvalidAction)):
        with pytest.raises(error):
            vec.step(actions)
    assert all(np.array_equal(value, saved[key]) for key, value in vec.save().items())
    vec.set_options({"size": 3})
    with pytest.raises(LabError, match="no options"):
        vec.reset()
    with pytest.raises(UnsupportedMode):
        WorldVecEnv(Catch(), render_mode="nonsense")
    with pytest.raises(LabError, match="at least 1"):
        WorldVecEnv(Catch(), 0)


def test_rendering() -> None:
    ours, theirs = WorldVecEnv(Catch(), 3, render_mode="rgb_array"), dummy(Catch(), 3, render_mode="rgb_array")
    for vec in (ours, theirs):
        vec.seed(2)
        vec.reset()
    assert same(ours.render(), theirs.render()) and same(ours.env_method("render")[1], theirs.env_method("render")[1])
    ours.close()
    silent = WorldVecEnv(Catch(), 2)
    silent.reset()
    with pytest.warns(UserWarning, match="rgb_array"):
        assert silent.get_images() == [None, None]


@pytest.mark.parametrize("algorithm", [PPO, A2C, DQN])
def test_learning_runs_and_reports(algorithm: Any) -> None:
    vec = WorldVecEnv(Catch(), 4)
    options: dict[str, Any] = {"learning_starts": 64} if algorithm is DQN else {"n_steps": 32}
    model = algorithm("MlpPolicy", vec, seed=3, **options).learn(512)
    assert len(model.ep_info_buffer) > 10 and {info["r"] for info in model.ep_info_buffer} <= {-1.0, 1.0}
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # no complaint that a Monitor is missing
        mean, _ = evaluate_policy(model, vec, n_eval_episodes=20)
    assert -1 <= mean <= 1


def test_continuous_actions_learn() -> None:
    SAC(
        "MlpPolicy", WorldVecEnv(make_world("skier:actions=continuous"), 2), learning_starts=20, batch_size=16, seed=0
    ).learn(40)


def test_the_same_seed_learns_the_same() -> None:
    weights = []
    for make in (lambda: WorldVecEnv(Catch(), 4), lambda: dummy(Catch(), 4)):
        model = PPO("MlpPolicy", make(), n_steps=32, seed=5).learn(256)
        weights.append(np.concatenate([p.detach().numpy().ravel() for p in model.policy.parameters()]))
    assert np.array_equal(*weights)


def test_wrappers_of_stable_baselines3_fit() -> None:
    vec = VecNormalize(VecFrameStack(WorldVecEnv(make_world("skier:actions=continuous"), 3), 2), norm_obs=True)
    vec.seed(0)
    vec.reset()
    for _ in range(20):
        observations, rewards, dones, _ = vec.step(np.zeros((3, *vec.action_space.shape), np.float32))
    assert np.isfinite(observations).all() and rewards.shape == dones.shape == (3,)
    with pytest.warns(UserWarning, match="already wrapped with a `Monitor`"):
        VecMonitor(WorldVecEnv(Catch(), 2))
