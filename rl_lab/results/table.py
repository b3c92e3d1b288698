"""The rows of docs/results.md."""

from __future__ import annotations

from rl_lab.results.measures import final, games_lost_to, gym_return, mean_return, score_against, solved
from rl_lab.results.rows import Figure, Row
from rl_lab.results.strength import balanced_score, opens_at_centre, solved_sizes, value_kept, wins_from_start
from rl_lab.zoo.recipes import RECIPES

_CART_POLE = (Figure("return", gym_return, 500, decimals=1),)
_CATCH = (Figure("return", mean_return, 1),)
_SNAKE = (Figure("length", final("length"), 20, decimals=1),)
_MAZE = (
    Figure("held-out levels solved, acting by chance", solved("held_out"), 0.95, by_chance=True),
    Figure("held-out levels solved", solved("held_out")),
)
_CUE = (
    Figure("training levels solved, by chance", solved("train"), by_chance=True),
    Figure("held-out levels solved, by chance", solved("held_out"), by_chance=True),
)
_TIC_TAC_TOE = (
    Figure(
        "games of 2,000 lost to perfect play", games_lost_to("alphabeta:depth=9", 1000), 0, at_most=True, decimals=0
    ),
)


_TAKES_ALL = (
    *(
        Figure(f"games won as Black from the empty board against {opponent}", wins_from_start(opponent, games), 1)
        for opponent, games in (
            *(("random", 20), ("greedy", 20), ("rollout:simulations=1000", 20), ("alphabeta:depth=3", 20)),
            ("gnugo:level=10,resign=false", 10),
        )
    ),
    Figure("opens at the centre", opens_at_centre, 1, decimals=0),
)
_TEN_MINUTES = {"minutes": 10, "vary_komi": False, "branching": 0.5, "gumbel_noise": 0.5}  # docs/results.md says why
_SOLVED_SIZES = (Figure("sizes 2x2, 3x3, 4x4 of which it knows the value", solved_sizes, 1),)
_AGAINST_GNU_GO = (Figure("score against gnugo:level=10", balanced_score("gnugo:level=10", 100), 0.8),)
_KEEPS_VALUE = (
    Figure("moves that keep the solver's value, random play", value_kept("random", 2000), 0.97),
    Figure("moves that keep the solver's value, strong play", value_kept("strong", 2000), 0.97),
    Figure("the same, only where a move can fail, random play", value_kept("random", 2000, True)),
    Figure("the same, only where a move can fail, strong play", value_kept("strong", 2000, True)),
)


def _height(of_adam: float) -> tuple[Figure, ...]:
    return (Figure("final height", final("height"), of_adam, at_most=True),)


def _scores(rollout: int) -> tuple[Figure, ...]:
    return (
        Figure("score against random", score_against("random"), 0.95),
        Figure(f"score against rollout:simulations={rollout}", score_against(f"rollout:simulations={rollout}"), 0.6),
    )


ROWS = (
    Row("dqn", "CartPole-v1", _CART_POLE),
    Row("ppo", "CartPole-v1", _CART_POLE),
    Row("dqn", "catch", _CATCH),
    Row("ppo", "catch", _CATCH),
    Row("ppo", "snake", _SNAKE),
    Row("ppo", "maze:levels=0", _MAZE),
    Row("ppo", "maze:levels=0,cue=spurious", _CUE, {"steps": 1_500_000}),
    Row("ppo", "skier:dims=2,actions=continuous", _height(0.128)),
    Row("ppo", "skier:dims=2", _height(0.216)),
    Row("dqn", "tic_tac_toe", _TIC_TAC_TOE),
    Row("ppo", "tic_tac_toe", _TIC_TAC_TOE),
    Row("ppo", "connect_four", _scores(200)),
    Row("ppo", "go:size=5", _scores(100)),
    Row("alphazero", "go:size=5", _TAKES_ALL, _TEN_MINUTES, (6, 7, 8, 9, 11)),
    Row("alphazero", "go:size=4", _SOLVED_SIZES, {"minutes": 5, "sizes": "2 3 4"}),
    Row("alphazero", "go:size=7", _AGAINST_GNU_GO, {"minutes": 60}),
    Row("alphazero", "tic_tac_toe", _TIC_TAC_TOE, {"minutes": 2}),
    Row("alphazero", "connect_four", _KEEPS_VALUE, {"minutes": 30, **RECIPES["connect_four"].settings}),
)
