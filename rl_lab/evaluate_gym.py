"""Evaluation behind the Gymnasium ids of other people: there an agent sees observations, and no states."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray
from rich.console import Console

from agents.agent import Decision, sample_actions, uniform_policy
from agents.registry import options_of
from agents.sb3.gym_vec_env import GymVecEnv, lab_spec
from agents.sb3.masks import action_masks, masks_actions
from agents.sb3.player import CONFIGS, read_policy
from agents.solo.random import RandomBoxAgent
from envs.chance import Seeds, seed_of, seed_states
from envs.spec import Spec, unknown_name
from rl_lab.evaluate import Evaluation, Result, returns_table, run_evaluation

SIDE_BY_SIDE = 16
HELD_OUT = 2**40
"""Makes the seeds of evaluations others than those of training runs, which people choose small."""


class Decider(Protocol):
    """Whatever decides on observations: a Policy, or chance."""

    def decide(self, observations: NDArray[Any], mask: NDArray[np.bool_] | None, seeds: Seeds) -> Decision:
        """See Policy.decide."""


@dataclass(frozen=True)
class RandomDecider:
    """Any action of the space, all equally likely."""

    space: spaces.Space[Any]

    def decide(self, observations: NDArray[Any], mask: NDArray[np.bool_] | None, seeds: Seeds) -> Decision:
        """See Policy.decide."""
        n = len(observations)
        if isinstance(self.space, spaces.Box):
            return RandomBoxAgent(self.space).act(observations, seeds)
        assert isinstance(self.space, spaces.Discrete)
        policy = uniform_policy(np.ones((n, int(self.space.n)), np.bool_) if mask is None else mask)
        return Decision(sample_actions(policy, seeds), policy, np.zeros(n, np.float32))


def evaluate_gym(env_id: str, decider: Decider, episodes: int, seed: int) -> Evaluation:
    """Plays so many episodes (1 or more) of a Gymnasium id; the same ones for each decider and seed.

    Raises LabError for an id that cannot be made.
    """
    n = min(episodes, SIDE_BY_SIDE)
    env = GymVecEnv(env_id, n)
    env.seed(seed_of(HELD_OUT, seed))
    observations: Any = env.reset()
    seeds = seed_states(seed_of(seed, slot) for slot in range(n))
    # Each slot plays a number of episodes fixed beforehand: taking the first that end would favour short ones.
    wanted = np.full(n, episodes // n) + (np.arange(n) < episodes % n)
    ends: list[list[dict[str, float]]] = [[] for _ in range(n)]
    seconds, decisions = 0.0, 0
    while any(len(found) < number for found, number in zip(ends, wanted, strict=True)):
        mask = action_masks(env) if masks_actions(env) else None
        start = time.perf_counter()
        actions = decider.decide(observations, mask, seeds).action
        seconds += time.perf_counter() - start
        decisions += n
        observations, _, dones, infos = env.step(actions)
        for slot in np.flatnonzero(dones):
            ends[slot].append(infos[slot]["episode"])
    env.close()
    told = [end for found, number in zip(ends, wanted, strict=True) for end in found[:number]]
    returns, lengths = np.array([end["r"] for end in told]), np.array([end["l"] for end in told], np.int64)
    return Evaluation(returns, lengths, np.zeros(episodes, np.int8), {}, seconds / decisions)


def run_gym_evaluation(
    env_id: str, agent_specs: Sequence[str], episodes: int, seed: int, console: Console
) -> list[Result]:
    """See rl_lab.evaluate.run_evaluation; an id of the lab stands for its world or game."""
    if spec := lab_spec(env_id):
        return run_evaluation(spec, agent_specs, episodes, seed, console)
    env = GymVecEnv(env_id)
    deciders = [decider_for(spec, env) for spec in agent_specs]
    threshold = gym.spec(env_id).reward_threshold
    solved = "" if threshold is None else f"; it counts as solved from a mean return of {threshold:g}"
    console.print(f"Episodes of {env_id}: {episodes}, from seed {seed}{solved}.", highlight=False, soft_wrap=True)
    results: list[Result] = []
    for spec, decider in zip(agent_specs, deciders, strict=True):
        with console.status(f"{spec} ..."):
            results.append((spec, evaluate_gym(env_id, decider, episodes, seed)))
    console.print(returns_table(results))
    return results


def decider_for(spec: str, env: GymVecEnv) -> Decider:
    """The agent of that spec; raises LabError for one that needs to see states."""
    parsed = Spec.parse(spec)
    if parsed.name not in ("random", *CONFIGS):
        raise unknown_name(f"agent for {env.env_id}", parsed.name, ["random", *CONFIGS])
    options = options_of(parsed)
    if parsed.name == "random":
        return RandomDecider(env.action_space)
    return read_policy(parsed.path, parsed.name, env, options)
