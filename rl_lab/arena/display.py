"""What one sees while games are played: a bar with the time left, and the standing so far."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from rich import box
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from rl_lab.arena.play import GameRecord

REFRESHES_PER_SECOND = 4


class Display:
    """A context manager; in a file or a pipe it shows nothing."""

    def __init__(self, console: Console, unit: str = "games") -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn(unit))
        self._bar = Progress(*columns, TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn())
        self._points: dict[str, float] = defaultdict(float)
        self._games: dict[str, int] = defaultdict(int)
        self._note = ""
        self._live = Live(
            get_renderable=self._render, console=console, refresh_per_second=REFRESHES_PER_SECOND, transient=True
        )

    def __enter__(self) -> Display:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def progress(self, done: int, total: int, description: str = "") -> None:
        """How far things are. What was done before the first call does not count as speed."""
        if not self._bar.task_ids:
            self._bar.add_task(description, total=total, completed=done)
        self._bar.update(self._bar.task_ids[0], completed=done, total=total, description=description)

    def add(self, records: Sequence[GameRecord]) -> None:
        """More games for the standing."""
        for record in records:
            for player, name in enumerate(record.agents):
                self._points[name] += record.score(player)
                self._games[name] += 1

    def note(self, text: str) -> None:
        """A line below."""
        self._note = text

    def _render(self) -> RenderableType:
        table = Table(box=box.SIMPLE_HEAD, collapse_padding=True)
        table.add_column("Agent", overflow="fold")
        table.add_column("score %", justify="right")
        table.add_column("games", justify="right")
        shares = {name: self._points[name] / self._games[name] for name in list(self._games)}
        for name in sorted(shares, key=lambda name: -shares[name]):
            table.add_row(Text(name), f"{100 * shares[name]:.1f}", str(self._games[name]))
        return Group(self._bar, *([table] if shares else []), *([Text(self._note)] if self._note else []))
