"""How a search is to be made, and what it finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from envs.errors import LabError


@dataclass(frozen=True)
class SearchConfig:
    """How to search. The letters are explained in selection.py."""

    rule: Literal["puct", "gumbel"] = "puct"
    """How simulations choose actions. Gumbel learns from few simulations; inside the tree it trusts the policy so far
    that with a bad one it can overlook a refutation however long it searches, which PUCT does not."""
    num_simulations: int = 64
    """Simulations a move, beside what a reused tree brings."""
    leaves_per_wave: int = 1
    """Simulations of one tree that are evaluated together."""
    proves: bool = True
    """Whether the ends of games in the tree prove the outcomes of nodes above them."""
    c_init: float = 1.25
    """PUCT: exploration at few visits."""
    c_base: float = 19652.0
    """PUCT: how slowly exploration grows with visits."""
    fpu_reduction: float = 0.2
    """PUCT: how much worse than its parent an untried action is taken to be."""
    dirichlet_fraction: float = 0.0
    """PUCT: the share of Dirichlet noise in the root's prior; 0.25 in self-play."""
    dirichlet_total: float = 10.0
    """PUCT: the noise's concentration, shared out among the legal actions."""
    max_considered: int = 16
    """Gumbel: actions that enter sequential halving at the root."""
    gumbel_scale: float = 1.0
    """Gumbel: the noise that makes the root explore; 0 plays the best."""
    c_visit: float = 50.0
    """Gumbel: weight of values at few visits."""
    c_scale: float = 1.0
    """Gumbel: weight of values against the prior."""

    def __post_init__(self) -> None:
        if self.rule not in ("puct", "gumbel"):
            raise LabError(f"rule must be puct or gumbel, not '{self.rule}'.")
        for key in ("num_simulations", "leaves_per_wave", "max_considered"):
            if getattr(self, key) < 1:
                raise LabError(f"{key} must be at least 1, not {getattr(self, key)}.")


@dataclass
class SearchResult:
    """What a search found for n roots. Values are from the root's side to move."""

    action: NDArray[np.int64]
    """[n], the best action: most visited under PUCT, the winner of sequential halving under Gumbel; what is proven to
    be worse is left out."""
    policy: NDArray[np.float32]
    """[n, A], what to learn from the search: visit shares under PUCT, the completed-Q policy under Gumbel."""
    value: NDArray[np.float32]
    """[n], the root's value: the mean of its simulations under PUCT; under Gumbel, whose root explores on purpose,
    what the improved policy earns; the outcome if it is proven."""
    prior: NDArray[np.float32]
    """[n, A], the evaluator's policy, without noise."""
    visits: NDArray[np.int32]
    """[n, A]"""
    q: NDArray[np.float32]
    """[n, A], NaN where never tried."""
