"""Measures the lab's speed; the same as `rl-lab bench`."""

import sys

from rl_lab.cli import main

if __name__ == "__main__":
    sys.exit(main(["bench", *sys.argv[1:]]))
