"""What may be a seed, which slots it reaches, and where chance comes from without one; on every face."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from gymnasium.error import Error

import rl_lab  # noqa: F401 - registers the ids
from agents.sb3.vec_env import WorldVecEnv
from envs.errors import LabError
from envs.faces.gym_env import WorldEnv
from envs.faces.vector_env import WorldVectorEnv
from envs.solo.maze import Maze

WORLD = Maze(size=15, levels=0)  # 2**31 mazes: two seeds are as good as never alike
NUM_ENVS = 4
LARGE = [0, 1, 2**31, 2**32, 2**32 + 1, 2**33, 2**63, 2**63 + 1, 2**64 - 1]
FACES = {
    "gym": lambda: WorldEnv(WORLD),
    "vector": lambda: WorldVectorEnv(WORLD, NUM_ENVS),
    "sb3": lambda: WorldVecEnv(WORLD, NUM_ENVS),
}


def first_views(seeds: Any) -> list[bytes]:
    return views(WorldVectorEnv(WORLD, NUM_ENVS).reset(seed=seeds)[0])


def views(observations: Any) -> list[bytes]:
    return [observation.tobytes() for observation in observations]


def single_view(seed: int) -> bytes:
    return WorldEnv(WORLD).reset(seed=seed)[0].tobytes()


def test_every_whole_number_is_a_seed_of_its_own() -> None:
    alone = [single_view(seed) for seed in LARGE]
    assert len(set(alone)) == len(LARGE)
    assert views(WorldVectorEnv(WORLD, len(LARGE)).reset(seed=LARGE)[0]) == alone
    assert first_views(2**80 + 1) == [single_view(2**80 + 1 + i) for i in range(NUM_ENVS)]


@pytest.mark.parametrize(
    "seeds",
    [
        (2, 5, 2, 3),
        np.array([2, 5, 2, 3]),
        np.array([2, 5, 2, 3], np.uint64),
        [np.int32(2), np.array(5), np.uint8(2), 3],
        [True + 1, 5, 2, 3],
    ],
    ids=["tuple", "int64", "uint64", "mixed", "bool"],
)
def test_seeds_may_be_pythons_or_numpys(seeds: Any) -> None:
    assert first_views(seeds) == [single_view(seed) for seed in (2, 5, 2, 3)]


@pytest.mark.parametrize("seed", [7, np.int64(7), np.uint8(7), np.array(7)])
def test_one_seed_means_its_successors_too(seed: Any) -> None:
    assert first_views(seed) == [single_view(seed) for seed in (7, 8, 9, 10)]


def test_slots_without_a_seed_of_their_own_differ_from_all_others() -> None:
    first, second = first_views([3, None, 3, None]), first_views([3, None, 3, None])
    assert first[0] == first[2] == second[0] == single_view(3)
    assert len({*first, *second, single_view(0)}) == 6


@pytest.mark.parametrize("seed", [-1, 3.5, "abc", "5", [1, -2, 3, 4], [1, 2.5, 3, 4], np.ones(4), [1, "2", 3, 4], [1]])
def test_what_is_no_seed_is_refused_and_changes_nothing(seed: Any) -> None:
    env, twin = WorldVectorEnv(WORLD, NUM_ENVS), WorldVectorEnv(WORLD, NUM_ENVS)
    env.reset(seed=1), twin.reset(seed=1)
    with pytest.raises((LabError, Error), match=r"[Ss]eed"):
        env.reset(seed=seed)
    assert views(env.reset()[0]) == views(twin.reset()[0])
    alone = WorldEnv(WORLD)
    with pytest.raises((LabError, Error), match=r"[Ss]eed"):
        alone.reset(seed=seed)


@pytest.mark.parametrize("face", FACES)
def test_unseeded_environments_all_differ(face: str) -> None:
    seen: list[bytes] = []
    for _ in range(3):
        env = FACES[face]()
        for _ in range(2):
            result = env.reset()
            seen += views({"gym": [result[0]], "vector": result[0], "sb3": result}[face])
    assert len(set(seen)) == len(seen) >= 6


@pytest.mark.parametrize("face", ["gym", "vector"])
def test_the_generator_of_the_environment_decides_what_no_seed_does(face: str) -> None:
    def first(seed: int) -> bytes:
        env: Any = FACES[face]()
        env.np_random = np.random.default_rng(seed)
        return env.reset()[0].tobytes() + env.reset()[0].tobytes()

    assert first(5) == first(5) != first(6)


@pytest.mark.parametrize("seed", [90, [90, 91, 92, 93]])
def test_a_seed_reaches_the_slots_that_are_reset_and_no_other(seed: Any) -> None:
    env, twin = WorldVectorEnv(WORLD, NUM_ENVS), WorldVectorEnv(WORLD, NUM_ENVS)
    slots = np.array([True, False, True, False])
    before, _ = env.reset(seed=1)
    twin.reset(seed=1)
    after, _ = env.reset(seed=seed, options={"reset_mask": slots})
    assert views(after) == [single_view(90), before[1].tobytes(), single_view(92), before[3].tobytes()]
    found, wanted = env.reset()[0], twin.reset()[0]
    assert np.array_equal(found[~slots], wanted[~slots]) and not np.array_equal(found[0], wanted[0])
