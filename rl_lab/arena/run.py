"""A tournament between two players at a board, from spec strings to a report: `rl-lab tournament`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from agents.agent import Agent
from agents.registry import make_agent
from envs.errors import LabError
from envs.games.game import Game
from envs.games.registry import make_game
from rl_lab.arena import schedule
from rl_lab.arena.claims import Claims
from rl_lab.arena.display import Display
from rl_lab.arena.folder import find_folder
from rl_lab.arena.identity import Entrant, identify
from rl_lab.arena.opening_files import OpeningFile
from rl_lab.arena.openings import Drawn, draw_openings, least_depth, richest_depth, rollout_judge
from rl_lab.arena.options import DEFAULT_PLIES, Options, TournamentOptions
from rl_lab.arena.play import GameRecord
from rl_lab.arena.report import opening_depth, print_report, write_report
from rl_lab.arena.schedule import Schedule
from rl_lab.arena.session import DrawOpenings, Plan, Session
from rl_lab.arena.store import FILE, Store
from rl_lab.arena.tournament import Tournament, check_agents, check_numbers, warm_up


@dataclass(frozen=True)
class Players:
    """Who plays what."""

    game: Game
    agents: list[Agent]
    entrants: list[Entrant]

    @property
    def names(self) -> list[str]:
        """Of the agents, as tables show them."""
        return [agent.name for agent in self.agents]

    def name_of(self, spec: str, what: str) -> str:
        """The name of the agent that a spec means; raises LabError, saying `what` it is for, if it is not there."""
        agent = make_agent(spec, self.game)
        agent.close()
        name = agent.name
        if name not in self.names:
            raise LabError(f"The {what} {name} is not one of the agents: {', '.join(self.names)}.")
        return name


def run_tournament(
    game_spec: str,
    agent_specs: Sequence[str],
    options: TournamentOptions | None = None,
    console: Console | None = None,
) -> Tournament:
    """Plays what is missing of a tournament, prints the report, and writes it into the folder.

    Raises LabError for a spec or a number that is wrong, for a folder that cannot be written or holds another
    tournament; all of that before the first game. Ctrl-C prints the standing so far; the games stay.
    """
    options, console = options or TournamentOptions(), console or Console()
    with players(game_spec, agent_specs, options) as found:
        anchor = found.name_of(options.anchor, "anchor") if options.anchor else None
        rounds = _rounds(options, len(found.names))
        plan_of = _schedule(found, options, rounds)
        plan, settings = make_plan(found, plan_of, rounds, options)
        settings["format"] = _format(found.names, options)
        folder = find_folder(options.out, "tournament", settings, found.names)
        with ExitStack() as stack:
            session = open_session(stack, folder, plan, settings, found.entrants, console)
            stopped = play_out(session, rounds, console)
            tournament = stored_tournament(session)
        report(tournament, folder, settings, anchor, console, stopped)
    return tournament


@contextmanager
def players(game_spec: str, agent_specs: Sequence[str], options: Options) -> Iterator[Players]:
    """The game and its players, who are closed at the end; raises LabError for what is wrong with them."""
    if options.parallel_games < 1:
        raise LabError(f"One game or more must run at once, not {options.parallel_games}.")
    check_numbers(options.most_games, options.seed)
    game = make_game(game_spec)
    with ExitStack() as stack:
        agents = []
        for spec in agent_specs:
            agents.append(make_agent(spec, game))
            stack.callback(agents[-1].close)
        check_agents([agent.name for agent in agents])
        yield Players(game, agents, [identify(a, spec) for a, spec in zip(agents, agent_specs, strict=True)])


def make_plan(found: Players, plan_of: Schedule, rounds: int, options: Options) -> tuple[Plan, dict[str, Any]]:
    """What is to be played in so many rounds, and the settings that must not change from call to call."""
    draw, text, n = openings(found.game, rounds * options.pairs, options)
    settings = {"game": found.game.spec, "seed": options.seed, "openings": text}
    return Plan(found.game, found.agents, plan_of, n // rounds, draw, options.seed, options.parallel_games), settings


def openings(game: Game, n: int, options: Options) -> tuple[DrawOpenings, str, int]:
    """Where at most n openings come from, what was asked for in words, and n.

    If there are fewer, n is what there are where those will do; else that raises LabError.
    """
    if options.openings is not None:
        file = OpeningFile(game, options.openings, options.opening_plies)
        if options.takes_fewer:
            n = min(n, len(file.openings))
        file.draw(n, [])
        return file.draw, file.text, n
    plies = DEFAULT_PLIES if options.opening_plies is None else options.opening_plies
    if options.takes_fewer:
        n = richest_depth(game, n, plies, options.seed)[1] or n
    depth = least_depth(game, n, plies, options.seed)
    judge = None if options.any_openings else rollout_judge(game)

    def draw(number: int, known: Sequence[Drawn]) -> list[Drawn]:
        return draw_openings(game, number, depth, options.seed, judge, known)

    # Not of `depth` moves: that may grow with the number of games, and this must stay as it is when some are added.
    return draw, f"{'any' if judge is None else 'balanced'} random positions of {plies} moves", n


def open_session(
    stack: ExitStack,
    folder: Path,
    plan: Plan,
    settings: Mapping[str, Any],
    entrants: Sequence[Entrant],
    console: Console,
) -> Session:
    """Takes part in the tournament of that folder until the stack is closed; raises LabError if it is another one."""
    store = stack.enter_context(Store(folder / FILE))
    store.settle(settings)
    store.enrol(entrants)
    claims = stack.enter_context(Claims(store.connection, store.path))
    # Names and paths are not markup: "[/x]" in one of them would be an error.
    names = ", ".join(entrant.name for entrant in entrants)
    console.print(f"Getting ready: {names}. The first time, this compiles.", markup=False)
    warm_up(plan.game, plan.agents)
    return Session(plan, store, claims)


def play_out(
    session: Session,
    rounds: int,
    console: Console,
    is_decided: Callable[[Display, Sequence[GameRecord]], bool] = lambda display, news: False,
) -> bool:
    """Plays until all is done or decided, with a progress bar; returns whether Ctrl-C has stopped it.

    `is_decided` is told of each game once, and may leave a note on the display.
    """
    try:
        with Display(console) as display, closing(session.play()) as games:
            for news in games:
                display.add(news)
                if is_decided(display, news):
                    break
                about = f"round {session.round} of {rounds}" if rounds > 1 else ""
                display.progress(session.done, session.total, about)
    except KeyboardInterrupt:
        return True
    return False


def stored_tournament(session: Session) -> Tournament:
    """All games of the file, whoever has played them."""
    agents = [entrant.name for entrant in session.store.agents()]
    return Tournament(session.plan.game, agents, session.plan.seed, session.store.games())


def report(
    tournament: Tournament,
    folder: Path,
    settings: Mapping[str, Any],
    anchor: str | None,
    console: Console,
    stopped: bool = False,
) -> None:
    """Prints the report and writes it into the folder; after Ctrl-C only prints it, and raises KeyboardInterrupt."""
    ratings = print_report(tournament, console, anchor) if tournament.records else None
    if stopped or ratings is None:
        console.print(
            f"Stopped after {len(tournament.records)} games, which are in {folder}; the same command goes on.",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )
        raise KeyboardInterrupt
    played = f"{settings['openings']}; those played have {opening_depth(tournament.records)}"
    write_report(tournament, ratings, folder, {**settings, "openings": played})
    console.print(f"Results and games are in {folder}.", highlight=False, markup=False, soft_wrap=True)


def _rounds(options: TournamentOptions, agents: int) -> int:
    """How many rounds the format has; raises LabError for options that do not go together."""
    if options.format == "round-robin":
        if options.rounds is not None:
            raise LabError("A round robin has one round: leave --rounds out, or give --format swiss or ladder.")
        return 1
    if options.challenger:
        raise LabError(f"A {options.format} has no challenger: leave --challenger or --format out.")
    if options.rounds is not None and options.rounds < 1:
        raise LabError(f"There must be one round or more, not {options.rounds}.")
    default = math.ceil(math.log2(agents)) if options.format == "swiss" else agents
    return options.rounds or default


def _schedule(found: Players, options: TournamentOptions, rounds: int) -> Schedule:
    if options.format == "swiss":
        return schedule.swiss(found.names, rounds)
    if options.format == "ladder":
        return schedule.ladder(found.names, rounds)
    if options.challenger:
        return schedule.gauntlet(found.names, [found.name_of(options.challenger, "challenger")])
    return schedule.round_robin(found.names)


def _format(names: Sequence[str], options: TournamentOptions) -> str:
    """What may not change about who meets whom: where results decide that, everything it depends on."""
    if options.format == "round-robin":
        return "pairings"
    return f"{options.format} with {2 * options.pairs} games a match: {', '.join(names)}"
