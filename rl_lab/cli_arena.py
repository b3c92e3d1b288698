"""The commands of the arena: `rl-lab tournament`, `match` and `games` (see cli.py for how a command is written)."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import OmitArgPrefixes, Positional, arg

from rl_lab.arena.options import MatchOptions, TournamentOptions


@dataclass
class Tournament:
    """Plays agents against each other, with both colours from the same openings, and rates them.

    In a single-agent world, compares their returns on the same held-out episodes. Every game is kept in a database;
    whatever stops it, the same command goes on.
    """

    game: Annotated[Positional[str], arg(metavar="GAME")]
    """The game, e.g. go:size=5; or a world, e.g. snake."""
    agents: Annotated[Positional[tuple[str, ...]], arg(metavar="AGENT AGENT ...")]
    """Two or more agents, e.g. random greedy rollout:simulations=200."""
    options: OmitArgPrefixes[TournamentOptions] = field(default_factory=TournamentOptions)
    threads: Annotated[int | None, arg(metavar="INT")] = None
    """Threads for game rules, searches and nets; by default all cores."""

    def start(self) -> None:
        """Plays."""
        from envs.games.registry import GAMES
        from envs.solo.registry import WORLDS
        from envs.spec import Spec, unknown_name
        from rl_lab.arena.run import run_tournament
        from rl_lab.arena.solo import run_comparison
        from rl_lab.threads import use_threads

        use_threads(self.threads)
        name = Spec.parse(self.game).name
        if name in WORLDS:
            run_comparison(self.game, self.agents, self.options)
        elif name in GAMES:
            run_tournament(self.game, self.agents, self.options)
        else:
            evaluated = "environments of Gymnasium, whose agents `rl-lab evaluate` compares"
            raise unknown_name("game or world", self.game, [*GAMES, *WORLDS], evaluated)


@dataclass
class Match:
    """Plays two agents against each other; with --sprt only until it is decided who is better."""

    first: Annotated[Positional[str], arg(metavar="AGENT")]
    """The agent in question, e.g. rollout:simulations=400."""
    second: Annotated[Positional[str], arg(metavar="AGENT")]
    """The agent it is compared with, whose rating is 0."""
    game: Annotated[str, arg(metavar="GAME")]
    """The game, e.g. go:size=5."""
    options: OmitArgPrefixes[MatchOptions] = field(default_factory=MatchOptions)
    threads: Annotated[int | None, arg(metavar="INT")] = None
    """Threads for game rules, searches and nets; by default all cores."""

    def start(self) -> None:
        """Plays."""
        from rl_lab.arena.match import run_match
        from rl_lab.threads import use_threads

        use_threads(self.threads)
        run_match(self.game, self.first, self.second, self.options)


@dataclass
class Games:
    """Lists the games of a tournament or a match, shows one, or exports them."""

    folder: Annotated[Positional[Path], arg(metavar="FOLDER")]
    """The folder of the tournament, or its games.sqlite."""
    number: Annotated[Positional[int | None], arg(metavar="NUMBER")] = None
    """The game to show."""
    agent: str | None = None
    """Only games of agents whose name contains this."""
    opponent: str | None = None
    """Only games in which the other agent's name contains this."""
    reason: Literal["score", "resign", "illegal", "time", "crash"] | None = None
    """Only games that ended in this way."""
    opening: int | None = None
    """Only games from the opening of this number."""
    ply: int | None = None
    """Show the position after so many moves instead of the last one."""
    limit: int = 40
    """List the last so many games; 0 lists all."""
    export: Literal["sgf", "json"] | None = None
    """Write the games instead of listing them: SGF files into a folder, or one JSON file."""
    to: Annotated[Path | None, arg(metavar="PATH")] = None
    """Where they are written: by default FOLDER/games, or FOLDER/games.json."""

    def start(self) -> None:
        """Shows."""
        from rich.console import Console

        from rl_lab.arena.browse import browse, export
        from rl_lab.arena.store import Filter

        wanted = Filter(self.number, self.agent, self.opponent, self.reason, self.opening)
        if self.export is None:
            browse(self.folder, wanted, self.ply, self.limit, Console())
            return
        beside = self.folder if self.folder.is_dir() else self.folder.parent
        to = self.to or beside / {"sgf": "games", "json": "games.json"}[self.export]
        print(export(self.folder, wanted, self.export, to))
