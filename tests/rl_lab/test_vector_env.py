"""The vector environment is as many single ones, to the last bit, in every autoreset mode."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.error import InvalidAction, ResetNeeded
from gymnasium.utils.env_checker import data_equivalence
from gymnasium.vector import AutoresetMode, SyncVectorEnv, VectorEnv

import rl_lab  # noqa: F401 - registers the ids
from envs.errors import IllegalAction, LabError
from envs.faces.vector_env import WorldVectorEnv

NUM_ENVS, STEPS = 5, 120
CASES: list[tuple[str, dict[str, Any]]] = [
    ("TicTacToe", {}),
    ("TicTacToe", {"opponent": "greedy", "seat": "second", "illegal": "random"}),
    ("Go", {"board_size": 3, "max_plies": 14}),
    ("ConnectFour", {"opponent": "rollout:simulations=16"}),
    ("Hex", {"board_size": 3, "swap": True}),
    ("Othello", {"board_size": 6, "illegal": "random"}),
    ("Skier", {"actions": "continuous"}),
    ("Maze", {"size": 7, "cue": "spurious"}),
    ("Snake", {"size": 4}),
    ("Catch", {}),
]
MODES = list(AutoresetMode)


def native(
    name: str, mode: AutoresetMode = AutoresetMode.NEXT_STEP, n: int = NUM_ENVS, **options: Any
) -> WorldVectorEnv:
    env = gymnasium.make_vec(
        f"rl_lab/{name}-v0", n, vectorization_mode="vector_entry_point", autoreset_mode=mode, **options
    )
    assert isinstance(env, WorldVectorEnv) and env.metadata["autoreset_mode"] == mode
    return env


def sync(name: str, mode: AutoresetMode, **options: Any) -> VectorEnv[Any, Any, Any]:
    return SyncVectorEnv(
        [lambda: gymnasium.make(f"rl_lab/{name}-v0", **options).unwrapped for _ in range(NUM_ENVS)], autoreset_mode=mode
    )


def actions_for(env: VectorEnv[Any, Any, Any], infos: dict[str, Any], rng: np.random.Generator) -> np.ndarray[Any, Any]:
    """Random actions, nine in ten of them legal."""
    if "action_mask" not in infos:
        env.action_space.seed(int(rng.integers(2**31)))
        return np.asarray(env.action_space.sample())
    masks = infos["action_mask"] | (rng.random((NUM_ENVS, 1)) < 0.1) | ~infos["action_mask"].any(1, keepdims=True)
    return np.array([rng.choice(np.flatnonzero(mask)) for mask in masks])


@pytest.mark.parametrize("mode", MODES, ids=[m.value for m in MODES])
@pytest.mark.parametrize(("name", "options"), CASES, ids=[f"{n}-{i}" for i, (n, _) in enumerate(CASES)])
def test_it_agrees_with_single_environments(name: str, options: dict[str, Any], mode: AutoresetMode) -> None:
    ours, theirs = native(name, mode, **options), sync(name, mode, **options)
    assert ours.single_observation_space == theirs.single_observation_space
    assert ours.observation_space == theirs.observation_space and ours.action_space == theirs.action_space
    rng, ended = np.random.default_rng(0), 0
    result, expected = ours.reset(seed=11), theirs.reset(seed=11)
    assert data_equivalence(result, expected, exact=True)
    for _ in range(STEPS):
        actions = actions_for(ours, result[-1], rng)
        result, expected = ours.step(actions.copy()), theirs.step(actions)
        assert data_equivalence(result, expected, exact=True)
        assert result[0] in ours.observation_space
        over = result[2] | result[3]
        ended += over.sum()
        if mode == AutoresetMode.DISABLED and over.any():
            again = ours.reset(options={"reset_mask": over}), theirs.reset(options={"reset_mask": over.copy()})
            assert data_equivalence(*again, exact=True)
            result = again[0]
    assert ended > 0, "no episode came to its end: nothing was shown about resets"


@pytest.mark.parametrize(("name", "options"), CASES[:3] + CASES[-4:])
def test_an_episode_does_not_depend_on_its_slot_or_on_the_number_of_slots(name: str, options: dict[str, Any]) -> None:
    wide, narrow = native(name, n=64, **options), native(name, n=1, **options)
    wide.reset(seed=100)
    narrow.reset(seed=137)
    rng = np.random.default_rng(1)
    for _ in range(60):
        wide.action_space.seed(int(rng.integers(2**31)))
        actions = np.asarray(wide.action_space.sample())
        left, right = wide.step(actions), narrow.step(actions[37:38])
        assert all(np.array_equal(a[37], b[0]) for a, b in zip(left[:4], right[:4], strict=True))


def test_save_and_load_go_on_exactly() -> None:
    ours, other = native("Go", board_size=5), native("Go", board_size=5)
    rng = np.random.default_rng(2)
    _, infos = ours.reset(seed=5)
    for _ in range(40):
        infos = ours.step(actions_for(ours, infos, rng))[-1]
    saved = ours.save()
    assert all(array.dtype.names is None and not array.dtype.hasobject for array in saved.values())
    other.load(saved)
    for _ in range(40):
        actions = actions_for(ours, infos, rng)
        result = ours.step(actions)
        assert data_equivalence(result, other.step(actions), exact=True)
        infos = result[-1]
    with pytest.raises(LabError, match="not of go:size=7"):
        native("Go", board_size=7).load(saved)
    with pytest.raises(LabError, match="5 environments"):
        native("Go", board_size=5, n=3).load(saved)


def test_equal_seeds_in_two_slots_give_equal_episodes() -> None:
    ours = native("Maze")
    observations, _ = ours.reset(seed=[3, 3, 4, None, 3])
    assert np.array_equal(observations[0], observations[1]) and np.array_equal(observations[0], observations[4])
    assert not np.array_equal(observations[0], observations[2])


@pytest.mark.parametrize(
    "actions",
    [
        np.zeros(NUM_ENVS - 1, np.int64),
        np.zeros((NUM_ENVS, 1), np.int64),
        np.zeros(NUM_ENVS),
        np.full(NUM_ENVS, 9),
        np.full(NUM_ENVS, -1),
        np.array([None] * NUM_ENVS),
    ],
    ids=["too few", "a column", "not whole", "too large", "negative", "nothing"],
)
def test_actions_outside_the_space_are_refused_and_change_nothing(actions: Any) -> None:
    ours = native("TicTacToe")
    ours.reset(seed=0)
    before = ours.save()
    with pytest.raises(InvalidAction, match=r"needed|whole numbers|is none"):
        ours.step(actions)
    assert data_equivalence(ours.save(), before, exact=True)


def test_a_box_of_actions_refuses_what_is_no_number() -> None:
    ours = native("Skier", actions="continuous")
    ours.reset(seed=0)
    with pytest.raises(InvalidAction, match="finite"):
        ours.step(np.full((NUM_ENVS, 1), np.nan, np.float32))
    far, near = native("Skier", actions="continuous"), native("Skier", actions="continuous")
    far.reset(seed=0), near.reset(seed=0)
    result = far.step(np.full((NUM_ENVS, 1), 7.0, np.float32)), near.step(np.ones((NUM_ENVS, 1), np.float32))
    assert data_equivalence(*result, exact=True), "numbers beyond [-1, 1] must count as the nearer end"


def test_one_illegal_move_among_many_stops_all_where_that_was_chosen() -> None:
    ours = native("TicTacToe", seat="first", illegal="raise")
    ours.reset(seed=0)
    ours.step(np.full(NUM_ENVS, 4))
    before = ours.save()
    with pytest.raises(IllegalAction):
        ours.step(np.array([0, 0, 4, 0, 0]))
    assert data_equivalence(ours.save(), before, exact=True)


def test_steps_out_of_turn_are_refused() -> None:
    ours = native("Catch", AutoresetMode.DISABLED)
    with pytest.raises(ResetNeeded):
        ours.step(np.zeros(NUM_ENVS, np.int64))
    ours.reset(seed=0)
    over = np.zeros(NUM_ENVS, np.bool_)
    while not over.any():
        _, _, terminations, truncations, _ = ours.step(np.ones(NUM_ENVS, np.int64))
        over = terminations | truncations
    with pytest.raises(ResetNeeded):
        ours.step(np.zeros(NUM_ENVS, np.int64))
    with pytest.raises(LabError, match="reset_mask"):
        ours.reset(options={"reset_mask": [True]})
    with pytest.raises(LabError, match="knows the option"):
        ours.reset(options={"mask": over})
    with pytest.raises(LabError, match="5 seeds"):
        ours.reset(seed=[1, 2])
    with pytest.raises(LabError, match="at least 1"):
        native("Catch", n=0)
