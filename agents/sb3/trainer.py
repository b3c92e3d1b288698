"""A DQN or PPO run in the hands of whoever owns its loop: an iteration at a time, saved and restored exactly."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import torch
from gymnasium import spaces
from stable_baselines3.common.logger import Logger
from stable_baselines3.common.type_aliases import TrainFreq

from agents.checkpoints import counted, measured, misfit_in_words
from agents.files import load_arrays, save_arrays
from agents.sb3.config import DQNConfig, PPOConfig
from agents.sb3.dqn import LabDQN, make_dqn
from agents.sb3.gym_vec_env import env_for, lab_spec
from agents.sb3.player import save_policy
from agents.sb3.pool import Pool
from agents.sb3.ppo import make_ppo
from agents.sb3.segments import load_segments, save_segments
from agents.sb3.state import GlobalChance, model_state, part_of, restore_model
from agents.sb3.vec_env import WorldVecEnv
from envs.chance import seed_states
from envs.errors import NotFinite
from envs.games.registry import GAMES, make_game
from envs.spec import Spec

DQN_ITERATION = 2_000
"""Steps, all environments together, in an iteration of DQN, which has no natural one."""
STEM = "trainer"
REPLAY = "replay/"
"""What the names of a replay buffer's arrays begin with: they are large, and change little between checkpoints."""


@dataclass
class Iteration:
    """What one turn of the loop came to."""

    iteration: int
    steps: int
    """Steps in the environments since the run began."""
    updates: int
    """Learning steps since the run began."""
    episode_return: float | None
    """The mean of the last 100 episodes; None before the first has ended."""
    episode_length: float | None
    collect_seconds: float
    learn_seconds: float
    losses: dict[str, float]
    """What the algorithm tells of its learning, by its names: losses, explained variance, learning rate, ..."""


class Sb3Trainer:
    """Everything a run is: construct it from its configuration, call `iterate`, keep what `save` writes.

    The chance of a trainer is its own: others may draw from torch's and numpy's global generators between two
    iterations, or not, and nothing changes.
    """

    def __init__(self, config: PPOConfig | DQNConfig) -> None:
        """Raises LabError for an environment that does not exist, or that the algorithm cannot learn."""
        self.config = config
        self.iteration = 0
        self.seconds = 0.0
        """Training time so far, summed over resumes."""
        self.chance = GlobalChance()
        spec = lab_spec(config.env)
        with self.chance.own():
            self.pool = Pool(config, make_game(spec)) if Spec.parse(spec).name in GAMES else None
            self.env = env_for(config, self.pool.world if self.pool else None)
            self.model = make_dqn(config, self.env) if isinstance(config, DQNConfig) else make_ppo(config, self.env)
            self.model.set_logger(Logger(None, []))
            if self.pool:
                self.pool.update(self.model, 0)
            _, self._callback = self.model._setup_learn(config.steps)

    @property
    def steps(self) -> int:
        """Steps in the environments so far."""
        return int(self.model.num_timesteps)

    def warm_up(self) -> None:
        """Compiles the kernels of a step (or loads them from the cache); the run itself does not change."""
        if not isinstance(self.env, WorldVecEnv):
            return
        world = self.env.world
        states = world.init(seed_states(range(2)))
        if isinstance(world.action_space, spaces.Discrete):
            world.step(states, world.legal_mask(states).argmax(axis=1))
        else:
            world.step(states, np.zeros((2, *world.action_space.shape), np.float32))
        world.observe(states)

    def iterate(self) -> Iteration:
        """Acts and learns: a rollout and its epochs of PPO, or about DQN_ITERATION steps of DQN.

        Raises LabError if learning has ruined the net.
        """
        start = time.perf_counter()
        with self.chance.own():
            try:
                learn_seconds = self._iterate()
            except ValueError:  # of torch's distributions, which refuse what is not finite in words of their own
                self._check_weights()
                raise
            self._check_weights()
            if self.pool:
                self.pool.update(self.model, self.steps)
        seconds = time.perf_counter() - start
        self.seconds += seconds
        self.iteration += 1
        return Iteration(
            iteration=self.iteration,
            steps=self.steps,
            updates=int(self.model._n_updates),
            episode_return=self._mean_of_episodes("r"),
            episode_length=self._mean_of_episodes("l"),
            collect_seconds=seconds - learn_seconds,
            learn_seconds=learn_seconds,
            losses=self._logged(),
        )

    def _iterate(self) -> float:
        """Acts and learns; returns the seconds of learning."""
        model = self.model
        if isinstance(model, LabDQN):
            return self._alternate(model)
        assert model.env is not None
        model.collect_rollouts(model.env, self._callback, model.rollout_buffer, model.n_steps)
        model._update_current_progress_remaining(min(self.steps, self.config.steps), self.config.steps)
        start = time.perf_counter()
        model.train()
        return time.perf_counter() - start

    def _alternate(self, model: LabDQN) -> float:
        """Acting and learning by turns, as in `learn` of stable-baselines3; returns the seconds of learning."""
        assert model.env is not None
        frequency = cast(TrainFreq, model.train_freq)
        seconds, until = 0.0, min(self.steps + DQN_ITERATION, self.config.steps)
        while self.steps < until:
            model.collect_rollouts(
                model.env, self._callback, frequency, model.replay_buffer, learning_starts=model.learning_starts
            )
            if self.steps > model.learning_starts:
                start = time.perf_counter()
                model.train(gradient_steps=model.gradient_steps, batch_size=model.batch_size)
                seconds += time.perf_counter() - start
        return seconds

    def _mean_of_episodes(self, key: str) -> float | None:
        episodes = self.model.ep_info_buffer
        return float(np.mean([episode[key] for episode in episodes])) if episodes else None

    def _check_weights(self) -> None:
        """Raises LabError if the net has been ruined, so that no checkpoint is."""
        finite = torch.stack([torch.isfinite(weights).all() for weights in self.model.policy.parameters()])
        if not bool(finite.all()):  # asked once, since each question makes a GPU wait
            raise NotFinite(
                f"The net's weights are no longer finite at step {self.steps:,}: take a lower learning_rate."
            )

    def _logged(self) -> dict[str, float]:
        """What the model has logged in this iteration."""
        logged = {name.partition("/")[2]: float(value) for name, value in self.model.logger.name_to_value.items()}
        self.model.logger.dump()
        return {name: value for name, value in logged.items() if np.isfinite(value) and name != "n_updates"}

    def save_player(self, folder: Path) -> None:
        """Writes what playing needs, the policy and its description, into `folder`."""
        trained = {"steps": self.steps, "seed": self.config.seed}
        save_policy(folder, self.model, self.config, trained)

    def save(self, folder: Path) -> None:
        """Writes the policy (see save_player) and all that exact resuming needs into `folder`."""
        self.save_player(folder)
        arrays, numbers = model_state(self.model)
        parts = {"environments": self.env.save(), "chance": self.chance.arrays()}
        if self.pool:
            parts["pool"] = self.pool.save()
        for part, more in parts.items():
            arrays |= {f"{part}/{name}": array for name, array in more.items()}
        replay = {name: arrays.pop(name) for name in list(arrays) if name.startswith(REPLAY)}
        description = {
            "iteration": self.iteration,
            "seconds": self.seconds,
            "numbers": numbers,
            "segments": save_segments(folder, replay),
        }
        save_arrays(folder / STEM, arrays, description)

    def load(self, folder: Path) -> None:
        """Takes over what `save` wrote, for a trainer of the same configuration; raises LabError if it is damaged."""
        arrays, description = load_arrays(folder / STEM)
        with misfit_in_words(folder):
            arrays |= load_segments(folder, description["segments"])
            restore_model(self.model, arrays, description["numbers"])
            self.env.load(part_of(arrays, "environments"))
            if self.pool:
                self.pool.load(part_of(arrays, "pool"))
            self.chance.restore(part_of(arrays, "chance"))
            self.iteration, self.seconds = counted(description, "iteration"), measured(description, "seconds")
