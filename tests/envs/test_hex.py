"""Hex against OpenSpiel, a plain flood fill, what is proved of it, and hand-made positions."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from agents.solver import solve
from envs.errors import LabError
from envs.games.conformance import check_game
from envs.games.game import States
from envs.games.hex.game import Hex
from envs.games.registry import make_game
from envs.games.scene import Circle

HEX_3, PIE_3 = Hex(3), Hex(3, swap=True)


def play(game: Hex, moves: str) -> States:
    """The position after the named moves, each of which must be legal."""
    states = game.init(1)
    for name in moves.split():
        action = game.parse_action(name)
        assert game.legal_mask(states)[0, action], f"{name} is not legal"
        game.step(states, np.array([action]))
    return states


def connects(cells: NDArray[np.bool_]) -> bool:
    """Whether some cells connect the first row with the last, by a plain flood over the six neighbours."""
    size = len(cells)
    seen = {(0, c) for c in range(size) if cells[0, c]}
    found = list(seen)
    for r, c in found:
        for step_r, step_c in ((-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0)):
            q = (r + step_r, c + step_c)
            if q not in seen and min(q) >= 0 and max(q) < size and cells[q]:
                seen.add(q)
                found.append(q)
    return any(r == size - 1 for r, _ in seen)


@pytest.mark.parametrize("swap", [False, True])
@pytest.mark.parametrize("size", [3, 5, 11, 13])
def test_keeps_the_contract(size: int, swap: bool) -> None:
    check_game(Hex(size, swap))


@pytest.mark.parametrize("size", [3, 4, 7, 13])
def test_the_winner_is_the_only_one_who_connects_on_the_filled_board(size: int) -> None:
    """Boards filled in random order: just one player connects (Nash), and it is who won the game on the way."""
    game, rng = Hex(size), np.random.default_rng(size)
    order = np.array([rng.permutation(size**2) for _ in range(200)])
    states = game.init(200)
    for cells in order.T:
        game.step(states, cells)
    assert states["terminated"].all() and len(set(states["outcome"])) == 2
    for state, cells in zip(states, order, strict=True):
        is_black = np.zeros(size**2, np.bool_)
        is_black[cells[::2]] = True
        black, white = connects(is_black.reshape(size, size)), connects(~is_black.reshape(size, size).T)
        assert black != white
        assert state["outcome"] == (1 if black else -1)


def test_a_playout_stops_at_the_connecting_stone() -> None:
    game = Hex(7)
    states = game.init(300)
    game.playout(states, np.arange(300, dtype=np.uint64))
    for state in states:
        stones = game.cells(state) & 3
        sides = (stones == 1, (stones == 2).T)
        assert [connects(side) for side in sides] == [state["outcome"] == 1, state["outcome"] == -1]
        row, column = divmod(int(state["last"]), 15)
        before = stones.copy()
        before[row - 1, column - 1] = 0
        assert not connects(before == 1) and not connects((before == 2).T)
        assert state["ply"] == np.count_nonzero(stones)


def test_random_play_is_uniform() -> None:
    """Black's chance of winning, and the mean length, from ply 1 with a swap to consider; 4 standard errors allowed."""
    start, n = play(PIE_3, "b1"), 40_000
    states, chance = start.copy(), np.ones(1)
    wins = lengths = squares = 0.0
    while len(states):
        mask = PIE_3.legal_mask(states)
        rows, actions = np.nonzero(mask)
        states, chance = states[rows], chance[rows] / mask.sum(axis=1)[rows]
        PIE_3.step(states, actions)
        ended = states["terminated"]
        wins += chance[ended & (states["outcome"] == 1)].sum()
        lengths += (chance * states["ply"])[ended].sum()
        squares += (chance * states["ply"].astype(float) ** 2)[ended].sum()
        states, chance = states[~ended], chance[~ended]
    ends = np.repeat(start, n)
    PIE_3.playout(ends, np.arange(n, dtype=np.uint64))
    assert (ends["outcome"] == 1).mean() == pytest.approx(wins, abs=4 * (wins * (1 - wins) / n) ** 0.5)
    assert ends["ply"].mean() == pytest.approx(lengths, abs=4 * ((squares - lengths**2) / n) ** 0.5)
    swapped = ends["ply"] > np.count_nonzero([HEX_3.cells(state) for state in ends], axis=(1, 2))
    assert swapped.mean() == pytest.approx(1 / 9, abs=4 * (8 / 81 / n) ** 0.5)


@pytest.mark.parametrize(
    ("moves", "result"),
    [
        ("a1 b1 a2 b2 a3", "Black wins"),
        ("b1 a2 a3 b2 c1 c2", "White wins"),
        ("c1 a1 b2 b1 a3", "Black wins"),  # the short diagonal is a chain
        ("a1 c1 b2 a2 c3", "White to play"),  # the long one is not
        ("a1 a3 a2 b2 b3 c1", "White wins"),
        ("a1 c3 a2 b2 b3", "White to play"),  # nor do a2 and b3 touch
    ],
)
def test_lines(moves: str, result: str) -> None:
    assert HEX_3.text(play(HEX_3, moves)[0]).splitlines()[-1] == result


@pytest.mark.parametrize(("first", "mirrored"), [("b1", "a2"), ("a3", "c1"), ("b2", "b2"), ("c2", "b3")])
def test_a_swap_mirrors_the_stone_and_gives_it_to_white(first: str, mirrored: str) -> None:
    states = play(PIE_3, f"{first} swap")
    stones = PIE_3.cells(states[0]) & 3
    assert [PIE_3.action_name(int(cell)) for cell in np.flatnonzero(stones)] == [mirrored]
    assert stones.max() == 2 and states["to_play"] == 0 and states["ply"] == 2 and not states["terminated"]
    mask = PIE_3.legal_mask(states)[0]
    assert not mask[9] and not mask[PIE_3.parse_action(mirrored)] and mask.sum() == 8


def test_a_swap_is_legal_only_as_whites_first_move() -> None:
    states = PIE_3.init(1)
    for ply, name in enumerate(["b2", "a1", "c1", "b1"]):
        assert PIE_3.legal_mask(states)[0, 9] == (ply == 1)
        assert PIE_3.observe(states)[0, 6].all() == PIE_3.observe(states)[0, 6].any() == (ply == 1)
        PIE_3.step(states, np.array([PIE_3.parse_action(name)]))
    assert HEX_3.legal_mask(play(HEX_3, "b2")).shape == (1, 9)


def test_first_player_wins_and_the_swap_turns_it_round() -> None:
    assert solve(HEX_3, HEX_3.init(1)).tolist() == [1]
    assert solve(PIE_3, PIE_3.init(1)).tolist() == [-1]
    assert solve(Hex(4), Hex(4).init(1)).tolist() == [1]


def test_winning_openings_of_3x3() -> None:
    """Black loses by a1 or b1, and by their images c3 and b3."""
    states = HEX_3.init(9)
    HEX_3.step(states, np.arange(9))
    assert solve(HEX_3, states).reshape(3, 3).tolist() == [[-1, -1, 1], [1, 1, 1], [1, -1, -1]]


@pytest.mark.parametrize("spec", ["hex:size=3", "hex:size=3,swap=true", "hex:size=6", "hex:size=11,swap=true"])
def test_openspiel_agrees_on_random_games(spec: str) -> None:
    pyspiel = pytest.importorskip("pyspiel", reason="OpenSpiel (the `peers` extra) is not installed")
    game, rng = make_game(spec), np.random.default_rng(0)
    assert isinstance(game, Hex)
    peer = pyspiel.load_game("hex", {"board_size": game.size, "swap": game.swap})
    swaps = 0
    for _ in range(60):
        theirs, ours = peer.new_initial_state(), game.init(1)
        while not theirs.is_terminal():
            assert np.flatnonzero(game.legal_mask(ours)[0]).tolist() == theirs.legal_actions()
            assert ours[0]["to_play"] == theirs.current_player()
            action = int(rng.choice(theirs.legal_actions()))
            if theirs.legal_actions()[-1] == game.size**2 and rng.random() < 0.5:
                action, swaps = game.size**2, swaps + 1
            assert game.action_name(action) == theirs.action_to_string(action)
            theirs.apply_action(action)
            game.step(ours, np.array([action]))
        assert ours[0]["terminated"] and ours[0]["outcome"] == theirs.returns()[0]
    assert bool(swaps) == game.swap


def test_observation() -> None:
    planes = HEX_3.observe(play(HEX_3, "a1 b2 c2"))[0]  # White to play
    cells = [[HEX_3.action_name(int(cell)) for cell in np.flatnonzero(plane)] for plane in planes]
    assert cells[0] == ["b2"] and cells[1] == ["a1", "c2"]
    assert cells[2] == [] and cells[3] == ["a1"]
    assert cells[4] == ["a1", "c1", "a2", "c2", "a3", "c3"]
    assert cells[5] == ["a1", "b1", "c1", "a3", "b3", "c3"]


def test_equal_positions_are_equal_bytes_but_for_the_last_stone() -> None:
    """Whatever the order of the stones; so tables of positions find transpositions."""
    one, other = play(Hex(5), "a1 c1 a2 d3 b2 d2"), play(Hex(5), "b2 d3 a2 c1 a1 d2")
    assert one.tobytes() == other.tobytes()


def test_random_states_read_back_whole_but_for_the_last_stone() -> None:
    for game in (Hex(4), Hex(4, swap=True)):
        states = game.init(200)
        game.playout(states[:100], np.arange(100, dtype=np.uint64))
        for ply in range(8):
            for state in states[ply::8]:
                again = game.parse_text(game.text(state))
                assert {name for name in again.dtype.names if (again[name] != state[name]).any()} <= {"last"}
            mask = game.legal_mask(states)
            game.step(states, np.where(mask, np.random.default_rng(ply).random(mask.shape), -1).argmax(axis=1))


def test_a_lone_stone_reads_back_ready_to_be_swapped() -> None:
    states = PIE_3.parse_text("...\n..X\n...")
    PIE_3.step(states, np.array([9]))
    assert PIE_3.text(states[0]) == PIE_3.text(play(PIE_3, "c2 swap")[0])


@pytest.mark.parametrize(
    ("game", "diagram", "reason"),
    [
        (HEX_3, "X..\n...", "3 rows of 3 cells"),
        (HEX_3, "X..\n.#.\n...", "'#' is no cell"),
        (HEX_3, "XX.\n...\n...", "2 X and 0 O cannot be"),
        (HEX_3, "O..\n...\n...", "0 X and 1 O cannot be"),
        (PIE_3, "OO.\n...\n...", "0 X and 2 O cannot be"),
        (HEX_3, "XO.\nXO.\nXO.", "Black is connected and so moved last"),
        (HEX_3, "X..\n.O.\n...\nWhite to play", "its cells say 'Black to play'"),
        (PIE_3, "X..\n.O.\n...\nRed to play", "its cells say"),
    ],
)
def test_unreadable_diagrams(game: Hex, diagram: str, reason: str) -> None:
    with pytest.raises(LabError, match=reason):
        game.parse_text(diagram)


def test_the_last_line_tells_whether_there_was_a_swap() -> None:
    diagram = "X..\n.O.\n...\n"
    assert [PIE_3.parse_text(diagram + line)["ply"][0] for line in ("", "Black to play", "White to play")] == [2, 2, 3]
    assert PIE_3.parse_text("XO.\nXO.\nXO.")["ply"][0] == 7, "Black won, so it is not White who moved last"


@pytest.mark.parametrize("options", ["size=2", "size=14", "size=-1"])
def test_sizes_that_do_not_exist(options: str) -> None:
    with pytest.raises(LabError, match="3 to 13"):
        make_game(f"hex:{options}")


@pytest.mark.parametrize("text", ["a0", "a4", "d1", "", "swap", "pass", "a1b", "a²"])
def test_names_of_no_cell(text: str) -> None:
    with pytest.raises(LabError, match="a1 to c3"):
        HEX_3.parse_action(text)


def test_the_scene_marks_the_last_stone_and_the_chain_that_won() -> None:
    def marks(states: States) -> list[Circle]:
        return [item for item in HEX_3.scene(states[0]).items if isinstance(item, Circle) and item.color == "mark"]

    assert marks(HEX_3.init(1)) == []
    assert [mark.width > 0 for mark in marks(play(HEX_3, "a1 b1"))] == [True]
    assert sorted(mark.width > 0 for mark in marks(play(HEX_3, "a1 b1 a2 b2 c3 c1 a3"))) == [False] * 3 + [True]
