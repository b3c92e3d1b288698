"""What DQN or PPO has learned: a net of stable-baselines3, and how it is asked for decisions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3 import DQN
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.policies import ActorCriticPolicy
from stable_baselines3.dqn.policies import DQNPolicy, QNetwork
from torch import Tensor, nn

from agents.agent import Decision, sample_actions, uniform_policy
from agents.alphazero.evaluator import choose_device
from agents.sb3.config import DQNConfig, PPOConfig
from agents.sb3.networks import PlanesExtractor, policy_kwargs
from envs.chance import Seeds, uniform
from envs.solo.world import World

MAX_BATCH = 1024

Config = PPOConfig | DQNConfig


class Spaces(Protocol):
    """Anything with spaces: a World, or a VecEnv over a Gymnasium id."""

    @property
    def observation_space(self) -> spaces.Space[Any]: ...

    @property
    def action_space(self) -> spaces.Space[Any]: ...


class Policy:
    """A net of stable-baselines3, asked about many observations at once.

    It does what seems best; with `sample` it acts by the policy it learned with, chance included: PPO draws from its
    distribution, DQN explores as it does at the end of its run.
    """

    def __init__(self, net: Any, exploration: float = 0.0, sample: bool = False) -> None:
        """`net`: a QNetwork or an ActorCriticPolicy, masked or not; `exploration`: DQN's share of random actions."""
        self.net: Any = net
        self.exploration, self.sample = exploration, sample

    def decide(self, observations: NDArray[Any], mask: NDArray[np.bool_] | None, seeds: Seeds) -> Decision:
        """Decides for n observations; `mask` [n, A] says which actions are legal, None that all are."""
        if self.net.training:  # asking is cheaper than telling every layer again
            self.net.set_training_mode(False)
        starts = range(0, len(observations), MAX_BATCH)
        parts = [self._forward(observations[start : start + MAX_BATCH]) for start in starts]
        scores, values = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        if isinstance(self.net.action_space, spaces.Box):
            return self._choose_numbers(scores, values, seeds)
        legal = np.ones(scores.shape, np.bool_) if mask is None else mask
        return self._choose_one(np.where(legal, scores, -np.inf), values, legal, seeds)

    def _choose_one(
        self, scores: NDArray[np.float32], values: NDArray[np.float32], legal: NDArray[np.bool_], seeds: Seeds
    ) -> Decision:
        """One of several actions: the best, or a draw. `scores` [n, A] are Q or logits, -inf where illegal."""
        best = np.eye(scores.shape[1], dtype=np.float32)[scores.argmax(axis=1)]
        prior = q = None
        if isinstance(self.net, QNetwork):
            q, values = np.where(legal, scores, np.nan), scores.max(axis=1)
            usual = (1 - self.exploration) * best + self.exploration * uniform_policy(legal)
        else:
            prior = np.exp(scores - scores.max(axis=1, keepdims=True))
            prior /= prior.sum(axis=1, keepdims=True)
            usual = prior
        policy = usual if self.sample else best
        actions = sample_actions(policy, seeds) if self.sample else policy.argmax(axis=1)
        return Decision(actions, policy.astype(np.float32), values, prior, q=q)

    @torch.inference_mode()
    def _forward(self, observations: NDArray[Any]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """What the net says of a few observations: (Q, logits or mean actions [n, A], values [n])."""
        net = self.net
        seen, _ = net.obs_to_tensor(observations)
        if isinstance(net, QNetwork):
            scores = net(seen)
            return _numpy(scores), _numpy(scores[:, 0])
        features = net.extract_features(seen)
        for_actor, for_critic = features if isinstance(features, tuple) else (features, features)
        scores = net.action_net(net.mlp_extractor.forward_actor(for_actor))
        values = net.value_net(net.mlp_extractor.forward_critic(for_critic))
        return _numpy(scores), _numpy(values[:, 0])

    def _choose_numbers(self, means: NDArray[np.float32], values: NDArray[np.float32], seeds: Seeds) -> Decision:
        """Continuous actions: the mean, or a draw from the normal distribution (Box and Muller, 1958)."""
        n, size = means.shape
        actions = means
        if self.sample:
            luck = uniform(seeds, 2 * size)
            normal = np.sqrt(-2 * np.log1p(-luck[:, :size])) * np.cos(2 * np.pi * luck[:, size:])
            actions = means + normal * np.exp(_numpy(self.net.log_std))
        box = self.net.action_space
        assert isinstance(box, spaces.Box)
        chosen = np.clip(actions.reshape(n, *box.shape), box.low, box.high).astype(np.float32)
        return Decision(chosen, np.zeros((n, 0), np.float32), values)


def policy_of(model: BaseAlgorithm, sample: bool = False) -> Policy:
    """What a DQN, PPO or MaskablePPO of stable-baselines3 has learned so far; it goes on learning in the same net."""
    if isinstance(model, DQN):
        return Policy(model.policy.q_net, model.exploration_final_eps, sample)
    return Policy(model.policy, 0.0, sample)


def blank_policy(config: Config, env: Spaces, sample: bool = False) -> Policy:
    """A policy that has learned nothing, with the net that `config` describes; draws no chance from torch."""
    kwargs = policy_kwargs(config, env if isinstance(env, World) else env.observation_space)
    kind: Any = DQNPolicy if isinstance(config, DQNConfig) else ActorCriticPolicy
    with torch.random.fork_rng(devices=[]):
        net = kind(env.observation_space, env.action_space, lambda _: 0.0, **kwargs)
    device = choose_device(config.device)
    if isinstance(config, DQNConfig):
        return Policy(net.q_net.to(device), config.exploration, sample)
    return Policy(net.to(device), 0.0, sample)


def check_size(config: Config, env: Spaces, weights: Mapping[str, NDArray[Any]]) -> None:
    """Raises ValueError or an error of torch's unless the weights are of a net as large as `config` says.

    Settings on disk may be a stranger's: a net that they make larger than its weights must not be built.
    """
    kwargs = policy_kwargs(config, env if isinstance(env, World) else env.observation_space)
    kind = kwargs["features_extractor_class"]
    num_blocks = sum(name.endswith(".conv1.weight") for name in weights)
    if kind is PlanesExtractor and num_blocks != config.blocks:
        raise ValueError("it has another number of blocks")
    if not any(array.shape[:1] == (config.hidden,) for array in weights.values()):
        raise ValueError("it has another number of hidden units")
    with torch.device("meta"):  # which takes no memory
        extractor = kind(env.observation_space, **kwargs["features_extractor_kwargs"])
    for name, tensor in weights_of(extractor).items():
        array = weights.get(f"features_extractor.{name}")
        if array is None or array.shape != tuple(tensor.shape):
            raise ValueError(f"its {name} is another")


def weights_of(net: nn.Module) -> dict[str, Tensor]:
    """Its parameters and buffers, each once (PPO's policies know one extractor by three names), to read or to write."""
    return {name: tensor.detach() for name, tensor in [*net.named_parameters(), *net.named_buffers()]}


def set_weights(net: nn.Module, weights: dict[str, Tensor]) -> None:
    """Copies what `weights_of` an equal net is; raises ValueError if the names or shapes are others."""
    own = weights_of(net)
    if {name: t.shape for name, t in own.items()} != {name: t.shape for name, t in weights.items()}:
        raise ValueError("the weights are those of another net")
    for name, tensor in weights.items():
        own[name].copy_(tensor)


def _numpy(tensor: Tensor) -> NDArray[np.float32]:
    array: NDArray[np.float32] = tensor.detach().float().cpu().numpy()
    return array
