"""What a person sees while a run trains: a live panel in a terminal, a line now and then in a log file."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from rl_lab.runs.training import Figures

LOG_SECONDS = 15.0


class TrainingDisplay:
    """Shows progress, figures and scores of one run; a context manager."""

    def __init__(self, title: str, console: Console) -> None:
        self.title, self.console = title, console
        self.live = Live(console=console, refresh_per_second=4) if console.is_terminal else None
        self.message = ""
        self.figures: Figures = []
        self.scores: Figures = []
        self.progress = 0.0
        self._last_line = -LOG_SECONDS

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

    def training(self, figures: Figures, progress: float) -> None:
        """Takes in an iteration; `progress` is the share of the run that is done."""
        self.figures, self.progress = figures, progress
        if self.live:
            self.message = ""
            self.live.update(self._panel())
        elif time.monotonic() - self._last_line > LOG_SECONDS:
            self._last_line = time.monotonic()
            self.console.print("  ".join(f"{name} {value}" for name, value in figures), soft_wrap=True)

    def evaluation(self, scores: Figures) -> None:
        """Takes in what an evaluation found."""
        self.scores = scores
        if self.live:
            self.message = ""
            self.live.update(self._panel())
        else:
            for name, value in scores:
                self.console.print(f"{name}: {value}", soft_wrap=True)

    def _panel(self) -> Panel:
        figures = Table.grid(padding=(0, 3))
        for name, value in self.figures:
            figures.add_row(Text(name, style="dim"), value)
        scores = Table.grid(padding=(0, 3))
        for name, value in self.scores:
            scores.add_row(Text(name, style="dim"), Text(value, style="bold green"))
        bar = Table.grid(expand=True)  # a bar alone would not end its line
        bar.add_row(ProgressBar(total=1.0, completed=min(self.progress, 1.0)))
        parts = Group(bar, figures, scores, Text(self.message, style="yellow"))
        return Panel(parts, title=self.title, title_align="left")
