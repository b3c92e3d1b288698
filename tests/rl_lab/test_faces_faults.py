"""What goes wrong on a face, and what must be right after it: failing opponents, half a reset, damaged saves."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import pytest
from faces import FACES, NUM_ENVS, act_blindly, reset, step
from gymnasium.error import ResetNeeded
from gymnasium.utils.env_checker import data_equivalence

import rl_lab
from agents.scripted import RandomAgent
from envs.chance import Seeds
from envs.errors import IllegalAction, LabError
from envs.faces.gym_env import WorldEnv
from envs.faces.opponents import Opponent
from envs.faces.seated import Seated
from envs.faces.vector_env import WorldVectorEnv
from envs.games import make_game
from envs.games.game import States
from envs.solo.registry import make_world

GAME = make_game("tic_tac_toe")


class Mortal(RandomAgent):
    """Fails at one of its calls, and only then."""

    def __init__(self, calls: int) -> None:
        super().__init__(GAME)
        self.calls = calls

    def choose(self, states: States, seeds: Seeds) -> Any:
        self.calls -= 1
        if self.calls == 0:
            raise RuntimeError("the opponent has failed")
        return super().choose(states, seeds)


class Cheat(RandomAgent):
    """Plays where the first stone is."""

    def choose(self, states: States, seeds: Seeds) -> Any:
        decision = super().choose(states, seeds)
        decision.action[:] = 4
        return decision


def against(opponent: Opponent, seat: Any = "random") -> Seated:
    return Seated(GAME, (opponent,), seat)


@pytest.mark.parametrize("calls", range(1, 13))
@pytest.mark.parametrize("face", FACES)
def test_an_opponent_that_fails_is_heard_and_a_reset_is_all_it_takes(face: str, calls: int) -> None:
    env = FACES[face](against(Mortal(calls), "second"))
    with pytest.raises(RuntimeError, match="the opponent has failed"):
        reset(env, seed=calls)
        for _ in range(2 * calls):  # a step that ends all episodes may ask nobody, but the next one does
            step(env)
    for attempt in (act_blindly, lambda env: env.action_masks()):
        with pytest.raises(ResetNeeded):
            attempt(env)
    if isinstance(env, WorldVectorEnv) and calls > 1:
        env.reset(options={"reset_mask": np.arange(NUM_ENVS) == 1})
        with pytest.raises(ResetNeeded):
            act_blindly(env)
    env.reset()
    for _ in range(20):
        step(env)


@pytest.mark.parametrize("face", FACES)
def test_before_the_first_reset_nothing_can_be_done_or_seen(face: str) -> None:
    env = FACES[face](make_world("catch"), render_mode="rgb_array")
    for attempt in (act_blindly, lambda env: env.action_masks(), lambda env: env.render()):
        with pytest.raises(ResetNeeded):
            attempt(env)


@pytest.mark.parametrize("name", [gym_id.split("/")[1] for gym_id in rl_lab.GYM_IDS])
def test_a_step_waits_until_every_slot_has_been_reset(name: str) -> None:
    env: Any = gymnasium.make_vec(f"rl_lab/{name}", NUM_ENVS, vectorization_mode="vector_entry_point")
    first = np.array([True, False, False])
    observations, _ = env.reset(seed=0, options={"reset_mask": first})
    with pytest.raises(ResetNeeded):
        env.step(env.action_space.sample())
    later, _ = env.reset(options={"reset_mask": ~first})
    assert np.array_equal(later[0], observations[0])
    env.step(env.action_space.sample())


def test_a_reset_of_no_slot_and_unknown_options_are_refused() -> None:
    world = make_world("maze")
    env, twin = WorldVectorEnv(world, NUM_ENVS), WorldVectorEnv(world, NUM_ENVS)
    env.reset(seed=0), twin.reset(seed=0)
    with pytest.raises(LabError, match="at least one"):
        env.reset(seed=5, options={"reset_mask": np.zeros(NUM_ENVS, np.bool_)})
    assert np.array_equal(env.reset()[0], twin.reset()[0])
    with pytest.raises(LabError, match="no options here, but was given size"):
        WorldEnv(world).reset(options={"size": 3})


@pytest.mark.parametrize("face", [face for face in FACES if face != "gym"])
def test_what_is_no_save_of_these_episodes_is_refused_and_changes_nothing(face: str) -> None:
    env = FACES[face](make_world("snake"))
    reset(env, seed=0)
    saved = env.save()
    wrong: list[dict[str, Any]] = [{k: v for k, v in saved.items() if k != key} for key in saved]
    wrong += [{**saved, key: value[:-1]} for key, value in saved.items()]
    wrong += [{**saved, "states": value} for value in (saved["states"][:, 1:], saved["states"][0])]
    wrong += [{**saved, "states": saved["states"].astype(np.float64)}, {}]
    wrong += [{**saved, "world": np.frombuffer(b"\xff\xfe", np.uint8)}, FACES[face](make_world("catch")).save()]
    for arrays in wrong:
        with pytest.raises(LabError, match=r"saved|damaged"):
            env.load(arrays)
    assert data_equivalence(env.save(), saved, exact=True)
    env.load(saved)


@pytest.mark.parametrize("face", [face for face in FACES if face != "gym"])
def test_after_a_load_the_next_episodes_are_the_saved_ones_too(face: str) -> None:
    world = make_world("maze:size=15")
    env, other = FACES[face](world), FACES[face](world)
    env.reset()
    other.load(env.save())
    assert data_equivalence(env.reset(), other.reset(), exact=True)


@pytest.mark.parametrize("several", [False, True])
def test_an_opponent_of_ones_own_that_breaks_the_rules_is_told(several: bool) -> None:
    opponent = (Cheat(GAME), Cheat(GAME)) if several else Cheat(GAME)
    env = gymnasium.make("rl_lab/TicTacToe-v0", opponent=opponent, seat="first").unwrapped
    env.reset(seed=0)
    with pytest.raises(IllegalAction, match="chose 4"):
        env.step(4)
