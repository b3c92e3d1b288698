"""Searches for settings of PPO or DQN; the same as `rl-lab tune`.

For example: python scripts/tune.py ppo --env snake --trials 30
"""

import sys

from rl_lab.cli import main

if __name__ == "__main__":
    sys.exit(main(["tune", *sys.argv[1:]]))
