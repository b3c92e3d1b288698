"""One thread pool for all jitted kernels.

Kernels are compiled with `nogil=True` and work on a slice of rows, so ordinary threads run them side by side.
numba's own `prange` is not used: one of its threading layers aborts when two Python threads enter it at once,
which a window with a worker does.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from functools import lru_cache
from itertools import pairwise

# Dispatching one slice costs about 35 microseconds, as much as stepping a hundred or so boards.
MIN_ROWS_PER_THREAD = 128


def available_cores() -> int:
    """The cores this process may run on, which in a container can be fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


_num_threads = available_cores()
_here = threading.local()


def set_num_threads(n: int) -> None:
    """Sets how many threads batch kernels may use (1 runs everything in the calling thread)."""
    global _num_threads
    _num_threads = max(1, n)


def use_threads_here(n: int) -> None:
    """As set_num_threads, for kernels that the calling thread starts: one of several that share the machine."""
    _here.num_threads = max(1, n)


def get_num_threads() -> int:
    """How many threads batch kernels may use that the calling thread starts."""
    return getattr(_here, "num_threads", _num_threads)


@lru_cache(maxsize=4)
def _pool(num_threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(num_threads, thread_name_prefix="rl-lab-kernel")


# A forked process has the pool, but none of its threads: it would wait for them for ever.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)


def for_slices(kernel: Callable[[int, int], object], n: int, min_rows: int = MIN_ROWS_PER_THREAD) -> None:
    """Calls `kernel(start, stop)` over slices that cover range(n), on several threads when n is large enough.

    The kernel must touch only its own rows. Returns, or raises a slice's exception, when all slices have ended.
    """
    num_slices = min(get_num_threads(), n // max(1, min_rows))
    if num_slices <= 1:
        if n:
            kernel(0, n)
        return
    bounds = [n * i // num_slices for i in range(num_slices + 1)]
    pool = _pool(get_num_threads())
    futures = [pool.submit(kernel, a, b) for a, b in pairwise(bounds[1:])]
    try:
        kernel(bounds[0], bounds[1])
    finally:
        wait(futures)
    for future in futures:
        future.result()
