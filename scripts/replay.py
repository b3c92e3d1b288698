"""Shows what has been played: an SGF file, a game of a tournament, an episode; the same as `rl-lab replay`.

For example: python scripts/replay.py runs/window/game-1.sgf
"""

import sys

from rl_lab.cli import main

if __name__ == "__main__":
    sys.exit(main(["replay", *sys.argv[1:]]))
