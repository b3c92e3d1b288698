"""A rollout of PPO: what stable-baselines3 collects, with the work of a step done once for all environments.

The numbers are those that OnPolicyAlgorithm and MaskablePPO collect, to the last bit but for one thing: the last
observations of truncated episodes are judged together, and a net rounds by the size of its batch.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from sb3_contrib import MaskablePPO
from sb3_contrib.common.maskable.buffers import MaskableRolloutBuffer
from stable_baselines3 import PPO
from stable_baselines3.common.buffers import RolloutBuffer
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.vec_env import VecEnv
from torch import Tensor

from agents.sb3.masks import action_masks
from agents.sb3.symmetries import View

Array = NDArray[Any]


class Rollout:
    """One rollout in the making; `view` is how the net sees the environments, if not as they are."""

    def __init__(
        self,
        model: PPO | MaskablePPO,
        env: VecEnv,
        buffer: RolloutBuffer,
        view: View | None = None,
    ) -> None:
        self.model, self.env, self.buffer, self.view = model, env, buffer, view
        self._values: list[Tensor] = []  # these two stay where the net is until the end
        self._log_probs: list[Tensor] = []
        self._cut: list[tuple[int, int, Array]] = []
        """Step, slot and last observation of each truncated episode."""

    def collect(self, callback: BaseCallback, steps: int, use_masking: bool) -> bool:
        """Fills the buffer with that many steps; False if the callback stopped it before the end."""
        model, buffer = self.model, self.buffer
        model.policy.set_training_mode(False)
        buffer.reset()
        callback.on_rollout_start()
        for step in range(steps):
            masks = self._legal() if use_masking else None
            observations = self._seen(model._last_obs)
            actions = self._act(observations, masks)
            new_obs, rewards, dones, infos = self.env.step(self._in_the_world(actions))
            model.num_timesteps += self.env.num_envs
            callback.update_locals(
                {
                    "env": self.env,
                    "actions": actions,
                    "new_obs": new_obs,
                    "rewards": rewards,
                    "dones": dones,
                    "infos": infos,
                }
            )
            if not callback.on_step():
                return False
            self._keep(step, observations, actions, rewards, masks)
            self._note_ends(step, dones, infos)
            model._last_obs, model._last_episode_starts = new_obs, dones  # type: ignore[assignment]  # no tuples here
        self._finish(dones)
        callback.on_rollout_end()
        return True

    def _act(self, observations: Array, masks: NDArray[np.bool_] | None) -> Array:
        """Actions drawn from the policy; what it thinks of them is kept."""
        tensor = torch.as_tensor(observations, device=self.model.device)
        with torch.no_grad():
            actions, values, log_probs = (
                self.model.policy(tensor) if masks is None else self.model.policy(tensor, action_masks=masks)
            )
        self._values.append(values.flatten())
        self._log_probs.append(log_probs)
        chosen: NDArray[Any] = actions.cpu().numpy()
        return chosen

    def _keep(self, step: int, observations: Array, actions: Array, rewards: Array, masks: Array | None) -> None:
        buffer = self.buffer
        buffer.observations[step] = observations.reshape(buffer.observations[step].shape)
        buffer.actions[step] = actions.reshape(buffer.actions[step].shape)
        buffer.rewards[step] = rewards
        buffer.episode_starts[step] = self.model._last_episode_starts
        if masks is not None:
            assert isinstance(buffer, MaskableRolloutBuffer)
            buffer.action_masks[step] = masks

    def _note_ends(self, step: int, dones: NDArray[np.bool_], infos: list[dict[str, Any]]) -> None:
        ended = np.flatnonzero(dones)
        self.model._update_info_buffer([infos[i] for i in ended], dones[ended])
        for i in ended.tolist():
            if infos[i].get("TimeLimit.truncated"):
                self._cut.append((step, i, infos[i]["terminal_observation"]))

    def _finish(self, dones: NDArray[np.bool_]) -> None:
        """Brings what the net thought of it all into the buffer, and computes the advantages."""
        model, buffer = self.model, self.buffer
        buffer.pos, buffer.full = len(self._values), True
        buffer.values[:] = torch.stack(self._values).cpu().numpy()
        buffer.log_probs[:] = torch.stack(self._log_probs).cpu().numpy()
        if self._cut:
            # An episode that was cut short is worth what it would have gone on to earn (Pardo et al., 2018).
            steps, slots, last = (np.array(column) for column in zip(*self._cut, strict=True))
            values = self._judge(self._seen(last, slots)).cpu().numpy()
            buffer.rewards[steps, slots] += model.gamma * values
        last_values = self._judge(self._seen(model._last_obs))
        buffer.compute_returns_and_advantage(last_values=last_values, dones=dones)

    @torch.no_grad()
    def _judge(self, observations: Array) -> Tensor:
        values: Tensor = self.model.policy.predict_values(torch.as_tensor(observations, device=self.model.device))
        return values.flatten()

    def _seen(self, observations: Any, slots: Array | slice = slice(None)) -> Array:
        """Observations of those slots, as the net sees them."""
        return np.asarray(observations) if self.view is None else self.view.observations(observations, slots)

    def _legal(self) -> NDArray[np.bool_]:
        """The legal actions, as the net sees them."""
        masks = action_masks(self.env)
        return masks if self.view is None else self.view.masks(masks)

    def _in_the_world(self, actions: Array) -> Array:
        """What the net chose, as the environments know it."""
        space = self.model.action_space
        if isinstance(space, spaces.Box):
            return np.clip(actions, space.low, space.high)
        return actions if self.view is None else self.view.actions_back(actions)
