"""A run's measurements for TensorBoard, if its package is there."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

FLUSH_SECONDS = 10


class TensorBoard:
    """Writes numbers into a folder of event files; without the package `tensorboard`, into nothing."""

    def __init__(self, folder: Path, step: int) -> None:
        """Goes on after `step`: what an earlier process wrote beyond it is not shown any more.

        Raises OSError, here or later, if the folder cannot be written.
        """
        self._writer: Any = None
        self._until_closed = ExitStack()
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            return
        with ExitStack() as stack:
            stack.enter_context(_silent_writer())
            self._writer = SummaryWriter(str(folder), purge_step=step + 1, flush_secs=FLUSH_SECONDS)
            self._until_closed = stack.pop_all()

    @property
    def is_there(self) -> bool:
        """Whether the package is."""
        return self._writer is not None

    def write(self, measurement: Mapping[str, Any], step: int, prefix: str = "") -> None:
        """Writes all numbers of a measurement, those in dictionaries as "outer/inner"."""
        if self._writer is None:
            return
        for name, value in measurement.items():
            if isinstance(value, Mapping):
                self.write(value, step, f"{prefix}{name}/")
            elif isinstance(value, int | float):
                self._writer.add_scalar(prefix + name, value, step)

    def close(self) -> None:
        """Writes what has not been written yet; raises OSError if that, or an earlier writing, has failed."""
        if self._writer is not None:
            with self._until_closed, closing(self._writer):
                self._writer.flush()


@contextmanager
def _silent_writer() -> Iterator[None]:
    """Keeps TensorBoard's thread from printing its errors, which whoever writes or flushes next is told of as well."""
    before = threading.excepthook

    def tell(failure: threading.ExceptHookArgs) -> None:
        if not type(failure.thread).__module__.startswith("tensorboard."):
            before(failure)

    threading.excepthook = tell
    try:
        yield
    finally:
        threading.excepthook = before
