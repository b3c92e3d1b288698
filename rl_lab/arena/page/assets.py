"""The parts of the pages that are no Python."""

from __future__ import annotations

from importlib.resources import files


def asset(name: str) -> str:
    """The text of a file beside this one."""
    return (files(__package__) / name).read_text(encoding="utf-8")
