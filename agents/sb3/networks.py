"""The nets of DQN and PPO: what turns an observation into features, as stable-baselines3's policies want it.

Planes go through the trunk of AlphaZero's net and one dense layer; everything else is scaled and handed on as a vector.
Observations are scaled by what is known of them (a game's own scale, a world's bounds), never by running statistics: a
net then sees the same in training, evaluation and play.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3.common.preprocessing import get_flattened_obs_dim
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from stable_baselines3.common.utils import LinearSchedule
from torch import Tensor, nn
from torch.nn import functional as F

from agents.alphazero.evaluator import inference_dtype
from agents.alphazero.network import Trunk
from agents.sb3.config import DQNConfig, LearnerConfig, PPOConfig
from envs.faces.seated import Seated
from envs.solo.world import World

Scaling = tuple[NDArray[np.float32], NDArray[np.float32]]


class PlanesExtractor(BaseFeaturesExtractor):
    """Planes [B, C, H, W] -> [B, hidden], 0 or more: AlphaZero's trunk, and a dense layer over all its cells.

    Multiplies in bfloat16 where the machine does so faster, as AlphaZero's net does; what it returns is float32, and so
    are the heads of policy, value and Q.
    """

    def __init__(
        self,
        observation_space: spaces.Box,
        offset: NDArray[np.float32],
        scale: NDArray[np.float32],
        config: LearnerConfig,
    ) -> None:
        """`offset` and `scale`, [C]: the trunk sees (plane - offset) * scale."""
        super().__init__(observation_space, config.hidden)
        shape = config.blocks, config.channels, config.stride, config.repeats
        self.trunk = Trunk(torch.as_tensor(offset), torch.as_tensor(scale), *shape)
        _, height, width = observation_space.shape
        cells = -(-height // config.stride) * -(-width // config.stride)
        self.dense = nn.Linear(config.channels * cells, config.hidden)

    def forward(self, observations: Tensor) -> Tensor:
        """See the class."""
        device = observations.device
        with torch.autocast(device.type, torch.bfloat16, enabled=inference_dtype(device) == torch.bfloat16):
            features = F.relu(self.dense(self.trunk.features(observations, None).flatten(1)))
        return features.float()


class VectorExtractor(BaseFeaturesExtractor):
    """Any other observation -> [B, D], flat and scaled."""

    offset: Tensor
    scale: Tensor

    def __init__(
        self, observation_space: spaces.Space[Any], offset: NDArray[np.float32], scale: NDArray[np.float32]
    ) -> None:
        """`offset` and `scale`, [D]: what comes out is (observation - offset) * scale."""
        super().__init__(observation_space, get_flattened_obs_dim(observation_space))
        self.register_buffer("offset", torch.as_tensor(offset))
        self.register_buffer("scale", torch.as_tensor(scale))

    def forward(self, observations: Tensor) -> Tensor:
        """See the class."""
        return (observations.flatten(1) - self.offset) * self.scale


def policy_kwargs(config: LearnerConfig, seen: World | spaces.Space[Any]) -> dict[str, Any]:
    """What to tell a policy class of stable-baselines3, for PPO or DQN as `config` says.

    `seen` is the world, or the observation space where there is no world. Planes are three-dimensional uint8 Boxes.
    """
    space = seen.observation_space if isinstance(seen, World) else seen
    kwargs: dict[str, Any] = {"normalize_images": False, "optimizer_kwargs": {"fused": True}}
    if isinstance(space, spaces.Box) and space.dtype == np.uint8 and len(space.shape) == 3:
        offset, scale = _plane_offset_scale(seen, space)
        kwargs["features_extractor_class"] = PlanesExtractor
        kwargs["features_extractor_kwargs"] = {"offset": offset, "scale": scale, "config": config}
        layers: list[int] = []
    else:
        offset, scale = _vector_offset_scale(seen, space)
        kwargs["features_extractor_class"] = VectorExtractor
        kwargs["features_extractor_kwargs"] = {"offset": offset, "scale": scale}
        layers = [config.hidden, config.hidden]
    if isinstance(config, DQNConfig):
        return {**kwargs, "net_arch": layers}
    assert isinstance(config, PPOConfig)
    kwargs["optimizer_kwargs"]["eps"] = 1e-5  # stable-baselines3's own default, which optimizer_kwargs would replace
    # The trunk's residual branches begin at zero, which an orthogonal start would undo.
    kwargs["ortho_init"] = bool(layers)
    return {**kwargs, "net_arch": {"pi": layers, "vf": layers}}


def learning_rate(config: LearnerConfig) -> LinearSchedule:
    """The learning rate over the run, as stable-baselines3 asks for it: by the share of the run that remains."""
    return LinearSchedule(config.learning_rate, config.learning_rate * config.final_learning_rate, 1.0)


def _plane_offset_scale(seen: World | spaces.Space[Any], space: spaces.Box) -> Scaling:
    """How a net should see the planes: as the game says, or from 0 to 1."""
    if isinstance(seen, Seated):
        return seen.game.plane_offset_scale
    highest = space.high.reshape(len(space.high), -1).max(axis=1).astype(np.float32)
    return np.zeros_like(highest), 1 / np.maximum(highest, 1)


def _vector_offset_scale(seen: World | spaces.Space[Any], space: spaces.Space[Any]) -> Scaling:
    """As the world says; the bounds of bytes become -1 and 1; other numbers stay as they are.

    Bounds that other people declare say little of what is seen: scaled by CartPole's, which are twice as far as an
    episode can go, PPO does not see the cart drift off.
    """
    if isinstance(seen, World):
        return seen.vector_offset_scale
    size = get_flattened_obs_dim(space)
    if isinstance(space, spaces.Box) and space.dtype == np.uint8:
        low, high = space.low.ravel().astype(np.float32), space.high.ravel().astype(np.float32)
        return (low + high) / np.float32(2), np.float32(2) / np.maximum(high - low, np.float32(1e-6))
    return np.zeros(size, np.float32), np.ones(size, np.float32)
