"""Shows agents at work, in a game or a world; the same as `rl-lab watch`. Without arguments you choose in the window.

For example: python scripts/watch.py go:size=5 --agent random --opponent greedy
"""

import sys

from rl_lab.cli import main

if __name__ == "__main__":
    sys.exit(main(["watch", *sys.argv[1:]]))
