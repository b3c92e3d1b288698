"""Shows the whole loop in a few minutes; the same as `rl-lab demo`."""

import sys

from rl_lab.cli import main

if __name__ == "__main__":
    sys.exit(main(["demo", *sys.argv[1:]]))
