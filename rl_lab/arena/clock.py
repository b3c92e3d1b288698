"""The time as the database writes it."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> str:
    """Now, UTC, in ISO 8601 to the millisecond: such texts sort as their times do."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
