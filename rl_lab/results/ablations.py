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

    @property
    def name(self) -> str:
        """What a person calls it."""
        return self.changed.name

    @property
    def changed(self) -> Row:
        """The net with the change."""
        return Row("alphazero", self.env, (), {"minutes": self.minutes, **self.change}, label=self.label)

    @property
    def shipped(self) -> Row:
        """The net without."""
        return Row("alphazero", self.env, (), {"minutes": self.minutes}, label=f"{self.minutes:g}min")

    def line(self, seeds: Sequence[int]) -> str:
        """Trains what is not trained yet, plays, and says in a line of the table what came out."""
        rows = self.changed, self.shipped
        experience = [[row.train(seed).experience for seed in seeds] for row in rows]
        scores = [self.scores(seed) for seed in seeds]
        whole = paired_interval([score for part in scores for score in part])
        changed, shipped = (f"{sum(numbers) / len(numbers):,.0f}" for numbers in experience)
        each = ", ".join(f"{sum(part) / len(part):.2f}" for part in scores)
        settings = ", ".join(f"{key} = {value}" for key, value in self.change.items())
        cells = self.env, settings, _text(whole), each, changed, shipped
        return f"| {' | '.join(cells)} |"

    def scores(self, seed: int) -> list[float]:
        """The score of the changed net from each opening, with both colours."""
        return balanced_scores(self.env, self.changed.agent(seed), self.shipped.agent(seed), GAMES, seed)


def _text(score: Interval) -> str:
    return f"{score.mean:.3f} ({score.low:.3f} to {score.high:.3f})"


_BOARD = "go:size=7"
ABLATIONS = (
    *(
        Ablation(method, env, {"method": method})
        for env in ("go:size=5", "go:size=7", "connect_four")
        for method in ("klent", "puct")
    ),
    Ablation("no-territory", _BOARD, {"ownership_weight": 0, "margin_weight": 0}),
    Ablation("no-pooling", _BOARD, {"global_pooling": False}),
    Ablation("no-symmetries", _BOARD, {"symmetries": False}),
    Ablation("surprise", _BOARD, {"surprise_weight": 0.5}),
    Ablation("no-random-openings", _BOARD, {"random_opening": 0}),
    Ablation("one-komi", _BOARD, {"vary_komi": False}),
    Ablation("no-averaging", _BOARD, {"averaging": 0}),
    Ablation("learn-less", _BOARD, {"replay_ratio": 1.5}),
    Ablation("learn-more", _BOARD, {"replay_ratio": 6}),
    Ablation("small-window", _BOARD, {"window_max": 20_000}),
    Ablation("several-sizes", _BOARD, {"sizes": "5 6 7"}),
)
