"""How long learning takes: the seconds until DQN or PPO earns a target return, beside stable-baselines3 as it is used.

Ours is the learner of `rl-lab train`. The peer is the same library's own class on a DummyVecEnv of the single
environment, with the same net and the best of its usual settings that were tried. Both have one thread; the peer is
given up after PATIENCE; what has to be compiled has been before.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from agents.sb3.config import DQNConfig, PPOConfig
from agents.sb3.tuned import config_for
from envs.errors import LabError
from rl_lab.bench.harness import AtLeast, Benchmark, Contest

EPISODES = 100
"""The last episodes whose mean return counts, for both."""
CHECK_STEPS = 1000
PATIENCE = 8.0
"""The peer is given up after this many times the time of ours: the ratio is then at least that."""
REST = "buffer and the rest"

USUAL_PPO = {"n_steps": 128, "batch_size": 256, "n_epochs": 4}
"""rl-zoo3's of Atari games, in 8 environments; with the defaults in 8 environments it takes about as long."""
GO = PPOConfig(
    env="go:size=5",
    num_envs=128,
    opponents="random",
    blocks=0,
    channels=16,
    hidden=64,
    rollout_steps=16,
    batch_size=256,
    epochs=3,
    learning_rate=1.5e-3,
    entropy=0.0,
    device="cpu",
)
"""Ours for Go against random: what ships is for better opponents."""


@dataclass(frozen=True)
class Race:
    """A world, what is to be earned there, and how the peer usually learns."""

    name: str
    config: PPOConfig | DQNConfig
    target: float
    gym_id: str
    num_envs: int
    """The peer's environments."""
    usual: Mapping[str, Any]
    """The peer's settings, where they are not its defaults."""
    wanted: float
    """How many times quicker we want to be."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Of the environment."""
    steps: int = 1_000_000
    """What the peer is told that it will learn for."""
    seeds: tuple[int, ...] = (0,)
    """One race from each."""


class Stopwatch:
    """Seconds by what they were spent on; a part inside a part counts as the outer one."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._is_inside = False

    def time(self, part: str, owner: Any, *methods: str) -> None:
        """Counts from now on what `owner` spends in those of its methods that it has."""
        for name in methods:
            if hasattr(owner, name):
                setattr(owner, name, self._timed(part, getattr(owner, name)))

    def _timed(self, part: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            if self._is_inside:
                return method(*args, **kwargs)
            start, self._is_inside = time.perf_counter(), True
            try:
                return method(*args, **kwargs)
            finally:
                self._is_inside = False
                self.seconds[part] = self.seconds.get(part, 0.0) + time.perf_counter() - start

        return call

    def told(self, total: float) -> str:
        """Such as "environment 20%, policy 31%, update 40%, buffer and the rest 9%"."""
        parts = {**self.seconds, REST: total - sum(self.seconds.values())}
        return ", ".join(f"{part} {seconds / total:.0%}" for part, seconds in parts.items())


def watched(model: Any) -> Stopwatch:
    """A stopwatch on the parts of a model of stable-baselines3, ours or its own."""
    watch = Stopwatch()
    watch.time("environment", model.env, "step", "action_masks", "env_method")
    watch.time("policy", getattr(model, "q_net", model.policy), "forward", "predict_values")
    watch.time("update", model, "train")
    return watch


def mean_return(model: Any) -> float:
    """Of the last EPISODES episodes; -inf before there are as many."""
    returns = [episode["r"] for episode in model.ep_info_buffer]
    return float(np.mean(returns)) if len(returns) >= EPISODES else -np.inf


def ours(race: Race, remarks: list[str]) -> float:
    """Seconds until our learner is there."""
    from agents.sb3.trainer import Sb3Trainer

    Sb3Trainer(race.config).iterate()  # compiles
    trainer = Sb3Trainer(race.config)
    watch, start = watched(trainer.model), time.perf_counter()
    while mean_return(trainer.model) < race.target:
        if trainer.steps >= race.config.steps:
            raise LabError(f"{race.name}: {race.config.steps:,} steps were not enough for a return of {race.target}.")
        trainer.iterate()
    seconds = time.perf_counter() - start
    remarks.append(_told(race, "ours", trainer.steps, seconds, watch))
    return seconds


def peer(race: Race, remarks: list[str], limit: float) -> float:
    """The same of stable-baselines3's own learner, which is given up after `limit` seconds."""
    usual_model(race).learn(1)  # compiles
    model = usual_model(race)
    watch, start, last = watched(model), time.perf_counter(), 0

    def goes_on(_locals: Any, _globals: Any) -> bool:
        nonlocal last
        if model.num_timesteps < last + CHECK_STEPS:
            return True
        last = model.num_timesteps
        return mean_return(model) < race.target and time.perf_counter() - start < limit

    model.learn(race.steps, goes_on)
    seconds = time.perf_counter() - start
    remarks.append(_told(race, "stable-baselines3's", model.num_timesteps, seconds, watch))
    return seconds if mean_return(model) >= race.target else AtLeast(seconds)


def usual_model(race: Race) -> Any:
    """What a user of stable-baselines3 would write, with the net of our run."""
    from sb3_contrib import MaskablePPO
    from stable_baselines3 import DQN, PPO
    from stable_baselines3.common.env_util import make_vec_env

    from agents.sb3.networks import policy_kwargs

    seed = race.config.seed
    env: Any = make_vec_env(race.gym_id, race.num_envs, seed=seed, env_kwargs=dict(race.options))
    world = env.envs[0].unwrapped.world
    kind: Any = DQN if isinstance(race.config, DQNConfig) else MaskablePPO if world.masks_actions else PPO
    net = policy_kwargs(race.config, world)
    return kind("MlpPolicy", env, policy_kwargs=net, seed=seed, device="cpu", **race.usual)


def _told(race: Race, whose: str, steps: int, seconds: float, watch: Stopwatch) -> str:
    return f"{race.name}, {whose}: {steps:,} steps in {seconds:.0f} s ({steps / seconds:,.0f}/s): {watch.told(seconds)}"


def races() -> list[Race]:
    """What is raced for, with the settings that ship but for Go, where luck decides much and three seeds are needed."""
    on_cpu = {"device": "cpu"}
    snake, catch = "rl_lab/Snake-v0", "rl_lab/Catch-v0"
    ppo_snake, dqn_snake = config_for(PPOConfig, "snake", on_cpu), config_for(DQNConfig, "snake", on_cpu)
    go = Race(
        "PPO, Go 5x5 against random", GO, 0.8, "rl_lab/Go-v0", 8, USUAL_PPO, 5, {"board_size": 5}, seeds=(0, 1, 2)
    )
    return [
        Race("PPO, Snake", ppo_snake, 6.0, snake, 8, USUAL_PPO, 5),
        go,
        Race("DQN, Catch", config_for(DQNConfig, "catch", on_cpu), 0.9, catch, 1, {}, 2, steps=100_000),
        Race("DQN, Snake", dqn_snake, 2.0, snake, 1, {}, 2),
    ]


def benchmarks() -> list[Benchmark]:
    """The rows of this file."""
    return [
        Benchmark(
            f"{race.name} to a return of {race.target:g}",
            "s",
            partial(_contest, race),
            "stable-baselines3 on a DummyVecEnv",
            wanted=race.wanted,
            less_is_better=True,
            rounds=len(race.seeds),
            warm_up=False,
        )
        for race in races()
    ]


def _contest(race: Race) -> Contest:
    """The races, from one seed after the other."""
    remarks: list[str] = []
    configs = [replace(race, config=replace(race.config, seed=seed)) for seed in race.seeds]
    ours_to_come, peers_to_come = iter(configs), iter(configs)
    taken = math.inf

    def our_seconds() -> float:
        nonlocal taken
        with _one_torch_thread():
            taken = ours(next(ours_to_come), remarks)
        return taken

    def peers_seconds() -> float:
        with _one_torch_thread():
            return peer(next(peers_to_come), remarks, PATIENCE * taken)

    return Contest(our_seconds, peers_seconds, remarks)


@contextmanager
def _one_torch_thread() -> Iterator[None]:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
