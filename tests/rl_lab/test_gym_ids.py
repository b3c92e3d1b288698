"""Every id, with every kind of option, held to the checkers of Gymnasium and of stable-baselines3."""

from __future__ import annotations

import warnings
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env, data_equivalence
from gymnasium.utils.env_match import check_environments_match
from stable_baselines3.common.env_checker import check_env as sb3_check_env

import rl_lab
from agents.registry import make_agent
from envs.errors import IllegalAction, LabError
from envs.games import make_game

CASES: list[tuple[str, dict[str, Any]]] = [
    ("Go", {"board_size": 5}),
    ("Go", {"board_size": 9, "seat": "first", "illegal": "random", "komi": 6.5}),
    ("Go", {"board_size": 3, "seat": "second", "superko": "situational", "suicide": True, "max_plies": 12}),
    ("ConnectFour", {}),
    ("ConnectFour", {"opponent": "greedy", "seat": "second", "illegal": "random"}),
    ("TicTacToe", {}),
    ("TicTacToe", {"opponent": "rollout:simulations=8", "seat": "first"}),
    ("TicTacToe", {"opponent": "alphabeta:depth=2"}),
    ("Hex", {"board_size": 3}),
    ("Hex", {"size": 5, "swap": True, "seat": "second"}),
    ("Othello", {}),
    ("Othello", {"board_size": 6, "illegal": "random"}),
    ("Skier", {}),
    ("Skier", {"dims": 2, "actions": "continuous", "split": "held_out"}),
    ("Maze", {}),
    ("Maze", {"size": 7, "split": "held_out", "cue": "spurious"}),
    ("Snake", {}),
    ("Snake", {"size": 5}),
    ("Catch", {}),
]
NAMES = [f"{name}-{'-'.join(f'{k}={v}' for k, v in options.items())}" for name, options in CASES]
# What stable-baselines3 says of all small planes: that its convolutional net for Atari screens would not fit them.
SB3_ON_SMALL_PLANES = (
    "upper and lower bounds are not in [0, 255]",
    "minimal resolution for an image is 36x36",
    "Treating image space as channels-last",
)


def make(name: str, **options: Any) -> gymnasium.Env[Any, Any]:
    return gymnasium.make(f"rl_lab/{name}-v0", **options)


@pytest.mark.parametrize(("name", "options"), CASES, ids=NAMES)
def test_gymnasium_has_no_complaint_and_no_warning(name: str, options: dict[str, Any]) -> None:
    env = make(name, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(env.unwrapped)
    env.close()


@pytest.mark.parametrize(("name", "options"), CASES, ids=NAMES)
def test_stable_baselines3_has_no_complaint(name: str, options: dict[str, Any]) -> None:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        sb3_check_env(make(name, **options).unwrapped, warn=True)
    unexpected = [str(w.message) for w in seen if not any(known in str(w.message) for known in SB3_ON_SMALL_PLANES)]
    assert not unexpected


@pytest.mark.parametrize(("name", "options"), CASES, ids=NAMES)
def test_two_environments_of_one_seed_are_the_same(name: str, options: dict[str, Any]) -> None:
    check_environments_match(make(name, **options), make(name, **options), num_steps=60, seed=7)


def play(env: gymnasium.Env[Any, Any], seed: int, episodes: int) -> list[Any]:
    """All that the environment answered to random legal actions."""
    rng, seen = np.random.default_rng(seed), []
    for episode in range(episodes):
        observation, info = env.reset(seed=seed if episode == 0 else None)
        seen.append((observation, info))
        over = False
        while not over:
            if "action_mask" in info:
                action = rng.choice(np.flatnonzero(info["action_mask"]))
            else:
                env.action_space.seed(int(rng.integers(2**31)))
                action = env.action_space.sample()
            observation, reward, terminated, truncated, info = env.step(action)
            over = terminated or truncated
            seen.append((observation, reward, terminated, truncated, info))
    return seen


@pytest.mark.parametrize(("name", "options"), CASES, ids=NAMES)
def test_whole_episodes_repeat_with_their_seed_and_differ_without(name: str, options: dict[str, Any]) -> None:
    first, again, other = (play(make(name, **options), seed, 3) for seed in (1, 1, 2))
    assert data_equivalence(first, again, exact=True)
    assert not data_equivalence(first, other, exact=True)


@pytest.mark.parametrize(("name", "options"), CASES, ids=NAMES)
def test_the_mask_is_where_people_look_for_it(name: str, options: dict[str, Any]) -> None:
    env = make(name, **options)
    _, info = env.reset(seed=0)
    has_mask = "action_mask" in info
    assert has_mask == (name in ("Go", "ConnectFour", "TicTacToe", "Hex", "Othello"))
    if has_mask:
        assert info["action_mask"].dtype == np.int8
        assert np.array_equal(info["action_mask"], env.unwrapped.action_masks())
        assert env.action_space.sample(info["action_mask"]) in np.flatnonzero(info["action_mask"])


def test_installation_and_one_call_are_enough() -> None:
    import subprocess
    import sys

    code = "import gymnasium as gym; print(gym.make('rl_lab:rl_lab/Go-v0', board_size=5).reset(seed=0)[0].shape)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("(") and done.stdout.strip().endswith("5, 5)")


def test_every_game_and_every_world_has_an_id() -> None:
    from envs.games.registry import GAMES
    from envs.solo.registry import WORLDS

    assert sorted(rl_lab.GYM_IDS.values()) == sorted([*GAMES, *WORLDS])


def test_an_agent_can_be_given_as_an_object() -> None:
    agent = make_agent("greedy", make_game("tic_tac_toe"))
    assert data_equivalence(
        play(make("TicTacToe", opponent=agent), 3, 2), play(make("TicTacToe", opponent="greedy"), 3, 2)
    )


def test_several_opponents_take_turns_by_chance() -> None:
    def returns(opponent: Any) -> list[float]:
        env, found = make("TicTacToe", opponent=opponent, seat="first"), []
        for seed in range(60):
            _, info = env.reset(seed=seed)
            over = False
            while not over:
                _, reward, over, _, info = env.step(int(np.flatnonzero(info["action_mask"])[-1]))
            found.append(float(reward))
        return found

    weak, strong, both = returns("random"), returns("alphabeta:depth=9"), returns(["random", "alphabeta:depth=9"])
    assert max(strong) <= 0 < max(weak)
    assert weak != both != strong and sum(strong) < sum(both) < sum(weak)


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("Go", {"bord_size": 5}, "Did you mean 'board_size'"),
        ("Go", {"board_size": 1}, "2 to 19"),
        ("Go", {"board_size": "five"}, "whole number"),
        ("Go", {"board_size": 5, "size": 7}, "size is given twice"),
        ("Go", {"seat": "third"}, "first, second, random"),
        ("Go", {"illegal": "ignore"}, "lose, raise, random"),
        ("Go", {"opponent": "gredy"}, "Did you mean 'greedy'"),
        ("Go", {"opponent": "human"}, "window"),
        ("Snake", {"opponent": "greedy"}, "no opponent"),
        ("Snake", {"sise": 5}, "Did you mean 'size'"),
    ],
)
def test_bad_options_get_a_sentence(name: str, options: dict[str, Any], words: str) -> None:
    with pytest.raises(LabError, match=words):
        make(name, **options)


def test_an_illegal_move_raises_where_that_was_chosen_and_changes_nothing() -> None:
    env = make("TicTacToe", seat="first", illegal="raise").unwrapped
    env.reset(seed=0)
    observation, *_, info = env.step(4)
    before = env.state.tobytes()
    with pytest.raises(IllegalAction, match="not legal"):
        env.step(4)
    assert env.state.tobytes() == before
    assert env.step(int(np.flatnonzero(info["action_mask"])[0]))[1] in (-1.0, 0.0, 1.0)
    assert observation.shape == env.observation_space.shape


@pytest.mark.parametrize("action", [[4], np.array([4]), 4.0, "4", None, 9, -1, np.array(9)])
def test_what_is_no_action_is_refused_and_changes_nothing(action: Any) -> None:
    env = make("TicTacToe", seat="first").unwrapped
    env.reset(seed=0)
    before = env.state.tobytes()
    with pytest.raises(gymnasium.error.InvalidAction):
        env.step(action)
    assert env.state.tobytes() == before


def test_an_illegal_move_that_loses_says_so() -> None:
    env = make("Othello", seat="first").unwrapped
    _, info = env.reset(seed=0)
    assert not info["illegal_action"]
    assert not env.step(int(np.flatnonzero(info["action_mask"])[0]))[-1]["illegal_action"]
    *_, terminated, _, info = env.step(0)
    assert terminated and info["illegal_action"]
    assert not env.reset()[1]["illegal_action"]


@pytest.mark.parametrize("opponent", [None, 5, lambda states, seeds: 0, make_agent("greedy", make_game("go:size=5"))])
def test_what_cannot_be_an_opponent_is_refused_at_once(opponent: Any) -> None:
    with pytest.raises(LabError, match=r"act\(states, seeds\)|plays go:size=5"):
        make("TicTacToe", opponent=opponent)
