"""Who an agent is: what must be the same for two games to be by the same player.

A spec names an agent, but the net at a path changes when its run goes on or is started again. So an agent is its spec,
the bytes of its files, and the version of the lab (and of the outside program, where it tells one).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

from agents.agent import Agent
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
        digest.update(path.read_bytes())
    own = getattr(agent, "version", "")
    return Entrant(agent.name, digest.hexdigest(), f"rl-lab {lab_version()}" + (f", {own}" if own else ""))


def agent_files(spec: str) -> list[Path]:
    """The files that decide how the agent of that spec plays; none for an agent without a net."""
    name = spec.partition(":")[0].strip()  # an outside engine's command need not be a spec of the lab
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
