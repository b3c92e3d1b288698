"""Other people's environments as a VecEnv that can be saved: held against a DummyVecEnv of Monitors."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import DummyVecEnv

from agents.sb3.config import PPOConfig
from agents.sb3.gym_vec_env import GymVecEnv, Replayable, env_for, lab_spec
from agents.sb3.vec_env import WorldVecEnv
from envs.errors import LabError

Step = tuple[Any, NDArray[np.float32], NDArray[np.bool_], list[dict[str, Any]]]


class Drifting(gym.Env[NDArray[np.float32], int]):
    """Its noise comes from nowhere that a seed reaches."""

    observation_space = spaces.Box(-1, 1, (1,), np.float32)
    action_space = spaces.Discrete(2)
    drift = np.random.default_rng(0)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        return self.drift.random(1, np.float32), {}

    def step(self, action: int) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        return self.drift.random(1, np.float32), 0.0, False, False, {}


def play(env: DummyVecEnv, steps: int, seed: int) -> list[Step]:
    """What comes of random actions drawn from that seed."""
    env.action_space.seed(seed)
    told = []
    for _ in range(steps):
        told.append(env.step(np.array([env.action_space.sample() for _ in range(env.num_envs)])))
        for info in told[-1][3]:
            info.get("episode", {}).pop("t", None)  # the clock's time
    return told


def assert_equal_steps(found: list[Step], expected: list[Step]) -> None:
    for one, other in zip(found, expected, strict=True):
        for part, wanted in zip(one[:3], other[:3], strict=True):
            np.testing.assert_array_equal(part, wanted)
        assert len(one[3]) == len(other[3])
        for info, wanted_info in zip(one[3], other[3], strict=True):
            np.testing.assert_equal(info, wanted_info)


@pytest.mark.parametrize("env_id", ["CartPole-v1", "Acrobot-v1", "Pendulum-v1", "MountainCar-v0", "FrozenLake-v1"])
def test_what_is_saved_goes_on_exactly(env_id: str) -> None:
    env = GymVecEnv(env_id, 3)
    env.seed(5)
    env.reset()
    ends = sum(int(dones.sum()) for _, _, dones, _ in play(env, 530, seed=1))
    saved = {name: array.copy() for name, array in env.save().items()}
    expected = play(env, 530, seed=2)
    fresh = GymVecEnv(env_id, 3)
    observations = fresh.load(saved)
    np.testing.assert_array_equal(observations, saved["observations"])
    assert_equal_steps(play(fresh, 530, seed=2), expected)
    assert ends > 0, "episodes must have ended before and after"
    assert all(array.dtype.kind in "iuf" for array in saved.values()), "plain numbers only"


def test_it_does_what_a_dummy_vec_env_does() -> None:
    """Up to the end of the first episode, and with it: only the seeds are its own, and the reference is told those."""
    env, reference = GymVecEnv("CartPole-v1", 2), DummyVecEnv([lambda: Monitor(gym.make("CartPole-v1"))] * 2)
    env.seed(7)
    first = env.reset()
    reference._seeds = env.save()["seeds"].tolist()
    np.testing.assert_array_equal(first, reference.reset())
    over, steps = np.zeros(2, np.bool_), 0
    while not over.any():
        actions = np.array([steps % 2, 1])
        found, expected = env.step(actions), reference.step(actions)
        over, steps = found[2], steps + 1
        for i in range(2):
            found[3][i].get("episode", {}).pop("t", None)
            expected[3][i].get("episode", {}).pop("t", None)
            if over[i]:  # what follows is the next episode
                found[0][i] = expected[0][i]
        assert_equal_steps([found], [expected])
    assert "terminal_observation" in found[3][1] and found[3][1]["episode"]["l"] == steps


def test_an_episode_depends_on_the_seed_of_its_slot_alone() -> None:
    """Slot 1 of an environment seeded 4 is slot 0 of one seeded 5, whatever is beside it; episodes differ."""
    many, one = GymVecEnv("CartPole-v1", 3), GymVecEnv("CartPole-v1", 1)
    many.seed(4)
    one.seed(5)
    seen, alone = many.reset(), one.reset()
    begun = []
    for _ in range(100):
        np.testing.assert_array_equal(seen[1], alone[0])
        seen, _, dones, _ = many.step(np.array([0, 1, 1]))
        alone, _, over, _ = one.step(np.array([1]))
        assert dones[1] == over[0]
        if over[0]:
            begun.append(alone[0].tolist())
    assert len({tuple(first) for first in begun}) == len(begun) > 3


def test_an_environment_that_is_not_deterministic_is_told() -> None:
    gym.register("Drifting-v0", Drifting)
    env = GymVecEnv("Drifting-v0", 2)
    env.reset()
    play(env, 3, seed=0)
    with pytest.warns(UserWarning, match="Drifting-v0 is not deterministic"):
        GymVecEnv("Drifting-v0", 2).load(env.save())


def test_what_another_environment_saved_is_refused() -> None:
    env = GymVecEnv("CartPole-v1", 2)
    env.reset()
    saved = env.save()
    with pytest.raises(LabError, match=r"2 of CartPole-v1, not 3 of CartPole-v1"):
        GymVecEnv("CartPole-v1", 3).load(saved)
    with pytest.raises(LabError, match="not 2 of Acrobot-v1"):
        GymVecEnv("Acrobot-v1", 2).load(saved)


def test_replay_is_the_episode_so_far() -> None:
    env = Replayable(gym.make("CartPole-v1"))
    env.reset(seed=3)
    seen = [env.step(action)[0] for action in (0, 1, 1)][-1]
    other = Replayable(gym.make("CartPole-v1"))
    replayed = other.replay(env.stream, env.episode_seed, np.array(env.actions))
    np.testing.assert_array_equal(replayed, seen)
    np.testing.assert_array_equal(other.reset()[0], env.reset()[0])


@pytest.mark.parametrize(
    ("env_id", "words"),
    [
        ("CartPol-v1", "Did you mean: `CartPole`"),
        ("CartPole-v9", "versioned environments"),
        ("no_such_module:Env-v0", "No module named 'no_such_module'"),
    ],
)
def test_what_cannot_be_made(env_id: str, words: str) -> None:
    with pytest.raises(LabError) as error:
        GymVecEnv(env_id)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_observations_of_several_parts_are_seen_flat() -> None:
    env, flat = GymVecEnv("Blackjack-v1", 2), gym.wrappers.FlattenObservation(gym.make("Blackjack-v1"))
    assert env.observation_space == flat.observation_space
    env.seed(4)
    seen = env.reset()
    for slot, observation in enumerate(seen):
        np.testing.assert_array_equal(observation, flat.reset(seed=env._slots[slot].episode_seed)[0])


def test_env_for_takes_the_lab_s_own_where_there_is_one() -> None:
    for spec in ("snake:size=6", "skier:actions=continuous"):
        env = env_for(PPOConfig(env=spec, num_envs=3))
        assert isinstance(env, WorldVecEnv) and env.world.spec == spec and env.num_envs == 3
    env = env_for(PPOConfig(env="MountainCarContinuous-v0", num_envs=2))
    assert isinstance(env, GymVecEnv) and env.num_envs == 2
    with pytest.raises(LabError, match=r"There is no environment 'snale'.*Did you mean 'snake'"):
        env_for(PPOConfig(env="snale"))
    with pytest.raises(LabError, match=r"There is no environment 'goo'; there are: .*Did you mean 'go'\?"):
        env_for(PPOConfig(env="goo:sice=-3"))
    for foreign in ("no_such_module:Thing-v0", "math:Thing", "__main__:Thing"):
        with pytest.raises(LabError, match=r"^Gymnasium cannot make|^There is no environment '__main__'"):
            env_for(PPOConfig(env=foreign))
    assert lab_spec("go:size=5") == "go:size=5" and lab_spec("CartPole-v1") == ""
