"""An agent of the lab as a GTP 2 engine: a line in, an answer out. Nothing that comes in ends it but `quit`."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import PackageNotFoundError, version

from envs.errors import LabError
from rl_lab.go_io import gtp_analyze, gtp_files, gtp_handicap, gtp_play, gtp_score, gtp_setup
from rl_lab.go_io.gtp_session import Session
from rl_lab.go_io.gtp_setup import Words
from rl_lab.go_io.gtp_text import Command, GtpError, answer, parse_line, want

Answer = Callable[[Session, Words], str]
Stream = Callable[[Session, Words], Iterator[str]]

STREAMS: dict[str, Stream] = {
    f"{prefix}{name}": partial(handler, style=style)
    for prefix, style in (("lz-", "lz"), ("kata-", "kata"), ("", "kata"))
    for name, handler in (("analyze", gtp_analyze.analyze), ("genmove_analyze", gtp_analyze.genmove_analyze))
}
"""Commands that are answered line by line."""


class GtpEngine:
    """Commands by name, and the session that they work on."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.has_quit = False
        self._commands: dict[str, Answer] = {
            "protocol_version": lambda _, words: self._constant(words, "2"),
            "name": lambda _, words: self._constant(words, f"rl-lab {session.player.agent.name}"),
            "version": lambda _, words: self._constant(words, lab_version()),
            "known_command": self._known_command,
            "list_commands": lambda _, words: self._constant(words, "\n".join(self.names)),
            "help": lambda _, words: self._constant(words, "\n".join(self.names)),
            "gogui-analyze_commands": lambda _, words: self._constant(words, gtp_score.ANALYZE_COMMANDS),
            "quit": self._quit,
            **gtp_setup.COMMANDS,
            **gtp_handicap.COMMANDS,
            **gtp_files.COMMANDS,
            **gtp_play.COMMANDS,
            **gtp_score.COMMANDS,
        }

    @property
    def names(self) -> list[str]:
        """All commands, in order."""
        return sorted({*self._commands, *STREAMS})

    def respond(self, line: bytes) -> Iterator[str]:
        """The answer to a line, in pieces that should be sent as they come; nothing for a line without a command."""
        command = parse_line(line)
        if command is None:
            return
        try:
            yield from self._run(command)
        except GtpError as error:
            yield answer("?", command.id, str(error))
        except LabError as error:
            yield answer("?", command.id, str(error))
        except Exception as error:
            # A fault of the lab, or of somebody's agent. The game must go on; the traceback is for whoever looks.
            traceback.print_exc(file=sys.stderr)
            yield answer("?", command.id, f"internal error: {type(error).__name__}: {str(error)[:200]}")

    def ponder(self) -> None:
        """See Session.ponder. Whatever goes wrong will go wrong again, and be said, when the agent has to move."""
        try:
            self.session.ponder()
        except Exception:
            traceback.print_exc(file=sys.stderr)

    def _run(self, command: Command) -> Iterator[str]:
        if command.name in STREAMS:
            lines = STREAMS[command.name](self.session, command.words)
            first = next(lines)  # what goes wrong at once is answered with "?"
            yield f"={command.id}\n{first}\n"
            try:
                yield from (f"{line}\n" for line in lines)
            except Exception:  # too late to say so in the answer, which has begun
                traceback.print_exc(file=sys.stderr)
            yield "\n"
        elif command.name in self._commands:
            yield answer("=", command.id, self._commands[command.name](self.session, command.words))
        else:
            raise GtpError("unknown command")

    def _known_command(self, session: Session, words: Words) -> str:
        want(words, 1)
        return "true" if words[0] in self.names else "false"

    def _quit(self, session: Session, words: Words) -> str:
        self.has_quit = True
        return ""

    @staticmethod
    def _constant(words: Words, text: str) -> str:
        want(words, 0)
        return text


def lab_version() -> str:
    """The version of the lab that is installed."""
    try:
        return version("rl-lab")
    except PackageNotFoundError:
        return "0"
