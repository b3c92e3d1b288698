"""A match of two agents, which may end as soon as a sequential test knows who is better: `rl-lab match`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

from rich.console import Console

from envs.errors import LabError
from rl_lab.arena import schedule
from rl_lab.arena.display import Display
from rl_lab.arena.folder import find_folder
from rl_lab.arena.options import MatchOptions
from rl_lab.arena.play import GameRecord
from rl_lab.arena.run import make_plan, open_session, play_out, players, report, stored_tournament
from rl_lab.arena.schedule import Pairing
from rl_lab.arena.session import Session
from rl_lab.arena.sprt import Sprt
from rl_lab.arena.statistics import Line, line
from rl_lab.arena.tournament import Tournament


class Verdict:
    """Feeds a sequential test with the pairs of games in the order of their openings.

    In the order in which pairs end, short ones would come first, and a test on the run would see too many of those. A
    pair in which a game repeats an earlier one is no evidence.
    """

    def __init__(self, test: Sprt, session: Session, pairing: Pairing) -> None:
        self.test, self._session, self._pairing = test, session, pairing
        self._seen: set[Line] = set()
        self.pairs = 0
        """How many pairs have been looked at; the test has those of them that were evidence."""

    def __call__(self, display: Display, news: Sequence[GameRecord]) -> bool:
        """Whether the test has ended, after all games so far."""
        while self.test.verdict is None and len(games := self._session.played(self._pairing, self.pairs)) == 2:
            lines = {line(game) for game in games}
            if self._seen.isdisjoint(lines):
                self.test.add(sum(game.score(game.agents.index(self._pairing[0])) for game in games) / 2)
            self._seen |= lines
            self.pairs += 1
        display.note(f"log likelihood ratio {self.test.llr:+.2f} after {self.pairs} pairs")
        return self.test.verdict is not None


def run_match(
    game_spec: str, first: str, second: str, options: MatchOptions | None = None, console: Console | None = None
) -> Tournament:
    """Plays a match, prints the report, and writes it into the folder; with a test, the verdict too.

    Raises LabError as run_tournament does, and for numbers that make no test.
    """
    options, console = options or MatchOptions(), console or Console()
    test = _test(options)
    with players(game_spec, [first, second], options) as found:
        a, b = found.names
        plan, settings = make_plan(found, schedule.round_robin([a, b]), 1, options)
        settings["format"] = "pairings"
        folder = find_folder(options.out, "match", settings, found.names)
        with ExitStack() as stack:
            session = open_session(stack, folder, plan, settings, found.entrants, console)
            verdict = Verdict(test, session, (a, b)) if test else None
            stopped = play_out(session, 1, console, verdict or (lambda display, news: False))
            tournament = stored_tournament(session)
        if verdict:
            console.print(_sentence(verdict, a, b), highlight=False, markup=False)
        report(tournament, folder, settings, b, console, stopped)
    return tournament


def _sentence(verdict: Verdict, a: str, b: str) -> str:
    test = verdict.test
    repeated = verdict.pairs - test.pairs
    without = f" ({repeated} of which repeat games and do not count)" if repeated else ""
    judged = f"after the first {verdict.pairs} pairs of games{without}, log likelihood ratio {test.llr:+.2f}"
    if test.verdict is None:
        return f"No verdict {judged}: more games may bring one."
    accepted, rejected = (test.elo0, test.elo1) if test.verdict == "H0" else (test.elo1, test.elo0)
    found = test.estimate()
    return (
        f"Verdict {judged}: {test.verdict}, {a} against {b} is {accepted:+g} Elo rather than {rejected:+g}. "
        f"From those pairs, allowing for the early end, its Elo is {found.value:+.0f}, "
        f"95% interval {found.low:+.0f} to {found.high:+.0f}."
    )


def _test(options: MatchOptions) -> Sprt | None:
    """The test asked for; raises LabError for numbers that make none."""
    plain = MatchOptions()
    if not options.sprt:
        for name in ("alpha", "beta", "elo_model"):
            if getattr(options, name) != getattr(plain, name):
                raise LabError(f"--{name.replace('_', '-')} is of a test: give --sprt ELO0,ELO1 too, or leave it out.")
        return None
    try:
        elo0, elo1 = (float(part) for part in options.sprt.split(","))
    except ValueError:
        raise LabError(
            f"A test is two numbers with a comma between, such as --sprt 0,10, not '{options.sprt}'."
        ) from None
    return Sprt(elo0, elo1, options.alpha, options.beta, options.elo_model)
