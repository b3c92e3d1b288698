"""Everyone who plays Go in the lab, on 5x5, 7x7 and 9x9: trains, plays, and writes docs/reports.

For example: python scripts/go_tournaments.py --sizes 5
"""

import sys

from rl_lab.cli import guarded
from rl_lab.results.go_tournaments import main

if __name__ == "__main__":
    sys.exit(guarded(lambda: main(sys.argv[1:])))
