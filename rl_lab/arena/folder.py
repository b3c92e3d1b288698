"""The folder of a tournament: which one a command means, and what else lies in it beside the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

from envs.errors import LabError
from rl_lab.arena.store import FILE, Store

RUNS = Path("runs")
RESULTS = "results.json"
PAGE = "report.html"


def find_folder(out: Path | None, kind: str, settings: Mapping[str, Any], agents: Sequence[str]) -> Path:
    """The folder to work in, made if it is not there.

    That is `out`, or the first of runs/KIND-1, runs/KIND-2, ... that is free or holds an unfinished tournament of the
    same settings and agents. Raises LabError for a folder that cannot be written, or with results of something else.
    """
    if out is None:
        folders = (RUNS / f"{kind}-{number}" for number in count(1))
        out = next(folder for folder in folders if _is_free(folder) or _is_unfinished(folder, settings, agents))
    if (out / RESULTS).exists() and not (out / FILE).exists():
        raise LabError(f"{out} already holds a tournament, whose games are not in {FILE}; give another folder.")
    if (out / "config.json").exists():
        raise LabError(f"{out} is the folder of a training run; give a tournament a folder of its own.")
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / ".writable").touch()
        (out / ".writable").unlink(missing_ok=True)  # another process may have been faster
    except OSError as error:
        raise LabError(f"Cannot write into the folder {out}: {error.strerror or error}.") from None
    return out


def _is_free(folder: Path) -> bool:
    return not (folder / FILE).exists() and not (folder / RESULTS).exists()


def _is_unfinished(folder: Path, settings: Mapping[str, Any], agents: Sequence[str]) -> bool:
    """Whether the folder holds a tournament that the same command has begun and not finished."""
    if (folder / RESULTS).exists():
        return False
    try:
        with Store(folder, readonly=True) as store:
            names = {entrant.name for entrant in store.agents()}
            return store.settings == dict(settings) and names == set(agents)
    except LabError:
        return False
