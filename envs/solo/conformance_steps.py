"""The conformance checks that look at one step of a batch of episodes: the states before it and after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from envs.chance import GOLDEN
from envs.games.conformance_plies import assert_same
from envs.games.game import States
from envs.solo.world import World, is_over

STRIDE = 8  # what is slow looks at one row in so many
MOST_DRAWS = 10_000  # numbers that a row may draw in one step
OTHER_CHANCE = np.uint64(0x0123456789ABCDEF)
# GOLDEN times this is 1: how often a random state has advanced is a product.
DRAWS_PER_ADVANCE = np.uint64(pow(int(GOLDEN), -1, 2**64))

Info = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Step:
    """`after` is `before` with `actions` done: legal ones in running rows, any in finished ones."""

    before: States
    actions: NDArray[Any]
    after: States

    @property
    def running(self) -> NDArray[np.bool_]:
        return ~is_over(self.before)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one action."""
        return self.actions.shape[1:]


def draw_actions(world: World, states: States, rng: np.random.Generator) -> NDArray[Any]:
    """Random legal actions, some of a Box beyond its ends; anything at all, -1 included, in finished rows."""
    n, space = len(states), world.action_space
    if isinstance(space, spaces.Box):
        return rng.uniform(-1.5, 1.5, (n, *space.shape)).astype(np.float32)
    mask = world.legal_mask(states)
    actions = np.where(mask, rng.random(mask.shape), -1.0).argmax(axis=1)
    return np.where(is_over(states), rng.integers(-1, int(space.n) + 1, n), actions)


def same_info(a: Info, b: Info) -> bool:
    """Whether two answers of World.info are equal."""
    return a.keys() == b.keys() and all(np.array_equal(a[key], b[key]) for key in a)


def _stepped(world: World, states: States, actions: NDArray[Any]) -> States:
    states = states.copy()
    world.step(states, actions)
    return states


def check_header(world: World, step: Step) -> None:
    after, running = step.after, step.running
    assert_same(after[~running], step.before[~running], "step changed a finished row")
    assert not after["to_play"].any() and not after["spare"].any(), "to_play and spare must be 0"
    assert np.isin(after["outcome"], (-1, 0, 1)).all(), "outcome must be -1, 0 or 1"
    assert not after["outcome"][~is_over(after)].any(), "outcome must be 0 while the episode runs"
    assert not (after["terminated"] & after["truncated"]).any(), (
        "an episode that is over by its nature is not truncated"
    )
    assert np.array_equal(after["ply"], step.before["ply"] + running), "a step must add 1 to ply"
    assert (after["ply"][~is_over(after)] < world.max_steps).all(), "an episode goes on after max_steps"
    assert np.isfinite(after["reward"]).all(), "reward must be finite"


def check_mask(world: World, step: Step) -> None:
    if not isinstance(world.action_space, spaces.Discrete):
        assert not world.masks_actions, "a Box of actions cannot be masked"
        return
    mask = world.legal_mask(step.before)
    assert mask.dtype == np.bool_, "legal_mask must be bool"
    assert mask.shape == (len(step.before), world.action_space.n), "legal_mask must have shape [n, A]"
    assert mask[step.running].any(axis=1).all(), "legal_mask leaves a running episode no action"
    assert not mask[~step.running].any(), "legal_mask allows an action in a finished episode"
    assert world.masks_actions or mask[step.running].all(), "a world that forbids an action must say masks_actions"


def check_observation(world: World, step: Step) -> None:
    space, states = world.observation_space, step.after.copy()
    seen = world.observe(states)
    assert_same(states, step.after, "looking at a state changed it")
    assert seen.dtype == space.dtype, f"observe must be {space.dtype}"
    assert seen.shape == (len(states), *space.shape), "observe must have shape [n, *observation_space.shape]"
    assert np.all((space.low <= seen) & (seen <= space.high)), "an observation lies outside observation_space"
    kept = seen.copy()
    world.observe(states)[:] = space.high
    world.observe(step.before)
    assert np.array_equal(seen, kept), "observe must give a new array each time"


def check_info(world: World, step: Step) -> None:
    states = step.after.copy()
    info, earlier = world.info(states), world.info(step.before)
    assert_same(states, step.after, "asking for info changed a state")
    assert info.keys() == earlier.keys(), "info must have the same keys always"
    whole = all(isinstance(value, np.ndarray) and len(value) == len(states) for value in info.values())
    assert whole, "info must be arrays of length n"
    assert info.keys() == world.info(states[:0]).keys(), "info of no episodes must have the same keys"


def check_actions(world: World, step: Step) -> None:
    """What an action means does not depend on how it is written."""
    if isinstance(world.action_space, spaces.Box):
        clipped = _stepped(world, step.before, np.clip(step.actions, -1, 1))
        assert_same(clipped, step.after, "numbers beyond [-1, 1] must count as the nearer end")
        return
    for dtype in (np.int8, np.int32):
        assert_same(_stepped(world, step.before, step.actions.astype(dtype)), step.after, f"step misreads {dtype}")


def check_chance(world: World, step: Step) -> None:
    """Chance comes from the row's seed, and what is still to be drawn cannot be seen."""
    advance = step.after["seed"] - step.before["seed"]
    assert (advance * DRAWS_PER_ADVANCE <= MOST_DRAWS).all(), "seed must advance by draws of envs/chance.py alone"
    other = step.before.copy()
    other["seed"] ^= OTHER_CHANCE
    assert np.array_equal(world.observe(other), world.observe(step.before)), "an observation shows chance to come"
    world.step(other, step.actions)
    other["seed"] ^= OTHER_CHANCE
    calm = advance == 0
    assert_same(other[calm], step.after[calm], "a step used its seed and did not advance it")


def check_rows_apart(world: World, step: Step) -> None:
    """A row's result depends on nothing but the row and its action, and a step touches no row outside its batch."""
    states = step.before.copy()
    world.step(states[1:-1], step.actions[1:-1])
    assert_same(states[[0, -1]], step.before[[0, -1]], "step changed a row outside its batch")
    assert_same(states[1:-1], step.after[1:-1], "step depends on the other rows of the batch")
    turned = _stepped(world, step.before[::-1], step.actions[::-1])
    assert_same(turned[::-1], step.after, "step depends on the row's place in the batch")
    seen, info = world.observe(step.after), world.info(step.after)
    for i in range(int(step.after["ply"].max()) % STRIDE, len(states), STRIDE):
        one = slice(i, i + 1)
        stepped = _stepped(world, step.before[one], step.actions[one])
        assert_same(stepped, step.after[one], "step depends on the other rows of the batch")
        assert np.array_equal(world.observe(stepped)[0], seen[i]), "observe depends on the other rows"
        alone = {key: value[one] for key, value in info.items()}
        assert same_info(world.info(stepped), alone), "info depends on the other rows"


def check_pictures(world: World, step: Step) -> None:
    """Every state has a text and a scene; episodes take turns, but those that have just ended are all looked at."""
    ended = step.running & is_over(step.after)
    turn = np.arange(len(step.after)) % (STRIDE * STRIDE) == int(step.after["ply"].max()) % (STRIDE * STRIDE)
    for state in step.after[ended | turn]:
        assert world.text(state).strip(), "text must show something"
        scene = world.scene(state)
        assert scene.width > 0 and scene.height > 0 and scene.items, "scene must show something"
        for action, (x, y, w, h) in scene.action_spots.items():
            inside = 0 <= x < x + w <= scene.width + 1e-6 and 0 <= y < y + h <= scene.height + 1e-6
            assert inside, f"the spot of action {action} is not inside the scene"
            assert scene.action_at(x + w / 2, y + h / 2) == action, f"the spot of action {action} is another's"
