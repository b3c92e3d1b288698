"""Trains what docs/results.md shows, with fresh seeds, and prints its table.

For example: python scripts/results.py ppo-snake dqn-catch --seeds 6 7 8
"""

import sys

from rl_lab.cli import guarded
from rl_lab.results.main import main

if __name__ == "__main__":
    sys.exit(guarded(lambda: main(sys.argv[1:])))
