"""Openings from a file: whatever has been agreed on as fair, instead of random positions.

*.sgf        games of Go; the moves of the main line are the opening, after the stones that the file sets up, if any.
             A file may hold several games
a folder     all its .sgf files, by name
other files  text, an opening a line: its moves in the game's notation with blanks between, e.g. "C3 D2"; empty
             lines and what follows a # do not count
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import zip_longest
from pathlib import Path

from sgfmill import sgf_grammar

from envs.errors import LabError
from envs.games.game import Game
from envs.games.go.game import Go
from envs.games.match import Match
from rl_lab.arena.openings import Drawn, Opening
from rl_lab.go_io.sgf import SgfGame, read_sgf

Found = tuple[str, list[int], list[int]]
"""Where an opening stands, for messages, the moves that set it up, and its actions as the file gives them."""


class OpeningFile:
    """The openings of a file, in its order; later ones that lead to the same position are left out."""

    def __init__(self, game: Game, path: Path, plies: int | None = None) -> None:
        """Reads the file; of each opening the first `plies` moves count, without `plies` all of them.

        Raises LabError for a file that cannot be read, a move that is illegal, an opening that ends the game or is
        shorter than `plies`, and for a file without openings.
        """
        self._path, digest = path, hashlib.sha256()
        openings: dict[tuple[str, int], Opening] = {}
        try:
            for file in sorted(path.glob("*.sgf")) if path.is_dir() else [path]:
                if file.exists() and not file.is_file():  # of a pipe one might wait for the end for ever
                    raise LabError(f"{file} is no file.")
                data = file.read_bytes()
                digest.update(data)
                for where, placing, actions in _read(game, file, data):
                    if plies is not None and len(actions) < plies:
                        raise LabError(f"{where} has {len(actions)} moves, fewer than the {plies} of an opening.")
                    match = _played(game, where, placing + actions[:plies])
                    openings.setdefault((game.text(match.state), match.to_play), tuple(match.history))
        except OSError as error:
            raise LabError(f"Cannot read {error.filename or path}: {error.strerror or error}.") from None
        if not openings:
            raise LabError(f"There is no opening in {path}.")
        self.openings = [Drawn(opening) for opening in openings.values()]
        depth = "" if plies is None else f"first {plies} moves, "
        self.text = f"from {path.name} ({depth}sha256 {digest.hexdigest()[:16]})"
        """What the openings are: the same text, the same openings."""

    def draw(self, n: int, known: Sequence[Drawn]) -> list[Drawn]:
        """All openings; raises LabError if there are fewer than n."""
        if n > len(self.openings):
            raise LabError(
                f"{self._path} has {len(self.openings)} different openings, enough for {2 * len(self.openings)} games "
                f"of each two agents, not for {2 * n}."
            )
        return self.openings


def _read(game: Game, file: Path, data: bytes) -> Iterator[Found]:
    if file.suffix.lower() == ".sgf":
        if not isinstance(game, Go):
            raise LabError(f"{file} holds games of Go, not of {game.name}; give a text file with an opening a line.")
        yield from _read_sgf(game, file, data)
        return
    for number, line in enumerate(_text(file, data).splitlines(), 1):
        words = line.partition("#")[0].split()
        where = f"{file}, line {number}"
        try:
            actions = [game.parse_action(word) for word in words]
        except LabError as error:
            raise LabError(f"{where}: {error}") from None
        if words:
            yield where, [], actions


def _text(file: Path, data: bytes) -> str:
    """The file as text; raises LabError if it is none."""
    with suppress(UnicodeDecodeError):
        text = data.decode("utf-8-sig")
        if not any(character < " " and not character.isspace() for character in text):
            return text
    raise LabError(f"{file} is no text in UTF-8; give a text file with an opening a line, or SGF in files named *.sgf.")


def _read_sgf(game: Go, file: Path, data: bytes) -> Iterator[Found]:
    try:
        trees = sgf_grammar.parse_sgf_collection(data)
    except (ValueError, RecursionError) as error:
        raise LabError(f"{file}: The file is not readable as SGF: {error}.") from None
    for number, tree in enumerate(trees, 1):
        where = f"{file}, game {number}"
        try:
            found = read_sgf(sgf_grammar.serialise_game_tree(tree), allow_setup=True)
        except LabError as error:
            raise LabError(f"{where}: {error}") from None
        if found.game.size != game.size:
            raise LabError(f"{where} is on a board of size {found.game.size}, not {game.size}.")
        yield where, placing_moves(found), found.actions


def placing_moves(found: SgfGame) -> list[int]:
    """The moves that lead from the empty board to the position before the first move: stones, and passes between them.

    A tournament keeps games as moves from the empty board. In a position in which every chain has a liberty no order
    of placing the stones captures any, and passes come first, so that no two follow each other. Only where the player
    who does not move has no stone is the last one a pass.
    """
    to_play = found.to_play
    black, white = map(list, found.stones)
    slots = max(len(black), len(white) + to_play)  # Black's turns; White's are as many, or one fewer if White is next
    pass_action = found.game.num_actions - 1
    turns = ([pass_action] * (n - len(stones)) + stones for n, stones in ((slots, black), (slots - to_play, white)))
    return [action for pair in zip_longest(*turns) for action in pair if action is not None]


def _played(game: Game, where: str, actions: Sequence[int]) -> Match:
    """The game after those moves, by the tournament's rules."""
    match = Match(game)
    for number, action in enumerate(actions, 1):
        try:
            match.play(action)
        except LabError as error:
            raise LabError(f"{where}, move {number}: {error}") from None
    if match.terminated:
        raise LabError(f"{where} ends the game; an opening must leave something to play.")
    return match
