"""The scripted players on positions where what they must do is plain."""

import numpy as np
import pytest
from scipy.stats import chisquare

from agents.scripted import GreedyAgent, RandomAgent, successors
from envs.chance import seed_states
from envs.games.connect_four import ConnectFour
from envs.games.game import Game, States
from envs.games.go.game import Go
from envs.games.tic_tac_toe import TicTacToe

GAMES: list[Game] = [TicTacToe(), ConnectFour(), Go(size=5)]


def some_states(game: Game, n: int, plies: int, seed: int) -> States:
    """n unfinished positions after at most `plies` random moves."""
    states, agent, seeds = game.init(n), RandomAgent(game), seed_states(range(seed, seed + n))
    for _ in range(plies):
        before = states.copy()
        game.step(states, agent.act(states, seeds).action)
        states[states["terminated"]] = before[states["terminated"]]
    return states


@pytest.mark.parametrize("game", GAMES, ids=lambda game: game.name)
@pytest.mark.parametrize("kind", [RandomAgent, GreedyAgent])
def test_decisions_are_legal_and_follow_their_policy(game, kind):
    states = some_states(game, 64, 6, seed=0)
    before = states.copy()
    decision = kind(game).act(states, seed_states(range(64)))
    legal = game.legal_mask(states)
    assert legal[np.arange(64), decision.action].all()
    assert (decision.policy[~legal] == 0).all()
    np.testing.assert_allclose(decision.policy.sum(axis=1), 1, rtol=1e-5)
    assert (decision.policy[np.arange(64), decision.action] > 0).all()
    assert (states == before).all()


def test_successors_are_every_legal_move_played():
    game = TicTacToe()
    states = some_states(game, 8, 3, seed=1)
    index, action, after = successors(game, states)
    assert len(index) == game.legal_mask(states).sum() and (np.diff(index) >= 0).all()
    expected = states[index]
    game.step(expected, action)
    assert (after == expected).all()


def test_random_agent_reaches_every_action_about_equally_often():
    game = Go(size=2, komi=0.5)
    decision = RandomAgent(game).act(game.init(5000), seed_states(range(5000)))
    np.testing.assert_allclose(np.bincount(decision.action, minlength=5) / 5000, 0.2, atol=0.03)


@pytest.mark.parametrize(("plies", "suicide"), [(0, False), (12, False), (40, False), (40, True)])
def test_random_go_moves_are_uniform_over_the_legal_ones(plies: int, suicide: bool) -> None:
    """Also where few are left, and the draw has to list them. Chi-square, at 1 in 10,000 for a right program."""
    game, n = Go(size=4, suicide=suicide), 20_000
    states = some_states(game, 8, plies, seed=3)
    for i, legal in enumerate(game.legal_mask(states)):
        drawn = game.random_actions(np.repeat(states[i : i + 1], n), seed_states(range(n)))
        counts = np.bincount(drawn, minlength=game.num_actions)
        assert not counts[~legal].any()
        if legal.sum() > 1:
            assert chisquare(counts[legal]).pvalue > 1e-4 / 8


TACTICS = [
    # game, diagram, the moves that are right, the value
    (TicTacToe(), "X X .\nO O .\n. . .\nX to play", "C3", 1),
    (TicTacToe(), "X X .\nO . .\n. . .\nO to play", "C3", 0),
    (TicTacToe(), "X X .\nX O .\nO . .\nO to play", "C3", 1),
    (TicTacToe(), "X X .\nX O .\n. . O\nO to play", "C3 C2 A1 B1", -1),
    (ConnectFour(), ".......\n" * 3 + "X......\nX.....O\nX.....O", "1", 0),
    (ConnectFour(), ".......\n" * 3 + "X......\nX.....O\nX..O..O", "1", 1),
    (ConnectFour(), ".......\n" * 4 + "..OOO..\n..XXX..", "2 6", 1),
]


@pytest.mark.parametrize(("game", "diagram", "moves", "value"), TACTICS)
def test_greedy_wins_at_once_and_stops_the_opponent_from_it(game, diagram, moves, value):
    state = game.parse_text(diagram)
    decision = GreedyAgent(game).act(state, seed_states([0]))
    assert {game.action_name(a) for a in np.flatnonzero(decision.policy[0])} == set(moves.split())
    assert decision.value[0] == value


CAPTURES = [
    (". . . . .\n. . X . .\n. X O X .\n. . . . .\n. . . . .\nBlack to play", "C2"),
    # Two captures: the larger one, of two stones, is taken.
    ("O . . X O\n. . . . .\n. X X . .\nX O O . .\n. X X . .\nBlack to play", "D2"),
    ("X O . . .\n. . . . .\n. . . . .\n. . . . .\n. . . . .\nWhite to play", "A4"),
]


@pytest.mark.parametrize(("diagram", "move"), CAPTURES)
def test_greedy_captures(diagram, move):
    game = Go(size=5, komi=0.5)
    state = game.parse_text(diagram)
    decision = GreedyAgent(game).act(state, seed_states([0]))
    assert game.action_name(int(decision.action[0])) == move


FINISHED = ". X X . X\nX X X X X\nO O O O O\n. O O O O\nO O O . O\n{} to play, komi {}"


@pytest.mark.parametrize(
    ("to_play", "komi", "passed", "passes"),
    [
        ("Black", -10.5, True, True),  # a pass wins at once
        ("Black", 0.5, False, True),  # nothing gains a point: it passes though it is behind
        ("Black", 0.5, True, False),  # a pass would lose at once
    ],
)
def test_greedy_passes_when_that_wins_or_nothing_gains(to_play, komi, passed, passes):
    game = Go(size=5)
    state = game.parse_text(FINISHED.format(to_play, komi))
    if passed:
        state["to_play"] = 1 - state["to_play"]
        game.step(state, np.array([25]))
    decision = GreedyAgent(game).act(state, seed_states([0]))
    assert (game.action_name(int(decision.action[0])) == "pass") == passes


@pytest.mark.parametrize("game", [ConnectFour(), Go(size=5, komi=0.5)], ids=lambda game: game.name)
def test_greedy_beats_random(game):
    seeds = seed_states(range(64))
    players = [GreedyAgent(game), RandomAgent(game)]
    states = game.init(64)
    while not states["terminated"].all():
        running = np.flatnonzero(~states["terminated"])
        rows = states[running]
        # Half the games have greedy moving first.
        greedy_moves = rows["to_play"] == running % 2
        action = np.zeros(len(rows), np.int64)
        for agent, chosen in zip(players, (greedy_moves, ~greedy_moves), strict=True):
            if chosen.any():
                chance = seeds[running[chosen]]
                action[chosen] = agent.act(rows[chosen], chance).action
                seeds[running[chosen]] = chance
        game.step(rows, action)
        states[running] = rows
    wins = states["outcome"] * np.where(np.arange(64) % 2 == 0, 1, -1) > 0
    assert wins.mean() > 0.75
