"""What an agent thinks of any position of any board game, as a table or as JSON."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from agents.agent import Decision
from agents.registry import make_agent
from envs.chance import seed_states
from envs.errors import LabError
from envs.games.game import Game, States, TerritoryGame, player_sign
from envs.games.match import Match
from envs.games.registry import make_game
from envs.spec import Spec
from rl_lab.go_io.sgf import load_sgf
from rl_lab.judgement import MoveInfo, Outlook, move_infos, outlooks

PLAYOUTS = 256
LINE = 12  # moves of a line that the table shows


@dataclass(frozen=True)
class Position:
    """A position that is not finished, and how it came about."""

    game: Game
    states: States
    """A batch of one."""
    history: list[int]

    @property
    def mover(self) -> str:
        """Who is to move."""
        return self.game.player_names[int(self.states["to_play"][0])]


@dataclass(frozen=True)
class Analysis:
    """What an agent thinks of a position; values are from the side to move."""

    position: Position
    agent: str
    decision: Decision
    moves: list[MoveInfo]
    """The best first."""
    outlook: Outlook | None
    """None where a game has no territory."""


def reach(game: str, moves: str = "", sgf: Path | None = None, move: int | None = None) -> Position:
    """The position after `move` moves of a file (None: all of them), if there is one, and then after `moves`.

    Raises LabError, with the number of the move, for what is no move or against the rules, and if the game is over.
    """
    match = _from_file(game, sgf, move) if sgf else Match(make_game(game))
    if move is not None and not sgf:
        raise LabError("--move counts the moves of a file: give one by --sgf, or name the moves by --moves.")
    for number, word in enumerate(moves.replace(",", " ").split(), len(match.history) + 1):
        try:
            match.play_text(word)
        except LabError as error:
            raise LabError(f"Move {number}, {word}: {error}") from None
    states = match.states
    if states["terminated"][0]:
        raise LabError(f"There is nothing to decide: the game is over, {match.game.result_text(states[0])}.")
    return Position(match.game, states, match.history)


def analyze(position: Position, agent_spec: str, seed: int = 0) -> Analysis:
    """What the agent of that spec thinks; raises LabError if it is none for the game, or gives no answer."""
    game, states = position.game, position.states
    if seed < 0:
        raise LabError(f"The seed must be 0 or more, not {seed}.")
    with closing(make_agent(agent_spec, game)) as agent:
        decision = agent.act(states.copy(), seed_states([seed]))
        forfeit = decision.forfeits[0] if decision.forfeits else None
        if forfeit and forfeit.reason != "resign":
            raise LabError(f"{agent.name} has no move ({forfeit.reason}): {forfeit.detail}")
        outlook = None
        if isinstance(game, TerritoryGame):
            outlook = outlooks(agent, game, states, seed_states([seed]), PLAYOUTS)[0]
        return Analysis(position, agent.name, decision, move_infos(decision), outlook)


def as_json(analysis: Analysis) -> str:
    """All of it, as one JSON object."""
    position, decision, outlook = analysis.position, analysis.decision, analysis.outlook
    name = position.game.action_name
    found = {
        "game": position.game.spec,
        "agent": analysis.agent,
        "history": [name(action) for action in position.history],
        "to_play": position.mover,
        "choice": None if _resigns(decision) else name(int(decision.action[0])),
        "value": float(decision.value[0]) + 0.0,  # 0, not -0
        "moves": [
            {
                "move": name(move.action),
                "visits": move.visits,
                "prior": move.prior,
                "value": move.value + 0.0,
                "line": [name(action) for action in move.line],
            }
            for move in analysis.moves
        ],
    }
    if outlook is not None:  # as the values, from the side to move
        sign = int(player_sign(position.states["to_play"])[0])
        found["score"] = sign * outlook.lead
        found["ownership"] = np.round(sign * outlook.ownership.astype(float), 4).tolist()
    return json.dumps(found, indent=1, ensure_ascii=False)


def print_analysis(analysis: Analysis, limit: int = 12) -> None:
    """The position, the best `limit` moves (0: all) and how the game will end, as text."""
    if limit < 0:
        raise LabError(f"--limit must be 0 or more, not {limit}.")
    position, decision = analysis.position, analysis.decision
    console, name = Console(highlight=False), position.game.action_name
    console.print(position.game.text(position.states[0]), markup=False)
    table = Table(box=box.SIMPLE_HEAD, collapse_padding=True)
    for title in ("move", "visits", "prior", "value"):
        table.add_column(title, justify="left" if title == "move" else "right")
    table.add_column("line")
    for move in analysis.moves[: limit or None]:
        line = " ".join(map(name, move.line[:LINE])) + (" ..." if len(move.line) > LINE else "")
        table.add_row(name(move.action), f"{move.visits:,}", f"{move.prior:.1%}", f"{move.value:+.3f}", line)
    console.print(table)
    value = float(decision.value[0])
    choice = "resigns" if _resigns(decision) else f"plays {name(int(decision.action[0]))}"
    said = f"{analysis.agent}: {position.mover} {choice} and expects {value:+.3f} (wins {(1 + value) / 2:.1%})."
    console.print(said, markup=False, soft_wrap=True)
    if analysis.outlook is not None:
        console.print(_outlook_text(position.game, analysis.outlook), markup=False)


def _outlook_text(game: Game, outlook: Outlook) -> str:
    """Whose each point will be, in tenths, and the score."""
    first, second = game.player_names
    whose = "by the net" if outlook.spread is None else "by random games"
    rows = [" ".join(_tenths(float(value)) for value in row) for row in outlook.ownership]
    ahead = f"{first if outlook.lead > 0 else second} by {abs(outlook.lead):.1f}"
    spread = f" (standard deviation {outlook.spread:.1f})" if outlook.spread is not None else ""
    return "\n".join([f"Ownership {whose}, in tenths: + {first}, - {second}", *rows, f"Score: {ahead}{spread}"])


def _tenths(value: float) -> str:
    tenths = min(9, round(10 * abs(value)))
    return f"{'+' if value > 0 else '-'}{tenths}" if tenths else " ."


def _resigns(decision: Decision) -> bool:
    return bool(decision.forfeits and decision.forfeits[0])


def _from_file(game: str, sgf: Path, move: int | None) -> Match:
    """The game in the file after `move` moves."""
    asked = Spec.parse(game)
    read = load_sgf(sgf, allow_setup=True)
    if asked.name != "go" or not set(asked.options) <= {("size", str(read.game.size))}:
        raise LabError(f"{sgf} holds a game of {read.game.spec}, which says all: write go, not '{game}'.")
    moves = len(read.actions) if move is None else move
    if not 0 <= moves <= len(read.actions):
        raise LabError(f"--move must be 0 to {len(read.actions)}, the moves in {sgf}, not {moves}.")
    match = Match(read.game, read.start())
    for action in read.actions[:moves]:
        match.play(action)
    return match
