"""What self-play writes down to learn from, in games whose moves, values and results are fixed beforehand."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from agents.alphazero.replay import Positions
from agents.alphazero.self_play import SelfPlay
from agents.search import SearchResult
from envs.chance import Seeds
from envs.games.connect_four import ConnectFour
from envs.games.game import Game, States
from envs.games.go.game import Go
from envs.games.tic_tac_toe import TicTacToe

SHARE = 0.25


def value_of(slot: int, ply: int) -> float:
    """What the stand-in says of a ply: different everywhere, good and bad for either side."""
    return float(np.cos(1 + 5 * slot + 2 * ply))


def policy_of(game: Game, slot: int, ply: int) -> NDArray[np.float32]:
    """What the stand-in would have learned of a ply."""
    weights = np.random.default_rng([slot, ply]).random(game.num_actions)
    return (weights / weights.sum()).astype(np.float32)


class Script:
    """Stands in for a search: slot b plays the actions scripts[b], with fixed values and policies."""

    def __init__(self, game: Game, scripts: list[list[int]]) -> None:
        self.game, self.scripts = game, scripts

    def run(self, states: States, seeds: Seeds) -> SearchResult:
        plies = [(slot, int(ply)) for slot, ply in enumerate(states["ply"])]
        policy = np.stack([policy_of(self.game, *at) for at in plies])
        return SearchResult(
            action=np.array([self.scripts[slot][ply] for slot, ply in plies]),
            policy=policy,
            value=np.array([value_of(*at) for at in plies], np.float32),
            prior=policy,
            visits=np.zeros(policy.shape, np.int32),
            q=np.zeros(policy.shape, np.float32),
        )


def played(game: Game, starts: States, scripts: list[str], steps: int) -> list[Positions]:
    """What each step of self-play returned, from the given starts."""
    actions = [[game.parse_action(name) for name in script.split()] for script in scripts]
    play = SelfPlay(game, len(scripts), random_opening=0.0, search_value_share=SHARE, seed=[0])
    play.states = starts.copy()
    return [play.step(Script(game, actions)) for _ in range(steps)]


def assert_positions(positions: Positions, game: Game, start: States, script: str, slot: int, outcome: int) -> None:
    """Each ply holds what its mover saw and was told, and the outcome of the game, player 0's, as it was for it."""
    states = start.copy()
    assert len(positions) == len(script.split())
    for ply, name in enumerate(script.split()):
        np.testing.assert_array_equal(positions.observation[ply], game.observe(states)[0])
        np.testing.assert_array_equal(positions.legal[ply], game.legal_mask(states)[0])
        np.testing.assert_array_equal(positions.policy[ply], policy_of(game, slot, ply))
        for_mover = outcome if ply % 2 == 0 else -outcome
        result = {1: [1, 0, 0], 0: [0, 1, 0], -1: [0, 0, 1]}[for_mover]
        value = value_of(slot, ply)
        mixed = (1 - SHARE) * np.array(result) + SHARE * np.array([(1 + value) / 2, 0, (1 - value) / 2])
        np.testing.assert_allclose(positions.outcome[ply], mixed, atol=1e-6, err_msg=f"ply {ply}")
        game.step(states, np.array([game.parse_action(name)]))


# Black takes the left of the board and White two stones of the right, with a point between them that is nobody's:
#     X X O        Black 6 points,
#     X X .        White 2.
#     X X O
LEFT = "B3 C3 B2 C1 B1 pass pass"
LEFT_OWNERS = np.array([[1, 1, -1], [1, 1, 0], [1, 1, -1]])


@pytest.mark.parametrize(("komi", "outcome"), [(1.5, 1), (4.0, 0), (6.5, -1)])
def test_a_game_of_go_is_told_from_the_side_to_move(komi: float, outcome: int) -> None:
    game = Go(3)
    start = game.init(1, komi=np.array([komi]))
    steps = played(game, start, [LEFT], 7)
    assert [len(step) for step in steps] == [0] * 6 + [7]
    assert_positions(steps[-1], game, start, LEFT, 0, outcome)
    for ply in range(7):
        sign = 1 if ply % 2 == 0 else -1
        np.testing.assert_array_equal(steps[-1].ownership[ply], sign * LEFT_OWNERS)
        assert steps[-1].margin[ply] == sign * (6 - 2 - komi)


def test_games_side_by_side_keep_apart() -> None:
    """Slots of different length, of which one begins again while the others run, and one whose White wins by a wall."""
    game = Go(3)
    wall = "A3 B3 pass B2 pass B1 pass pass"  # White's wall in the middle leaves Black's stone at A3 one point
    scripts = ["pass pass", LEFT, wall]
    starts = game.init(3, komi=np.array([-0.5, 3.5, 2.0]))
    steps = played(game, starts, scripts, 8)
    assert [len(step) for step in steps] == [0, 2, 0, 2, 0, 2, 7, 2 + 8]
    assert_positions(steps[1], game, starts[:1], scripts[0], 0, 1)
    assert steps[1].margin.tolist() == [0.5, -0.5] and not steps[1].ownership.any()
    assert_positions(steps[6], game, starts[1:2], scripts[1], 1, 1)
    assert steps[6].margin.tolist() == [0.5, -0.5] * 3 + [0.5]
    last = steps[7][2:]
    assert_positions(last, game, starts[2:], scripts[2], 2, -1)
    owners = np.array([[1, -1, -1], [0, -1, -1], [0, -1, -1]])
    for ply in range(8):
        sign = 1 if ply % 2 == 0 else -1
        np.testing.assert_array_equal(last.ownership[ply], sign * owners)
        assert last.margin[ply] == sign * (1 - 6 - 2.0)


def test_a_capture_owns_nothing() -> None:
    """2x2: the final board counts, and stones that were taken on the way do not."""
    game = Go(2, komi=0.5)
    script = "A1 A2 B2 pass pass"  # Black takes White's stone in the corner
    steps = played(game, game.init(1), [script], 5)
    assert_positions(steps[-1], game, game.init(1), script, 0, 1)
    assert steps[-1].margin.tolist() == [3.5, -3.5, 3.5, -3.5, 3.5]
    assert (steps[-1].ownership == np.array([1, -1, 1, -1, 1])[:, None, None]).all()


@pytest.mark.parametrize(
    ("game", "script", "outcome"),
    [
        (TicTacToe(), "A3 A2 B3 B2 C3", 1),
        (TicTacToe(), "A3 A2 B3 B2 C1 C2", -1),
        (TicTacToe(), "A3 B3 C3 B2 A2 C2 B1 A1 C1", 0),
        (ConnectFour(), "1 2 1 2 1 2 1", 1),
    ],
)
def test_a_game_without_territory_has_no_margin(game: Game, script: str, outcome: int) -> None:
    last = played(game, game.init(1), [script], len(script.split()))[-1]
    assert_positions(last, game, game.init(1), script, 0, outcome)
    assert not last.margin.any() and not last.ownership.any()


def test_random_openings_are_as_long_as_they_are_asked_to_be_and_leave_no_game_over() -> None:
    shares = {}
    for plies in (4, 9):
        play = SelfPlay(TicTacToe(), 2000, random_opening=1.0, search_value_share=0.0, seed=[0], random_plies=plies)
        assert not play.states["terminated"].any()
        assert play.states["ply"].max() == min(plies, 8)
        shares[plies] = (play.states["ply"] > 4).mean()
    assert shares[4] == 0 and 0.2 < shares[9] < 0.6
    none = SelfPlay(TicTacToe(), 100, random_opening=0.0, search_value_share=0.0, seed=[0], random_plies=9)
    assert none.states["ply"].max() == 0


def test_the_first_moves_may_be_drawn_from_the_policy() -> None:
    game, games = TicTacToe(), 2000
    play = SelfPlay(game, games, random_opening=0.0, search_value_share=0.0, seed=[0], sampled_moves=1)
    script = Script(game, [[0, 8]] * games)
    policies = np.stack([policy_of(game, slot, 0) for slot in range(games)])
    play.step(script)
    first = play.pending.action.reshape(games, -1)[:, 0]
    shares = np.bincount(first, minlength=9) / games
    assert np.abs(shares - policies.mean(axis=0)).max() < 4 * np.sqrt(0.25 / games)
    free = first != 8
    play.step(Script(game, [[0, 8] if ok else [0, 0] for ok in free]))
    second = play.pending.action.reshape(games, -1)[:, 1]
    assert (second == np.where(free, 8, 0)).all()


def test_a_game_may_branch_off_the_one_before_with_a_random_move() -> None:
    game, games = TicTacToe(), 300
    win = [0, 3, 1, 4, 2]
    play = SelfPlay(game, games, random_opening=0.0, search_value_share=0.0, seed=[0], branching=1.0)
    for _ in win:
        positions = play.step(Script(game, [win] * games))
    assert len(positions) == games * len(win)
    plies, seen = play.states["ply"], set()
    for state in play.states[:, None]:
        before = game.init(1)
        for action in win[: max(int(state["ply"][0]) - 1, 0)]:
            game.step(before, np.array([action]))
        after = np.repeat(before, 9)
        legal = np.flatnonzero(game.legal_mask(before)[0])
        after = after[legal]
        game.step(after, legal)
        alike = legal[(game.observe(after) == game.observe(state)).all(axis=(1, 2, 3))]
        assert len(alike) == 1 or state["ply"][0] == 0
        seen.add((int(state["ply"][0]), *alike))
    assert not play.states["terminated"].any() and (plies > 0).mean() > 0.9, "but where the random move ended the game"
    assert set(np.unique(plies)) == {0, 1, 2, 3, 4, 5} and len(seen) == 1 + 9 + 8 + 7 + 6 + 4, "every move anywhere"
    np.testing.assert_array_equal(play.starts, play.states)
    assert (play.length == 0).all()


def test_a_branch_of_a_branch_begins_where_that_one_did() -> None:
    game, games = TicTacToe(), 200
    play = SelfPlay(game, games, random_opening=0.0, search_value_share=0.0, seed=[0], branching=1.0)

    class Lowest:
        def run(self, states: States, seeds: Seeds) -> SearchResult:
            legal = game.legal_mask(states)
            uniform = (legal / legal.sum(axis=1, keepdims=True)).astype(np.float32)
            nothing = np.zeros(legal.shape)
            value = np.zeros(len(states), np.float32)
            return SearchResult(legal.argmax(axis=1), uniform, value, uniform, nothing.astype(np.int32), nothing)

    for _ in range(60):
        play.step(Lowest())
        assert (play.states["ply"] - play.starts["ply"] == play.length).all()
        assert (play.starts["ply"] <= play.states["ply"]).all()
    assert play.finished_games > 5 * games and play.starts["ply"].max() >= 6
