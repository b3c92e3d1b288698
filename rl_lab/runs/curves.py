"""A run's measurements as a picture: scores against the anchors and losses over training time."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np

from agents.files import write_atomic
from rl_lab.runs.run import Run

# Okabe and Ito's palette, which colour-blind readers can tell apart.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")


def draw_curves(run: Run, path: Path) -> None:
    """Writes the curves of a run as a PNG."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    metrics = run.metrics()
    training = [m for m in metrics if m["kind"] == "training"]
    evaluations = [m for m in metrics if m["kind"] == "evaluation"]
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    _draw_scores(left, evaluations)
    _draw_losses(right, training)
    data = io.BytesIO()
    figure.savefig(data, format="png", dpi=110)
    plt.close(figure)
    write_atomic(path, data.getvalue())


def _draw_scores(axes: Any, evaluations: list[dict[str, Any]]) -> None:
    """Score in percent with its 95% interval, a line for each anchor."""
    minutes = [m["seconds"] / 60 for m in evaluations]
    anchors = evaluations[0]["scores"] if evaluations else {}
    for color, anchor in zip(COLORS, anchors, strict=False):
        scores = [m["scores"][anchor] for m in evaluations]
        axes.plot(minutes, [100 * s["mean"] for s in scores], "o-", color=color, label=f"against {anchor}")
        axes.fill_between(
            minutes, [100 * s["low"] for s in scores], [100 * s["high"] for s in scores], color=color, alpha=0.15
        )
    axes.axhline(50, color="gray", linewidth=0.8, linestyle=":")
    axes.set(xlabel="minutes of training", ylabel="score in %, with 95% interval", ylim=(0, 102), title="Strength")
    if anchors:
        axes.legend(loc="lower right")


def _draw_losses(axes: Any, training: list[dict[str, Any]]) -> None:
    """The losses, each smoothed over a few iterations; iterations that learned nothing are left out."""
    learned = [m for m in training if any(m["losses"].values())]
    minutes = [m["seconds"] / 60 for m in learned]
    for color, name in zip(COLORS, ("policy", "value", "ownership"), strict=False):
        values = [m["losses"][name] for m in learned]
        if any(values):
            axes.plot(minutes, _smoothed(values), color=color, label=name)
    axes.set(xlabel="minutes of training", ylabel="loss", title="What is left to learn", ylim=(0, None))
    if learned:
        axes.legend()


def _smoothed(values: list[float], width: int = 5) -> list[float]:
    """The running mean over the last `width` values."""
    return [float(np.mean(values[max(0, i - width + 1) : i + 1])) for i in range(len(values))]
