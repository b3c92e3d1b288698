"""The options of the agents `gtp` and `gnugo`, and how a spec with a whole command line in it is read."""

from __future__ import annotations

import dataclasses
import math
import re
from dataclasses import dataclass

from envs.errors import LabError
from envs.spec import Spec

MAX_SECONDS = 86_400.0
MAX_PROCESSES = 256
MAX_LEVEL = 30


@dataclass(frozen=True)
class EngineOptions:
    """Options of `gtp`."""

    time: float | None = None
    """Seconds for each answer, a move or another, of which the engine is told; by default 60, of which it is not."""
    processes: int | None = None
    """How many games are played side by side, each in a process of its own, 1 to 256; by default 1, and of GNU Go,
    which is small, as many as the lab has threads."""
    start: float = 60.0
    """Seconds for the first answer of a process, in which it may load what it needs."""

    def __post_init__(self) -> None:
        for key in ("time", "start"):
            value = getattr(self, key)
            if value is not None and not (math.isfinite(value) and 0 < value <= MAX_SECONDS):
                raise LabError(
                    f"{key} of an engine must be above 0 and at most {MAX_SECONDS:g} seconds, not {value:g}."
                )
        if self.processes is not None and not 1 <= self.processes <= MAX_PROCESSES:
            raise LabError(f"processes of an engine must be 1 to {MAX_PROCESSES}, not {self.processes}.")


@dataclass(frozen=True)
class GnuGoOptions(EngineOptions):
    """Options of `gnugo`."""

    level: int = 10
    """Its strength, 0 to 30; 10 is its own default, and above it gains little."""
    resign: bool = True
    """Whether it may resign."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.level <= MAX_LEVEL:
            raise LabError(f"level of agent 'gnugo' must be 0 to {MAX_LEVEL}, not {self.level}.")


def parse_command_spec(text: str) -> Spec:
    """The spec of `NAME:COMMAND`, where COMMAND is a whole command line: it may hold commas, colons and `key=value`.

    Only what stands at the end and has the form of an option of EngineOptions, such as `,time=10,processes=2`, is one.
    A COMMAND that itself ends so keeps its end to itself inside quotes. Raises LabError for an option given twice.
    """
    name, _, rest = text.strip().partition(":")
    keys = "|".join(field.name for field in dataclasses.fields(EngineOptions))
    options: dict[str, str] = {}
    while match := re.fullmatch(rf"(.*),\s*({keys})=([\w.+-]*)\s*", rest, re.DOTALL):
        rest, key, value = match.groups()
        if key in options:
            raise LabError(f"'{text}' gives {key} twice; give each option once.")
        options[key] = value
    return Spec(name, rest.strip(), tuple(reversed(options.items())))
