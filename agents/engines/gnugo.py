"""GNU Go as an agent (https://www.gnu.org/software/gnugo), told to play by the lab's rules."""

from __future__ import annotations

import shutil
from dataclasses import replace

from agents.engines.options import MAX_PROCESSES, GnuGoOptions
from agents.engines.player import GtpAgent
from envs.errors import LabError
from envs.games.go.game import Go
from envs.parallel import get_num_threads

DEBIAN_PLACE = "/usr/games/gnugo"  # which is not on everybody's path
SUPERKO = {"positional": "--positional-superko", "situational": "--situational-superko", "simple": "--simple-ko"}


def gnugo_command(program: str, game: Go, options: GnuGoOptions) -> list[str]:
    """The command line. The lab takes no stones off as dead, so GNU Go is told to capture them before it passes."""
    command = [program, "--mode", "gtp", "--quiet", "--level", str(options.level), "--chinese-rules"]
    command += ["--capture-all-dead", SUPERKO[game.superko]]
    command += ["--allow-all-suicide" if game.suicide else "--forbid-suicide"]
    return command + ([] if options.resign else ["--never-resign"])


def find_gnugo() -> str | None:
    """Where the program is; None if it is not installed."""
    return shutil.which("gnugo") or shutil.which(DEBIAN_PLACE)


def load_gnugo(game: Go, options: GnuGoOptions) -> GtpAgent:
    """The player `gnugo:level=...`; raises LabError if GNU Go is not installed."""
    program = find_gnugo()
    if program is None:
        raise LabError("GNU Go is not installed: 'gnugo' is not on the path (on Debian: apt-get install gnugo).")
    name = f"gnugo:level={options.level}" + ("" if options.resign else ",resign=false")
    if options.time is not None:
        name += f",time={options.time:g}"
    processes = options.processes or min(get_num_threads(), MAX_PROCESSES)
    return GtpAgent(game, gnugo_command(program, game, options), name, replace(options, processes=processes))
