"""Trains what docs/results.md shows, with fresh seeds, and prints its table.

For example: python scripts/results.py ppo-snake dqn-catch --seeds 3 4 5
"""

import sys

from envs.errors import LabError
from rl_lab.results.main import main

if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except LabError as error:
        sys.exit(str(error))
