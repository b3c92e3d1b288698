"""How many threads a command uses."""

from __future__ import annotations

import os

from envs.errors import LabError
from envs.parallel import set_num_threads

MOST = 1024


def use_threads(threads: int | None) -> None:
    """Lets kernels and nets use so many threads, all cores if None; must come before torch is imported.

    Raises LabError for a number that is not 1 to MOST.
    """
    if threads is None:
        return
    if not 1 <= threads <= MOST:
        raise LabError(f"There must be one thread or more, and at most {MOST:,}, not {threads}.")
    set_num_threads(threads)
    # torch, if something needs it, is not imported yet, and reads this when it is.
    os.environ["OMP_NUM_THREADS"] = str(threads)
