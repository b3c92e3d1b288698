"""A run's measurements as a picture: how well it plays and its losses, over training time."""

from __future__ import annotations

import io
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np

from agents.files import write_atomic
from rl_lab.runs.run import Run

# Okabe and Ito's palette, which colour-blind readers can tell apart.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")
LOSSES = ("policy", "value", "ownership", "value_loss", "loss")
"""Those of AlphaZero, PPO and DQN that are drawn."""


def draw_curves(run: Run, path: Path) -> None:
    """Writes the curves of a run as a PNG."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    training, evaluations = run.metrics("training"), run.metrics("evaluation")
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    if any(m["measure"] == "return" for m in evaluations):
        _draw_returns(left, training, evaluations)
    else:
        _draw_scores(left, evaluations)
    _draw_losses(right, training)
    data = io.BytesIO()
    figure.savefig(data, format="png", dpi=110)
    plt.close(figure)
    write_atomic(path, data.getvalue())


def _draw_scores(axes: Any, evaluations: list[dict[str, Any]]) -> None:
    """Score in percent with its 95% interval, a line for each anchor."""
    anchors = _names(evaluations)
    for color, anchor in zip(cycle(COLORS), anchors, strict=False):
        _draw_intervals(axes, evaluations, anchor, 100, color, f"against {anchor}")
    axes.axhline(50, color="gray", linewidth=0.8, linestyle=":")
    axes.set(xlabel="minutes of training", ylabel="score in %, with 95% interval", ylim=(0, 102), title="Strength")
    if anchors:
        axes.legend(loc="lower right")


def _draw_returns(axes: Any, training: list[dict[str, Any]], evaluations: list[dict[str, Any]]) -> None:
    """Return of held-out episodes with its 95% interval, and of the episodes that were learned from."""
    for color, name in zip(cycle(COLORS), _names(evaluations), strict=False):
        _draw_intervals(axes, evaluations, name, 1, color, f"held-out {name}")
    learned = [m for m in training if m["episode_return"] is not None]
    axes.plot(
        [m["seconds"] / 60 for m in learned],
        [m["episode_return"] for m in learned],
        color="gray",
        linewidth=1,
        label="while learning",
    )
    axes.set(xlabel="minutes of training", ylabel="return, with 95% interval", title="Return")
    axes.legend(loc="lower right")


def _names(evaluations: list[dict[str, Any]]) -> list[str]:
    """What scores there are; a resumed run may have others than before."""
    return list(dict.fromkeys(name for m in evaluations for name in m["scores"]))


def _draw_intervals(
    axes: Any, evaluations: list[dict[str, Any]], name: str, scale: float, color: str, label: str
) -> None:
    evaluations = [m for m in evaluations if name in m["scores"]]
    minutes = [m["seconds"] / 60 for m in evaluations]
    mean, low, high = ([scale * m["scores"][name][end] for m in evaluations] for end in ("mean", "low", "high"))
    axes.plot(minutes, mean, "o-", color=color, label=label)
    axes.fill_between(minutes, low, high, color=color, alpha=0.15)


def _draw_losses(axes: Any, training: list[dict[str, Any]]) -> None:
    """The losses, each smoothed over a few iterations; iterations that learned nothing are left out."""
    learned = [m for m in training if any(m["losses"].get(name) for name in LOSSES)]
    minutes = [m["seconds"] / 60 for m in learned]
    for color, name in zip(
        COLORS, [name for name in LOSSES if any(m["losses"].get(name) for m in learned)], strict=False
    ):
        values = [m["losses"].get(name, float("nan")) for m in learned]
        axes.plot(minutes, _smoothed(values), color=color, label=name.replace("_", " "))
    axes.set(xlabel="minutes of training", ylabel="loss", title="What is left to learn")
    if learned:
        axes.set_ylim(bottom=min(0, axes.get_ylim()[0]))
        axes.legend()


def _smoothed(values: list[float], width: int = 5) -> list[float]:
    """The running mean over the last `width` values."""
    return [float(np.mean(values[max(0, i - width + 1) : i + 1])) for i in range(len(values))]
