"""Turns positions into better weights: one AdamW step at a time, with symmetries, and an average of the weights."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from agents.alphazero.config import AlphaZeroConfig
from agents.alphazero.evaluator import inference_dtype
from agents.alphazero.network import PolicyValueNet
from agents.alphazero.replay import Positions
from envs.errors import LabError
from envs.games.game import Game

WARMUP_STEPS = 100
OWNERSHIP_WEIGHT = 0.3
MARGIN_WEIGHT = 0.02
MAX_GRADIENT_NORM = 1.0


class NotFinite(LabError):
    """A loss is NaN or infinite: the weights are beyond use, the last checkpoint is not."""


@dataclass
class Losses:
    """Mean losses of some learning steps, in nats but for ownership (squared) and margin (points, Huber)."""

    policy: float = 0.0
    value: float = 0.0
    ownership: float = 0.0
    margin: float = 0.0
    action_value: float = 0.0
    """Squared; 0 if the net has no action values."""


@dataclass
class _Targets:
    """Positions as tensors."""

    observation: Tensor
    policy: Tensor
    legal: Tensor
    outcome: Tensor
    ownership: Tensor
    margin: Tensor
    action: Tensor
    action_return: Tensor


class Learner:
    """A net, its optimizer, and the exponential average of its weights that plays."""

    def __init__(self, game: Game, net: PolicyValueNet, config: AlphaZeroConfig, device: torch.device) -> None:
        self.game, self.config, self.device = game, config, device
        self.net = net.to(device).to(memory_format=torch.channels_last).train()  # type: ignore[call-overload]
        self.average = copy.deepcopy(self.net).eval()
        decayed = [p for p in self.net.parameters() if p.dim() > 1]
        others = [p for p in self.net.parameters() if p.dim() <= 1]
        self.optimizer = torch.optim.AdamW(
            [{"params": decayed, "weight_decay": config.weight_decay}, {"params": others, "weight_decay": 0.0}],
            lr=config.learning_rate,
        )
        self.rng = np.random.default_rng([config.seed, 2])
        self.steps = 0
        self.autocast = inference_dtype(device) == torch.bfloat16

    def learn(self, batch: Positions) -> Losses:
        """One step on a batch; raises NotFinite instead of taking a step that would ruin the weights."""
        target = self._to_tensors(self._symmetrised(batch))
        plane = self.game.on_board_plane
        whole_board = plane is None or bool(batch.observation[:, plane].all())
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.autocast):
            out = self.net(target.observation, whole_board=whole_board)
        log_policy = out.policy.float().masked_fill(~target.legal, -1e9).log_softmax(-1)
        target_entropy = torch.special.entr(target.policy).sum(-1).mean()
        losses = {
            "policy": -(target.policy * log_policy).sum(-1).mean() - target_entropy,
            "value": -(target.outcome * out.outcome.float().log_softmax(-1)).sum(-1).mean(),
            "ownership": F.mse_loss(out.ownership.float(), target.ownership),
            "margin": F.huber_loss(out.margin.float(), target.margin),
        }
        if out.action_values is not None:
            q = out.action_values.float().gather(1, target.action[:, None])[:, 0]
            losses["action_value"] = F.mse_loss(q, target.action_return)
        total = losses["policy"] + losses["value"]
        total = total + OWNERSHIP_WEIGHT * losses["ownership"] + MARGIN_WEIGHT * losses["margin"]
        total = total + losses.get("action_value", 0.0)
        if not torch.isfinite(total):
            raise NotFinite(
                f"a loss became {total.item()} at learning step {self.steps}; resume from the last checkpoint."
            )
        self._step(total)
        return Losses(**{name: float(loss.detach()) for name, loss in losses.items()})

    def _step(self, loss: Tensor) -> None:
        self.steps += 1
        warmup = min(1.0, self.steps / WARMUP_STEPS)
        for group in self.optimizer.param_groups:
            group["lr"] = self.config.learning_rate * warmup
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), MAX_GRADIENT_NORM)
        self.optimizer.step()
        # At first the average follows closely, or it would be an average of noise.
        decay = min(self.config.averaging, self.steps / (self.steps + 10))
        with torch.no_grad():
            for mean, weight in zip(self.average.parameters(), self.net.parameters(), strict=True):
                mean.lerp_(weight, 1 - decay)

    def state(self) -> dict[str, NDArray[Any]]:
        """All that resuming needs, but for the step count and the random generator."""
        arrays: dict[str, NDArray[Any]] = {}
        for prefix, net in (("net", self.net), ("average", self.average)):
            arrays |= {f"{prefix}/{name}": t.detach().cpu().numpy() for name, t in net.state_dict().items()}
        for index, moments in self.optimizer.state_dict()["state"].items():
            arrays |= {f"optimizer/{index}/{name}": t.detach().cpu().numpy() for name, t in moments.items()}
        return arrays

    def restore(self, state: dict[str, NDArray[Any]], steps: int) -> None:
        """Takes over what `state` returned."""
        self.steps = steps
        moments: dict[int, dict[str, Tensor]] = {}
        weights: dict[str, dict[str, Tensor]] = {"net": {}, "average": {}}
        for name, array in state.items():
            part, _, rest = name.partition("/")
            tensor = torch.from_numpy(array.copy())
            if part == "optimizer":
                index, _, key = rest.partition("/")
                moments.setdefault(int(index), {})[key] = tensor
            else:
                weights[part][rest] = tensor
        self.net.load_state_dict(weights["net"])
        self.average.load_state_dict(weights["average"])
        self.optimizer.load_state_dict({**self.optimizer.state_dict(), "state": moments})

    def _symmetrised(self, batch: Positions) -> Positions:
        """Each position under a random symmetry of the game."""
        chosen = self.rng.integers(len(self.game.symmetries), size=len(batch))
        out = Positions.empty(self.game, len(batch))
        for k, symmetry in enumerate(self.game.symmetries):
            rows = np.flatnonzero(chosen == k)
            moved = self.game.symmetry_actions[k]
            out.observation[rows] = symmetry.apply(batch.observation[rows])
            out.ownership[rows] = symmetry.apply(batch.ownership[rows])
            out.policy[rows[:, None], moved] = batch.policy[rows]
            out.legal[rows[:, None], moved] = batch.legal[rows]
            out.action[rows] = moved[batch.action[rows]]
        out.outcome, out.margin, out.action_return = batch.outcome, batch.margin, batch.action_return
        return out

    def _to_tensors(self, batch: Positions) -> _Targets:
        tensors = {
            name: torch.from_numpy(np.ascontiguousarray(array)).to(self.device, non_blocking=True)
            for name, array in batch.arrays().items()
        }
        return _Targets(**{**tensors, "ownership": tensors["ownership"].float(), "action": tensors["action"].long()})
