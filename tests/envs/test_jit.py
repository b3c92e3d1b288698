"""The cache on disk: it saves compiling again, and never runs code that has been edited since."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HELPER = "from envs.jit import kernel\n\n\n@kernel\ndef helper(x):\n    return x + {}\n"
CALLER = """from envs.jit import kernel
from helper import helper


@kernel
def caller(x):
    return 10 * helper(x)


print(caller(1), sum(caller.stats.cache_hits.values()))
"""


def run(folder: Path) -> str:
    environment = {**os.environ, "PYTHONPATH": f"{Path.cwd()}{os.pathsep}{folder}"}
    environment.pop("NUMBA_CACHE_DIR", None)
    return subprocess.run(
        [sys.executable, "-c", "import caller"], env=environment, capture_output=True, text=True, check=True
    ).stdout.strip()


def test_an_edit_of_a_helper_reaches_the_kernels_that_call_it(tmp_path: Path) -> None:
    (tmp_path / "caller.py").write_text(CALLER)
    (tmp_path / "helper.py").write_text(HELPER.format(1))
    assert run(tmp_path) == "20 0", "compiled"
    assert run(tmp_path) == "20 1", "loaded from the cache"
    (tmp_path / "helper.py").write_text(HELPER.format(20))
    assert run(tmp_path) == "210 0", "compiled again"
