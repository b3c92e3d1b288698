"""Episodes as films (rl_lab/film.py writes them).

A film is what the renderer of the faces draws, frame by frame, so it looks like render_mode="rgb_array".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import gymnasium as gym
import numpy as np

from agents.agent import Agent
from agents.registry import make_agent
from agents.sb3.gym_vec_env import GymVecEnv, Replayable, lab_spec, single_env
from agents.sb3.player import PolicyAgent
from agents.sb3.policy import Config, Policy
from envs.chance import Seeds, branch_seeds, seed_of, seed_states
from envs.errors import LabError
from envs.faces.render import RENDER_FPS, picture
from envs.faces.seated import Seated
from envs.games.game import Game
from envs.games.registry import GAMES, make_game
from envs.solo.world import World, is_over
from envs.spec import Spec
from rl_lab.evaluate import ANCHORS, InSeat, evaluation_world
from rl_lab.evaluate_gym import HELD_OUT, Decider, decider_for
from rl_lab.film import Film, Frame, even

BOARD_FPS = 2
LAST_SECONDS = 1.5
"""How long the end is shown."""
MAX_FRAMES = 3000
"""A film of a longer episode shows its beginning."""


def policy_film(policy: Policy, config: Config, seed: int) -> Film:
    """A policy's first held-out episode of that seed; LabError if its environment draws no pictures."""
    if spec := lab_spec(config.env):
        return _lab_film(spec, lambda env: PolicyAgent(env, policy, "learner"), seed)
    return gym_film(config.env, policy, seed)


def agent_film(env: str, agent: str, seed: int) -> Film:
    """The first episode that rl_lab.evaluate.run_evaluation plays with that agent; raises LabError as that does."""
    if spec := lab_spec(env):
        return _lab_film(spec, lambda env: make_agent(agent, env), seed)
    return gym_film(env, decider_for(agent, GymVecEnv(env)), seed)


def _lab_film(spec: str, make: Callable[[Game | World], Agent], seed: int) -> Film:
    """The first episode of that seed in a world, or in a board game against the last of ANCHORS."""
    seeds = seed_states([seed_of(seed, 0)])
    if Spec.parse(spec).name not in GAMES:
        world = evaluation_world(spec)
        return world_film(world, make(world), seeds)
    game = make_game(spec)
    return world_film(Seated(game, (make_agent(ANCHORS[-1], game),)), InSeat(make(game)), seeds)


def world_film(world: World, agent: Agent, seeds: Seeds) -> Film:
    """The episode that rl_lab.evaluate.evaluate plays from the random state `seeds`, uint64[1].

    Of a board game each move is a frame, the opponent's too.
    """
    fps = BOARD_FPS if isinstance(world, Seated) else RENDER_FPS
    return Film(_ended(_world_frames(world, agent, seeds), fps), fps)


def _world_frames(world: World, agent: Agent, seeds: Seeds) -> Iterator[Frame]:
    agent.reset()
    states, chance = world.init(seeds), branch_seeds(seeds, np.ones(1, np.int64))
    yield picture(world.scene(states[0]))
    while not is_over(states)[0]:
        actions = agent.act(states.copy(), chance).action
        if isinstance(world, Seated):  # what is on the board before the opponent answers
            boards = states["board"].copy()
            world.game.step(boards, actions)
            if not boards["terminated"][0]:
                yield picture(world.game.scene(boards[0]))
        world.step(states, actions)
        yield picture(world.scene(states[0]))


def gym_film(env_id: str, decider: Decider, seed: int) -> Film:
    """The first episode that evaluate_gym plays with that seed; LabError if the environment draws no pictures."""
    env = single_env(env_id, render_mode="rgb_array")
    observation, _ = env.reset(seed=seed_of(HELD_OUT, seed))
    try:
        first: Any = env.render()
    except gym.error.Error as error:  # what it draws with is not installed
        raise LabError(f"{env_id} cannot be drawn: {error}") from None
    if not (isinstance(first, np.ndarray) and first.ndim == 3):
        env.close()
        raise LabError(f"{env_id} draws no pictures (render_mode='rgb_array'), so there can be no film of it.")
    fps = float(env.metadata.get("render_fps") or RENDER_FPS)
    return Film(_ended(_gym_frames(env, observation, first, decider, seed), fps), fps)


def _gym_frames(env: Replayable, observation: Any, first: Frame, decider: Decider, seed: int) -> Iterator[Frame]:
    seeds, over = seed_states([seed_of(seed, 0)]), False
    yield even(first)
    while not over:
        mask = env.get_wrapper_attr("action_masks")()[None] if env.has_wrapper_attr("action_masks") else None
        action = decider.decide(np.asarray(observation)[None], mask, seeds).action[0]
        observation, _, terminated, truncated, _ = env.step(action)
        yield even(env.render())
        over = terminated or truncated
    env.close()


def _ended(frames: Iterator[Frame], fps: float) -> Iterator[Frame]:
    """The frames, at most MAX_FRAMES, and the last one for LAST_SECONDS."""
    for _, frame in zip(range(MAX_FRAMES), frames, strict=False):
        yield frame
    for _ in range(int(LAST_SECONDS * fps)):
        yield frame
