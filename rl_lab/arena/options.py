"""What a user may set about a tournament or a match; the comments are the command line's help."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import arg

DEFAULT_GAMES = 40
DEFAULT_GAMES_OF_A_TEST = 20_000
DEFAULT_PLIES = 2


@dataclass(frozen=True)
class Options:
    """What tournaments and matches have in common."""

    games: int | None = None
    """Games for each two agents, by default 40, rounded up to an even number: two from each opening. In a
    single-agent world, episodes for each agent."""
    opening_plies: int | None = None
    """Random moves at the beginning of each pair of games, by default 2; moves that are read of an --openings file, by
    default all. More where the game has too few different positions."""
    openings: Annotated[Path | None, arg(metavar="FILE")] = None
    """Openings to play instead of random ones: an SGF file, a folder of them, or a text file with an opening a line."""
    any_openings: bool = False
    """Take any random openings, not only balanced ones."""
    seed: int = 0
    """The same seed gives the same openings and the same chance to the agents."""
    out: Annotated[Path | None, arg(metavar="FOLDER")] = None
    """Folder of the games and the report; one that holds part of them is continued. By default an unfinished
    runs/tournament-N (match-N) of the same agents, or the next free one."""
    parallel_games: int = 128
    """Games played side by side, so that an agent decides many positions at once."""

    @property
    def most_games(self) -> int:
        """Games for each two agents, as given or by default."""
        return DEFAULT_GAMES if self.games is None else self.games

    @property
    def pairs(self) -> int:
        """Openings for each two agents."""
        return (self.most_games + 1) // 2

    @property
    def takes_fewer(self) -> bool:
        """Whether fewer games will do where there are not openings enough."""
        return False


@dataclass(frozen=True)
class TournamentOptions(Options):
    """What is set about a tournament."""

    format: Literal["round-robin", "swiss", "ladder"] = "round-robin"
    """Everyone against everyone; or rounds between neighbours in the standing; or rounds on a ladder, on which the
    first agent is at the top and a winner climbs."""
    challenger: Annotated[str, arg(metavar="AGENT")] = ""
    """Play this agent against all the others, who do not meet (a gauntlet)."""
    rounds: int | None = None
    """Rounds of a swiss tournament or a ladder; by default as many as it takes to find the best, or to sort them."""
    anchor: Annotated[str, arg(metavar="AGENT")] = ""
    """The agent whose rating is 0; by default the mean of all is."""


@dataclass(frozen=True)
class MatchOptions(Options):
    """What is set about a match."""

    sprt: Annotated[str, arg(metavar="ELO0,ELO1")] = ""
    """Stop as soon as it is decided (SPRT) whether the first agent is ELO0 or ELO1 better; --games is the most then,
    by default 20,000, or as many as there are openings for. A number below 0 needs an equals sign: --sprt=-5,0."""
    alpha: float = 0.05
    """How often the test may say ELO1 where ELO0 is true."""
    beta: float = 0.05
    """How often the test may say ELO0 where ELO1 is true."""
    elo_model: Literal["logistic", "normalized"] = "logistic"
    """What ELO0 and ELO1 measure: the score, or the score relative to its spread from pair to pair."""

    @property
    def most_games(self) -> int:
        """Games as given or by default; a test needs many where the agents are nearly equal."""
        return DEFAULT_GAMES_OF_A_TEST if self.takes_fewer else super().most_games

    @property
    def takes_fewer(self) -> bool:
        """Whether nobody has said how many games a test may take."""
        return self.games is None and bool(self.sprt)
