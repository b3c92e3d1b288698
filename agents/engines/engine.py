"""An engine with a board: it is told what is new, and started again after it has failed."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from agents.engines.client import EngineFault, EngineRefusal, GtpClient
from agents.engines.lines import Line

MAX_STARTS = 3
MAX_SEED = 2**31


class Engine:
    """One process at a time. All that goes wrong is an EngineFault; the next call starts the program again.

    One that fails to start MAX_STARTS times in a row is not started any more.
    """

    def __init__(self, arguments: Sequence[str], seconds: float, start_seconds: float, told_time: bool) -> None:
        """`told_time`: whether the engine is told of its limit, `seconds` a move."""
        self.arguments = arguments
        self.seconds = seconds
        self.start_seconds = start_seconds
        self.told_time = told_time
        self.line: Line | None = None
        """What is on the engine's board, None if that is unknown."""
        self._client: GtpClient | None = None
        self._commands: set[str] = set()
        self._failed_starts = 0

    def start(self) -> None:
        """Sees to it that the program runs and answers."""
        if self._client:
            return
        if self._failed_starts >= MAX_STARTS:
            raise EngineFault("crash", f"it is not started any more, having failed {MAX_STARTS} times in a row.")
        self._failed_starts += 1
        self._client = GtpClient(self.arguments)
        try:
            self._commands = set(self._ask("list_commands", self.start_seconds).split())
        except EngineRefusal:
            self._commands = set()
        self._failed_starts = 0

    def description(self) -> str:
        """The name and the version that the engine gives itself."""
        self.start()
        return " ".join(f"{self._ask('name')} {self._ask('version')}".split())[:100]

    def set_up(self, line: Line) -> None:
        """Brings the engine's board to a line; only what is new is played if it stands on the way there."""
        self.start()
        here, self.line = self.line, None
        if here is None or not here.leads_to(line):
            self._clear(line)
            here = Line(line.size, line.komi, ())
        assert self._client
        self._client.ask_all([f"play {play}" for play in line.plays[len(here.plays) :]], self.seconds)
        self.line = line

    def genmove(self, line: Line, colour: str, seed: int) -> str:
        """What the engine plays next: a vertex, "pass" or "resign", in small letters; nothing is checked."""
        self.set_up(line)
        self._advise(f"set_random_seed {seed % MAX_SEED}")
        self.line = None
        answer = self._ask(f"genmove {colour}").lower()
        if answer != "resign":
            vertex = answer if answer == "pass" else answer.upper()
            self.line = Line(line.size, line.komi, (*line.plays, f"{colour} {vertex}"))
        return answer

    def final_score(self, line: Line) -> str | None:
        """The score that the engine sees at the end of a line, such as "B+7.5"; None if it does not count."""
        self.set_up(line)
        return self._ask("final_score") if "final_score" in self._commands else None

    def stop(self, politely: bool = True) -> None:
        """Lets the process go; the next call starts another."""
        client, self._client, self.line = self._client, None, None
        if client and politely:
            client.close()
        elif client:
            client.end()

    def interrupt(self) -> None:
        """Kills the process, from any thread: what is going on ends with an EngineFault."""
        if client := self._client:
            client.interrupt()

    def _clear(self, line: Line) -> None:
        for command in (f"boardsize {line.size}", "clear_board", f"komi {line.komi:g}"):
            self._ask(command)
        # So many seconds for each single move, whole ones, as GTP has it; a tenth at least is left for the way.
        if self.told_time and (told := int(0.9 * self.seconds)):
            self._advise(f"time_settings 0 {told} 1")

    def _advise(self, command: str) -> None:
        """Tells what the game does not depend on: an engine that does not know it, or refuses it, has done no wrong."""
        if command.split()[0] in self._commands:
            with suppress(EngineRefusal):
                self._ask(command)

    def _ask(self, command: str, seconds: float | None = None) -> str:
        assert self._client
        return self._client.ask(command, self.seconds if seconds is None else seconds)
