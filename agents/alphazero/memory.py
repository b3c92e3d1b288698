"""Doing with the memory there is: when it runs out, fewer positions go through the net at once from then on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from envs.chance import Seeds
from envs.errors import LabError
from envs.games.game import States

SYMPTOMS = (
    "DefaultCPUAllocator",
    "std::bad_alloc",
    "could not create a memory object",  # oneDNN
    "CUDA error: out of memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_ALLOC_FAILED",
)
"""What a plain RuntimeError says when it was memory that ran out."""

Answers = tuple[NDArray[np.float32], NDArray[np.float32]]


def is_out_of_memory(error: Exception) -> bool:
    """Whether this is how numpy, or torch on any device, says that memory has run out."""
    message = str(error)
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or any(words in message for words in SYMPTOMS)


class BatchLimit:
    """How many positions go through a net at once: as many as there are, until memory runs out."""

    def __init__(self, where: str) -> None:
        self.where = where
        """Such as "learning"."""
        self.most: int | None = None

    @property
    def news(self) -> str:
        """What a person should know, in a sentence; "" if memory has always sufficed."""
        if self.most is None:
            return ""
        return f"Memory ran out in {self.where}: at most {self.most} positions go through the net at once now."

    def slices(self, n: int) -> Iterator[slice]:
        """0 to n in parts that are small enough."""
        step = self.most or max(n, 1)
        for start in range(0, n, step):
            yield slice(start, min(start + step, n))

    def lower(self, error: Exception, n: int) -> None:
        """Halves the limit after `error`, met with batches of up to n; raises `error` if it is of another kind, and
        LabError if there is nothing left to halve."""
        if not is_out_of_memory(error):
            raise error
        tried = n if self.most is None else min(self.most, n)
        if tried <= 1:
            raise LabError(f"Memory ran out in {self.where} with a single position: the net is too large.") from error
        self.most = tried // 2
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


class NetJudge(Protocol):
    """What a NetEvaluator does."""

    def __call__(self, states: States, seeds: Seeds) -> Answers:
        """See Evaluator."""

    def judge_actions(self, states: States) -> Answers:
        """See ActionValueEvaluator."""


class FrugalEvaluator:
    """Asks an evaluator again about fewer states at a time when memory runs out."""

    def __init__(self, evaluator: NetJudge, limit: BatchLimit) -> None:
        self.evaluator, self.limit = evaluator, limit

    def __call__(self, states: States, seeds: Seeds) -> Answers:
        """See Evaluator."""
        return self._in_parts(len(states), lambda part: self.evaluator(states[part], seeds[part]))

    def judge_actions(self, states: States) -> Answers:
        """See ActionValueEvaluator."""
        return self._in_parts(len(states), lambda part: self.evaluator.judge_actions(states[part]))

    def _in_parts(self, n: int, judge: Callable[[slice], Answers]) -> Answers:
        while True:
            try:
                answers: list[Any] = [judge(part) for part in self.limit.slices(n)]
            except (RuntimeError, MemoryError) as error:
                self.limit.lower(error, n)
            else:
                first, second = zip(*answers, strict=True)
                return answers[0] if len(answers) == 1 else (np.concatenate(first), np.concatenate(second))
