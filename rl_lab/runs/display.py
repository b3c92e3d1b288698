"""What a person sees while a run trains: a live panel in a terminal, a line now and then in a log file."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from agents.alphazero.config import AlphaZeroConfig
from agents.alphazero.trainer import Iteration
from rl_lab.arena.statistics import Interval

LOG_SECONDS = 15.0


class TrainingDisplay:
    """Shows progress, speed, losses and scores of one run; a context manager."""

    def __init__(self, config: AlphaZeroConfig, folder: Path, console: Console) -> None:
        self.config, self.folder, self.console = config, folder, console
        self.live = Live(console=console, refresh_per_second=4) if console.is_terminal else None
        self.message = ""
        self.latest: Iteration | None = None
        self.seconds = 0.0
        self.scores: dict[str, Interval] = {}
        self._last_line = time.monotonic()

    def __enter__(self) -> TrainingDisplay:
        if self.live:
            self.live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.live:
            self.message = ""
            self.live.update(self._panel())
            self.live.__exit__(kind, error, trace)

    def status(self, message: str) -> None:
        """Says what is going on just now."""
        self.message = message
        if self.live:
            self.live.update(self._panel())
        else:
            self.console.print(message)

    def training(self, measured: Iteration, seconds: float) -> None:
        """Takes in an iteration."""
        first = self.latest is None
        self.latest, self.seconds = measured, seconds
        if self.live:
            self.message = ""
            self.live.update(self._panel())
        elif first or time.monotonic() - self._last_line > LOG_SECONDS:
            self._last_line = time.monotonic()
            self.console.print("  ".join(f"{name} {value}" for name, value in self._figures()), soft_wrap=True)

    def evaluation(self, scores: dict[str, Interval]) -> None:
        """Takes in scores against the anchors."""
        self.scores = scores
        if self.live:
            self.message = ""
            self.live.update(self._panel())
        else:
            for anchor, score in scores.items():
                self.console.print(f"score against {anchor}: {_percent(score)}")

    def _figures(self) -> list[tuple[str, str]]:
        m = self.latest
        if m is None:
            return []
        speed = m.evaluations_this_iteration / m.play_seconds
        return [
            ("time", f"{self.seconds / 60:.1f} of {self.config.minutes:g} min"),
            ("games", f"{m.games:,}"),
            ("positions", f"{m.positions:,} ({m.positions / self.seconds:,.0f}/s), window {m.window:,}"),
            ("evaluations/s", f"{speed:,.0f} in self-play"),
            ("learning steps", f"{m.steps:,}"),
            *((f"loss {name}", f"{loss:.3f}" if m.steps else "-") for name, loss in asdict(m.losses).items()),
        ]

    def _panel(self) -> Panel:
        figures = Table.grid(padding=(0, 3))
        for name, value in self._figures():
            figures.add_row(Text(name, style="dim"), value)
        scores = Table.grid(padding=(0, 3))
        for anchor, score in self.scores.items():
            scores.add_row(Text(f"score against {anchor}", style="dim"), Text(_percent(score), style="bold green"))
        bar = Table.grid(expand=True)  # a bar alone would not end its line
        bar.add_row(ProgressBar(total=60 * self.config.minutes, completed=min(self.seconds, 60 * self.config.minutes)))
        parts = Group(bar, figures, scores, Text(self.message, style="yellow"))
        return Panel(parts, title=f"{self.config.game}  {self.folder}", title_align="left")


def _percent(score: Interval) -> str:
    return f"{100 * score.mean:.0f}%  (95% interval {100 * score.low:.0f} to {100 * score.high:.0f})"
