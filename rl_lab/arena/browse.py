"""Looking at the games of a tournament: `rl-lab games` lists them, shows one, and exports them as SGF or JSON."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from envs.errors import LabError
from envs.games.game import Game
from envs.games.go.game import Go
from envs.games.registry import GAMES, make_game
from envs.spec import Spec
from rl_lab.arena.openings import open_game
from rl_lab.arena.play import GameRecord
from rl_lab.arena.report import game_dict
from rl_lab.arena.store import Filter, Store
from rl_lab.go_io.sgf import write_sgf

MOVES_PER_LINE = 10
DATE = len("YYYY-MM-DD")  # of a time as the database writes it


def browse(path: Path, wanted: Filter, ply: int | None, limit: int, console: Console) -> None:
    """Lists the last `limit` games wanted; if one is asked for by its number, shows it (after `ply` moves).

    Raises LabError if the file holds no tournament at a board, or not that game, and for a `limit` below 0.
    """
    if limit < 0:
        raise LabError(f"The number of games to list must be 0 (all) or more, not {limit}.")
    if ply is not None and wanted.number is None:
        raise LabError("--ply is for one game: give its number too.")
    with Store(path, readonly=True) as store:
        game = stored_game(store)
        records = store.games(wanted)
        if wanted.number is not None:
            if not records:
                have = sorted(store.times())
                known = f"it has {len(have)}, the last is {have[-1]}" if have else "none has ended yet"
                raise LabError(f"There is no game {wanted.number} in {store.path}; {known}.")
            console.print(describe(game, records[0], store.times()[wanted.number], ply), highlight=False, markup=False)
            return
        names = [entrant.name for entrant in store.agents()]
    for part in filter(None, (wanted.agent, wanted.opponent)):
        if not any(part in name for name in names):
            raise LabError(f"No agent in {store.path} has '{part}' in its name; there are: {', '.join(names)}.")
    console.print(games_table(game, records[-limit:] if limit else records))
    shown = f", the last {limit} of which are above" if 0 < limit < len(records) else ""
    console.print(f"{len(records)} games{shown}.", highlight=False)


def export(path: Path, wanted: Filter, form: str, out: Path) -> str:
    """Writes the games wanted as `form`, "sgf" (into a folder) or "json" (into a file); returns a sentence about it.

    Raises LabError for SGF of another game than Go, and if `out` cannot be written.
    """
    with Store(path, readonly=True) as store:
        game = stored_game(store)
        records, times, entrants = store.games(wanted), store.times(), store.agents()
    try:
        if form == "sgf":
            if not isinstance(game, Go):
                raise LabError(f"SGF is for games of Go; export {game.name} as json.")
            out.mkdir(parents=True, exist_ok=True)
            for record in records:
                (out / f"{record.number:05d}.sgf").write_bytes(record_sgf(game, record, times[record.number]))
        else:
            out.parent.mkdir(parents=True, exist_ok=True)
            games = [_with_times(game_dict(game, record), times[record.number]) for record in records]
            agents = [dataclasses.asdict(entrant) for entrant in entrants]
            text = json.dumps({"game": game.spec, "agents": agents, "games": games}, indent=1)
            out.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise LabError(f"Cannot write {error.filename or out}: {error.strerror or error}.") from None
    return f"{len(records)} games are in {out}."


def stored_game(store: Store) -> Game:
    """The game of a tournament; raises LabError if the file is empty, or of a world."""
    spec = store.settings.get("game")
    if spec is None:
        raise LabError(f"{store.path} holds no tournament yet.")
    if Spec.parse(spec).name not in GAMES:
        raise LabError(f"{store.path} holds episodes of {spec}, which are no games; see the report in its folder.")
    return make_game(spec)


def record_sgf(game: Go, record: GameRecord, times: tuple[str, str]) -> bytes:
    """The game of Go as SGF: with its date, what the agents expected, and why it ended where a player gave it up."""
    reason = "" if record.reason == "score" else f"{record.reason}: {record.detail}"
    return write_sgf(
        game, record.actions, record.result, record.agents, record.values, date=times[0][:DATE], comment=reason
    )


def _with_times(found: dict[str, Any], times: tuple[str, str]) -> dict[str, Any]:
    return found | {"started": times[0], "finished": times[1]}


def games_table(game: Game, records: Sequence[GameRecord]) -> Table:
    """One line a game."""
    first, second = game.player_names
    table = Table(box=box.SIMPLE_HEAD, collapse_padding=True)
    table.add_column("No.", justify="right")
    table.add_column(first, overflow="fold")
    table.add_column(second, overflow="fold")
    for heading in ("result", "reason"):
        table.add_column(heading, no_wrap=True)
    for heading in ("moves", "opening"):
        table.add_column(heading, justify="right", no_wrap=True)
    for r in records:
        a, b = (Text(name) for name in r.agents)
        table.add_row(str(r.number), a, b, r.result, r.reason, str(r.plies), str(r.pair))
    return table


def describe(game: Game, record: GameRecord, times: tuple[str, str], ply: int | None = None) -> str:
    """Everything about a game, its moves, and the position after `ply` of them (by default at the end).

    Raises LabError for a ply that the game does not have.
    """
    if ply is not None and not 0 <= ply <= record.plies:
        raise LabError(f"Game {record.number} has moves 0 to {record.plies}, not {ply}.")
    first, second = game.player_names
    names = [game.action_name(action) for action in record.actions]
    after = record.plies if ply is None else ply
    state: np.void = open_game(game, [tuple(record.actions[:after])])[0]
    moves = "\n".join(
        f"{start + 1:5}  {' '.join(names[start : start + MOVES_PER_LINE])}"
        for start in range(0, len(names), MOVES_PER_LINE)
    )
    lines = [
        f"Game {record.number} of {game.spec}",
        f"{first}: {record.agents[0]}  ({record.decisions[0]} moves, {record.seconds[0]:.3f} s)",
        f"{second}: {record.agents[1]}  ({record.decisions[1]} moves, {record.seconds[1]:.3f} s)",
        f"Result: {record.result} ({record.reason}){': ' if record.detail else ''}{record.detail}",
        *record.events,
        f"Opening {record.pair}, {record.opening_plies} moves; seed {record.seed}; {times[0]} to {times[1]}",
        moves,
        f"After {after} moves:",
        game.text(state),
    ]
    return "\n".join(lines)
