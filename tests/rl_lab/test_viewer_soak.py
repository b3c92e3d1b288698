"""The window for a long time: nothing grows. Some seconds here; RL_LAB_SOAK=3600 makes it an hour."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.rl_lab.soak import Reading

SECONDS = float(os.environ.get("RL_LAB_SOAK", "20"))
ROOT = Path(__file__).parents[2]
RSS_GROWTH = 40e6  # bytes; the allocators keep now more, now less of what searches and surfaces have given back
TRACED_GROWTH = 0.6e6


def soaked(seconds: float, folder: Path, *words: str) -> tuple[Reading, Reading, str]:
    """The least readings of the middle third of all rounds and of the last third, and both in words."""
    command = [sys.executable, "-m", "tests.rl_lab.soak", str(seconds), str(folder), *words]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    rounds = [json.loads(line) for line in answer.stdout.splitlines() if line.startswith("{")]
    actions = sum(found.pop("actions") for found in rounds)
    assert actions > 8 * len(rounds), "the windows have been busy"
    third = len(rounds) // 3
    middle, end = (
        Reading(*(min(found[name] for found in part) for name in Reading._fields))
        for part in (rounds[third : 2 * third], rounds[-third:])
    )
    return middle, end, f"{len(rounds)} rounds, {actions} actions: {middle} became {end}"


def test_nothing_grows(tmp_path: Path) -> None:
    """One reading after every round through all environments; after a third, the least ones count."""
    middle, end, told = soaked(SECONDS, tmp_path)
    print(told)
    assert end.resident - middle.resident < RSS_GROWTH, told
    assert end.traced - middle.traced < TRACED_GROWTH, told
    assert (end.threads, end.files) <= (middle.threads, middle.files), told
    assert not list(tmp_path.iterdir())


def test_a_leak_would_be_noticed(tmp_path: Path) -> None:
    middle, end, told = soaked(1.0, tmp_path, "leak")
    assert end.resident - middle.resident > RSS_GROWTH and end.traced - middle.traced > TRACED_GROWTH, told
