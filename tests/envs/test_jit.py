"""The cache on disk: it saves compiling again, and never runs code that has been edited since."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

HELPER = "from envs.jit import kernel\n\n\n@kernel\ndef helper(x):\n    return x + {}\n"
CALLER = """from envs.jit import kernel
from {} import helper


@kernel
def caller(x):
    return 10 * helper(x)


print(caller(1), sum(caller.stats.cache_hits.values()))
"""


def run(*folders: Path) -> str:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, folders))}
    environment.pop("NUMBA_CACHE_DIR", None)
    return subprocess.run(
        [sys.executable, "-c", "import caller"],
        env=environment,
        cwd=folders[0],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


def test_an_edit_of_a_helper_reaches_the_kernels_that_call_it(tmp_path: Path) -> None:
    (tmp_path / "caller.py").write_text(CALLER.format("helper"))
    (tmp_path / "helper.py").write_text(HELPER.format(1))
    assert run(tmp_path, Path.cwd()) == "20 0", "compiled"
    assert run(tmp_path, Path.cwd()) == "20 1", "loaded from the cache"
    (tmp_path / "helper.py").write_text(HELPER.format(20))
    assert run(tmp_path, Path.cwd()) == "210 0", "compiled again"


def test_an_edit_beside_the_decorator_reaches_kernels_in_every_folder(tmp_path: Path) -> None:
    """As an edit of chance.py must reach the games and the search; tried on a copy of `envs` with a helper in it."""
    (tmp_path / "envs").mkdir()
    for name in ("__init__.py", "jit.py"):
        shutil.copy(Path("envs") / name, tmp_path / "envs" / name)
    kernels = tmp_path / "kernels"
    kernels.mkdir()
    (kernels / "caller.py").write_text(CALLER.format("envs.helper"))
    (tmp_path / "envs" / "helper.py").write_text(HELPER.format(1))
    assert run(tmp_path, kernels) == "20 0", "compiled"
    assert run(tmp_path, kernels) == "20 1", "loaded from the cache"
    (tmp_path / "envs" / "helper.py").write_text(HELPER.format(20))
    assert run(tmp_path, kernels) == "210 0", "compiled again"
