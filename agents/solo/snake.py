"""Snake, played so that it fills the board."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from agents.agent import Agent, Decision
from agents.solo.certain import certain
from envs.chance import Seeds
from envs.errors import LabError
from envs.games.game import States
from envs.solo.directions import COLUMN_STEP, DIRECTIONS, ROW_STEP
from envs.solo.snake import Snake


def hamiltonian_cycle(size: int) -> NDArray[np.int64]:
    """The action in each cell that leads around one cycle through all cells; size is even. Shape [size * size].

    To and fro over all columns but the first, row by row downwards, and back up in the first column.
    """
    rows = [[(row, column) for column in range(1, size)][:: 1 - 2 * (row % 2)] for row in range(size)]
    order = [cell for row in rows for cell in row] + [(row, 0) for row in reversed(range(size))]
    actions = np.zeros((size, size), np.int64)
    for here, there in zip(order, order[1:] + order[:1], strict=True):
        step = (there[0] - here[0], there[1] - here[1])
        actions[here] = list(zip(ROW_STEP, COLUMN_STEP, strict=True)).index(step)
    return actions.ravel()


class HamiltonianAgent(Agent):
    """Follows one cycle through all cells for ever.

    The body always lies on the stretch of cycle behind the head, so the snake never meets itself, and the head passes
    every cell, so it eats everything: it fills the board and earns the best return there is. It needs about
    size**4 / 4 steps, which on 20x20 is more than Snake.max_steps.

    Raises LabError for an odd size: colour the cells like a chessboard, and a cycle has as many dark as light ones.
    """

    def __init__(self, world: Snake) -> None:
        if world.size % 2:
            raise LabError(
                f"Agent 'hamiltonian' needs a board of even size: no cycle passes all cells of {world.spec}."
            )
        super().__init__("hamiltonian")
        self.world = world
        self.cycle = hamiltonian_cycle(world.size)

    def act(self, states: States, seeds: Seeds) -> Decision:
        """See Agent.act; the value is the food that is still to come."""
        return certain(self.cycle[states["head"]], len(DIRECTIONS), self.world.size**2 - states["length"])
