"""Plays agents in a single-agent world and compares them; the same as `rl-lab evaluate`.

For example: python scripts/evaluate.py skier:actions=continuous random gd momentum adam
"""

import sys

from rl_lab.cli import main

if __name__ == "__main__":
    sys.exit(main(["evaluate", *sys.argv[1:]]))
