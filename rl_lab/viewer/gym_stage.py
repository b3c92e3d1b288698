"""Any Gymnasium environment that renders pictures, on the stage: it lives in a process of its own.

So a slow or broken environment cannot freeze the window, and one that draws with pygame itself cannot meet the
window's (those of Gymnasium quit pygame when they close).
"""

from __future__ import annotations

import os
import zlib
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.vector import AsyncVectorEnv, AutoresetMode
from numpy.typing import NDArray

from agents.agent import Agent, Decision
from agents.sb3.gym_vec_env import GymVecEnv, single_env
from envs.chance import Seeds
from envs.errors import LabError
from envs.games.scene import Image, Scene
from rl_lab.evaluate_gym import Decider, decider_for
from rl_lab.viewer.stage import Frame, Observation, Player, Stage, check_action

MAX_SIDE = 1200  # pixels of a picture that is kept; larger ones are thinned out
START_SECONDS = 60.0


@dataclass(frozen=True)
class Shown:
    """What the environment has answered."""

    observation: NDArray[Any]
    mask: NDArray[np.bool_] | None
    """[A], the legal actions, for environments that tell them."""
    picture: bytes
    """RGB, compressed: an episode keeps all its pictures."""
    size: tuple[int, int]
    """Width and height of the picture in pixels."""
    truncated: bool
    steps: int


class Pictured(gym.Wrapper[Any, Any, Any, Any]):
    """Puts a picture, and the mask where there is one, beside every observation."""

    def reset(self, **options: Any) -> tuple[Any, dict[str, Any]]:
        """See gymnasium.Env.reset."""
        observation, _ = self.env.reset(**options)
        return observation, self._seen()

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """See gymnasium.Env.step."""
        observation, reward, terminated, truncated, _ = self.env.step(action)
        return observation, reward, terminated, truncated, self._seen()

    def _seen(self) -> dict[str, Any]:
        picture = np.asarray(self.env.render())
        if picture.ndim != 3 or picture.shape[2] != 3:
            raise ValueError(f"its picture has the shape {picture.shape}, not (height, width, 3)")
        thinned = picture[:: -(-picture.shape[0] // MAX_SIDE), :: -(-picture.shape[1] // MAX_SIDE)].astype(np.uint8)
        packed = {"picture": zlib.compress(thinned.tobytes(), 1), "size": (thinned.shape[1], thinned.shape[0])}
        mask = getattr(self.env.unwrapped, "action_masks", None)
        return {"seen": packed | {"mask": np.asarray(mask(), np.bool_) if mask else None}}


def _make(env_id: str) -> Pictured:
    os.environ["SDL_VIDEODRIVER"] = "dummy"  # this process has no window, and pygame would look for a place to show one
    return Pictured(single_env(env_id, render_mode="rgb_array"))


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
        single.close()
        if "rgb_array" not in modes:
            raise LabError(f"{env_id} draws no pictures: it lacks the render mode rgb_array, only {modes} are there.")
        self._env: AsyncVectorEnv | None = None
        self._wanted_seed: int | None = None
        self._resetting = False
        self._steps = 0
        self.restart(seed)
        try:
            self._process().parent_pipes[0].poll(START_SECONDS)
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
        return str(int(action)) if self.num_actions else ", ".join(f"{number:+.2f}" for number in np.ravel(action))

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
        self._wanted_seed = seed
        if not self.waiting:
            self._reset()

    def send(self, frame: Frame, action: Any) -> None:
        if self.num_actions:
            check_action(self, frame, action)
        self._process().step_async(np.asarray(action)[None])

    def poll(self) -> Frame | None:
        try:
            return self._received() if self._process().parent_pipes[0].poll(0) else None
        except Exception as problem:  # whatever a stranger's environment raises, or that its process has died
            self.close()
            raise LabError(f"The environment failed: {type(problem).__name__}: {problem}") from None

    def close(self) -> None:
        env, self._env = self._env, None
        if env is not None:
            for process in env.processes:
                process.kill()  # it may be in the middle of anything, and holds nothing worth keeping
            with suppress(Exception):  # what a process that has died makes of it
                env.close(terminate=True)

    def _process(self) -> AsyncVectorEnv:
        """The environment's process, a new one if there is none or it has failed."""
        if self._env is None:
            self._env = AsyncVectorEnv(
                [partial(_make, self.env_id)],
                shared_memory=False,
                context="spawn",
                autoreset_mode=AutoresetMode.DISABLED,
            )
        return self._env

    def _reset(self) -> None:
        seed, self._wanted_seed = self._wanted_seed, None
        self._resetting = True
        self._process().reset_async(seed=seed)

    def _received(self) -> Frame | None:
        env = self._process()
        if self._resetting:
            self._resetting, self._steps = False, 0
            observations, infos = env.reset_wait()
            reward, terminated, truncated = 0.0, False, False
        else:
            observations, rewards, ends, cuts, infos = env.step_wait()
            reward, terminated, truncated = float(rewards[0]), bool(ends[0]), bool(cuts[0])
            self._steps += 1
        if self._wanted_seed is not None:  # a new episode was asked for while this answer was on its way
            self._reset()
            return None
        seen = infos["seen"]
        size = tuple(int(number) for number in seen["size"][0])
        mask = seen["mask"][0]
        shown = Shown(observations[0], mask, seen["picture"][0], (size[0], size[1]), truncated, self._steps)
        return Frame(shown, 0, terminated or truncated, (reward,))
