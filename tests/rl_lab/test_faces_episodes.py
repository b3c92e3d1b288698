"""What every face does with its episodes: limits, actions of other kinds, independence, and a window that follows."""

from __future__ import annotations

from typing import Any, ClassVar

import gymnasium
import numpy as np
import pytest
from faces import FACES, MODES, NUM_ENVS, act_blindly, reset, step
from gymnasium.utils.env_checker import data_equivalence
from gymnasium.vector import AutoresetMode, SyncVectorEnv

import rl_lab  # noqa: F401 - registers the ids
from agents.scripted import RandomAgent
from envs.faces import render
from envs.faces.gym_env import WorldEnv
from envs.faces.render import picture
from envs.faces.seated import Seated
from envs.faces.vector_env import WorldVectorEnv
from envs.games import make_game
from envs.solo.registry import make_world


@pytest.mark.parametrize("mode", MODES, ids=[mode.value for mode in MODES])
@pytest.mark.parametrize("name", ["Catch", "Maze", "TicTacToe", "Skier"])
def test_a_limit_of_steps_is_gymnasiums_own(name: str, mode: AutoresetMode) -> None:
    options: dict[str, Any] = {"max_episode_steps": 3}
    gym_id, chosen = f"rl_lab/{name}-v0", {"autoreset_mode": mode}
    ours = gymnasium.make_vec(gym_id, 8, vectorization_mode="vector_entry_point", **chosen, **options)
    theirs = SyncVectorEnv([lambda: gymnasium.make(gym_id, **options)] * 8, autoreset_mode=mode)
    assert data_equivalence(ours.reset(seed=3), theirs.reset(seed=3), exact=True)
    ours.action_space.seed(1)
    num_cut = 0
    for _ in range(60):
        actions = ours.action_space.sample()
        result, expected = ours.step(actions), theirs.step(actions)
        assert data_equivalence(result, expected, exact=True)
        over = result[2] | result[3]
        num_cut += int(result[3].sum())
        if mode == AutoresetMode.DISABLED and over.any():
            again = [env.reset(options={"reset_mask": over.copy()}) for env in (ours, theirs)]
            assert data_equivalence(*again, exact=True)
    assert num_cut > 5


def test_whole_numbers_are_taken_for_a_box_of_actions() -> None:
    world = make_world("skier:actions=continuous")
    for kind in (np.int64, np.uint8):
        results = []
        for dtype in (kind, np.float32):
            single, vector = WorldEnv(world), WorldVectorEnv(world, NUM_ENVS)
            single.reset(seed=1), vector.reset(seed=1)
            shape = world.action_space.shape
            results.append((single.step(np.ones(shape, dtype)), vector.step(np.ones((NUM_ENVS, *shape), dtype))))
        assert data_equivalence(*results, exact=True)


@pytest.mark.parametrize("face", FACES)
def test_two_environments_of_one_world_do_not_disturb_each_other(face: str) -> None:
    game = make_game("tic_tac_toe")
    world = Seated(game, (RandomAgent(game),))

    def begun() -> Any:
        env = FACES[face](world)
        reset(env, seed=3)
        return env

    def some_steps(env: Any, other: Any = None) -> list[Any]:
        seen = []
        for _ in range(12):
            step(env)
            seen.append(env._episodes.arrays())
            if other is not None:
                step(other)
        return seen

    other = FACES[face](world)
    other.reset()
    assert data_equivalence(some_steps(begun()), some_steps(begun(), other), exact=True)


class Screen:
    """Stands for the window's process, and keeps what it was shown."""

    screens: ClassVar[list[Screen]] = []

    def __init__(self, title: str, size: tuple[int, int]) -> None:
        self.frames: list[bytes] = []
        self.is_open = True
        self.screens.append(self)

    def show(self, width: int, height: int, pixels: bytes) -> None:
        self.frames.append(pixels)

    def close(self) -> None:
        self.is_open = False


@pytest.mark.parametrize("face", FACES)
def test_a_window_follows_the_first_slot_by_itself(face: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render, "Window", Screen)
    monkeypatch.setattr(render, "RENDER_FPS", 1000)
    monkeypatch.setattr(Screen, "screens", [])
    world = make_world("catch")
    env = FACES[face](world, render_mode="human")
    env.reset()
    expected = [picture(world.scene(env._episodes.states[0])).tobytes()]
    for _ in range(4):
        act_blindly(env)
        expected.append(picture(world.scene(env._episodes.states[0])).tobytes())
        assert env.render() is None
    (screen,) = Screen.screens
    assert screen.frames == expected and len(set(expected)) > 1
    env.close()
    assert not screen.is_open
