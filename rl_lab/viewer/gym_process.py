"""A Gymnasium environment in a process of its own, asked and answered without waiting.

So a slow, broken or endless environment cannot freeze the window, and one that draws with pygame itself cannot meet
the window's (those of Gymnasium quit pygame when they close).
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
import warnings
import zlib
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from envs.errors import LabError

MAX_SIDE = 1200  # pixels of a picture that is kept; larger ones are thinned out
BUSY_SECONDS = 1.0  # an answer that takes longer is not waited for when a new episode is wanted


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


@dataclass(frozen=True)
class Reply:
    """The answer to a reset or a step."""

    shown: Shown
    reward: float
    over: bool


class EnvProcess:
    """One environment. The process starts when it is first asked, and anew after it has failed."""

    def __init__(self, env_id: str) -> None:
        self.env_id = env_id
        self._process: multiprocessing.process.BaseProcess | None = None
        self._pipe: Connection | None = None
        self._ticket = 0
        """The number of the question whose answer counts; those to earlier ones are dropped."""
        self._busy_since: float | None = None

    def reset(self, seed: int) -> None:
        """Asks for a new episode; any other answer on its way is dropped."""
        if self._busy_since is not None and time.monotonic() - self._busy_since > BUSY_SECONDS:
            self.close()
        if self._process is None:
            self._start()
        self._ask("reset", seed)

    def step(self, action: Any) -> None:
        """Asks for the answer to an action. Raises LabError if the environment has failed before."""
        if self._process is None:
            raise LabError("The environment has failed.")
        self._ask("step", action)

    def poll(self, seconds: float = 0.0) -> Reply | None:
        """The answer to the last question, None if it is not there within so many seconds.

        Raises LabError if the environment has raised something or its process has died; `reset` makes another one.
        """
        try:
            while self._pipe is not None and self._pipe.poll(seconds):
                ticket, reply = self._pipe.recv()
                if ticket == self._ticket:
                    self._busy_since = None
                    return self._checked(reply)
        except (EOFError, OSError):
            self.close()
            raise LabError("The environment failed: its process has died.") from None
        return None

    def close(self) -> None:
        """Kills the process: it may be in the middle of anything, and holds nothing worth keeping."""
        process, pipe = self._process, self._pipe
        self._process = self._pipe = self._busy_since = None
        if process is not None:
            process.kill()
            process.join()
        if pipe is not None:
            pipe.close()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, self.env_id), daemon=True)
        self._process.start()
        theirs.close()

    def _ask(self, what: str, argument: Any) -> None:
        assert self._pipe is not None
        self._ticket += 1
        self._busy_since = time.monotonic()
        with suppress(OSError):  # it has died, which `poll` tells
            self._pipe.send((self._ticket, what, argument))

    def _checked(self, reply: Reply | str) -> Reply:
        if isinstance(reply, str):
            self.close()
            raise LabError(f"The environment failed: {reply}")
        return reply


def _serve(pipe: Connection, env_id: str) -> None:
    """What the process does: it answers until the other end of the pipe is closed, or something goes wrong."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the window, which then ends this process
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.environ["SDL_VIDEODRIVER"] = os.environ["SDL_AUDIODRIVER"] = "dummy"  # a picture needs no window, nor a sound
    warnings.simplefilter("ignore")  # of versions and checks, which are not what a person at the window asked about
    env: Any = None
    with suppress(EOFError, OSError):
        while True:
            ticket, what, argument = pipe.recv()
            try:
                env = env or _make(env_id)
                reply: Reply | str = env.answer(what, argument)
            except BaseException as problem:  # whatever a stranger's environment raises
                reply = " ".join(f"{type(problem).__name__}: {problem}".split())
            pipe.send((ticket, reply))


def _end_with_parent() -> None:
    """Ends this process when its parent has ended, however that was, even in the middle of a step."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)


def _make(env_id: str) -> _Served:
    """What agents.sb3.gym_vec_env makes, which would load torch; whether the id can be used has been seen by then."""
    gym.logger.min_level = gym.logger.ERROR
    env = gym.make(env_id, render_mode="rgb_array", disable_env_checker=True)
    simple = isinstance(env.observation_space, spaces.Box | spaces.Discrete)
    return _Served(env if simple else gym.wrappers.FlattenObservation(env))


class _Served:
    """The environment inside its process."""

    def __init__(self, env: Any) -> None:
        self.env, self.steps = env, 0

    def answer(self, what: str, argument: Any) -> Reply:
        """Resets with a seed, or does an action."""
        if what == "reset":
            self.steps = 0
            observation, _ = self.env.reset(seed=argument)
            return Reply(self._shown(observation, False), 0.0, False)
        self.steps += 1
        observation, reward, terminated, truncated, _ = self.env.step(argument)
        over = bool(terminated) or bool(truncated)
        return Reply(self._shown(observation, bool(truncated)), float(reward), over)

    def _shown(self, observation: Any, truncated: bool) -> Shown:
        picture = np.asarray(self.env.render())
        if picture.ndim != 3 or picture.shape[2] != 3 or not picture.size:
            raise ValueError(f"its picture has the shape {picture.shape}, not (height, width, 3)")
        thinned = picture[:: -(-picture.shape[0] // MAX_SIDE), :: -(-picture.shape[1] // MAX_SIDE)].astype(np.uint8)
        legal = getattr(self.env.unwrapped, "action_masks", None)
        mask = np.asarray(legal(), np.bool_) if legal else None
        size = (thinned.shape[1], thinned.shape[0])
        packed = zlib.compress(thinned.tobytes(), 1)
        return Shown(np.asarray(observation), mask, packed, size, truncated, self.steps)
