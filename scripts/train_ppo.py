"""Trains an agent by PPO; the same as `rl-lab train ppo`.

For example: python scripts/train_ppo.py --env snake --steps 1000000 --set num_envs=128
"""

import sys

from rl_lab.cli import main

if __name__ == "__main__":
    sys.exit(main(["train", "ppo", *sys.argv[1:]]))
