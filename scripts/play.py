"""Lets you play against an agent, or in a world; the same as `rl-lab play`. Without arguments you choose in the window.

For example: python scripts/play.py go:size=5 --opponent greedy
"""

import sys

from rl_lab.cli import main

if __name__ == "__main__":
    sys.exit(main(["play", *sys.argv[1:]]))
