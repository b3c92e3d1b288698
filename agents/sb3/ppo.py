"""PPO and MaskablePPO of stable-baselines3, which do once a batch what those do once an environment or a minibatch.

The algorithm is theirs (Schulman et al., 2017; masks: Huang and Ontañón, 2020), and so are the numbers: a test holds
rollouts and updates against those of the parent classes. What is saved is loops over environments, a forward pass for
every truncated episode, and copies of what does not change.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from sb3_contrib import MaskablePPO
from sb3_contrib.common.maskable.buffers import MaskableRolloutBuffer
from stable_baselines3 import PPO
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.buffers import RolloutBuffer
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.utils import explained_variance
from stable_baselines3.common.vec_env import VecEnv
from torch import Tensor, nn
from torch.nn import functional as F

from agents.alphazero.evaluator import choose_device
from agents.sb3.config import PPOConfig
from agents.sb3.masks import masks_actions
from agents.sb3.networks import learning_rate, policy_kwargs
from agents.sb3.rollout import Rollout
from agents.sb3.symmetries import Symmetries, View, symmetries_of

FIRST_POLICY = 0.01
"""The policy's last layer begins this small, so that the first policy is nearly uniform (Andrychowicz et al., 2021)."""


class LabPPO(PPO):
    """PPO with fast rollouts and updates. `rng` chooses its minibatches and symmetries."""

    def __init__(self, *args: Any, symmetries: Symmetries | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rng = np.random.default_rng(self.seed)
        self.symmetries = symmetries

    def collect_rollouts(
        self, env: VecEnv, callback: BaseCallback, rollout_buffer: RolloutBuffer, n_rollout_steps: int
    ) -> bool:
        """See stable-baselines3."""
        return _rollout(self, env, rollout_buffer).collect(callback, n_rollout_steps, use_masking=False)

    def train(self) -> None:
        """See stable-baselines3."""
        _update(self)


class LabMaskablePPO(MaskablePPO):
    """MaskablePPO with fast rollouts and updates. `rng` chooses its minibatches and symmetries."""

    def __init__(self, *args: Any, symmetries: Symmetries | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rng = np.random.default_rng(self.seed)
        self.symmetries = symmetries

    def collect_rollouts(
        self,
        env: VecEnv,
        callback: BaseCallback,
        rollout_buffer: RolloutBuffer,
        n_rollout_steps: int,
        use_masking: bool = True,
    ) -> bool:
        """See sb3-contrib."""
        return _rollout(self, env, rollout_buffer).collect(callback, n_rollout_steps, use_masking)

    def train(self) -> None:
        """See sb3-contrib."""
        _update(self)


AnyPPO: TypeAlias = LabPPO | LabMaskablePPO


def make_ppo(config: PPOConfig, env: VecEnv) -> AnyPPO:
    """PPO as `config` says, with masks where `env` has illegal actions; not yet learning.

    Seeds torch's and numpy's global generators. Raises LabError for a device or symmetries that are not to be had.
    """
    env = BaseAlgorithm._wrap_env(env)
    kwargs = policy_kwargs(config, getattr(env, "world", env.observation_space))
    rollout = config.rollout_steps * env.num_envs
    kind: type[LabPPO] | type[LabMaskablePPO] = LabMaskablePPO if masks_actions(env) else LabPPO
    model = kind(
        "MlpPolicy",
        env,
        learning_rate=learning_rate(config),
        n_steps=config.rollout_steps,
        batch_size=rollout,  # the parents warn of batches that do not fit; here they are made to fit
        n_epochs=config.epochs,
        gamma=config.gamma,
        gae_lambda=config.gae_lambda,
        clip_range=config.clip_range,
        ent_coef=config.entropy,
        vf_coef=config.value_weight,
        max_grad_norm=config.max_grad_norm,
        policy_kwargs=kwargs,
        seed=config.seed,
        device=choose_device(config.device),
        symmetries=symmetries_of(env) if config.symmetries else None,
    )
    model.batch_size = config.batch_size
    if not kwargs["ortho_init"]:
        last = model.policy.action_net
        assert isinstance(last, nn.Linear)
        with torch.no_grad():
            last.weight.mul_(FIRST_POLICY)
            last.bias.zero_()
    return model


def _rollout(model: AnyPPO, env: VecEnv, buffer: RolloutBuffer) -> Rollout:
    view = None if model.symmetries is None else View(model.symmetries, model.rng, env.num_envs)
    return Rollout(model, env, buffer, view)


class _Steps(NamedTuple):
    """Steps of a rollout on the net's device, in any order."""

    observations: Tensor
    actions: Tensor
    log_probs: Tensor
    advantages: Tensor
    returns: Tensor
    masks: Tensor | None

    def rows(self, rows: Tensor) -> _Steps:
        observations, actions, log_probs, advantages, returns, masks = self
        masks = None if masks is None else masks[rows]
        return _Steps(observations[rows], actions[rows], log_probs[rows], advantages[rows], returns[rows], masks)


FIGURES = ("loss", "policy_gradient_loss", "value_loss", "entropy_loss", "approx_kl", "clip_fraction")
"""What a learning step tells of itself, by stable-baselines3's names."""


def _update(model: AnyPPO) -> None:
    """PPO.train and MaskablePPO.train, but that the steps go to the net's device once, not once a minibatch."""
    policy, buffer = model.policy, model.rollout_buffer
    policy.set_training_mode(True)
    model._update_learning_rate(policy.optimizer)
    assert callable(model.clip_range) and model.batch_size is not None, "the parents' constructors see to it"
    clip_range = float(model.clip_range(model._current_progress_remaining))
    steps = _steps(model, buffer)
    total = len(steps.returns)
    num_batches = max(1, round(total / model.batch_size))
    figures = []
    for _ in range(model.n_epochs):
        for rows in np.array_split(model.rng.permutation(total), num_batches):
            batch = steps.rows(torch.as_tensor(rows, device=model.device))
            figures.append(_learn(model, batch, clip_range))
        model._n_updates += 1
    for name, mean in zip(FIGURES, torch.stack(figures).mean(0).tolist(), strict=True):
        model.logger.record(f"train/{name}", mean)
    model.logger.record("train/explained_variance", explained_variance(buffer.values.ravel(), buffer.returns.ravel()))
    model.logger.record("train/n_updates", model._n_updates, exclude="tensorboard")
    model.logger.record("train/clip_range", clip_range)
    if hasattr(policy, "log_std"):
        model.logger.record("train/std", torch.as_tensor(policy.log_std).exp().mean().item())


def _steps(model: AnyPPO, buffer: RolloutBuffer) -> _Steps:
    """All steps of a full rollout."""

    def column(array: NDArray[Any]) -> Tensor:
        return torch.as_tensor(array.reshape(-1, *array.shape[2:]), device=model.device)

    discrete = isinstance(model.action_space, spaces.Discrete)
    return _Steps(
        observations=column(buffer.observations),
        actions=column(buffer.actions[..., 0]).long() if discrete else column(buffer.actions),
        log_probs=column(buffer.log_probs),
        advantages=column(buffer.advantages),
        returns=column(buffer.returns),
        masks=column(buffer.action_masks).bool() if isinstance(buffer, MaskableRolloutBuffer) else None,
    )


def _learn(model: AnyPPO, batch: _Steps, clip_range: float) -> Tensor:
    """One step of Adam on the clipped objective. FIGURES, on the net's device: to ask for them makes a GPU wait."""
    policy = model.policy
    masks = {} if batch.masks is None else {"action_masks": batch.masks}
    values, log_probs, entropy = policy.evaluate_actions(batch.observations, batch.actions, **masks)
    advantages = batch.advantages
    if model.normalize_advantage and len(advantages) > 1:
        advantages = (advantages - advantages.mean()) / (advantages.std() + 1e-8)
    log_ratio = log_probs - batch.log_probs
    ratio = log_ratio.exp()
    clipped = ratio.clamp(1 - clip_range, 1 + clip_range)
    policy_loss = -torch.min(advantages * ratio, advantages * clipped).mean()
    value_loss = F.mse_loss(batch.returns, values.flatten())
    entropy_loss = log_probs.mean() if entropy is None else -entropy.mean()
    loss = policy_loss + model.ent_coef * entropy_loss + model.vf_coef * value_loss
    policy.optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(policy.parameters(), model.max_grad_norm)
    policy.optimizer.step()
    with torch.no_grad():
        approx_kl = (ratio - 1 - log_ratio).mean()  # http://joschu.net/blog/kl-approx.html
        clip_fraction = ((ratio - 1).abs() > clip_range).float().mean()
        return torch.stack([loss, policy_loss, value_loss, entropy_loss, approx_kl, clip_fraction])
