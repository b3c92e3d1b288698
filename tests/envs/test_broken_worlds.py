"""check_world must fail for a world that breaks the contract: here are right worlds made wrong in one place.

Every broken world is a small subclass, and the message shows that the check meant for it caught it.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest
from drift import Drift
from gymnasium import spaces

from envs.chance import draw_seeds
from envs.games.game import HEADER, States, row_dtype
from envs.games.scene import Box, Scene
from envs.parallel import get_num_threads
from envs.solo.catch import Catch
from envs.solo.conformance import check_world
from envs.solo.maze import Maze
from envs.solo.snake import Snake
from envs.solo.world import WORLD_FIELDS, is_over


class Wrong:
    """Broken worlds: what each does wrong is in its name."""

    class TouchesFinishedRows(Catch):
        def step(self, states: States, actions: Any) -> None:
            over = is_over(states)
            super().step(states, actions)
            states["reward"][over] = 0

    class HasAnotherPlayer(Catch):
        def step(self, states: States, actions: Any) -> None:
            over = is_over(states)
            super().step(states, actions)
            states["to_play"][~over] = 1

    class KnowsTheOutcomeTooSoon(Catch):
        def step(self, states: States, actions: Any) -> None:
            super().step(states, actions)
            states["outcome"][~states["terminated"]] = 1

    class IsCutShortAtItsEnd(Catch):
        def step(self, states: States, actions: Any) -> None:
            super().step(states, actions)
            states["truncated"] = states["terminated"]

    class CountsByTwo(Drift):
        def step(self, states: States, actions: Any) -> None:
            over = is_over(states)
            super().step(states, actions)
            states["ply"][~over] += 1

    class PaysWithoutEnd(Catch):
        def step(self, states: States, actions: Any) -> None:
            over = is_over(states)
            super().step(states, actions)
            states["reward"][~over] = np.inf

    class IsTooLong(Catch):
        max_steps = 5

    class HasNoEnd(Catch):
        max_steps = 40_000

    class MixesRows(Catch):
        def step(self, states: States, actions: Any) -> None:
            super().step(states, np.where(states["ply"] == 2, np.roll(actions, 1), actions))

    class MindsItsPlace(Catch):
        def step(self, states: States, actions: Any) -> None:
            super().step(states, np.where(np.arange(len(states)) < len(states) // 2, actions, 1))

    class ReachesOutside(Catch):
        def step(self, states: States, actions: Any) -> None:
            super().step(states, actions)
            if states.base is not None and len(states.base) > len(states) > 1:
                states.base["ply"][0] += 1

    class MindsTheThreads(Catch):
        def step(self, states: States, actions: Any) -> None:
            super().step(states, actions if get_num_threads() < 4 else actions * 0)

    class MisreadsBytes(Catch):
        def step(self, states: States, actions: Any) -> None:
            super().step(states, actions if actions.dtype != np.int8 else actions * 0)

    class GoesTooFar(Drift):
        def step(self, states: States, actions: Any) -> None:
            over = is_over(states)
            super().step(states, actions)
            states["x"][~over] += np.abs(actions[~over, 0]) > 1

    class DrawsNothingFromItsSeed(Snake):
        def step(self, states: States, actions: Any) -> None:
            super().step(states, np.where(states["seed"] & np.uint64(1), actions, 0))

    class AdvancesItsSeedByHand(Catch):
        def step(self, states: States, actions: Any) -> None:
            over = is_over(states)
            super().step(states, actions)
            states["seed"][~over] += np.uint64(1)

    class TellsTheFuture(Snake):
        def observe(self, states: States) -> Any:
            planes = super().observe(states)
            planes[:, 0, 0, 0] = states["seed"] & np.uint64(1)
            return planes

    class LooksTooHard(Catch):
        def observe(self, states: States) -> Any:
            planes = super().observe(states)
            states["ball"] = 0
            return planes

    class ObservesInFloats(Catch):
        def observe(self, states: States) -> Any:
            return super().observe(states).astype(np.float32)

    class ObservesInAHeap(Catch):
        def observe(self, states: States) -> Any:
            return super().observe(states)[:, 0]

    class ObservesBeyondItsSpace(Catch):
        def observe(self, states: States) -> Any:
            return super().observe(states) * np.uint8(2)

    class ObservesIntoOneArray(Catch):
        arrays: ClassVar[Any] = {}

        def observe(self, states: States) -> Any:
            array = self.arrays.setdefault(len(states), super().observe(states))
            array[:] = super().observe(states)
            return array

    class ShowsItsInside(Drift):
        def observe(self, states: States) -> Any:
            return states["x"][:, None]

    class SaysWhenItIsOver(Snake):
        def info(self, states: States) -> Any:
            return super().info(states) if not is_over(states).any() else {}

    class SaysOneThingForAll(Snake):
        def info(self, states: States) -> Any:
            return {"length": np.array(3)[None]}

    class ChangesWhenAsked(Snake):
        def info(self, states: States) -> Any:
            states["hunger"] = 0
            return super().info(states)

    class StartsByTheClock(Catch):
        def init(self, seeds: Any) -> States:
            states = super().init(seeds)
            states["ball"] = np.random.default_rng().integers(0, 5, len(states))
            return states

    class StartsByItsNeighbours(Maze):
        def init(self, seeds: Any) -> States:
            return super().init(seeds ^ np.bitwise_xor.reduce(seeds))

    class UsesUpItsSeeds(Catch):
        def init(self, seeds: Any) -> States:
            return super().init(draw_seeds(seeds))

    class StartsAlike(Catch):
        def init(self, seeds: Any) -> States:
            return super().init(seeds * np.uint64(0))

    class PaysInAdvance(Catch):
        def init(self, seeds: Any) -> States:
            states = super().init(seeds)
            states["reward"] = 1
            return states

    class HasNamelessBytes(Drift):
        state_dtype = np.dtype([*HEADER, *WORLD_FIELDS, ("x", "f4")], align=True)

    class HasNoReward(Drift):
        state_dtype = row_dtype([WORLD_FIELDS[0], WORLD_FIELDS[2], ("x", "f4")])

    class HasNoBounds(Drift):
        observation_space = spaces.Box(-np.inf, np.inf, (1,), np.float32)

    class NamesTooLittle(Catch):
        observation_names = ("ball",)
        observation_space = spaces.Box(0, 1, (2, 10, 5), np.uint8)

    class CallsAllActionsOne(Catch):
        def action_name(self, action: Any) -> str:
            return "go"

    class AllowsTooMuch(Catch):
        def legal_mask(self, states: States) -> Any:
            return np.ones((len(states), 3), np.bool_)

    class ForbidsInSecret(Catch):
        def legal_mask(self, states: States) -> Any:
            return super().legal_mask(states) & [True, True, False]

    class HasNothingToSay(Catch):
        def text(self, state: np.void) -> str:
            return ""

    class HasNothingToShow(Catch):
        def scene(self, state: np.void) -> Scene:
            return Scene(5, 10)

    class PutsSpotsOutside(Catch):
        def scene(self, state: np.void) -> Scene:
            return Scene(5, 10, [Box(0, 0, 5, 10, "floor")], {0: (4.5, 0.0, 1.0, 1.0)})

    class CallsItselfAnother(Catch):
        spec = "catch:rows=9"


BROKEN = {
    "TouchesFinishedRows": "step changed a finished row",
    "HasAnotherPlayer": "to_play and spare must be 0",
    "KnowsTheOutcomeTooSoon": "outcome must be 0 while the episode runs",
    "IsCutShortAtItsEnd": "is not truncated",
    "CountsByTwo": "a step must add 1 to ply",
    "PaysWithoutEnd": "reward must be finite",
    "IsTooLong": "an episode goes on after max_steps",
    "HasNoEnd": "max_steps must be 1 to 32767",
    "MixesRows": "step depends on the other rows",
    "MindsItsPlace": "step depends on the row's place",
    "ReachesOutside": "changed a row outside its batch",
    "MindsTheThreads": "step depends on the number of threads",
    "MisreadsBytes": "step misreads",
    "GoesTooFar": "must count as the nearer end",
    "DrawsNothingFromItsSeed": "used its seed and did not advance it",
    "AdvancesItsSeedByHand": "seed must advance by draws",
    "TellsTheFuture": "shows chance to come",
    "LooksTooHard": "looking at a state changed it",
    "ObservesInFloats": "observe must be uint8",
    "ObservesInAHeap": "observe must have shape",
    "ObservesBeyondItsSpace": "outside observation_space",
    "ObservesIntoOneArray": "observe must give a new array",
    "ShowsItsInside": "observe must give a new array",
    "SaysWhenItIsOver": "info must have the same keys always",
    "SaysOneThingForAll": "info must be arrays of length n",
    "ChangesWhenAsked": "asking for info changed a state",
    "StartsByTheClock": "init depends on something else",
    "StartsByItsNeighbours": "init depends on the rows beside it",
    "UsesUpItsSeeds": "init must leave its seeds",
    "StartsAlike": "two seeds began with the same random state",
    "PaysInAdvance": "a fresh state must have reward 0",
    "HasNamelessBytes": "bytes that belong to no field",
    "HasNoReward": "must begin with the fields",
    "HasNoBounds": "observations must have bounds",
    "NamesTooLittle": "observation_names must have one name",
    "CallsAllActionsOne": "two actions have the same name",
    "AllowsTooMuch": "allows an action in a finished episode",
    "ForbidsInSecret": "must say masks_actions",
    "HasNothingToSay": "text must show something",
    "HasNothingToShow": "scene must show something",
    "PutsSpotsOutside": "is not inside the scene",
    "CallsItselfAnother": "makes another world",
}


@pytest.mark.parametrize("name", [name for name in vars(Wrong) if name[0] != "_"])
def test_a_broken_world_fails(name: str) -> None:
    with pytest.raises(AssertionError, match=BROKEN[name]):
        check_world(getattr(Wrong, name)())
