"""Turns positions into better weights: one AdamW step at a time, and an average of the weights."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from agents.alphazero.config import AlphaZeroConfig
from agents.alphazero.evaluator import inference_dtype
from agents.alphazero.memory import BatchLimit
from agents.alphazero.network import PolicyValueNet
from agents.alphazero.replay import Positions
from envs.errors import NotFinite

WARMUP_STEPS = 100
MAX_GRADIENT_NORM = 1.0


@dataclass
class Losses:
    """Mean losses of some learning steps, in nats but for ownership (squared) and margin (points, Huber)."""

    policy: float = 0.0
    value: float = 0.0
    ownership: float = 0.0
    margin: float = 0.0
    action_value: float = 0.0
    """Squared; 0 if the net has no action values."""

    @staticmethod
    def mean(parts: Sequence[Losses]) -> Losses:
        """The mean of some; zeros if there are none."""
        if not parts:
            return Losses()
        return Losses(**{name: float(np.mean([getattr(part, name) for part in parts])) for name in vars(parts[0])})


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

    def __init__(self, net: PolicyValueNet, config: AlphaZeroConfig, device: torch.device) -> None:
        self.config, self.device = config, device
        self.limit = BatchLimit("learning")
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

    def learn(self, *batches: Positions) -> Losses:
        """One step on batches that differ in the size of their boards.

        Raises NotFinite instead of taking a step that would ruin the weights. When memory runs out, the step is done
        again in smaller parts, whose gradients add up to the same.
        """
        while True:
            self.optimizer.zero_grad(set_to_none=True)
            try:
                losses = self._accumulate(batches)
            except (RuntimeError, MemoryError) as error:
                self.limit.lower(error, max(map(len, batches)))
            else:
                self._step()
                return losses

    def _accumulate(self, batches: Sequence[Positions]) -> Losses:
        """The mean losses of all positions, their gradients left in the net."""
        n = sum(map(len, batches))
        sums: dict[str, float] = {}
        for batch in batches:
            for part in self.limit.slices(len(batch)):
                losses = self._losses(batch[part])
                share = (part.stop - part.start) / n
                total = sum((self._weight(name) * loss for name, loss in losses.items()), torch.zeros(()))
                if not torch.isfinite(total):
                    raise self._not_finite("loss", total)
                (share * total).backward()
                for name, loss in losses.items():
                    sums[name] = sums.get(name, 0.0) + share * float(loss.detach())
        return Losses(**sums)

    def _losses(self, batch: Positions) -> dict[str, Tensor]:
        """The mean of each loss over a batch of one size of board."""
        target = self._to_tensors(batch)
        plane = self.net.mask_plane
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
        return losses

    def _weight(self, loss: str) -> float:
        return {"ownership": self.config.ownership_weight, "margin": self.config.margin_weight}.get(loss, 1.0)

    def _not_finite(self, what: str, value: Tensor) -> NotFinite:
        return NotFinite(
            f"A {what} became {value.item()} in learning step {self.steps + 1}; the run stays at its last checkpoint, "
            "and a new run that starts from it with a lower learning_rate may get further."
        )

    def _step(self) -> None:
        """Goes down the gradients that are there."""
        norm = torch.nn.utils.clip_grad_norm_(self.net.parameters(), MAX_GRADIENT_NORM)
        if not torch.isfinite(norm):
            raise self._not_finite("gradient", norm)
        self.steps += 1
        for group in self.optimizer.param_groups:
            group["lr"] = self._learning_rate()
        self.optimizer.step()
        # At first the average follows closely, or it would be an average of noise.
        decay = min(self.config.averaging, self.steps / (self.steps + 10))
        with torch.no_grad():
            for mean, weight in zip(self.average.parameters(), self.net.parameters(), strict=True):
                mean.lerp_(weight, 1 - decay)

    def _learning_rate(self) -> float:
        """Of this step: up to the peak, and in time down from it."""
        start = self.config.decay_start
        decay = (start / self.steps) ** 0.5 if 0 < start < self.steps else 1.0
        return self.config.learning_rate * min(1.0, self.steps / WARMUP_STEPS) * decay

    def state(self) -> dict[str, NDArray[Any]]:
        """All that resuming needs, but for the step count and the random generator."""
        arrays: dict[str, NDArray[Any]] = {}
        for prefix, net in (("net", self.net), ("average", self.average)):
            arrays |= {f"{prefix}/{name}": t.detach().cpu().numpy() for name, t in net.state_dict().items()}
        for index, moments in self.optimizer.state_dict()["state"].items():
            arrays |= {f"optimizer/{index}/{name}": t.detach().cpu().numpy() for name, t in moments.items()}
        return arrays

    def restore(self, state: dict[str, NDArray[Any]], steps: int) -> None:
        """Takes over what `state` returned; raises RuntimeError, KeyError or ValueError if it is another net's."""
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
        self._check_moments(moments)
        self.optimizer.load_state_dict({**self.optimizer.state_dict(), "state": moments})

    def _check_moments(self, moments: dict[int, dict[str, Tensor]]) -> None:
        """Raises KeyError or ValueError for moments with which the optimizer, which takes any, could not go on."""
        parameters = [p for group in self.optimizer.param_groups for p in group["params"]]
        for index, named in moments.items():
            shapes = {named["exp_avg"].shape, named["exp_avg_sq"].shape, parameters[index].shape}
            if len(shapes) > 1 or named["step"].numel() != 1:
                raise ValueError(f"the optimizer's moments {index} are those of other weights")

    def _to_tensors(self, batch: Positions) -> _Targets:
        tensors = {
            name: torch.from_numpy(np.ascontiguousarray(array)).to(self.device, non_blocking=True)
            for name, array in batch.arrays().items()
            if name != "weight"  # it has been heeded by drawing them
        }
        return _Targets(**{**tensors, "ownership": tensors["ownership"].float(), "action": tensors["action"].long()})
