"""Varied openings: random positions that each pair of games starts from, once with either colouring of the players.

Two strong or deterministic agents would play the same game again and again from the empty board. Random openings
give different games, and playing every opening twice with colours swapped takes the opening's own bias out of the
score.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from envs.chance import choose, seeds_from
from envs.errors import LabError
from envs.games.game import Game, States

Opening = tuple[int, ...]
"""The actions that lead from the start of the game to the position."""

ROUNDS_WITHOUT_NEWS = 3  # after so many fruitless rounds of sampling, openings of this depth count as used up
MIN_SAMPLES = 64


def random_openings(game: Game, n: int, plies: int, rng: np.random.Generator) -> list[Opening]:
    """n openings of `plies` uniformly random legal moves that lead to n different unfinished positions.

    Moves without a place on the board (a pass) are left out wherever another move is legal. Positions count as the
    same if they are drawn alike with the same player to move; rotations and reflections count as different. Once a
    depth has no more positions to give, the remaining openings are one ply deeper. With `plies` 0 every opening is
    the start of the game. Raises LabError if the game has fewer than n such positions.
    """
    if n < 0 or plies < 0:
        raise LabError(f"There is no opening of {plies} moves: the depth must be 0 or more.")
    if plies == 0:
        return [()] * n
    found: dict[tuple[str, int], Opening] = {}
    for depth in range(plies, game.max_plies):
        fruitless = 0
        while len(found) < n and fruitless < ROUNDS_WITHOUT_NEWS:
            before = len(found)
            for position, opening in _sample(game, max(n, MIN_SAMPLES), depth, rng):
                found.setdefault(position, opening)
            fruitless = 0 if len(found) > before else fruitless + 1
        if len(found) >= n:
            return list(found.values())[:n]
    raise LabError(
        f"{game.spec} has {len(found)} different openings of {plies} or more moves, not {n}; "
        "ask for fewer games or shorter openings."
    )


def open_game(game: Game, openings: Sequence[Opening]) -> States:
    """The positions after the openings. Shape [len(openings)]. Legality is not checked."""
    states = game.init(len(openings))
    for i, opening in enumerate(openings):
        for action in opening:
            game.step(states[i : i + 1], np.array([action]))
    return states


def _sample(game: Game, n: int, depth: int, rng: np.random.Generator) -> list[tuple[tuple[str, int], Opening]]:
    """Up to n random openings with the positions they lead to; those that end the game are left out."""
    states, seeds = game.init(n), seeds_from(rng, n)
    actions = np.zeros((n, depth), np.int64)
    for ply in range(depth):
        # Finished rows have no legal action; they stay as they are, whatever their action.
        actions[:, ply] = choose(_placed(game, game.legal_mask(states)), seeds)
        game.step(states, actions[:, ply])
    return [
        ((game.text(states[i]), int(states["to_play"][i])), tuple(map(int, actions[i])))
        for i in np.flatnonzero(~states["terminated"])
    ]


def _placed(game: Game, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The legal actions that have a place on the board, or all legal ones where there is none. Shape [n, A]."""
    has_place = np.zeros(game.num_actions, np.bool_)
    has_place[list(game.scene(game.init(1)[0]).action_spots)] = True
    placed = mask & has_place
    return np.where(placed.any(axis=1, keepdims=True), placed, mask)
