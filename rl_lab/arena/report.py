"""What a tournament leaves behind: tables in the terminal, results.json, and a page with all games."""

from __future__ import annotations

import dataclasses
import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from agents.files import write_atomic
from envs.games.game import Game
from rl_lab.arena.classes import symmetry_line
from rl_lab.arena.folder import PAGE, RESULTS
from rl_lab.arena.openings import check_actions
from rl_lab.arena.page import write_page
from rl_lab.arena.play import GameRecord
from rl_lab.arena.ratings import Ratings, rate
from rl_lab.arena.statistics import Tally, count_duplicates, head_to_head, mean_plies, standings
from rl_lab.arena.tournament import Tournament

FORMAT = 2  # of results.json; raised when a key changes its meaning
NAME_WIDTH, MEETING_WIDTH = 20, 8  # characters for number and name of an agent, and for a meeting, in the cross-table
OTHERS_WIDTH = 64  # characters for everything but the name in the standings
BREAKS = re.compile(r"(?<=[:,/])")


def print_report(tournament: Tournament, console: Console, anchor: str | None = None) -> Ratings:
    """Prints the standings, the cross-table and some lines about the games; returns the ratings."""
    ratings = rate(tournament.records, tournament.agents, anchor)
    console.print(standings_table(tournament, ratings, max(12, console.width - OTHERS_WIDTH)))
    for table in cross_tables(tournament, ratings, max(1, (console.width - NAME_WIDTH) // MEETING_WIDTH)):
        console.print(table)
    console.print(summary(tournament), highlight=False, markup=False)
    if symmetric := symmetry_line(tournament.game, tournament.records):
        console.print(f"[yellow]{symmetric}[/yellow]", highlight=False)
    if failures := failures_line(tournament.records):
        console.print(failures, highlight=False, markup=False)
    if count_duplicates(tournament.records) > len(tournament.records) // 20:
        console.print(
            "[yellow]Repeated games add no evidence: the ratings count each once, but the scores count all, and "
            "their intervals are too narrow.[/yellow]"
        )
    return ratings


def standings_table(tournament: Tournament, ratings: Ratings, name_width: int) -> Table:
    """One line for each agent, the highest rating first; more for one whose name is longer than `name_width`."""
    first, second = (name[0] for name in tournament.game.player_names)
    zero = f"{ratings.anchor} is 0" if ratings.anchor else "their mean is 0"
    title = f"Standings: {tournament.game.spec}; {zero}"
    table = Table(title=title, box=box.SIMPLE_HEAD, collapse_padding=True, pad_edge=False)
    table.add_column("Agent", overflow="fold", min_width=12)
    for heading in ("Elo", "95% interval", "score %", "W-D-L", f"{first} %", f"{second} %", "ms/move"):
        table.add_column(heading, justify="right", no_wrap=True)
    by_name = {standing.name: standing for standing in standings(tournament.records, tournament.agents)}
    for i in ratings.order:
        standing = by_name[ratings.names[i]]
        table.add_row(
            Text(folded(standing.name, name_width)),
            f"{ratings.elo[i]:+.0f}",
            f"{ratings.low[i]:+.0f} to {ratings.high[i]:+.0f}",
            _percent(standing.score.mean),
            _tally(standing.total),
            _percent(standing.first.score),
            _percent(standing.second.score),
            "-" if math.isnan(standing.seconds_per_move) else f"{1000 * standing.seconds_per_move:.2f}",
        )
    return table


def cross_tables(tournament: Tournament, ratings: Ratings, most: int) -> Iterator[Table]:
    """The score in % of the agent in the row against the agent in the column, above its rounded interval.

    At most `most` columns are beside each other; what does not fit is a further table.
    """
    order = [ratings.names[i] for i in ratings.order]
    title = "Row against column: score % and 95% interval"
    for start in range(0, len(order), most):
        table = Table(title=title, box=box.SIMPLE_HEAD, collapse_padding=True)
        table.add_column("", no_wrap=True)
        table.add_column("Agent", overflow="fold", min_width=12)
        opponents = order[start : start + most]
        for number in range(start + 1, start + len(opponents) + 1):
            table.add_column(str(number), justify="right", no_wrap=True)
        for number, row in enumerate(order, 1):
            table.add_row(str(number), Text(row), *(_meeting(tournament.records, row, other) for other in opponents))
        yield table


def folded(name: str, width: int) -> str:
    """A name in lines of at most so many characters, as far as it can be broken after `:`, `,` and `/`."""
    lines = [""]
    for part in BREAKS.split(name):
        if len(lines[-1]) + len(part) > width and lines[-1]:
            lines.append("")
        lines[-1] += part
    return "\n".join(lines)


def summary(tournament: Tournament) -> str:
    """What was played, in one sentence."""
    records = tournament.records
    from_start = not any(record.opening_plies for record in records)
    start = "the start" if from_start else f"{len({r.pair for r in records})} openings of {opening_depth(records)}"
    return (
        f"{len(records)} games from {start}, with both colours from each; mean length {mean_plies(records):.1f} "
        f"moves; {count_duplicates(records)} games repeat an earlier one; seed {tournament.seed}."
    )


def opening_depth(records: Sequence[GameRecord]) -> str:
    """How deep the openings of one game or more are, such as "2 to 4 moves"."""
    depths = [record.opening_plies for record in records]
    low, high = min(depths), max(depths)
    return f"{low} moves" if low == high else f"{low} to {high} moves"


def failures_line(records: Sequence[GameRecord]) -> str:
    """How many games were not played to their end, by reason and loser, and what else was noticed; or nothing."""
    lost = Counter((record.agents[record.outcome > 0], record.reason) for record in records if record.reason != "score")
    parts = [f"{name} lost {n} by {reason}" for (name, reason), n in sorted(lost.items())]
    if remarked := sum(bool(record.events) for record in records):
        parts.append(f"{remarked} games have remarks")
    return f"{'; '.join(parts)}: see 'rl-lab games'." if parts else ""


def write_report(tournament: Tournament, ratings: Ratings, folder: Path, settings: Mapping[str, Any]) -> None:
    """Writes results.json and the page into an existing folder."""
    results = json.dumps(results_dict(tournament, ratings, settings), indent=1, allow_nan=False) + "\n"
    title = f"{tournament.game.spec}: {len(tournament.agents)} agents"
    write_page(tournament.game, tournament.records, tournament.agents, ratings, folder / PAGE, title, {**settings})
    write_atomic(folder / RESULTS, results.encode("utf-8", "replace"))


def results_dict(tournament: Tournament, ratings: Ratings, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The whole tournament as plain data; actions are given by number and by name, undefined numbers are None.

    A pairing's score is that of its first agent, and "superiority" the likelihood that it is the better one.
    """
    records = tournament.records
    return {
        "format": FORMAT,
        "settings": dict(settings),
        "game": tournament.game.spec,
        "agents": tournament.agents,
        "seed": tournament.seed,
        "duplicate_games": count_duplicates(records),
        "mean_plies": _finite(mean_plies(records)),
        "ratings": [
            {"name": name, "elo": ratings.elo[i], "low": ratings.low[i], "high": ratings.high[i]}
            for i, name in enumerate(ratings.names)
        ],
        "anchor": ratings.anchor,
        "first_move_elo": dataclasses.asdict(ratings.first_move),
        "standings": [_finite(dataclasses.asdict(standing)) for standing in standings(records, tournament.agents)],
        "pairings": [
            {
                "agents": [a, b],
                "score": _finite(dataclasses.asdict(head_to_head(records, a, b))),
                "superiority": ratings.superiority(a, b),
            }
            for a, b in combinations(tournament.agents, 2)
        ],
        "games": [game_dict(tournament.game, record) for record in records],
    }


def game_dict(game: Game, record: GameRecord) -> dict[str, Any]:
    """A game as plain data; raises LabError for an action that the game does not have."""
    check_actions(game, record.actions)
    moves = [game.action_name(action) for action in record.actions]
    return dataclasses.asdict(record) | {"plies": record.plies, "moves": moves}


def _meeting(records: Sequence[GameRecord], agent: str, opponent: str) -> str:
    if agent == opponent:
        return "-"
    score = head_to_head(records, agent, opponent)
    if math.isnan(score.mean):
        return ""
    return f"{_percent(score.mean)}\n[dim]{100 * score.low:.0f}-{100 * score.high:.0f}[/dim]"


def _percent(score: float) -> str:
    return "-" if math.isnan(score) else f"{100 * score:.1f}"


def _tally(tally: Tally) -> str:
    return f"{tally.wins}-{tally.draws}-{tally.losses}"


def _finite(value: Any) -> Any:
    """The value with NaN, which JSON does not have, replaced by None, inside dicts too."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    return None if isinstance(value, float) and math.isnan(value) else value
