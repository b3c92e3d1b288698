"""Two players of the maze who see what a net sees: one reads the maze, one follows the mark."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from agents.agent import Agent, Decision
from agents.solo.certain import certain
from envs.chance import Seeds
from envs.errors import LabError
from envs.games.game import States
from envs.solo.directions import COLUMN_STEP, DIRECTIONS, ROW_STEP
from envs.solo.maze import Maze
from envs.solo.maze_kernels import STEP_COST

OPEN, AGENT, GOAL, MARK = range(4)  # planes of the observation


def _beyond(planes: NDArray[np.bool_], direction: int) -> NDArray[np.bool_]:
    """What lies one square in that direction of each square, False beyond the edge. Shape [n, H, W]."""
    padded = np.pad(planes, ((0, 0), (1, 1), (1, 1)))
    y, x = 1 + ROW_STEP[direction], 1 + COLUMN_STEP[direction]
    height, width = planes.shape[1:]
    return padded[:, y : y + height, x : x + width]


def _around(planes: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """_beyond in each of the four directions. Shape [4, n, H, W]."""
    return np.stack([_beyond(planes, direction) for direction in range(len(DIRECTIONS))])


class ShortestPathAgent(Agent):
    """Takes the shortest way, found by a breadth-first search from the goal over the open squares it sees."""

    def __init__(self, world: Maze) -> None:
        super().__init__("shortest_path")
        self.world = world

    def act(self, states: States, seeds: Seeds) -> Decision:
        """See Agent.act; the value is the return of the way: 1 - 0.01 * its length."""
        planes = self.world.observe(states).astype(np.bool_)
        agent = planes[:, AGENT]
        # All mazes at once: `near` is what lies within `distance` steps of the goal.
        near, distance, actions = planes[:, GOAL], np.zeros(len(states), np.int64), np.zeros(len(states), np.int64)
        while (looking := ~(near & agent).any(axis=(1, 2))).any():
            around = _around(near)
            distance += looking
            arrives = (around & agent).any(axis=(2, 3))
            actions = np.where(looking, arrives.argmax(axis=0), actions)
            near = near | (around.any(axis=0) & planes[:, OPEN])
        return certain(actions, len(DIRECTIONS), 1 - STEP_COST * distance)


class MarkFollower(Agent):
    """Goes where the mark is, and looks at nothing else. Raises LabError for a maze without marks."""

    def __init__(self, world: Maze) -> None:
        if world.cue == "none":
            raise LabError("Agent 'mark_follower' needs a maze with marks, e.g. maze:cue=spurious.")
        super().__init__("mark_follower")
        self.world = world

    def act(self, states: States, seeds: Seeds) -> Decision:
        """See Agent.act; the value is 0."""
        planes = self.world.observe(states).astype(np.bool_)
        arrives = (_around(planes[:, MARK]) & planes[:, AGENT]).any(axis=(2, 3))
        return certain(arrives.argmax(axis=0), len(DIRECTIONS), np.zeros(len(states)))
