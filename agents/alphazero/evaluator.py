"""The net as an Evaluator: states in, policy logits and values out, in batches that fit the machine."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from agents.alphazero.network import NetOutput, PolicyValueNet
from envs.chance import Seeds
from envs.errors import LabError
from envs.games.game import Game, States

MAX_BATCH = 1024


def choose_device(name: str) -> torch.device:
    """The torch device for "auto", "cpu" or "cuda"; raises LabError if it is not to be had."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name not in ("cpu", "cuda"):
        raise LabError(f"device must be auto, cpu or cuda, not '{name}'.")
    if name == "cuda" and not torch.cuda.is_available():
        raise LabError("device cuda was asked for, but torch finds no GPU; use device=auto or cpu.")
    return torch.device(name)


class NetEvaluator:
    """Judges states with a copy of a net, in inference mode and the given precision."""

    def __init__(self, game: Game, net: PolicyValueNet, device: torch.device, dtype: torch.dtype) -> None:
        self.game, self.device, self.dtype = game, device, dtype
        self.net = copy.deepcopy(net).to(device, dtype).to(memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
        self.evaluations = 0
        """Positions judged so far."""

    def load(self, weights: Mapping[str, Tensor]) -> None:
        """Takes over the weights of a net of the same shape."""
        self.net.load_state_dict(weights)

    @torch.inference_mode()
    def forward(self, states: States) -> NetOutput:
        """The net's whole answer for up to MAX_BATCH states, on its device."""
        observations = self.game.observe(states)
        plane = self.game.on_board_plane
        whole_board = plane is None or bool(observations[:, plane].all())
        planes = torch.from_numpy(observations).to(self.device, non_blocking=True)
        answer: NetOutput = self.net(planes, whole_board=whole_board)
        return answer

    def __call__(self, states: States, seeds: Seeds) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """See Evaluator."""
        logits, values = self._judge(states, lambda out: (out.policy, out.value))
        return logits, values

    def judge_actions(self, states: States) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(policy logits [n, A], Q [n, A]), of a net that has action values."""
        logits, q = self._judge(states, lambda out: (out.policy, out.action_values))
        return logits, q

    def judge_territory(self, states: States) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
        """(ownership [n, H, W] in [-1, 1], final margin [n]), from the side to move; None if the net knows neither."""
        if not self.net.has_territory:
            return None
        ownership, margin = self._judge(states, lambda out: (out.ownership, out.margin))
        return ownership, margin

    def _judge(self, states: States, parts: Callable[[NetOutput], tuple[Tensor | None, ...]]) -> list[NDArray[Any]]:
        """Parts of the net's answer for any number of states, as arrays."""
        answers = []
        for start in range(0, len(states), MAX_BATCH):
            out = parts(self.forward(states[start : start + MAX_BATCH]))
            answers.append([part.float().cpu().numpy() for part in out if part is not None])
        self.evaluations += len(states)
        return answers[0] if len(answers) == 1 else [np.concatenate(part) for part in zip(*answers, strict=True)]


def inference_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 on GPUs and on CPUs that multiply in it, where it is about twice as fast; else float32.

    Asked of the processor, not measured, so that a seed gives the same run every time on one machine.
    """
    if device.type == "cuda" or _cpu_multiplies_bfloat16():
        return torch.bfloat16
    return torch.float32


def _cpu_multiplies_bfloat16() -> bool:
    """torch has no public way to ask; where the private one is missing, float32 is the safe answer."""
    return bool(getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)())
