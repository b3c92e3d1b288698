"""What a learner waits for: steps per second of many environments, with observations, rewards, masks and resets."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from envs.chance import choose, seed_states
from rl_lab.bench.harness import Benchmark, Contest, Measure, rate

CALLS = 8  # steps of all environments between two looks at the clock


def random_actions(space: Any, n: int) -> Callable[[Any], NDArray[Any]]:
    """Chooses uniformly among the legal actions that masks [n, A] tell, or among all where there are none."""
    seeds = seed_states(np.arange(n))
    if hasattr(space, "n"):
        everything = np.ones((n, int(space.n)), np.bool_)
        return lambda masks: choose(everything if masks is None else masks, seeds)
    actions = np.random.default_rng(0).uniform(-1, 1, (n, *space.shape)).astype(np.float32)
    return lambda masks: actions


def gymnasium_vector(env: Any) -> Measure:
    """A Gymnasium vector environment, acting at random."""
    choose_actions = random_actions(env.single_action_space, env.num_envs)
    _, infos = env.reset(seed=0)

    def play() -> float:
        nonlocal infos
        for _ in range(CALLS):
            infos = env.step(choose_actions(infos.get("action_mask")))[-1]
        return float(CALLS * env.num_envs)

    return lambda: rate(play)


def sb3_vec_env(env: Any) -> Measure:
    """A VecEnv of stable-baselines3, acting at random."""
    choose_actions = random_actions(env.action_space, env.num_envs)
    env.seed(0)
    env.reset()
    masks = [info.get("action_mask") for info in env.reset_infos]

    def play() -> float:
        nonlocal masks
        for _ in range(CALLS):
            *_, infos = env.step(choose_actions(None if masks[0] is None else np.stack(masks)))
            masks = [info.get("action_mask") for info in infos]
        return float(CALLS * env.num_envs)

    return lambda: rate(play)


def native(world: str, n: int, **options: Any) -> Measure:
    """The lab's own vector environment, made as a user makes it."""
    return gymnasium_vector(gymnasium.make_vec(f"rl_lab/{world}-v0", n, **options))


def sync(world: str, n: int, **options: Any) -> Measure:
    """The same environments one by one, in Gymnasium's SyncVectorEnv as make_vec makes it."""
    return gymnasium_vector(gymnasium.make_vec(f"rl_lab/{world}-v0", n, vectorization_mode="sync", **options))


def dummy(world: str, n: int, **options: Any) -> Measure:
    """The same environments one by one, in the DummyVecEnv of stable-baselines3 as make_vec_env makes it."""
    from stable_baselines3.common.env_util import make_vec_env

    return sb3_vec_env(make_vec_env(f"rl_lab/{world}-v0", n, env_kwargs=options))


def petting_zoo(module: str, **options: Any) -> Measure:
    """PettingZoo's own game with random legal actions, drawn as its documentation does."""
    import importlib

    env = importlib.import_module(f"pettingzoo.classic.{module}").env(**options)
    rng = np.random.default_rng(0)

    def play() -> float:
        env.reset(seed=0)
        moves = 0
        while env.agents:
            observation, _, termination, truncation, _ = env.last()
            over = termination or truncation
            env.step(None if over else int(rng.choice(np.flatnonzero(observation["action_mask"]))))
            moves += not over
        return float(moves)

    return lambda: rate(play)


def benchmarks() -> list[Benchmark]:
    """The rows of this file."""
    at_64 = [("Catch", {}), ("Snake", {}), ("Maze", {}), ("Skier", {"dims": 2}), ("ConnectFour", {}), ("Othello", {})]
    worlds: list[tuple[str, dict[str, Any]]] = [*at_64, ("Hex", {}), ("Go", {"board_size": 9})]
    rows = [
        Benchmark(
            f"{world}, 64 environments",
            "steps/s",
            partial(_contest, world, 64, options, against),
            peer,
            wanted=20,
        )
        for world, options in worlds
        for against, peer in ((sync, "SyncVectorEnv"), (dummy, "DummyVecEnv"))
    ]
    many = [("Snake", 2_000_000), ("Catch", 2_000_000)]
    rows += [
        Benchmark(f"{world}, 1,024 environments", "steps/s", partial(_contest, world, 1024, {}), target=target)
        for world, target in many
    ]
    zoo: list[tuple[str, dict[str, Any], str, dict[str, Any], float | None]] = [
        ("Go", {"board_size": 9}, "go_v5", {"board_size": 9, "komi": 7.5}, 250_000),
        ("ConnectFour", {}, "connect_four_v3", {}, None),
    ]
    rows += [
        Benchmark(
            f"{world}, 256 environments, a random opponent",
            "steps/s",
            partial(_beside_petting_zoo, world, options, module, theirs),
            "PettingZoo, moves",
            target=target,
            packages={"pettingzoo": "pettingzoo"},
        )
        for world, options, module, theirs, target in zoo
    ]
    return rows


def _contest(world: str, n: int, options: dict[str, Any], against: Callable[..., Measure] | None = None) -> Contest:
    return Contest(native(world, n, **options), against(world, n, **options) if against else None)


def _beside_petting_zoo(world: str, options: dict[str, Any], module: str, theirs: dict[str, Any]) -> Contest:
    return Contest(native(world, 256, **options), petting_zoo(module, **theirs))
