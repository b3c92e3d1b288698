"""Lets you play against an agent; the same as `rl-lab play`.

For example: python scripts/play.py go:size=5 --opponent greedy
"""

import sys

from rl_lab.cli import main

if __name__ == "__main__":
    sys.exit(main(["play", *sys.argv[1:]]))
