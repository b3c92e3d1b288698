"""DQN of stable-baselines3 with legal actions, double Q-learning, returns over several steps and many environments.

With masks an illegal action is never explored, never greedy, and never believed in when a later state is valued.
Without masks, with double=False and n_step=1, the loss is that of the parent class (a test holds them together).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3 import DQN
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.buffers import ReplayBuffer
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.noise import ActionNoise
from stable_baselines3.common.type_aliases import MaybeCallback, RolloutReturn, TrainFreq, TrainFrequencyUnit
from stable_baselines3.common.vec_env import VecEnv
from torch import Tensor
from torch.nn import functional as F

from agents.alphazero.evaluator import choose_device
from agents.sb3.config import DQNConfig
from agents.sb3.masks import action_masks, masks_actions
from agents.sb3.networks import learning_rate, policy_kwargs
from agents.sb3.replay import Batch, StepReplay
from agents.sb3.symmetries import Symmetries, View, symmetries_of
from envs.errors import LabError

Masks = NDArray[np.bool_] | None


class LabDQN(DQN):
    """DQN with the above. `rng` chooses what is explored and what is replayed."""

    action_space: spaces.Discrete
    replay_buffer: StepReplay
    _last_obs: Any

    def __init__(self, *args: Any, double: bool = True, symmetries: Symmetries | None = None, **kwargs: Any) -> None:
        """`double`: van Hasselt et al. (2016); `symmetries`: through which each replayed step is seen."""
        super().__init__(*args, **kwargs)
        self.rng = np.random.default_rng(self.seed)
        self.double = double
        self.symmetries = symmetries

    def collect_rollouts(
        self,
        env: VecEnv,
        callback: BaseCallback,
        train_freq: TrainFreq,
        replay_buffer: ReplayBuffer,
        action_noise: ActionNoise | None = None,
        learning_starts: int = 0,
        log_interval: int | None = None,
    ) -> RolloutReturn:
        """See stable-baselines3; `train_freq` counts steps, and there is no noise."""
        assert train_freq.unit == TrainFrequencyUnit.STEP and action_noise is None
        assert isinstance(replay_buffer, StepReplay)
        self.policy.set_training_mode(False)
        callback.on_rollout_start()
        before = self._episode_num
        masks = action_masks(env) if replay_buffer.masked else None
        for step in range(train_freq.frequency):
            is_warm_up = self.num_timesteps < learning_starts
            actions = self._explore(self._last_obs, masks, 1.0 if is_warm_up else self.exploration_rate)
            new_obs: Any
            new_obs, rewards, dones, infos = env.step(actions)
            self.num_timesteps += env.num_envs
            callback.update_locals(
                {"env": env, "actions": actions, "new_obs": new_obs, "rewards": rewards, "dones": dones, "infos": infos}
            )
            if not callback.on_step():
                return RolloutReturn((step + 1) * env.num_envs, self._episode_num - before, continue_training=False)
            new_masks = action_masks(env) if replay_buffer.masked else None
            truncated = self._note_ends(dones, infos, log_interval)
            replay_buffer.add(
                self._last_obs, actions, rewards, dones & ~truncated, truncated, new_obs, masks, new_masks
            )
            self._last_obs, masks = new_obs, new_masks
            self._update_current_progress_remaining(self.num_timesteps, self._total_timesteps)
            self._on_step()
        callback.on_rollout_end()
        return RolloutReturn(train_freq.frequency * env.num_envs, self._episode_num - before, continue_training=True)

    def train(self, gradient_steps: int, batch_size: int = 100) -> None:
        """That many steps of Adam on batches from the replay."""
        self.policy.set_training_mode(True)
        self._update_learning_rate(self.policy.optimizer)
        losses = []
        for _ in range(gradient_steps):
            batch = self.replay_buffer.draw(batch_size, self.rng)
            loss = self.loss(batch if self.symmetries is None else _turned(batch, self.symmetries, self.rng))
            losses.append(loss.detach())
            self.policy.optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(self.q_net.parameters(), self.max_grad_norm)
            self.policy.optimizer.step()
        self._n_updates += gradient_steps
        self.logger.record("train/n_updates", self._n_updates, exclude="tensorboard")
        self.logger.record("train/loss", torch.stack(losses).mean().item())

    def loss(self, batch: Batch) -> Tensor:
        """Huber's loss of Q against the target, a scalar."""
        q: Tensor = self.q_net(self._tensor(batch.observations))
        chosen = q.gather(1, self._tensor(batch.actions)[:, None])[:, 0]
        errors: Tensor = F.smooth_l1_loss(chosen, self.targets(batch), reduction="none")
        return torch.mean(self._tensor(batch.weights) * errors)

    @torch.no_grad()
    def targets(self, batch: Batch) -> Tensor:
        """[b]: what Q(observations, actions) should be."""
        observations = self._tensor(batch.next_observations)
        judged: Tensor = self.q_net_target(observations)
        preferred = self.q_net(observations) if self.double else judged
        if batch.next_masks is not None:
            preferred = preferred.masked_fill(~self._tensor(batch.next_masks), -torch.inf)
        values = judged.gather(1, preferred.argmax(dim=1, keepdim=True))[:, 0]
        return self._tensor(batch.returns) + self._tensor(batch.discounts) * values

    def predict(
        self,
        observation: NDArray[Any] | dict[str, NDArray[Any]],
        state: tuple[NDArray[Any], ...] | None = None,
        episode_start: NDArray[Any] | None = None,
        deterministic: bool = False,
        action_masks: Masks = None,
    ) -> tuple[NDArray[Any], tuple[NDArray[Any], ...] | None]:
        """See stable-baselines3, with the legal actions bool[n, A] (or [A]) as MaskablePPO takes them."""
        many = self.policy.is_vectorized_observation(observation)
        observations, _ = self.policy.obs_to_tensor(observation)
        masks = None if action_masks is None else np.reshape(action_masks, (len(observations), -1)).astype(np.bool_)
        rate = 0.0 if deterministic else self.exploration_rate
        actions = self._explore(observations, masks, rate)
        return (actions if many else actions[0]), state

    def _explore(self, observations: Any, masks: Masks, rate: float) -> NDArray[np.int64]:
        """Greedy actions, or random legal ones: each row tosses its own coin."""
        n, num_actions = len(observations), int(self.action_space.n)
        keys = self.rng.random((n, num_actions + 1))
        explores, keys = keys[:, 0] < rate, keys[:, 1:]
        random: NDArray[np.int64] = (keys if masks is None else np.where(masks, keys, -1)).argmax(axis=1)
        if explores.all():
            return random
        with torch.no_grad():
            q: NDArray[np.float32] = self.q_net(torch.as_tensor(observations, device=self.device)).cpu().numpy()
        greedy: NDArray[np.int64] = (q if masks is None else np.where(masks, q, -np.inf)).argmax(axis=1)
        return np.where(explores, random, greedy)

    def _note_ends(
        self, dones: NDArray[np.bool_], infos: list[dict[str, Any]], log_interval: int | None
    ) -> NDArray[np.bool_]:
        """Which episodes were truncated, bool[n]; logs whenever `log_interval` more have ended, if it is given."""
        ended = np.flatnonzero(dones)
        self._update_info_buffer([infos[i] for i in ended], dones[ended])
        before = self._episode_num
        self._episode_num += len(ended)
        if log_interval and self._episode_num // log_interval > before // log_interval:
            self.dump_logs()
        truncated = np.zeros(len(dones), np.bool_)
        truncated[ended] = [infos[i].get("TimeLimit.truncated", False) for i in ended]
        return truncated

    def _setup_learn(
        self,
        total_timesteps: int,
        callback: MaybeCallback = None,
        reset_num_timesteps: bool = True,
        tb_log_name: str = "run",
        progress_bar: bool = False,
    ) -> tuple[int, BaseCallback]:
        if reset_num_timesteps:
            self.replay_buffer.cut()
        return super()._setup_learn(total_timesteps, callback, reset_num_timesteps, tb_log_name, progress_bar)

    def _tensor(self, array: NDArray[Any]) -> Tensor:
        return torch.as_tensor(array, device=self.device)


def make_dqn(config: DQNConfig, env: VecEnv) -> LabDQN:
    """DQN as `config` says, with masks where `env` has illegal actions; not yet learning.

    Seeds torch's and numpy's global generators. Raises LabError for continuous actions, or a device or symmetries that
    are not to be had.
    """
    if not isinstance(env.action_space, spaces.Discrete):
        raise LabError(f"DQN chooses one of several actions, but those of {config.env} are continuous: take ppo.")
    env = BaseAlgorithm._wrap_env(env)
    return LabDQN(
        "MlpPolicy",
        env,
        learning_rate=learning_rate(config),
        buffer_size=config.buffer_size,
        learning_starts=config.learning_starts,
        batch_size=config.batch_size,
        gamma=config.gamma,
        train_freq=config.train_every,
        gradient_steps=config.gradient_steps,
        replay_buffer_class=StepReplay,
        replay_buffer_kwargs={"n_step": config.n_step, "gamma": config.gamma, "masked": masks_actions(env)},
        target_update_interval=max(config.target_steps, env.num_envs),
        exploration_fraction=config.exploration_share,
        exploration_final_eps=config.exploration,
        max_grad_norm=config.max_grad_norm,
        policy_kwargs=policy_kwargs(config, getattr(env, "world", env.observation_space)),
        seed=config.seed,
        device=choose_device(config.device),
        double=config.double,
        symmetries=symmetries_of(env) if config.symmetries else None,
    )


def _turned(batch: Batch, symmetries: Symmetries, rng: np.random.Generator) -> Batch:
    """The steps of a batch, each seen through a random symmetry."""
    view = View(symmetries, rng, len(batch.actions))
    return batch._replace(
        observations=view.observations(batch.observations),
        actions=view.actions(batch.actions),
        next_observations=view.observations(batch.next_observations),
        next_masks=None if batch.next_masks is None else view.masks(batch.next_masks),
    )
