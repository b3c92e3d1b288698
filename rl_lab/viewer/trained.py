"""Which agents the runs in a folder have trained, as specs; found by their descriptions, without loading any net."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from envs.games.game import Game
from envs.solo.world import World
from envs.spec import Spec

CONFIG = "config.json"
MODEL, POLICY = "model.json", "policy.json"  # what alphazero, and what ppo and dqn, leave in their checkpoints
MAX_DEPTH = 3  # folders below the one that is searched
MAX_FOUND = 30


def trained_agents(env: Game | World | str, runs: Path) -> list[str]:
    """The specs of the agents that have been trained for the environment (or another size of it), newest run first."""
    folders = [path for depth in range(1, MAX_DEPTH + 1) for path in runs.glob("*/" * depth + CONFIG)]
    found: list[str] = []
    for config in sorted(folders, key=_time, reverse=True):
        spec = _agent_of(config.parent, env)
        if spec:
            found.append(spec)
        if len(found) == MAX_FOUND:
            break
    return found


def _agent_of(run: Path, env: Game | World | str) -> str:
    """The agent of a run, "" if it has none yet or not for that environment."""
    settings = _read(run / CONFIG)
    trained_for = settings.get("game") or settings.get("env")
    if not isinstance(trained_for, str) or not _same(trained_for, env):
        return ""
    if any(run.glob(f"checkpoints/[0-9]*/{MODEL}")):
        return f"alphazero:{run}"
    policies = [run / "best" / POLICY, *sorted(run.glob(f"checkpoints/[0-9]*/{POLICY}"), reverse=True)]
    algorithm = next((_read(path).get("algorithm") for path in policies if path.exists()), None)
    return f"{algorithm}:{run}" if algorithm in ("ppo", "dqn") else ""


def _same(trained_for: str, env: Game | World | str) -> bool:
    return trained_for == env if isinstance(env, str) else Spec.parse(trained_for).name == env.name


def _read(path: Path) -> dict[str, Any]:
    """The object in a JSON file; an empty one for anything else."""
    with suppress(OSError, ValueError, RecursionError):
        found = json.loads(path.read_text())
        return found if isinstance(found, dict) else {}
    return {}


def _time(path: Path) -> float:
    with suppress(OSError):
        return path.stat().st_mtime
    return 0.0
