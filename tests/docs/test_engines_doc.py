"""The commands of docs/engines.md run as they stand."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from agents.engines.gnugo import find_gnugo

ROOT = Path(__file__).parents[2]
COMMANDS = re.findall(r"^```sh\n(.*?)^```", (ROOT / "docs/engines.md").read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_document_runs(command: str, tmp_path: Path) -> None:
    if "gnugo" in command and find_gnugo() is None:
        pytest.skip("GNU Go is not installed (on Debian: apt-get install gnugo)")
    program = tmp_path / "bin" / "rl-lab"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m rl_lab.cli "$@"\n')
    program.chmod(0o755)
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=tmp_path,
        env={**os.environ, "PATH": path},
        capture_output=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout


def test_there_are_commands() -> None:
    assert len(COMMANDS) == 2
