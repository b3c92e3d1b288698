"""A run's measurements for TensorBoard, if its package is there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

FLUSH_SECONDS = 10


class TensorBoard:
    """Writes numbers into a folder of event files; without the package `tensorboard`, into nothing."""

    def __init__(self, folder: Path, step: int) -> None:
        """Goes on after `step`: what an earlier process wrote beyond it is not shown any more."""
        self._writer: Any = None
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            return
        self._writer = SummaryWriter(str(folder), purge_step=step + 1, flush_secs=FLUSH_SECONDS)

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
        """Writes what has not been written yet."""
        if self._writer is not None:
            self._writer.close()
