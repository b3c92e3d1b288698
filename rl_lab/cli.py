"""The command line `rl-lab`: a small-board reinforcement-learning lab.

Games and agents are named by spec strings such as go:size=5, connect_four, random, rollout:simulations=200 and
alphazero:runs/demo,simulations=64; a wrong one lists what exists.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, cast

import tyro
from tyro.conf import FlagCreatePairsOff, Positional, arg, subcommand

from envs.errors import LabError
from rl_lab.cli_analyze import Analyze
from rl_lab.cli_arena import Games, Match, Tournament
from rl_lab.cli_gtp import Gtp
from rl_lab.cli_train import Train, check_learner
from rl_lab.cli_tune import Tune
from rl_lab.cli_window import Play as Play  # which the demonstration starts
from rl_lab.cli_window import Replay, Watch
from rl_lab.cli_zoo import Export, Zoo

# Each command is a dataclass: its docstring and those of its fields are the help. What is heavy (numba, torch, pygame)
# is imported in `start`, so that help answers at once.


@dataclass
class Evaluate:
    """Plays agents, all on the same episodes, and prints tables with 95% intervals."""

    world: Annotated[Positional[str], arg(metavar="WORLD")]
    """A world, e.g. skier:dims=2 (its held-out episodes, if it has any, unless it says split=train); a board game,
    against fixed opponents; or a Gymnasium id, e.g. CartPole-v1."""
    agents: Annotated[Positional[tuple[str, ...]], arg(metavar="AGENT AGENT ...")]
    """One or more agents, e.g. random adam ppo:runs/ppo-skier; the others are compared with the first."""
    episodes: int = 100
    """Episodes for each agent."""
    seed: int = 0
    """The same seed gives the same episodes and the same chance to the agents."""
    record: Annotated[Path | None, arg(metavar="FILE")] = None
    """File for a film (.mp4, .gif) of the first agent's first episode; of a board game against the last opponent."""
    threads: Annotated[int | None, arg(metavar="INT")] = None
    """Threads for environments and nets; by default all cores. With other programs at work fewer are faster."""

    def start(self) -> None:
        """Evaluates."""
        from rl_lab.threads import use_threads

        use_threads(self.threads)
        from rl_lab.evaluate import run_evaluation

        if self.record:
            from rl_lab.film import check_film, write_film
            from rl_lab.runs.video import agent_film

            check_film(self.record)
        run_evaluation(self.world, self.agents, self.episodes, self.seed)
        if self.record:
            write_film(agent_film(self.world, self.agents[0], self.seed), self.record)
            print(f"The film is {self.record}.")


@dataclass
class Bench:
    """Measures the speed of the lab beside other implementations and prints the ratios."""

    only: Annotated[str | None, arg(metavar="AREA")] = None
    """Measure only this area; a wrong name lists them."""

    def start(self) -> None:
        """Measures."""
        from rl_lab.bench.main import main

        main(self.only)


@dataclass
class Demo:
    """Trains Go 5x5 for some minutes, plays a tournament, draws pictures, and opens the window; again, it goes on."""

    out: Annotated[Path, arg(metavar="FOLDER")] = Path("runs/demo")
    """Folder of the run, the tournament and the pictures."""
    minutes: float = 3.0
    """Minutes of training."""

    def start(self) -> None:
        """Shows the whole loop."""
        from rl_lab.demo import main

        main(self.out, self.minutes)


Command = (
    Annotated[Train, subcommand("train")]
    | Annotated[Tune, subcommand("tune")]
    | Annotated[Tournament, subcommand("tournament")]
    | Annotated[Match, subcommand("match")]
    | Annotated[Games, subcommand("games")]
    | Annotated[Evaluate, subcommand("evaluate")]
    | Annotated[Play, subcommand("play")]
    | Annotated[Watch, subcommand("watch")]
    | Annotated[Replay, subcommand("replay")]
    | Annotated[Analyze, subcommand("analyze")]
    | Annotated[Gtp, subcommand("gtp")]
    | Annotated[Zoo, subcommand("zoo")]
    | Annotated[Export, subcommand("export")]
    | Annotated[Bench, subcommand("bench")]
    | Annotated[Demo, subcommand("demo")]
)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line and returns the exit code, see `guarded`.

    tyro raises SystemExit by itself: 0 after help, 2 after a wrong option.
    """

    def run() -> None:
        arguments = list(sys.argv[1:] if argv is None else argv)
        if arguments == ["--version"]:
            print(f"rl-lab {version('rl-lab')}")
            return
        check_learner(arguments)
        command = tyro.cli(
            cast(Any, Command), args=arguments, prog="rl-lab", description=__doc__, config=(FlagCreatePairsOff,)
        )
        command.start()

    return guarded(run)


def guarded(run: Callable[[], None]) -> int:
    """Does what a person has asked for, and turns what can go wrong with it into a sentence and an exit code:

    0 success, 1 the reader of the output went away, 2 something given is wrong (one sentence on stderr), 130 Ctrl-C.
    """
    try:
        run()
        sys.stdout.flush()
    except LabError as error:
        return _fail(str(error))
    except (KeyboardInterrupt, ImportError) as error:
        if not isinstance(error, KeyboardInterrupt) and not isinstance(error.__cause__, KeyboardInterrupt):
            raise
        print("\nStopped.", file=sys.stderr)  # a module in C that is stopped while it loads says ImportError
        return 130
    except BrokenPipeError:
        # Python would complain again when it flushes at exit, so what is left goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except MemoryError:
        return _fail("There is not enough memory for this: ask for fewer environments, games, positions or steps.")
    except OSError as error:
        where = f" {error.filename}" if error.filename else ""
        return _fail(f"Cannot use{where or ' a file'}: {error.strerror or error}.")
    return 0


def _fail(message: str) -> int:
    print(f"rl-lab: {' '.join(message.split())}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
