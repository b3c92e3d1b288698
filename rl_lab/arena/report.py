"""What a tournament leaves behind: tables in the terminal, results.json, and an SGF file of every game of Go."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from envs.games.go.game import Go
from rl_lab.arena.play import GameRecord
from rl_lab.arena.statistics import Tally, count_duplicates, head_to_head, mean_plies, standings
from rl_lab.arena.tournament import Tournament
from rl_lab.go_io.sgf import write_sgf

RESULTS = "results.json"
FORMAT = 1  # of results.json; raised when a key changes its meaning


def print_report(tournament: Tournament, console: Console) -> None:
    """Prints the standings, the cross-table and one line about the games."""
    console.print(standings_table(tournament))
    console.print(cross_table(tournament))
    console.print(summary(tournament), highlight=False)
    if count_duplicates(tournament.records) > len(tournament.records) // 20:
        console.print("[yellow]Repeated games add no evidence, so the intervals are too narrow.[/yellow]")


def standings_table(tournament: Tournament) -> Table:
    """One line for each agent, the best first. Fits 80 columns."""
    first, second = tournament.game.player_names
    table = Table(title=f"Standings: {tournament.game.spec}", box=box.SIMPLE_HEAD, collapse_padding=True)
    table.add_column("Agent", overflow="fold")
    for heading in ("score %", "95% interval", "W-D-L", f"{first} %", f"{second} %", "ms/move"):
        table.add_column(heading, justify="right", no_wrap=True)
    for standing in standings(tournament.records, tournament.agents):
        score = standing.score
        table.add_row(
            Text(standing.name),
            _percent(score.mean),
            f"{_percent(score.low)} - {_percent(score.high)}",
            _tally(standing.total),
            _percent(standing.first.score),
            _percent(standing.second.score),
            f"{1000 * standing.seconds_per_move:.2f}",
        )
    return table


def cross_table(tournament: Tournament) -> Table:
    """The score in % of the agent in the row against the agent in the column, above its rounded interval."""
    order = [standing.name for standing in standings(tournament.records, tournament.agents)]
    table = Table(title="Row against column: score % and 95% interval", box=box.SIMPLE_HEAD, collapse_padding=True)
    table.add_column("")
    table.add_column("Agent", overflow="fold")
    for number in range(1, len(order) + 1):
        table.add_column(str(number), justify="right", no_wrap=True)
    for number, row in enumerate(order, 1):
        cells = (_meeting(tournament.records, row, column) for column in order)
        table.add_row(str(number), Text(row), *cells)
    return table


def summary(tournament: Tournament) -> str:
    """What was played, in one sentence."""
    records = tournament.records
    depths = sorted({record.opening_plies for record in records}) or [0]
    depth = f"{depths[0]}" if len(depths) == 1 else f"{depths[0]} to {depths[-1]}"
    start = f"{len({r.pair for r in records})} random openings of {depth} moves" if depths[-1] else "the start"
    return (
        f"{len(records)} games from {start}, with both colours from each; mean length {mean_plies(records):.1f} "
        f"moves; {count_duplicates(records)} games repeat an earlier one; seed {tournament.seed}."
    )


def write_results(tournament: Tournament, folder: Path) -> None:
    """Writes results.json, and games/0001.sgf and so on if the game is Go, into an existing folder.

    SGF numbers are positions in the list "games" of results.json, counted from 1.
    """
    results = json.dumps(results_dict(tournament), indent=1, allow_nan=False) + "\n"
    (folder / RESULTS).write_text(results, encoding="utf-8")
    if isinstance(tournament.game, Go):
        games = folder / "games"
        games.mkdir(exist_ok=True)
        for number, record in enumerate(tournament.records, 1):
            (games / f"{number:04d}.sgf").write_bytes(record_sgf(tournament.game, record))


def record_sgf(game: Go, record: GameRecord) -> bytes:
    """The game of Go as SGF, with what the agents expected as comments."""
    return write_sgf(game, record.actions, record.result, record.agents, record.values)


def results_dict(tournament: Tournament) -> dict[str, Any]:
    """The whole tournament as plain data; actions are given by number and by name, undefined numbers are None.

    A pairing's score is that of its first agent.
    """
    records = tournament.records
    return {
        "format": FORMAT,
        "game": tournament.game.spec,
        "agents": tournament.agents,
        "seed": tournament.seed,
        "duplicate_games": count_duplicates(records),
        "mean_plies": _finite(mean_plies(records)),
        "standings": [_finite(dataclasses.asdict(standing)) for standing in standings(records, tournament.agents)],
        "pairings": [
            {"agents": [a, b], "score": _finite(dataclasses.asdict(head_to_head(records, a, b)))}
            for a, b in combinations(tournament.agents, 2)
        ],
        "games": [
            dataclasses.asdict(record)
            | {"plies": record.plies, "moves": [tournament.game.action_name(a) for a in record.actions]}
            for record in records
        ],
    }


def _meeting(records: Sequence[GameRecord], agent: str, opponent: str) -> str:
    if agent == opponent:
        return "-"
    score = head_to_head(records, agent, opponent)
    return f"{_percent(score.mean)}\n[dim]{100 * score.low:.0f}-{100 * score.high:.0f}[/dim]"


def _percent(score: float) -> str:
    return f"{100 * score:.1f}"


def _tally(tally: Tally) -> str:
    return f"{tally.wins}-{tally.draws}-{tally.losses}"


def _finite(value: Any) -> Any:
    """The value with NaN, which JSON does not have, replaced by None, inside dicts too."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    return None if isinstance(value, float) and math.isnan(value) else value
