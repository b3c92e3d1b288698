"""What the checkpoints of all learners have in common: their names, and what is said of one that does not fit."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from agents.alphazero.memory import is_out_of_memory
from envs.errors import LabError


def checkpoint_name(iteration: int) -> str:
    """The name of the folder that holds the state after an iteration."""
    return f"{iteration:08d}"


def checkpoints_in(parent: Path) -> list[Path]:
    """The folders in `parent` that are named by an iteration, oldest first; what else a person keeps there is not."""
    numbers = (p for p in parent.glob("[0-9]*") if p.name.isdecimal() and p.is_dir())
    return sorted((p for p in numbers if p.name == checkpoint_name(int(p.name))), key=lambda p: int(p.name))


@contextmanager
def misfit_in_words(folder: Path) -> Iterator[None]:
    """Says in a sentence that what `folder` holds, though whole, is not the state of this run's learner."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        if is_out_of_memory(error):  # the checkpoint is good
            raise
        why = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        raise LabError(
            f"'{folder}' is damaged, or does not fit the settings in the run's config.json ({why})."
        ) from None


def counted(description: Mapping[str, Any], name: str) -> int:
    """The whole number of that name, 0 or more; KeyError or ValueError if there is none."""
    value = description[name]
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{name} is no count")
    return value


def measured(description: Mapping[str, Any], name: str) -> float:
    """The number of that name, 0 or more; KeyError or ValueError if there is none."""
    value = description[name]
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= sys.float_info.max:
        raise ValueError(f"{name} is no number of 0 or more")
    return float(value)
