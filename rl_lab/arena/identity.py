"""Who an agent is: what must be the same for two games to be by the same player.

A spec names an agent, but the net at a path changes when its run goes on or is started again, and so does an outside
program when it is built anew. So an agent is its spec, the bytes of its files, and the version of the lab (and of the
outside program, where it tells one).
"""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

from agents.agent import Agent
from agents.engines.gnugo import find_gnugo
from agents.engines.options import parse_command_spec
from envs.spec import Spec

DISTRIBUTION = "rl-lab"
SHORT = 12  # hexadecimal digits of a hash that are shown


@dataclass(frozen=True)
class Entrant:
    """An agent as a tournament knows it."""

    name: str
    hash: str
    """sha256, hexadecimal, of the name and the files."""
    version: str


def identify(agent: Agent, spec: str) -> Entrant:
    """Who the agent is that was made from that spec; reads its files."""
    digest = hashlib.sha256(agent.name.encode("utf-8", "surrogateescape"))
    for path in agent_files(spec):
        digest.update(path.name.encode("utf-8", "surrogateescape") + b"\0")
        with path.open("rb") as file:
            hashlib.file_digest(file, lambda: digest)  # goes on with the digest; nets and programs may be large
    own = getattr(agent, "version", "")
    return Entrant(agent.name, digest.hexdigest(), f"rl-lab {lab_version()}" + (f", {own}" if own else ""))


def agent_files(spec: str) -> list[Path]:
    """The files that decide how the agent of that spec plays; none for an agent of the lab without a net."""
    name = spec.partition(":")[0].strip()  # an outside engine's command need not be a spec of the lab
    if name == "gtp":
        return command_files(shlex.split(parse_command_spec(spec).path))
    if name == "gnugo":
        return command_files([find_gnugo() or name])
    if name not in ("alphazero", "ppo", "dqn"):
        return []
    path = Path(Spec.parse(spec).path)
    if path.is_file() and path.suffix == ".zip":
        return [path]
    # These need torch, which the agent has imported by now.
    if name == "alphazero":
        from agents.alphazero.model import STEM, find_model

        return _files(find_model(path) / STEM)
    from agents.sb3.player import STEM, find_policy

    return _files(find_policy(path) / STEM)


def command_files(arguments: Sequence[str]) -> list[Path]:
    """The program of a command line and the files among its arguments (a script, a net), each once.

    Only files that can be read to an end: no pipes and devices.
    """
    program, *rest = arguments
    values = [argument.partition("=")[2] for argument in rest if argument.startswith("-")]  # --weights=FILE
    paths = dict.fromkeys(Path(text) for text in (shutil.which(program), *rest, *values) if text)
    return [path for path in paths if os.access(path, os.R_OK) and path.is_file()]


@cache
def lab_version() -> str:
    """The version of this package."""
    try:
        return metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return "unknown"


def _files(stem: Path) -> list[Path]:
    """What agents.files.save_arrays wrote."""
    return [stem.with_suffix(suffix) for suffix in (".json", ".safetensors")]
