"""Any Gymnasium environment that renders pictures, on the stage; it lives in a process of its own."""

from __future__ import annotations

import zlib
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from agents.agent import Agent, Decision
from agents.sb3.gym_vec_env import MAX_SEED, GymVecEnv, single_env
from envs.chance import Seeds, draw_seeds, seed_states
from envs.errors import LabError
from envs.games.scene import Image, Scene
from rl_lab.evaluate_gym import Decider, decider_for
from rl_lab.viewer.frame import Frame, Observation, Player
from rl_lab.viewer.gym_process import EnvProcess, Shown
from rl_lab.viewer.stage import Stage, check_action

START_SECONDS = 60.0

# What the actions of well-known environments mean, which those themselves do not tell.
ACTION_NAMES: dict[str, tuple[str, ...]] = {
    "CartPole": ("left", "right"),
    "MountainCar": ("left", "none", "right"),
    "Acrobot": ("torque −1", "none", "torque +1"),
    "LunarLander": ("none", "left engine", "main engine", "right engine"),
    "FrozenLake": ("left", "down", "right", "up"),
    "FrozenLake8x8": ("left", "down", "right", "up"),
    "CliffWalking": ("up", "right", "down", "left"),
    "CliffWalkingSlippery": ("up", "right", "down", "left"),
    "Taxi": ("down", "up", "right", "left", "pick up", "drop off"),
    "Blackjack": ("stick", "hit"),
}


class ObservingAgent(Agent):
    """Whatever decides on observations, as an agent whose states are `Shown`."""

    def __init__(self, name: str, decider: Decider) -> None:
        super().__init__(name)
        self.decider = decider

    def act(self, states: Any, seeds: Seeds) -> Decision:
        """See Agent.act; one state."""
        mask = None if states[0].mask is None else states[0].mask[None]
        return self.decider.decide(states[0].observation[None], mask, seeds)


def gym_agent(env_id: str, spec: str) -> ObservingAgent:
    """The agent of that spec for that environment; raises LabError if either is wrong."""
    return ObservingAgent(spec, decider_for(spec, GymVecEnv(env_id)))


class GymStage(Stage):
    """An environment of that id. An action cannot be taken back: only the environment knows its state."""

    can_undo = False

    def __init__(self, env_id: str, player: Player, seed: int = 0) -> None:
        """Raises LabError for an id that cannot be made, or one that renders no pictures."""
        super().__init__([player])
        self.env_id = env_id
        single = single_env(env_id)
        modes = single.metadata.get("render_modes", [])
        self.action_space = single.action_space
        self._names = _action_names(single, self.num_actions)
        single.close()
        if "rgb_array" not in modes:
            raise LabError(f"{env_id} draws no pictures: it lacks the render mode rgb_array, only {modes} are there.")
        self._process = EnvProcess(env_id)
        self._first: Frame | None = None
        self.restart(seed)
        try:
            self._first = self._frame(START_SECONDS)
            if not self.arrive():
                raise LabError(f"{env_id} has not begun after {START_SECONDS:.0f} seconds.")
        except LabError:
            self.close()
            raise

    @property
    def spec(self) -> str:
        return self.env_id

    @property
    def seats(self) -> tuple[str, ...]:
        return ("Agent",)

    @property
    def num_actions(self) -> int:
        return int(self.action_space.n) if isinstance(self.action_space, spaces.Discrete) else 0

    def action_name(self, action: Any) -> str:
        return self._names[int(action)] if self.num_actions else ", ".join(f"{x:+.2f}" for x in np.ravel(action))

    def scene(self, frame: Frame) -> Scene:
        width, height = frame.state.size
        pixels = zlib.decompress(frame.state.picture)
        longest = max(width, height)
        picture = Image(0, 0, width / longest, height / longest, pixels, frame.state.size)
        return Scene(width / longest, height / longest, [picture])

    def observation(self, frame: Frame) -> Observation:
        values = np.asarray(frame.state.observation)
        return Observation(("",) * (len(values) if values.ndim == 1 else 1), values)

    def question(self, frame: Frame) -> list[Shown]:
        return [frame.state]

    def legal_actions(self, frame: Frame) -> list[int]:
        if frame.over or not self.num_actions:
            return []
        mask = frame.state.mask
        return list(range(self.num_actions)) if mask is None else np.flatnonzero(mask).tolist()

    def outcome_text(self, frame: Frame) -> str:
        ending = "out of steps" if frame.state.truncated else "over"
        return f"{ending} after {frame.state.steps} steps, return {frame.returns[0]:.4g}"

    def begin(self, seed: int) -> None:
        # As in evaluations and in training, so that the same seed is the same episode everywhere.
        self._process.reset(int(draw_seeds(seed_states([seed]))[0] % MAX_SEED))

    def send(self, frame: Frame, action: Any) -> None:
        if self.num_actions:
            check_action(self, frame, action)
        self._process.step(np.asarray(action, self.action_space.dtype) if not self.num_actions else int(action))

    def poll(self) -> Frame | None:
        first, self._first = self._first, None
        return first or self._frame()

    def close(self) -> None:
        self._process.close()

    def _frame(self, seconds: float = 0.0) -> Frame | None:
        reply = self._process.poll(seconds)
        return None if reply is None else Frame(reply.shown, 0, reply.over, (reply.reward,))


def _action_names(env: gym.Env[Any, Any], num_actions: int) -> tuple[str, ...]:
    """A name for each action: what the environment calls it, as Atari's do, or what is known here, or a digit."""
    tell = getattr(env.unwrapped, "get_action_meanings", None)
    known = ACTION_NAMES.get(env.spec.name if env.spec else "", ())
    names = tuple(str(name).lower() for name in tell()) if callable(tell) else known
    return names if len(names) == num_actions else tuple(map(str, range(num_actions)))
