"""A run's folder.

    runs/NAME/config.json        the settings it was started with
              metrics.jsonl      one measurement a line; each names its iteration
              checkpoints/N/     all that resuming from iteration N needs; whole or absent
              best/              the player that did best in an evaluation; a link, which changes in one step
              tensorboard/       the measurements for TensorBoard
              videos/            films of evaluations, by the number of steps, if the settings ask for them
              curves.png         the measurements as a picture, drawn when training stops
              lock               held while a process trains the run

A checkpoint is written beside its place, synced, and renamed into it, so that a kill at any moment leaves the
checkpoints that were there. Measurements after the checkpoint that a run resumes from are dropped: they come again.
"""

from __future__ import annotations

import fcntl
import json
import re
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from agents.alphazero.model import CHECKPOINTS
from agents.checkpoints import checkpoint_name, checkpoints_in
from agents.files import sync_folder, write_atomic
from envs.errors import LabError
from rl_lab.runs.measurements import read_measurements

BEST = "best"
BESTS = ".best"  # what `best` has been a link to
KEPT_CHECKPOINTS = 2
LEFTOVER = re.compile(r"\.[0-9]{8,}(\.old)?\.tmp")
"""What a kill leaves behind of a checkpoint that was being written or deleted."""


class Run:
    """The folder of one run, held by this process until it exits."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock: IO[str] | None = None

    @staticmethod
    def create(folder: Path, config: str) -> Run:
        """A new run with these settings; raises LabError if the folder holds one or cannot be written."""
        if not folder.name:
            raise LabError(f"'{folder}' is no folder for a run: give it one of its own, e.g. runs/mine.")
        run = Run(folder)
        if (folder / "config.json").exists():
            raise LabError(f"'{folder}' already holds a run: add --resume to continue it, or choose another --out.")
        try:
            (folder / CHECKPOINTS).mkdir(parents=True, exist_ok=True)
            run._hold()
            write_atomic(folder / "config.json", config.encode())
        except OSError as error:
            raise LabError(f"The run folder '{folder}' cannot be written: {error.strerror}.") from None
        return run

    @staticmethod
    def open(folder: Path) -> Run:
        """An existing run; raises LabError if there is none, or another process is training it."""
        if not (folder / "config.json").exists():
            raise LabError(f"There is no run in '{folder}' to resume; leave out --resume to start one.")
        run = Run(folder)
        try:
            (folder / CHECKPOINTS).mkdir(exist_ok=True)
            run._hold()
        except OSError as error:
            raise LabError(f"The run folder '{folder}' cannot be written: {error.strerror}.") from None
        return run

    def _hold(self) -> None:
        self._lock = (self.folder / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LabError(f"Another process is training the run in '{self.folder}'.") from None

    def close(self) -> None:
        """Lets another process train the run."""
        if self._lock:
            self._lock.close()

    @property
    def config(self) -> str:
        """The settings, as they were written; raises LabError if they are no text."""
        try:
            return (self.folder / "config.json").read_text()
        except UnicodeDecodeError:
            raise LabError(f"'{self.folder / 'config.json'}' is damaged: it is not text.") from None

    def checkpoints(self) -> list[Path]:
        """The checkpoints, oldest first; each was whole when it got its name."""
        return checkpoints_in(self.folder / CHECKPOINTS)

    def save_checkpoint(self, iteration: int, write: Callable[[Path], None]) -> Path:
        """Lets `write` fill a folder, makes it the newest checkpoint, and deletes all but the newest two.

        An iteration has one state only, so its checkpoint, once there, is kept as it is. Raises LabError if it cannot
        be written; the checkpoints that were there are untouched then.
        """
        final = self.save(CHECKPOINTS, iteration, write)
        for old in self.checkpoints()[:-KEPT_CHECKPOINTS]:
            with suppress(OSError):  # what cannot be tidied away now is tidied away later
                self.delete_checkpoint(old)
        return final

    def save_best(self, iteration: int, write: Callable[[Path], None]) -> Path:
        """As save_checkpoint, for the best player so far, of which there is one; returns the folder `best`."""
        newest, best = self.save(BESTS, iteration, write), self.folder / BEST
        link = self.folder / f".{BEST}.tmp"
        link.unlink(missing_ok=True)
        link.symlink_to(newest.relative_to(self.folder))
        link.replace(best)
        for old in checkpoints_in(newest.parent):
            if old != newest:
                with suppress(OSError):
                    self.delete_checkpoint(old)
        return best

    def save(self, kind: str, iteration: int, write: Callable[[Path], None]) -> Path:
        """Lets `write` fill the folder of an iteration in the folder `kind`: whole, or not at all."""
        parent = self.folder / kind
        final = parent / checkpoint_name(iteration)
        if final.exists():
            return final
        temporary = parent / f".{final.name}.tmp"
        try:
            parent.mkdir(exist_ok=True)
            for leftover in parent.iterdir():
                if LEFTOVER.fullmatch(leftover.name):
                    shutil.rmtree(leftover, ignore_errors=True)
            temporary.mkdir()
            write(temporary)
            sync_folder(temporary)
            temporary.rename(final)
            sync_folder(parent)
        except OSError as error:
            shutil.rmtree(temporary, ignore_errors=True)
            raise LabError(
                f"The checkpoint of iteration {iteration} cannot be written to '{parent}': {error.strerror}; "
                "those that were there are intact."
            ) from None
        return final

    def delete_checkpoint(self, checkpoint: Path) -> None:
        """Deletes a checkpoint; it loses its name first, so that a kill half-way leaves no half checkpoint."""
        nameless = checkpoint.with_name(f".{checkpoint.name}.old.tmp")
        checkpoint.rename(nameless)
        shutil.rmtree(nameless)

    def rewrite_config(self, config: str) -> None:
        """Replaces the settings, of which only those that do not change what is learned may differ."""
        write_atomic(self.folder / "config.json", config.encode())

    def log(self, measurement: dict[str, Any]) -> None:
        """Appends one measurement."""
        with (self.folder / "metrics.jsonl").open("a") as file:
            file.write(json.dumps(measurement) + "\n")

    def metrics(self, kind: str | None = None) -> list[dict[str, Any]]:
        """All measurements, or those of one kind; lines that are damaged are left out."""
        try:
            data = (self.folder / "metrics.jsonl").read_bytes()
        except FileNotFoundError:
            return []
        return [m for m in read_measurements(data) if kind in (None, m["kind"])]

    def forget_after(self, iteration: int) -> None:
        """Drops the measurements of later iterations."""
        kept = [m for m in self.metrics() if m.get("iteration", 0) <= iteration]
        text = "".join(json.dumps(m) + "\n" for m in kept)
        write_atomic(self.folder / "metrics.jsonl", text.encode())
