"""Othello against OpenSpiel, a plain look along every line, and hand-made positions; perft is in test_perft.py."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from envs.errors import LabError
from envs.games.conformance import check_game
from envs.games.game import DIHEDRAL, States
from envs.games.othello.game import Othello
from envs.games.registry import make_game

OTHELLO, SMALL = Othello(), Othello(6)
by_size = pytest.mark.parametrize("game", [OTHELLO, SMALL], ids=["8x8", "6x6"])

# The shortest game in which one side loses all discs: nine discs placed, Black wins 13 to 0.
WIPE_OUT = "e6 f4 e3 f6 g5 d6 e7 f5 c5"
# White to play has no move, Black has one (h1): White must pass.
BLACK_ONLY = "XOOOOOO.\n" + "........\n" * 2 + "...XX...\n...XX...\n" + "........\n" * 3


def play(game: Othello, moves: str) -> States:
    """The position after the named moves, each of which must be legal."""
    states = game.init(1)
    for name in moves.split():
        action = game.parse_action(name)
        assert game.legal_mask(states)[0, action], f"{name} is not legal"
        game.step(states, np.array([action]))
    return states


def names(game: Othello, plane: NDArray[np.bool_]) -> list[str]:
    return [game.action_name(int(action)) for action in np.flatnonzero(plane)]


def turned_over(cells: NDArray[np.int8], row: int, column: int, color: int) -> set[tuple[int, int]]:
    """The discs that a disc of `color` (1 or 2) there turns over, by walking along the eight lines."""
    size, turned = len(cells), set()
    for dr, dc in ((r, c) for r in (-1, 0, 1) for c in (-1, 0, 1) if r or c):
        r, c, line = row + dr, column + dc, []
        while 0 <= r < size and 0 <= c < size and cells[r, c] == 3 - color:
            line.append((r, c))
            r, c = r + dr, c + dc
        if 0 <= r < size and 0 <= c < size and cells[r, c] == color:
            turned.update(line)
    return turned


@by_size
def test_keeps_the_contract(game: Othello) -> None:
    check_game(game)


@by_size
def test_moves_and_flips_are_what_a_walk_along_the_lines_says(game: Othello) -> None:
    rng, states, flips = np.random.default_rng(0), game.init(40), 0
    while not states["terminated"].all():
        mask = game.legal_mask(states)
        before = [game.cells(state) for state in states]
        actions = np.where(mask, rng.random(mask.shape), -1).argmax(axis=1)
        movers, running = states["to_play"].copy(), ~states["terminated"]
        game.step(states, actions)
        for i in np.flatnonzero(running):
            color = int(movers[i]) + 1
            legal = [
                before[i][cell] == 0 and bool(turned_over(before[i], *cell, color))
                for cell in np.ndindex(game.board_shape)
            ]
            assert mask[i].tolist() == [*legal, not any(legal)]
            marks = [item for item in game.scene(states[i]).items if item.color == "mark"]
            assert len(marks) == any(legal), "the newest disc is marked, and after a pass there is none"
            if any(legal):
                place = divmod(int(actions[i]), game.size)
                for cell in turned_over(before[i], *place, color) | {place}:
                    before[i][cell] = color
                    flips += 1
            assert np.array_equal(game.cells(states[i]), before[i])
    assert flips > 1000


def test_the_start() -> None:
    assert names(OTHELLO, OTHELLO.legal_mask(OTHELLO.init(1))[0]) == ["d3", "c4", "f5", "e6"]
    assert names(SMALL, SMALL.legal_mask(SMALL.init(1))[0]) == ["c2", "b3", "e4", "d5"]
    own, other, playable = OTHELLO.observe(OTHELLO.init(1))[0]
    assert names(OTHELLO, own) == ["e4", "d5"] and names(OTHELLO, other) == ["d4", "e5"]
    assert names(OTHELLO, playable) == ["d3", "c4", "f5", "e6"]


def test_symmetries_are_those_that_keep_the_start() -> None:
    start = OTHELLO.ownership(OTHELLO.init(1))[0]
    kept = [symmetry for symmetry in DIHEDRAL if np.array_equal(symmetry.apply(start), start)]
    assert set(OTHELLO.symmetries) == set(kept) and len(kept) == 4


def test_a_player_without_discs_has_lost_at_once() -> None:
    states = play(OTHELLO, WIPE_OUT)
    assert states["terminated"][0] and states["outcome"][0] == 1 and states["ply"][0] == 9
    assert OTHELLO.result_text(states[0]) == "B+13" and OTHELLO.margin(states).tolist() == [13]
    assert not OTHELLO.legal_mask(states).any()


def test_who_cannot_move_must_pass() -> None:
    states = OTHELLO.parse_text(BLACK_ONLY + "White to play")
    assert not states["terminated"][0]
    assert names(OTHELLO, OTHELLO.legal_mask(states)[0]) == ["pass"]
    OTHELLO.step(states, np.array([64]))
    assert states["to_play"] == 0 and states["ply"] == 8
    assert names(OTHELLO, OTHELLO.legal_mask(states)[0]) == ["h1"], "and who can move must not"
    OTHELLO.step(states, np.array([OTHELLO.parse_action("h1")]))
    assert states["terminated"][0] and OTHELLO.result_text(states[0]) == "B+12"


@by_size
def test_results_are_what_the_discs_say(game: Othello) -> None:
    states = game.init(3000)
    game.playout(states, np.arange(3000, dtype=np.uint64))
    owners, margins = game.ownership(states), game.margin(states)
    difference = (owners == 1).sum(axis=(1, 2)) - (owners == -1).sum(axis=(1, 2))
    assert np.array_equal(margins, difference) and np.array_equal(states["outcome"], np.sign(difference))
    assert set(states["outcome"]) == {-1, 0, 1}
    assert (states["ply"] > game.size**2 - 4).any(), "some games have passes"
    for state, margin in zip(states, difference, strict=True):
        winner = "draw" if margin == 0 else f"{'W' if margin < 0 else 'B'}+{abs(margin)}"
        assert game.result_text(state) == winner


@pytest.mark.parametrize("seed", range(3))
def test_random_play_is_uniform(seed: int) -> None:
    """The mean and the spread of the margin from a position with seven empty squares; 4 standard errors allowed."""
    rng, start, n = np.random.default_rng(seed), SMALL.init(1), 40_000
    while np.count_nonzero(SMALL.cells(start[0])) < 29:
        SMALL.step(start, rng.choice(np.flatnonzero(SMALL.legal_mask(start)[0]), 1))
    states, chance, mean, square = start.copy(), np.ones(1), 0.0, 0.0
    while len(states):
        mask = SMALL.legal_mask(states)
        rows, actions = np.nonzero(mask)
        states, chance = states[rows], chance[rows] / mask.sum(axis=1)[rows]
        SMALL.step(states, actions)
        ended, margin = states["terminated"], SMALL.margin(states).astype(float)
        mean, square = mean + (chance * margin)[ended].sum(), square + (chance * margin**2)[ended].sum()
        states, chance = states[~ended], chance[~ended]
    ends = np.repeat(start, n)
    SMALL.playout(ends, np.arange(n, dtype=np.uint64))
    deviation = (square - mean**2) ** 0.5
    assert deviation > 1
    assert SMALL.margin(ends).mean() == pytest.approx(mean, abs=4 * deviation / n**0.5)
    assert SMALL.margin(ends).std() == pytest.approx(deviation, rel=0.03)


@by_size
def test_random_states_read_back_whole_but_for_passes_and_the_last_disc(game: Othello) -> None:
    states = game.init(200)
    game.playout(states[:100], np.arange(100, dtype=np.uint64))
    for ply in range(10):
        for state in states[ply::10]:
            again = game.parse_text(game.text(state))
            differ = {name for name in again.dtype.names if (again[name] != state[name]).any()}
            assert differ <= {"last", "ply"} and again["ply"][0] <= state["ply"]
        mask = game.legal_mask(states)
        game.step(states, np.where(mask, np.random.default_rng(ply).random(mask.shape), -1).argmax(axis=1))


def test_openspiel_agrees_on_random_games() -> None:
    pyspiel = pytest.importorskip("pyspiel", reason="OpenSpiel (the `peers` extra) is not installed")
    rng, passes = np.random.default_rng(0), 0
    for _ in range(100):
        theirs, ours = pyspiel.load_game("othello").new_initial_state(), OTHELLO.init(1)
        while not theirs.is_terminal():
            assert np.flatnonzero(OTHELLO.legal_mask(ours)[0]).tolist() == theirs.legal_actions()
            assert ours[0]["to_play"] == theirs.current_player()
            action = int(rng.choice(theirs.legal_actions()))
            assert OTHELLO.action_name(action) == theirs.action_to_string(action)
            passes += action == 64
            theirs.apply_action(action)
            OTHELLO.step(ours, np.array([action]))
        assert ours[0]["terminated"] and ours[0]["outcome"] == theirs.returns()[0]
    assert passes


MIDDLE = "........\n" * 3 + "...OX...\n...XO...\n" + "........\n" * 3


@pytest.mark.parametrize(
    ("diagram", "reason"),
    [
        ("OX\nXO", "8 rows of 8 cells"),
        (MIDDLE.replace("OX", "O?"), "'\\?' is no cell"),
        (MIDDLE.replace("OX", "O."), "in the middle"),
        (MIDDLE + "Red to play", "says 'Red to play', but its discs say 'Black to play'"),
        (MIDDLE + "White to play; neither can move: draw", "its discs say 'White to play'"),
        (MIDDLE.replace("O", "X") + "Black to play", "neither can move: B\\+4"),
    ],
)
def test_unreadable_diagrams(diagram: str, reason: str) -> None:
    with pytest.raises(LabError, match=reason):
        OTHELLO.parse_text(diagram)


@pytest.mark.parametrize("size", [4, 7, 10])
def test_sizes_that_do_not_exist(size: int) -> None:
    with pytest.raises(LabError, match="8 or 6"):
        make_game(f"othello:size={size}")


@pytest.mark.parametrize("text", ["a0", "a7", "g1", "", "swap", "a1b"])
def test_names_of_no_square(text: str) -> None:
    with pytest.raises(LabError, match="a1 to f6, rows from the top, or pass"):
        SMALL.parse_action(text)


@by_size
def test_the_scene_marks_the_last_disc_and_where_discs_can_go(game: Othello) -> None:
    first = names(game, game.legal_mask(game.init(1))[0])[0]
    states = play(game, first)
    scene = game.scene(states[0])
    (mark,) = (item for item in scene.items if item.color == "mark")
    assert game.action_name(scene.action_at(mark.x, mark.y)) == first
    rings = [item for item in scene.items if item.color == "grid" and getattr(item, "radius", 0) == 0.12]
    assert {scene.action_at(ring.x, ring.y) for ring in rings} == set(np.flatnonzero(game.legal_mask(states)[0]))
