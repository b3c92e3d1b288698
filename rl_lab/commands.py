"""Commands as a person can type them where they are."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path


def command(*words: object) -> str:
    """`rl-lab words...`, quoted for a shell; with the program's path if the shell would not find it by name."""
    program = Path(sys.argv[0])
    name = str(program) if program.name == "rl-lab" and not shutil.which("rl-lab") else "rl-lab"
    return shlex.join([name, *map(str, words)])
