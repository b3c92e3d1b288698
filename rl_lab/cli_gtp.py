"""`rl-lab gtp AGENT`: an agent as an engine for Go programs (see cli.py for how a command is written)."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import Annotated

from tyro.conf import Positional, arg


@dataclass
class Gtp:
    """Lets a Go program (GoGui, Sabaki, gogui-twogtp ...) play an agent: speaks GTP 2 on standard input and output."""

    agent: Annotated[Positional[str], arg(metavar="AGENT")]
    """The agent, e.g. rollout:simulations=500 or alphazero:runs/demo."""
    size: int = 9
    """The board at first; the command boardsize sets another."""
    komi: Annotated[float | None, arg(metavar="FLOAT")] = None
    """White's compensation; by default each size has its own. The command komi sets another."""
    resign: float = 0.0
    """It resigns when its chance to win is below this for three of its moves in a row; 0: never."""
    ponder: bool = False
    """It goes on thinking while the opponent does, if it is an agent that searches."""
    seed: int = 0
    """The same seed and the same commands give the same answers, as long as no clock runs and it does not ponder."""
    threads: int = 1
    """Threads for search and net; one position is too little to share, unless the net is large and the cores idle."""

    def start(self) -> None:
        """Serves."""
        from rl_lab.threads import use_threads

        use_threads(self.threads)
        from rl_lab.go_io.gtp_engine import GtpEngine
        from rl_lab.go_io.gtp_server import serve, standard_streams
        from rl_lab.go_io.gtp_session import Session

        commands, answers = standard_streams()
        session = Session(self.agent, self.size, self.komi, self.seed, self.resign, self.ponder)
        with answers, closing(session):
            serve(GtpEngine(session), commands, answers)
