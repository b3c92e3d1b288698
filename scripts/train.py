"""Trains an agent; the same as `rl-lab train`.

For example: python scripts/train.py alphazero --help
"""

import sys

from rl_lab.cli import main

if __name__ == "__main__":
    sys.exit(main(["train", *sys.argv[1:]]))
