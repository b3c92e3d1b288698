"""SGF (Smart Game Format, FF[4]), the files in which Go programs keep games; read and written through sgfmill.

where                  the top left corner of 9x9    a pass    Black / White
action of the lab      0                             81        player 0 / 1
(row, column), sgfmill (8, 0), row 0 at the bottom   None      "b" / "w"
the file itself        aa, row a at the top          tt or ""  B[] / W[]

lab                                         property
Go.size, Go.komi                            SZ, KM
Go.superko and Go.suicide                   RU, by the table RULES
Game.result_text, "draw"                    RE, "0"
names and ratings of the players; the date  PB, PW and BR, WR; DT
stones before the first move, who is next   AB, AW and PL; HA counts Black's if White moves first
the mover's expected value and best moves   the comment C of the move
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sgfmill import sgf, sgf_moves

from envs.errors import IllegalAction, LabError
from envs.games.game import States
from envs.games.go.game import Go
from envs.games.go.layout import BLACK, WHITE, max_plies_limit
from envs.games.match import Match
from rl_lab.go_io.sgf_nodes import COLOURS, Branch, action_of, add_branches, add_move, encodable, point_of, side_lines

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
MAX_BYTES = 1 << 21  # some seconds of reading

TopMoves = Sequence[tuple[int, float]]
"""Actions and their shares of what the mover thought about, the best first."""


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
    ratings: tuple[str, str] = ("", "")
    """The ratings of Black and White as the file gives them."""
    stones: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())
    """Where Black's and White's stones are before the first move; empty unless the reader allowed them."""
    to_play: int = 0
    """Who moves first, 0 unless the reader allowed stones."""
    has_komi: bool = True
    """Whether the file names the komi."""
    variations: dict[int, list[Branch]] = field(default_factory=dict)
    """By the number of moves before it, what else might have been played; empty unless the reader kept them."""

    def start(self) -> States:
        """The position before the first move, a batch of one."""
        if self.stones == ((), ()) and not self.to_play:
            return self.game.init(1)
        board = np.zeros(self.game.size**2, np.uint8)
        for colour, points in zip((BLACK, WHITE), self.stones, strict=True):
            board[list(points)] = colour
        return self.game.set_up(board.reshape(self.game.board_shape), self.to_play)


def write_sgf(
    game: Go,
    actions: Sequence[int],
    result: str = "",
    players: tuple[str, str] = ("", ""),
    values: Sequence[float | None] = (),
    top_moves: Sequence[TopMoves] = (),
    ratings: tuple[str, str] = ("", ""),
    stones: tuple[Sequence[int], Sequence[int]] = ((), ()),
    to_play: int = 0,
    variations: Mapping[int, Sequence[Branch]] | None = None,
    date: str = "",
    comment: str = "",
) -> bytes:
    """The game as an SGF file.

    `values` are what the mover expected before each move, in [-1, 1] from the mover's side, and become comments; None,
    a missing one or 0, by which agents say that they have no opinion, leaves no comment. `top_moves` are what it
    thought of, `variations` other lines by the number of moves before them, and `stones` and `to_play` the position
    before the first move. `date` is YYYY-MM-DD, and `comment` is on the whole game. Whether the moves are legal is not
    checked; raises LabError for an action that there is not.
    """
    record = sgf.Sgf_game(size=game.size)
    root = record.get_root()
    root.set("AP", ("rl-lab", "1"))
    root.set("KM", float(game.komi if game.komi is not None else 0))
    root.set("RU", RULES[game.superko, game.suicide])
    about_players = zip(("PB", "PW", "BR", "WR"), (*players, *ratings), strict=True)
    for key, text in (*about_players, ("DT", date), ("C", comment)):
        if text:
            root.set(key, encodable(text))
    if result:
        root.set("RE", "0" if result.startswith("draw") else encodable(result.split()[0]))
    _write_start(game, root, stones, to_play)
    node = root
    others = variations or {}
    for ply, action in enumerate(actions):
        parent, player = node, (ply + to_play) % 2
        value, tops = values[ply] if ply < len(values) else None, top_moves[ply] if ply < len(top_moves) else ()
        name = encodable(players[player]) or ("Black", "White")[player]
        node = add_move(game, parent, player, action, _comment(game, name, value, tops))
        add_branches(game, parent, player, others.get(ply, ()))
    add_branches(game, node, (len(actions) + to_play) % 2, others.get(len(actions), ()))
    _, parenthesis, remark = result.partition(" (")
    if parenthesis:
        node.add_comment_text(encodable(remark.removesuffix(")")))
    data: bytes = record.serialise()
    return data


def read_sgf(data: bytes, allow_setup: bool = False, keep_variations: bool = False) -> SgfGame:
    """The first game in an SGF file: its main line, and the other lines if they are kept; marks are left out.

    A missing size is 19 and a missing komi 0, as SGF has it; rules that RULES does not name are read as positional
    superko without suicide. A game longer than the usual ply cap gets a cap of its own length, if the board has one so
    long. `allow_setup` admits stones before the first move (a handicap) and games that White begins. Of the other
    lines, what the rules do not allow is left out. Raises LabError if the file is larger than two megabytes or not SGF
    of Go, sets up stones where it must not, has a player who moves twice in a row, or if a move is illegal or one too
    many.
    """
    if len(data) > MAX_BYTES:
        raise LabError(f"The SGF file has {len(data)} bytes; at most {MAX_BYTES} are read.")
    try:
        record = sgf.Sgf_game.from_bytes(data)
        board, plays = sgf_moves.get_setup_and_moves(record)
        root = record.get_root()
        if root.has_property("GM") and root.get("GM") != 1:
            raise LabError("The SGF file is of another game than Go.")
        komi, rules, result = _komi(record), _text(root, "RU"), _text(root, "RE")
        names, ratings = ((_text(root, a), _text(root, b)) for a, b in (("PB", "PW"), ("BR", "WR")))
        next_player = _text(root, "PL")
    except LabError:
        raise
    except (ValueError, LookupError, RecursionError) as error:  # LookupError: CA[rot13], a codec but not of text
        raise LabError(f"The file is not readable as SGF: {_sentence(error)}.") from None
    if not (board.is_empty() or allow_setup):
        raise LabError("The SGF file sets up stones before the first move; only games from the empty board are read.")
    superko, suicide = next((k for k, v in RULES.items() if v.lower() == rules.lower()), ("positional", False))
    game = Go(board.side, komi, superko, suicide)
    if len(plays) > game.max_plies:
        most = max_plies_limit(game.capacity)
        if len(plays) > most:
            raise LabError(f"The game has {len(plays)} moves; on {game.size}x{game.size} the lab keeps {most} at most.")
        game = Go(board.side, komi, superko, suicide, max_plies=len(plays))
    points = board.list_occupied_points()
    black, white = (tuple(sorted(action_of(game, p) for c, p in points if c == colour)) for colour in COLOURS)
    first = plays[0][0] if plays else next_player if next_player in COLOURS else "w" if black and not white else "b"
    read = SgfGame(
        game, [], names, "draw" if result.lower() in ("0", "draw") else result, ratings,
        (black, white), COLOURS.index(first) if allow_setup else 0, root.has_property("KM"),
    )  # fmt: skip
    read.actions.extend(_actions(game, read.start(), plays))
    if keep_variations:
        read.variations.update(side_lines(game, record, read.start()))
    return read


def load_sgf(path: Path, allow_setup: bool = False, keep_variations: bool = False) -> SgfGame:
    """Reads a file by `read_sgf`; raises LabError, with the file's name, for a file that cannot be read too."""
    try:
        if path.exists() and not path.is_file():  # of a pipe one might wait for the end for ever
            raise LabError("this is no file.")
        with path.open("rb") as file:
            return read_sgf(file.read(MAX_BYTES + 1), allow_setup, keep_variations)
    except (OSError, ValueError) as error:  # ValueError: a null byte in the name
        raise LabError(f"Cannot read {path}: {getattr(error, 'strerror', None) or error}.") from None
    except LabError as error:
        raise LabError(f"{path}: {error}") from None


def best_moves(policy: NDArray[np.floating[Any]], count: int = 3) -> TopMoves:
    """The likeliest actions of a policy [A] with their shares; none if it leaves no choice."""
    order = np.argsort(-policy, kind="stable")[:count]
    shares = [(int(action), float(policy[action])) for action in order if policy[action] > 0]
    return shares if len(shares) > 1 else []


def _komi(record: Any) -> float:
    """The komi in points; Fox writes hundredths, and under Chinese rules of stones, which are two points each."""
    komi, root = float(record.get_komi()), record.get_root()
    if abs(komi) < 100 or "fox" not in _text(root, "AP").lower():
        return komi
    return komi / (50 if _text(root, "RU").lower() == "chinese" else 100)


def _actions(game: Go, start: States, plays: Sequence[tuple[str, tuple[int, int] | None]]) -> list[int]:
    """The moves as actions, each checked against the rules."""
    match = Match(game, start)
    for number, (colour, point) in enumerate(plays, 1):
        if colour != COLOURS[match.to_play]:
            mover = "Black" if colour == "b" else "White"
            raise LabError(f"Move {number} of the SGF file is {mover}'s out of turn.")
        try:
            match.play(action_of(game, point))
        except IllegalAction as error:
            raise LabError(f"Move {number} of the SGF file: {error}") from None
    return match.history


def _write_start(game: Go, root: Any, stones: tuple[Sequence[int], Sequence[int]], to_play: int) -> None:
    black, white = ([point_of(game, action) for action in points] for points in stones)
    if None in black or None in white:
        raise LabError("A pass is no place for a stone.")
    if black or white:
        root.set_setup_stones(black, white)
        if to_play and len(black) > 1 and not white:
            root.set("HA", len(black))
    if to_play or black or white:
        root.set("PL", COLOURS[to_play])


def _comment(game: Go, name: str, value: float | None, top_moves: TopMoves) -> str:
    """What the mover thought, "" if nothing is known of it."""
    lines = [f"{name} expects {value:+.3f}"] if value else []
    if top_moves:
        lines.append("It thought of " + ", ".join(f"{game.action_name(a)} {share:.0%}" for a, share in top_moves))
    return "\n".join(lines)


def _text(node: Any, key: str) -> str:
    """A text property of a node, "" if it has none."""
    return str(node.get(key)).strip() if node.has_property(key) else ""


def _sentence(error: Exception) -> str:
    """The error's message on one line of reasonable length."""
    return " ".join(str(error).split())[:120] or type(error).__name__
