"""Plays a tournament; the same as `rl-lab tournament`.

For example: python scripts/tournament.py go:size=5 random greedy
"""

import sys

from rl_lab.cli import main

if __name__ == "__main__":
    sys.exit(main(["tournament", *sys.argv[1:]]))
