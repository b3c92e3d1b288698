"""Players that know the rules and nothing else: yardsticks for everything that learns or searches."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from agents.agent import Agent, Decision, sample_actions, uniform_policy
from envs.chance import Seeds, check_seeds
from envs.faces.opponents import Moves
from envs.games.game import Actions, Game, States, TerritoryGame, player_sign
from envs.solo.world import World

# How many bytes of successor states are looked at in one go, and up to how many bytes of replies to all
# successors of one state count as cheap (Connect Four: 7 * 7 rows; Go 9x9: 82 * 82 rows of 4 KB do not).
CHUNK_BYTES = 1 << 25
REPLY_BYTES = 1 << 18


def successors(game: Game, states: States) -> tuple[NDArray[np.int64], NDArray[np.int64], States]:
    """All (state, legal action) pairs: ascending index [m] into states, action [m], state after it [m]."""
    index, action = np.nonzero(game.legal_mask(states))
    after = states[index]
    game.step(after, action)
    return index, action, after


def value_for(states: States, to_play: NDArray[np.int8]) -> NDArray[np.float32]:
    """The outcome of finished games for the players `to_play` [n], 0 for unfinished ones. Shape [n]."""
    return np.where(states["terminated"], states["outcome"] * player_sign(to_play), 0).astype(np.float32)


class RandomAgent(Agent):
    """Draws uniformly from the legal actions, passes included."""

    def __init__(self, game: Game | World) -> None:
        super().__init__("random")
        self.game = game

    def act(self, states: States, seeds: Seeds) -> Decision:
        """See Agent.act; the value is 0."""
        action = self.choose(states, seeds).action
        return Decision(action, uniform_policy(self.game.legal_mask(states)), np.zeros(len(states), np.float32))

    def choose(self, states: States, seeds: Seeds) -> Moves:
        """See Agent.choose."""
        check_seeds(seeds, len(states))
        return Moves(self.game.random_actions(states, seeds))


class GreedyAgent(Agent):
    """Looks one move ahead, and draws uniformly from what looks best.

    In this order it prefers to win at once; not to lose at once; where replies are few, not to let the
    opponent win with the next move; the best immediate margin in a TerritoryGame (so it captures, but does
    not see what will be captured); and among equals an action without a place on the board, a pass.
    """

    def __init__(self, game: Game) -> None:
        super().__init__("greedy")
        self.game = game
        self.checks_replies = game.num_actions**2 * game.state_dtype.itemsize <= REPLY_BYTES

    def act(self, states: States, seeds: Seeds) -> Decision:
        """See Agent.act; the value is +1 or -1 if the look-ahead sees the end of the game, else 0."""
        n, size = len(states), self.game.num_actions
        replies = size if self.checks_replies else 1
        rows = max(1, CHUNK_BYTES // (size * replies * self.game.state_dtype.itemsize))
        policy, value = np.zeros((n, size), np.float32), np.zeros(n, np.float32)
        for start in range(0, n, rows):
            chunk = slice(start, start + rows)
            policy[chunk], value[chunk] = self._look_ahead(states[chunk])
        return Decision(sample_actions(policy, seeds), policy, value)

    def _look_ahead(self, states: States) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The policy [n, A] and the value [n]."""
        index, action, after = successors(self.game, states)
        shape = (len(states), self.game.num_actions)
        value = np.full(shape, -np.inf, np.float32)
        value[index, action] = self._values(states[index], after)
        best = value == value.max(axis=1, keepdims=True)
        gain = np.full(shape, -np.inf, np.float32)
        gain[index, action] = self._gains(states[index], action, after)
        gain[~best] = -np.inf
        best = gain == gain.max(axis=1, keepdims=True)
        return uniform_policy(best), value.max(axis=1)

    def _values(self, before: States, after: States) -> NDArray[np.float32]:
        """+1 wins at once, -1 loses at once or with the opponent's best reply, else 0. Shape [m]."""
        value = value_for(after, before["to_play"])
        if self.checks_replies:
            running = np.flatnonzero(~after["terminated"])
            index, _, replies = successors(self.game, after[running])
            parent = running[index]
            lost = value_for(replies, before["to_play"][parent]) < 0
            value[parent[lost]] = -1
        return value

    def _gains(self, before: States, action: Actions, after: States) -> NDArray[np.float32]:
        """What to prefer among equals: the gain in margin, and by half a point a pass. Shape [m]."""
        rows, columns = self.game.board_shape
        gain = np.where(action >= rows * columns, np.float32(0.5), np.float32(0))
        if isinstance(self.game, TerritoryGame):
            change = self.game.margin(after) - self.game.margin(before)
            gain = gain + change * player_sign(before["to_play"])
        return gain
