"""A large array on disk, in segments that are named by their contents: a new checkpoint writes those that are new.

Of a replay buffer little changes between two checkpoints. A segment that a checkpoint beside this one holds already is
linked, not written, so each checkpoint is whole by itself and may be deleted at any time.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.files import read_arrays, write_atomic
from envs.errors import LabError

SEGMENT_BYTES = 8 * 2**20


def save_segments(folder: Path, arrays: Mapping[str, NDArray[Any]]) -> list[str]:
    """Writes arrays of equal length into `folder`, which lies among other checkpoints; the names of its files."""
    from safetensors.numpy import save

    row_bytes = sum(array[:1].nbytes for array in arrays.values())
    length = max((len(array) for array in arrays.values()), default=0)
    step = max(1, SEGMENT_BYTES // max(1, row_bytes))
    names = []
    for start in range(0, length, step):
        data = save({name: np.ascontiguousarray(array[start : start + step]) for name, array in arrays.items()})
        names.append(f"{hashlib.sha256(data).hexdigest()}.safetensors")
        if not _link(folder, names[-1], len(data)):
            write_atomic(folder / names[-1], data)
    return names


def load_segments(folder: Path, names: Sequence[str]) -> dict[str, NDArray[Any]]:
    """The arrays that `save_segments` wrote; raises LabError if a segment is missing or damaged."""
    parts = []
    for name in names:
        try:
            data = (folder / name).read_bytes()
        except OSError as error:
            raise LabError(f"{folder / name} cannot be read: {error.strerror}.") from None
        if f"{hashlib.sha256(data).hexdigest()}.safetensors" != name:
            raise LabError(f"{folder / name} is damaged: its contents do not match its name.")
        parts.append(read_arrays(data, folder / name))
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]} if parts else {}


def _link(folder: Path, name: str, size: int) -> bool:
    """Whether a folder beside this one had that file, which is now in both."""
    for other in folder.parent.glob(f"[0-9]*/{name}"):
        try:
            if other.stat().st_size == size:
                os.link(other, folder / name)
                return True
        except OSError:  # it has just gone, or this file system has no links
            continue
    return False
