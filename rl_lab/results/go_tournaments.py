"""`python scripts/go_tournaments.py`: everyone who plays Go in the lab, on three boards, into docs/reports."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path

from agents.registry import make_agent
from envs.games.registry import make_game
from rl_lab.arena.folder import PAGE
from rl_lab.arena.options import TournamentOptions
from rl_lab.arena.run import run_tournament
from rl_lab.results.rows import FOLDER, Row

REPORTS = Path("docs/reports")
SIZES = (5, 7, 9)
SEED = 6
ANCHOR = "rollout:simulations=200"  # from the middle: of who loses every game nobody's distance is well known
FIXED = ("random", "greedy", ANCHOR, "rollout:simulations=1000", "alphabeta:depth=3")
STRONG = ("zoo:level=5", "zoo", "gnugo:level=10,resign=false")  # on 5x5 it resigns games that it could win
MINUTES = 5
"""Training time of AlphaZero."""
DQN_STEPS = {5: 300_000, 7: 200_000, 9: 150_000}
PPO_STEPS = {5: 1_000_000, 7: 600_000, 9: 400_000}
"""What they learn from, by the size of the board: about ten minutes on one core each."""


def learners(size: int) -> list[Row]:
    """Those who learn that board, each with one seed."""
    game = f"go:size={size}"
    return [
        Row("dqn", game, (), {"steps": DQN_STEPS[size]}, label="tournament"),
        Row("ppo", game, (), {"steps": PPO_STEPS[size]}, label="tournament"),
        Row("alphazero", game, (), {"minutes": MINUTES, "anchors": "random"}, label="tournament"),
    ]


def main(arguments: Sequence[str]) -> None:
    """Trains who is not trained yet, plays what has not been played yet, and writes a page for each board.

    Raises LabError if GNU Go is not installed or the zoo has no net for Go.
    """
    parser = argparse.ArgumentParser(prog="go_tournaments.py", description=__doc__)
    parser.add_argument("--sizes", nargs="+", type=int, choices=SIZES, default=SIZES, metavar="N")
    parser.add_argument("--games", type=int, default=20, help="for each two agents (20)")
    parser.add_argument("--out", type=Path, default=REPORTS, help="folder of the pages (docs/reports)")
    options = parser.parse_args(arguments)
    for size in options.sizes:
        play(size, options.games, options.out)


def play(size: int, games: int, reports: Path) -> None:
    """The tournament on one board."""
    game, rows, folder = f"go:size={size}", learners(size), FOLDER / f"tournament-go-{size}"
    for spec in (*FIXED, *STRONG):  # who is not there should be missed before the hours of training
        make_agent(spec, make_game(game)).close()
    for row in rows:
        row.train(SEED)
    agents = [*FIXED, *(row.agent(SEED) for row in rows), *STRONG]
    run_tournament(game, agents, TournamentOptions(games=games, out=folder, anchor=ANCHOR))
    reports.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(folder / PAGE, reports / f"go-{size}x{size}.html")
