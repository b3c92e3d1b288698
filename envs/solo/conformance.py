"""What every World must do, as one function: `check_world(world)` raises AssertionError where a world does not.

It plays random episodes and knows no world by name, so one line tests a new world. What it cannot know are the rules:
whether the right thing was rewarded is for the world's own tests.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from envs.chance import seed_states
from envs.games.conformance_plies import assert_same
from envs.games.game import HEADER
from envs.parallel import get_num_threads, set_num_threads
from envs.solo import conformance_steps as steps
from envs.solo.conformance_steps import Step, draw_actions, same_info
from envs.solo.world import WORLD_FIELDS, World, is_over

THREADED_ROWS = 1024  # enough for several threads
LONGEST = np.iinfo(np.int16).max


def check_world(world: World, episodes: int = 64, seed: int = 0) -> None:
    """Checks `world` over `episodes` (at least 4) random episodes; raises AssertionError that says what is wrong."""
    _check_spaces(world)
    _check_dtype(world)
    _check_start(world, episodes, seed)
    for step in _random_episodes(world, episodes, seed):
        steps.check_header(world, step)
        steps.check_mask(world, step)
        steps.check_observation(world, step)
        steps.check_info(world, step)
        steps.check_actions(world, step)
        steps.check_chance(world, step)
        steps.check_rows_apart(world, step)
        steps.check_pictures(world, step)
    _check_threads(world, seed)
    _check_spec(world)


def _seeds(episodes: int, seed: int) -> NDArray[np.uint64]:
    return seed_states(np.arange(seed, seed + episodes))


def _random_episodes(world: World, episodes: int, seed: int) -> Iterator[Step]:
    """The steps of random episodes, until all are over, and one more; check_header sees to it that they end."""
    rng = np.random.default_rng(seed)
    states = world.init(_seeds(episodes, seed))
    all_over = False
    while not all_over:
        all_over = bool(is_over(states).all())
        actions = draw_actions(world, states, rng)
        before = states.copy()
        world.step(states, actions)
        yield Step(before, actions, states.copy())


def _check_spaces(world: World) -> None:
    action, observation = world.action_space, world.observation_space
    if isinstance(action, spaces.Discrete):
        assert action.start == 0, "a Discrete action space must start at 0"
        names = [world.action_name(a) for a in range(int(action.n))]
        assert len(set(names)) == len(names), f"two actions have the same name: {names}"
    else:
        assert isinstance(action, spaces.Box), "action_space must be Discrete or a Box"
        ends_at_1 = np.all(action.low == -1) and np.all(action.high == 1)
        assert action.dtype == np.float32 and ends_at_1, "a Box of actions must be float32 in [-1, 1]"
        assert world.action_name(np.zeros(action.shape, np.float32)), "action_name must name an action of the Box"
    form = (observation.dtype, len(observation.shape))
    fits = form in ((np.dtype(np.uint8), 3), (np.dtype(np.float32), 1))
    assert fits, "an observation must be planes uint8 [C, H, W] or a vector float32 [D]"
    named = len(world.observation_names) == observation.shape[0]
    assert named, "observation_names must have one name for each plane or number"
    assert np.isfinite(observation.low).all() and np.isfinite(observation.high).all(), "observations must have bounds"
    assert 1 <= world.max_steps <= LONGEST, f"max_steps must be 1 to {LONGEST}"


def _check_dtype(world: World) -> None:
    dtype, wanted = world.state_dtype, np.dtype([*HEADER, *WORLD_FIELDS])
    fields = tuple(name for name in dtype.names or () if not name.startswith("_gap"))[: len(wanted.names or ())]
    assert fields == wanted.names, f"the state dtype must begin with the fields {wanted.names}"
    assert all(dtype[name] == wanted[name] for name in fields), f"the types of {wanted.names} must be as in world.py"
    named = sum(dtype[name].itemsize for name in dtype.names or ())
    assert named == dtype.itemsize, "state_dtype has bytes that belong to no field: build it with row_dtype"


def _check_start(world: World, episodes: int, seed: int) -> None:
    """Fresh rows, that depend on their seeds alone."""
    seeds = _seeds(episodes, seed)
    given = seeds.copy()
    states = world.init(seeds)
    assert states.dtype == world.state_dtype and states.shape == (episodes,), "init(seeds) must be state_dtype[n]"
    assert np.array_equal(seeds, given), "init must leave its seeds as they are"
    for name in [name for name, _ in (*HEADER, *WORLD_FIELDS) if name != "seed"]:
        assert not states[name].any(), f"a fresh state must have {name} 0"
    assert len(np.unique(states["seed"])) == episodes, "two seeds began with the same random state"
    assert_same(world.init(seeds[::-1].copy()), states[::-1], "init depends on something else than the row's seed")
    for i in range(episodes):
        assert_same(world.init(seeds[i : i + 1]), states[i : i + 1], "init depends on the rows beside it")
    nothing = world.init(seeds[:0])
    world.step(nothing, draw_actions(world, nothing, np.random.default_rng(0)))
    assert len(world.observe(nothing)) == 0, "a batch of no episodes must be allowed"


def _check_threads(world: World, seed: int) -> None:
    last = list(islice(_random_episodes(world, 64, seed), 3))[-1]
    before, actions = np.resize(last.before, THREADED_ROWS), np.resize(last.actions, (THREADED_ROWS, *last.shape))
    results = []
    num_threads = get_num_threads()
    for threads in (1, 4):
        set_num_threads(threads)
        try:
            after = before.copy()
            world.step(after, actions)
            fresh = world.init(_seeds(THREADED_ROWS, seed))
            results.append((after, fresh, world.observe(before), world.info(before)))
        finally:
            set_num_threads(num_threads)
    (after_1, fresh_1, seen_1, info_1), (after_4, fresh_4, seen_4, info_4) = results
    assert_same(after_1, after_4, "step depends on the number of threads")
    assert_same(fresh_1, fresh_4, "init depends on the number of threads")
    assert np.array_equal(seen_1, seen_4), "observe depends on the number of threads"
    assert same_info(info_1, info_4), "info depends on the number of threads"


def _check_spec(world: World) -> None:
    # Imported late because the registry imports every world.
    from envs.solo.registry import make_world

    again = make_world(world.spec)
    assert again == world, f"make_world('{world.spec}') makes another world: {again}, not {world}"
    assert hash(again) == hash(world), "equal worlds must have equal hashes"
