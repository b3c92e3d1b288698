"""The decorator of every jitted kernel: numba, without the GIL, and with a cache on disk that can be trusted.

numba's own cache has two gaps. It compiles what a kernel calls into it, yet looks only at the kernel's own file to see
whether cached code is still good, so after an edit of a helper in the file beside it old code would run: here a cached
kernel is good as long as no Python file in its folder, or beside this one (chance.py), has changed. And two processes
that compile at once can give one name to two pieces of code, so that later runs call a kernel for the wrong type of
row: here they write in turns.
"""

from __future__ import annotations

import fcntl
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

from numba import njit

F = TypeVar("F", bound=Callable[..., Any])


def kernel(function: F) -> F:
    """Compiles `function` on its first call with each combination of types, or loads it from the cache."""
    dispatcher = njit(cache=True, nogil=True)(function)
    index = getattr(getattr(dispatcher, "_cache", None), "_cache_file", None)
    # numba has no public way to this; a version without these names has its own cache, gaps included.
    if index is not None and hasattr(index, "_source_stamp") and hasattr(index, "_index_path"):
        folders = {Path(function.__code__.co_filename).parent, Path(__file__).parent}
        index._source_stamp = tuple(_stamp(folder) for folder in sorted(folders))
        index.save = _in_turns(index.save, Path(f"{index._index_path}.lock"))
    return cast(F, dispatcher)


@cache
def _stamp(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Name, time of change and size of each Python file in a folder."""
    stats = [(path.name, path.stat()) for path in sorted(folder.glob("*.py"))]
    return tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in stats)


def _in_turns(save: Callable[..., None], lock: Path) -> Callable[..., None]:
    """`save`, by one process at a time."""

    def locked(*arguments: Any) -> None:
        with lock.open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            save(*arguments)

    return locked
