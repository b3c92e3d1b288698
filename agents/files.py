"""Files that are whole or not there: written under a temporary name, synced to the disk, then renamed."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from envs.errors import LabError


def write_atomic(path: Path, data: bytes) -> None:
    """Replaces `path` by `data` in one step: a reader, or a crash, sees the old file or the new one."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Makes renames inside a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def save_arrays(stem: Path, arrays: Mapping[str, NDArray[Any]], description: Mapping[str, Any]) -> None:
    """Writes STEM.safetensors, then STEM.json with `description` and the tensors' sha256."""
    from safetensors.numpy import save

    data = save({name: np.ascontiguousarray(array) for name, array in arrays.items()})
    write_atomic(stem.with_suffix(".safetensors"), data)
    text = json.dumps({**description, "sha256": hashlib.sha256(data).hexdigest()}, indent=1)
    write_atomic(stem.with_suffix(".json"), text.encode())


def load_arrays(stem: Path) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """(arrays, description) as save_arrays wrote them; raises LabError if they are missing or damaged."""
    description = load_description(stem)
    path = stem.with_suffix(".safetensors")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise LabError(f"{path} cannot be read: {error.strerror}.") from None
    if hashlib.sha256(data).hexdigest() != description.get("sha256"):
        raise LabError(f"{path} is damaged: its contents do not match the sha256 in {stem.name}.json.")
    return read_arrays(data, path), description


def read_arrays(data: bytes, path: Path) -> dict[str, NDArray[Any]]:
    """The arrays in the bytes of a safetensors file; raises LabError, which names `path`, if they are none."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        return load(data)
    except SafetensorError as error:
        raise LabError(f"{path} is no safetensors file: {error}.") from None
    except (KeyError, ValueError) as error:
        raise LabError(f"{path} holds numbers of a kind that the lab does not read: {error}.") from None


def load_description(stem: Path) -> dict[str, Any]:
    """The JSON half alone; raises LabError if it is missing or no JSON object."""
    path = stem.with_suffix(".json")
    try:
        description = json.loads(path.read_text())
    except OSError as error:
        raise LabError(f"{path} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError):  # what is nested too deeply is not read
        raise LabError(f"{path} is damaged: it is not JSON.") from None
    if not isinstance(description, dict):
        raise LabError(f"{path} is damaged: it is no JSON object.")
    return description
