"""Trains an agent by DQN; the same as `rl-lab train dqn`.

For example: python scripts/train_dqn.py --env CartPole-v1 --steps 50000 --set double=false
"""

import sys

from rl_lab.cli import main

if __name__ == "__main__":
    sys.exit(main(["train", "dqn", *sys.argv[1:]]))
