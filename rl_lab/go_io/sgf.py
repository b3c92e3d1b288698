"""SGF (Smart Game Format, FF[4]), the files in which Go programs keep games; read and written through sgfmill.

where                  the top left corner of 9x9    a pass    Black / White
action of the lab      0                             81        player 0 / 1
(row, column), sgfmill (8, 0), row 0 at the bottom   None      "b" / "w"
the file itself        aa, row a at the top          tt or ""  B[] / W[]

lab                                         property
Go.size, Go.komi                            SZ, KM
Go.superko and Go.suicide                   RU, by the table RULES
Game.result_text, "draw"                    RE, "0"
the mover's expected value                  the comment C of the move
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sgfmill import sgf, sgf_moves

from envs.errors import IllegalAction, LabError
from envs.games.go.game import Go
from envs.games.match import Match

# All are area scoring. The four names are the rule sets that differ in these two ways; no rule set in use has area
# scoring with simple ko, so its names are spelled in the manner of KataGo.
RULES = {
    ("positional", False): "Chinese",
    ("positional", True): "Tromp-Taylor",
    ("situational", False): "AGA",
    ("situational", True): "NZ",
    ("simple", False): "koSIMPLEscoreAREAsui0",
    ("simple", True): "koSIMPLEscoreAREAsui1",
}
COLOURS = ("b", "w")


@dataclass(frozen=True)
class SgfGame:
    """A game of Go read from a file."""

    game: Go
    actions: list[int]
    """The moves of the main line, all legal."""
    players: tuple[str, str] = ("", "")
    """The names of Black and White, "" if the file has none."""
    result: str = ""
    """The result as the file gives it, "draw" for a draw, "" if it gives none; it is not checked."""


def write_sgf(
    game: Go,
    actions: Sequence[int],
    result: str = "",
    players: tuple[str, str] = ("", ""),
    values: Sequence[float | None] = (),
) -> bytes:
    """The game as an SGF file.

    `values` are what the mover expected before each move, in [-1, 1] from the mover's side, and become comments; None,
    a missing one or 0, by which agents say that they have no opinion, leaves no comment. Whether the moves are legal is
    not checked; raises LabError for an action that does not exist.
    """
    record = sgf.Sgf_game(size=game.size)
    root = record.get_root()
    root.set("AP", ("rl-lab", "1"))
    root.set("KM", float(game.komi if game.komi is not None else 0))
    root.set("RU", RULES[game.superko, game.suicide])
    for key, name in zip(("PB", "PW"), players, strict=True):
        if name:
            root.set(key, _encodable(name))
    if result:
        root.set("RE", "0" if result.startswith("draw") else _encodable(result.split()[0]))
    node = root
    for ply, action in enumerate(actions):
        node = node.new_child()
        node.set_move(COLOURS[ply % 2], _point(game, action))
        value = values[ply] if ply < len(values) else None
        if value:
            name = _encodable(players[ply % 2]) or ("Black", "White")[ply % 2]
            node.add_comment_text(f"{name} expects {value:+.3f}")
    _, parenthesis, remark = result.partition(" (")
    if parenthesis:
        node.add_comment_text(_encodable(remark.removesuffix(")")))
    data: bytes = record.serialise()
    return data


def read_sgf(data: bytes) -> SgfGame:
    """The main line of the first game in an SGF file; variations, comments and marks are left out.

    A missing size is 19 and a missing komi 0, as SGF has it; rules that RULES does not name are read as positional
    superko without suicide. A game longer than the usual ply cap gets a cap of its own length. Raises LabError if
    the file is not SGF of Go, has stones set up (a handicap too) or a player who moves twice in a row, or if a move
    is illegal.
    """
    try:
        record = sgf.Sgf_game.from_bytes(data)
        board, plays = sgf_moves.get_setup_and_moves(record)
        root = record.get_root()
        if root.has_property("GM") and root.get("GM") != 1:
            raise LabError("The SGF file is of another game than Go.")
        komi, rules = record.get_komi(), _text(root, "RU")
        players, result = (_text(root, "PB"), _text(root, "PW")), _text(root, "RE")
    except LabError:
        raise
    except ValueError as error:
        raise LabError(f"The file is not readable as SGF: {_sentence(error)}.") from None
    if not board.is_empty():
        raise LabError("The SGF file sets up stones before the first move; only games from the empty board are read.")
    superko, suicide = next((k for k, v in RULES.items() if v.lower() == rules.lower()), ("positional", False))
    game = Go(board.side, komi, superko, suicide)
    if len(plays) > game.max_plies:
        game = Go(board.side, komi, superko, suicide, max_plies=len(plays))
    return SgfGame(game, _actions(game, plays), players, "draw" if result.lower() in ("0", "draw") else result)


def load_sgf(path: Path) -> SgfGame:
    """Reads a file by `read_sgf`; raises LabError, with the file's name, for a file that cannot be read too."""
    try:
        return read_sgf(path.read_bytes())
    except OSError as error:
        raise LabError(f"Cannot read {path}: {error.strerror or error}.") from None
    except LabError as error:
        raise LabError(f"{path}: {error}") from None


def _actions(game: Go, plays: Sequence[tuple[str, tuple[int, int] | None]]) -> list[int]:
    """The moves as actions, each checked against the rules."""
    match = Match(game)
    for number, (colour, point) in enumerate(plays, 1):
        if colour != COLOURS[match.to_play]:
            mover = "Black" if colour == "b" else "White"
            raise LabError(f"Move {number} of the SGF file is {mover}'s out of turn.")
        pass_action = game.num_actions - 1
        try:
            match.play(pass_action if point is None else (game.size - 1 - point[0]) * game.size + point[1])
        except IllegalAction as error:
            raise LabError(f"Move {number} of the SGF file: {error}") from None
    return match.history


def _point(game: Go, action: int) -> tuple[int, int] | None:
    """sgfmill's point of an action, None for a pass."""
    if not 0 <= action < game.num_actions:
        raise LabError(f"{action} is no action of {game.spec}; actions are 0 to {game.num_actions - 1}.")
    if action == game.num_actions - 1:
        return None
    row, column = divmod(action, game.size)
    return game.size - 1 - row, column


def _text(node: Any, key: str) -> str:
    """A text property of a node, "" if it has none."""
    return str(node.get(key)).strip() if node.has_property(key) else ""


def _encodable(text: str) -> str:
    """The text with what UTF-8 cannot hold replaced: names given on a command line may contain such bytes."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _sentence(error: Exception) -> str:
    """The error's message on one line of reasonable length."""
    return " ".join(str(error).split())[:120] or type(error).__name__
