"""The lab: runs, arena, window, benchmark, command line. Importing it registers its Gymnasium ids (gym_envs.py)
and the agent `zoo`."""

from __future__ import annotations

import gymnasium

import rl_lab.zoo  # noqa: F401 - registers its agent

GYM_IDS = {
    "rl_lab/Go-v0": "go",
    "rl_lab/ConnectFour-v0": "connect_four",
    "rl_lab/TicTacToe-v0": "tic_tac_toe",
    "rl_lab/Hex-v0": "hex",
    "rl_lab/Othello-v0": "othello",
    "rl_lab/Skier-v0": "skier",
    "rl_lab/Maze-v0": "maze",
    "rl_lab/Snake-v0": "snake",
    "rl_lab/Catch-v0": "catch",
}
"""The name in spec strings of the world behind each id."""

for _id, _name in GYM_IDS.items():
    # Strings, so that nothing heavy is imported before an environment is made.
    gymnasium.register(
        _id,
        entry_point="rl_lab.gym_envs:LabEnv",
        vector_entry_point="rl_lab.gym_envs:LabVectorEnv",
        kwargs={"world": _name},
    )
