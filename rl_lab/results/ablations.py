"""What each part of AlphaZero is worth: a net trained with it changed plays one trained as the settings ship.

Both have the same seed and the same minutes on the same machine, which must have nothing else to do meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rl_lab.arena.statistics import Interval, paired_interval
from rl_lab.results.rows import Row
from rl_lab.results.strength import balanced_scores

GAMES = 100
"""Between each two nets, with 64 simulations a move."""
MINUTES = 5
_UNWATCHED = {"anchors": "random", "evaluation_seconds": 1_000_000}
"""Evaluations on the way would only take time."""
HEADING = """\
| Environment | Changed | Score against the settings that ship | Each seed | Positions, changed | as shipped |
|---|---|---|---|---|---|"""


@dataclass(frozen=True)
class Ablation:
    """One change."""

    label: str
    env: str
    change: Mapping[str, Any]
    """The settings that differ, by their names."""
    minutes: float = MINUTES
    start: Row | None = None
    """What the changed net starts from; the time that took is part of its minutes."""

    @property
    def name(self) -> str:
        """What a person calls it."""
        return self.changed.name

    @property
    def changed(self) -> Row:
        """The net with the change."""
        minutes = self.minutes - (self.start.given["minutes"] if self.start else 0)
        return self._row(minutes, self.label, self.change, self.start)

    @property
    def shipped(self) -> Row:
        """The net without."""
        return self._row(self.minutes, f"{self.minutes:g}min", {}, None)

    def _row(self, minutes: float, label: str, change: Mapping[str, Any], start: Row | None) -> Row:
        settings = {"minutes": minutes, **_UNWATCHED, **change}
        return Row("alphazero", self.env, (), settings, label=label, start=start)

    def line(self, seeds: Sequence[int]) -> str:
        """Trains what is not trained yet, plays, and says in a line of the table what came out."""
        rows = self.changed, self.shipped
        experience = [[row.train(seed).experience for seed in seeds] for row in rows]
        scores = [self.scores(seed) for seed in seeds]
        whole = paired_interval([score for part in scores for score in part])
        changed, shipped = (f"{sum(numbers) / len(numbers):,.0f}" for numbers in experience)
        each = ", ".join(f"{sum(part) / len(part):.2f}" for part in scores)
        settings = ", ".join(f"{key} = {value}" for key, value in self.change.items()) or self.label
        cells = self.env, settings, _text(whole), each, changed, shipped
        return f"| {' | '.join(cells)} |"

    def scores(self, seed: int) -> list[float]:
        """The score of the changed net from each opening, with both colours."""
        return balanced_scores(self.env, self.changed.agent(seed), self.shipped.agent(seed), GAMES, seed)


def _text(score: Interval) -> str:
    return f"{score.mean:.3f} ({score.low:.3f} to {score.high:.3f})"


_BOARD = "go:size=7"
_SMALLER = Row("alphazero", "go:size=5", (), {"minutes": 2, **_UNWATCHED}, label="2min")
ABLATIONS = (
    *(
        Ablation(method, env, {"method": method})
        for env in ("go:size=5", "go:size=7", "connect_four")
        for method in ("klent", "puct")
    ),
    Ablation("half-the-simulations", _BOARD, {"simulations": 8, "considered": 4}),
    Ablation("twice-the-simulations", _BOARD, {"simulations": 32, "considered": 16}),
    Ablation("no-proofs", _BOARD, {"proves": False}),
    Ablation("no-territory", _BOARD, {"ownership_weight": 0, "margin_weight": 0}),
    Ablation("no-pooling", _BOARD, {"global_pooling": False}),
    Ablation("no-symmetries", _BOARD, {"symmetries": False}),
    Ablation("surprise", _BOARD, {"surprise_weight": 0.5}),
    Ablation("no-random-openings", _BOARD, {"random_opening": 0}),
    Ablation("branches", _BOARD, {"branching": 0.5}),
    Ablation("less-noise", _BOARD, {"gumbel_noise": 0.5}),
    Ablation("one-komi", _BOARD, {"vary_komi": False}),
    Ablation("no-averaging", _BOARD, {"averaging": 0}),
    Ablation("short-average", _BOARD, {"averaging": 0.995}),
    Ablation("learn-less", _BOARD, {"replay_ratio": 1.5}),
    Ablation("learn-more", _BOARD, {"replay_ratio": 6}),
    Ablation("twice-the-batch", _BOARD, {"batch_size": 256}),
    Ablation("half-the-batch", _BOARD, {"batch_size": 64}),
    Ablation("faster", _BOARD, {"learning_rate": 5e-3}),
    Ablation("falling-rate", _BOARD, {"decay_start": 1000}),
    Ablation("small-window", _BOARD, {"window_max": 20_000}),
    Ablation("several-sizes", _BOARD, {"sizes": "5 6 7"}),
    Ablation("from-5x5", _BOARD, {}, start=_SMALLER),
    Ablation("from-5x5-trunk-frozen", _BOARD, {"freeze": "trunk"}, start=_SMALLER),
)
