"""`rl-lab analyze GAME AGENT`: what an agent thinks of a position (see cli.py for how a command is written)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg


@dataclass
class Analyze:
    """Shows what an agent thinks of a position: its moves, with the play they lead to, and how the game will end."""

    game: Annotated[Positional[str], arg(metavar="GAME")]
    """The board game, e.g. go:size=9; with --sgf just go."""
    agent: Annotated[Positional[str], arg(metavar="AGENT")]
    """The agent, e.g. rollout:simulations=5000 or alphazero:runs/demo,simulations=800."""
    moves: str = ""
    """The moves that lead to the position, e.g. "C3 D4 pass"; after those of the file, if there is one."""
    sgf: Annotated[Path | None, arg(metavar="FILE")] = None
    """A game of Go in SGF."""
    move: Annotated[int | None, arg(metavar="N")] = None
    """The position after so many moves of the file; by default after all."""
    limit: int = 12
    """The table shows so many moves; 0 shows all."""
    seed: int = 0
    """The same seed gives the same answer."""
    json: bool = False
    """Prints JSON, with all that is known."""
    threads: int = 1
    """Threads for search and net; one position is too little to share, unless the net is large and the cores idle."""

    def start(self) -> None:
        """Analyzes."""
        from rl_lab.threads import use_threads

        use_threads(self.threads)
        from rl_lab.analyze import analyze, as_json, print_analysis, reach

        position = reach(self.game, self.moves, self.sgf, self.move)
        analysis = analyze(position, self.agent, self.seed)
        if self.json:
            print(as_json(analysis))
        else:
            print_analysis(analysis, self.limit)
