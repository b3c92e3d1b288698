"""The conformance checks that look at one ply of a batch of games: the states before it and after."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from envs.chance import seed_states
from envs.errors import LabError
from envs.games.game import Game, States, TerritoryGame

DIAGRAM_STRIDE = 16  # diagrams are slow, so each ply looks at one row in so many
FEW_ACTIONS = 8  # try every action in a state that has no more than these


@dataclass(frozen=True)
class Ply:
    """`after` is `before` with `actions` played: legal ones in running rows, any in finished ones."""

    before: States
    mask: NDArray[np.bool_]
    actions: NDArray[np.int64]
    after: States

    @property
    def running(self) -> NDArray[np.bool_]:
        return ~self.before["terminated"]


def rows_differ(a: States, b: States) -> NDArray[np.bool_]:
    """Which rows differ in any field; the bytes that pad an aligned dtype mean nothing. Shape [n]."""
    differ = np.zeros(len(a), np.bool_)
    for name in a.dtype.names or ():
        unequal = a[name] != b[name]
        differ |= unequal.any(axis=tuple(range(1, unequal.ndim)))
    return differ


def assert_same(a: States, b: States, message: str) -> None:
    """Raises AssertionError with `message` and the place if two batches differ."""
    rows = np.flatnonzero(rows_differ(a, b))
    if len(rows):
        fields = [name for name in a.dtype.names or () if np.any(a[name] != b[name])]
        raise AssertionError(f"{message} (row {rows[0]}; fields {', '.join(fields)})")


def check_header(game: Game, ply: Ply) -> None:
    after, running = ply.after, ply.running
    assert_same(after[~running], ply.before[~running], "step changed a finished row")
    assert np.isin(after["to_play"], (0, 1)).all(), "to_play must be 0 or 1"
    assert np.isin(after["outcome"], (-1, 0, 1)).all(), "outcome must be -1, 0 or 1"
    assert not after["outcome"][~after["terminated"]].any(), "outcome must be 0 while the game runs"
    assert np.array_equal(after["ply"], ply.before["ply"] + running), "a step must add 1 to ply"


def check_mask(game: Game, ply: Ply) -> None:
    mask = ply.mask
    assert mask.dtype == np.bool_, "legal_mask must be bool"
    assert mask.shape == (len(ply.before), game.num_actions), "legal_mask must have shape [n, A]"
    assert mask[ply.running].any(axis=1).all(), "legal_mask leaves a running game no action"
    finished = ply.after["terminated"]
    assert not game.legal_mask(ply.after)[finished].any(), "legal_mask allows an action in a finished game"
    # A game can also be ended from outside, by a forfeit.
    ended = ply.before.copy()
    ended["terminated"] = True
    assert not game.legal_mask(ended).any(), "legal_mask allows an action in a finished game, ended by a forfeit"


def check_random_actions(game: Game, ply: Ply) -> None:
    states, seeds = ply.before.copy(), seed_states(range(len(ply.before)))
    drawn = seeds.copy()
    actions, rows = game.random_actions(states, drawn), np.flatnonzero(ply.running)
    assert_same(states, ply.before, "random_actions changed a state")
    assert actions.shape == (len(states),), "random_actions must have shape [n]"
    assert ply.mask[rows, actions[rows]].all(), "random_actions drew an illegal action"
    assert (drawn != seeds)[rows].all(), "random_actions must advance the random state of every running row"
    for i in rows:
        seed = seeds[i : i + 1].copy()
        alone = game.random_actions(states[i : i + 1], seed)
        assert alone[0] == actions[i] and seed[0] == drawn[i], "random_actions depends on the other rows"


def check_observation(game: Game, ply: Ply) -> None:
    states = ply.after.copy()
    planes = game.observe(states)
    game.legal_mask(states)
    assert planes.dtype == np.uint8, "observe must be uint8"
    assert planes.shape == (len(states), *game.observation_shape), "observe must have shape [n, C, H, W]"
    assert_same(states, ply.after, "looking at a state changed it")


def check_rows_apart(game: Game, ply: Ply) -> None:
    """A row's result depends on nothing but the row, and a step touches no row outside its batch."""
    states, planes = ply.before.copy(), game.observe(ply.before)
    game.step(states[1:-1], ply.actions[1:-1])
    assert_same(states[[0, -1]], ply.before[[0, -1]], "step changed a row outside its batch")
    assert_same(states[1:-1], ply.after[1:-1], "step depends on the other rows of the batch")
    for i in range(len(states)):
        alone = ply.before[i : i + 1].copy()
        assert np.array_equal(game.legal_mask(alone)[0], ply.mask[i]), "legal_mask depends on the other rows"
        assert np.array_equal(game.observe(alone)[0], planes[i]), "observe depends on the other rows"
        game.step(alone, ply.actions[i : i + 1])
        assert_same(alone, ply.after[i : i + 1], "step depends on the other rows of the batch")


def check_text(game: Game, ply: Ply) -> None:
    for i in range(int(ply.after["ply"].max()) % DIAGRAM_STRIDE, len(ply.after), DIAGRAM_STRIDE):
        check_diagram(game, ply.after[i : i + 1])


def check_diagram(game: Game, states: States) -> None:
    """A diagram reads back, but for the history, which can only forbid actions or end the game."""
    text = game.text(states[0])
    try:
        parsed = game.parse_text(text)
    except LabError as error:
        raise AssertionError(f"parse_text refuses what text wrote: {error}\n{text}") from error
    assert parsed.dtype == game.state_dtype and parsed.shape == (1,), "parse_text must give a batch of one"
    again = game.text(parsed[0])
    assert again == text, f"the diagram changes when read back:\n{text}\n{again}"
    assert parsed["to_play"] == states["to_play"], f"parse_text changes who is to play:\n{text}"
    same_pieces = np.array_equal(game.observe(parsed)[:, 0], game.observe(states)[:, 0])
    assert same_pieces, f"parse_text changes the mover's pieces:\n{text}"
    if parsed["terminated"]:
        assert states["terminated"], f"parse_text ends a running game:\n{text}"
        assert parsed["outcome"] == states["outcome"], f"parse_text changes the outcome:\n{text}"
    missing = game.legal_mask(states) & ~game.legal_mask(parsed)
    assert not missing.any(), f"parse_text forbids a legal action:\n{text}"
    if states["terminated"]:
        assert game.result_text(states[0]), "result_text of a finished game is empty"


def check_scene(game: Game, ply: Ply) -> None:
    first = int(np.flatnonzero(ply.running)[0])
    scene = game.scene(ply.before[first])
    for action, (x, y, w, h) in scene.action_spots.items():
        assert 0 <= action < game.num_actions, f"the scene has a spot for {action}, which is no action"
        inside = 0 <= x < x + w <= scene.width and 0 <= y < y + h <= scene.height
        assert inside, f"the spot of action {action} is not inside the scene"
        assert scene.action_at(x + w / 2, y + h / 2) == action, f"the spot of action {action} is another's"
    # An action that a symmetry moves has a place on the board.
    placed = (game.symmetry_actions != np.arange(game.num_actions)).any(axis=0)
    for action in np.flatnonzero(ply.mask[first] & placed).tolist():
        assert action in scene.action_spots, f"action {action} has a place but no spot in the scene"


def check_last_choice(game: Game, ply: Ply) -> None:
    """Where every action ends the game, a playout must end where one of them does."""
    for i in np.flatnonzero(ply.running & (ply.mask.sum(axis=1) <= FEW_ACTIONS)).tolist():
        actions = np.flatnonzero(ply.mask[i])
        ends = np.repeat(ply.before[i], len(actions))
        game.step(ends, actions)
        if ends["terminated"].all():
            played = ply.before[i : i + 1].copy()
            game.playout(played, np.array([i], np.uint64))
            missed = rows_differ(np.repeat(played, len(ends)), ends).all()
            assert not missed, "a playout ends where no legal action does"


def check_territory(game: TerritoryGame, states: States) -> None:
    owners, margins = game.ownership(states), game.margin(states)
    assert owners.dtype == np.int8, "ownership must be int8"
    assert owners.shape == (len(states), *game.board_shape), "ownership must have shape [n, H, W]"
    assert np.isin(owners, (-1, 0, 1)).all(), "ownership must be -1, 0 or 1"
    assert margins.dtype == np.float32 and margins.shape == (len(states),), "margin must be float32[n]"
    ended = states["terminated"]
    agree = np.array_equal(np.sign(margins[ended]), states["outcome"][ended])
    assert agree, "the sign of the margin must be the outcome of a finished game"
