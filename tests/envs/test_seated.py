"""A board game seen from one seat: whose reward, whose turn, and what an illegal action does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from agents.rollout import RolloutAgent
from agents.scripted import GreedyAgent
from envs.chance import Seeds, choose, seed_states
from envs.errors import IllegalAction, LabError
from envs.faces.episodes import Episodes
from envs.faces.opponents import Checked
from envs.faces.seated import Seated
from envs.games import make_game
from envs.games.game import Game, States

ALL_BEGIN = np.ones(1, np.bool_)


class Player:
    """Chooses at random, or what a script says, and counts what it is asked."""

    def __init__(self, game: Game, script: list[Any] | None = None) -> None:
        self.game, self.script, self.turns, self.forfeits = game, script, 0, None

    def choose(self, states: States, seeds: Seeds) -> Player:
        return self.act(states, seeds)

    def act(self, states: States, seeds: Seeds) -> Player:
        self.turns += 1
        mask = self.game.legal_mask(states)
        assert mask.any(axis=1).all(), "asked about a finished game"
        self.action: NDArray[Any] = choose(mask, seeds)
        if self.script is not None:
            self.action = np.full(len(states), self.script[self.turns - 1])
        return self

    def reset(self) -> None:
        pass


def tic_tac_toe(seat: str, script: list[int] | None = None, illegal: str = "lose") -> Episodes:
    game = make_game("tic_tac_toe")
    episodes = Episodes(Seated(game, (Player(game, script),), seat), 1, illegal)
    episodes.seed([0])
    episodes.begin(ALL_BEGIN)
    return episodes


def play(episodes: Episodes, *actions: int) -> np.void:
    for action in actions:
        assert not episodes.over[0]
        episodes.step(np.array([action]))
    row: np.void = episodes.states[0]
    return row


def test_the_first_seat_wins_with_reward_one() -> None:
    row = play(tic_tac_toe("first", [3, 4]), 0, 1, 2)
    assert (row["reward"], row["outcome"], row["terminated"], row["seat"], row["ply"]) == (1, 1, True, 0, 3)


def test_the_second_seat_wins_with_reward_one_too() -> None:
    row = play(tic_tac_toe("second", [3, 4, 8]), 0, 1, 2)
    assert (row["reward"], row["outcome"], row["board"]["outcome"]) == (1, 1, -1)


@pytest.mark.parametrize(("seat", "script", "own"), [("first", [0, 1, 2], [3, 4, 8]), ("second", [0, 1, 2], [3, 4])])
def test_the_opponents_win_is_the_agents_loss(seat: str, script: list[int], own: list[int]) -> None:
    row = play(tic_tac_toe(seat, script), *own)
    assert (row["reward"], row["outcome"], row["terminated"]) == (-1, -1, True)


def test_a_draw_is_worth_nothing() -> None:
    row = play(tic_tac_toe("first", [2, 3, 4, 7]), 0, 1, 5, 6, 8)
    assert (row["reward"], row["outcome"], row["terminated"]) == (0, 0, True)


@pytest.mark.parametrize("spec", ["tic_tac_toe", "go:size=3,max_plies=9", "connect_four", "othello:size=6"])
@pytest.mark.parametrize("seat", ["first", "second", "random"])
def test_it_is_always_the_agents_turn_and_the_reward_is_the_games_result(spec: str, seat: Any) -> None:
    game, n = make_game(spec), 40
    world = Seated(game, (Player(game),), seat)
    states, seeds = world.init(seed_states(np.arange(n))), seed_states(np.arange(n) + 1000)
    wanted = {"first": {0}, "second": {1}, "random": {0, 1}}[seat]
    assert set(states["seat"].tolist()) == wanted
    seats = states["seat"].copy()
    while not states["terminated"].all():
        running = ~states["terminated"]
        assert (states["board"]["to_play"] == seats).all() and (states["seat"] == seats).all()
        assert (states["reward"][running] == 0).all() and not states["board"]["terminated"][running].any()
        world.step(states, choose(world.legal_mask(states), seeds))
    result = states["board"]["outcome"] * np.where(seats == 0, 1, -1)
    assert np.array_equal(states["reward"], result) and np.array_equal(states["outcome"], result)
    assert len(set(result.tolist())) > 1, "all games ended alike: nothing was compared"


def test_the_last_observation_is_from_the_agents_side_whoever_moved_last() -> None:
    game = make_game("tic_tac_toe")
    for seat, script, own in (("first", [0, 1, 2], [3, 4, 8]), ("first", [3, 4], [0, 1, 2])):
        row = play(tic_tac_toe(seat, script), *own)
        planes = game.observe(row["board"].reshape(1))[0]
        assert planes[0].ravel()[own].all() and not planes[1].ravel()[own].any()


def test_an_illegal_action_loses() -> None:
    row = play(tic_tac_toe("first", [4]), 0, 4)
    assert (row["reward"], row["outcome"], row["terminated"], row["board"]["terminated"]) == (-1, -1, True, True)
    assert row["ply"] == 1, "the illegal action was not made"
    row = play(tic_tac_toe("second", [4, 5]), 0, 4)
    assert (row["reward"], row["board"]["outcome"]) == (-1, 1)


def test_an_illegal_action_becomes_a_random_legal_one() -> None:
    seen = set()
    for seed in range(80):
        episodes = tic_tac_toe("first", illegal="random")
        episodes.states["seed"] = seed_states([seed])
        play(episodes, 4)
        legal = set(np.flatnonzero(episodes.mask).tolist())
        play(episodes, 4)
        own = set(np.flatnonzero(episodes.states["board"][0]["board"] == 1).tolist()) - {4}
        assert len(own) == 1 and own < legal
        seen |= own
    assert seen == set(range(9)) - {4}


def test_one_illegal_action_leaves_the_other_rows_alone() -> None:
    game, n = make_game("tic_tac_toe"), 6
    both = [Episodes(Seated(game, (Player(game),), "first"), n) for _ in range(2)]
    for episodes in both:
        episodes.seed(list(range(n)))
        episodes.begin(np.ones(n, np.bool_))
        episodes.step(np.full(n, 4))
    mask = both[0].mask
    assert mask is not None
    actions = mask.argmax(axis=1)
    both[0].step(actions)
    actions[2] = 4
    both[1].step(actions)
    others = np.arange(n) != 2
    assert both[0].states[others].tobytes() == both[1].states[others].tobytes()
    assert both[1].states[2]["reward"] == -1


@pytest.mark.parametrize(
    ("answer", "words"), [([4], "chose 4"), ([9], "chose 9"), ([-1], "chose -1"), ([0.5], "whole numbers")]
)
def test_an_opponent_from_elsewhere_that_breaks_the_rules_is_told(answer: list[Any], words: str) -> None:
    game = make_game("tic_tac_toe")
    episodes = Episodes(Seated(game, (Checked(Player(game, answer), game),), "first"), 1)
    episodes.begin(ALL_BEGIN)
    with pytest.raises(IllegalAction, match=words):
        episodes.step(np.array([4]))


def test_an_opponent_from_elsewhere_cannot_touch_the_states() -> None:
    class Vandal(Player):
        def act(self, states: States, seeds: Seeds) -> Player:
            super().act(states, seeds)
            states["outcome"], states["terminated"] = 1, True
            return self

    game = make_game("tic_tac_toe")
    episodes = Episodes(Seated(game, (Checked(Vandal(game), game),), "first"), 1)
    episodes.begin(ALL_BEGIN)
    assert not play(episodes, 4)["terminated"]


class Witness(Player):
    """Plays at random, and notes the states it was asked about."""

    def __init__(self, game: Game) -> None:
        super().__init__(game)
        self.asked: list[bytes] = []

    def act(self, states: States, seeds: Seeds) -> Player:
        self.asked += [row.tobytes() for row in states]
        return super().act(states, seeds)


def test_each_episode_has_one_opponent_and_no_other_is_asked_about_it() -> None:
    game, n = make_game("tic_tac_toe"), 300
    players = tuple(Witness(game) for _ in range(3))
    world = Seated(game, players)
    states, seeds = world.init(seed_states(np.arange(n))), seed_states(np.arange(n) + 1000)
    whom = states["opponent"].copy()
    assert set(whom.tolist()) == {0, 1, 2}
    while not states["terminated"].all():
        for player in players:
            player.asked.clear()
        boards, mask = states["board"].copy(), world.legal_mask(states)
        running = ~states["terminated"]
        actions = choose(mask, seeds)
        world.step(states, actions)
        game.step(boards, actions)  # what the opponents are shown
        for number, player in enumerate(players):
            mine = running & ~boards["terminated"] & (whom == number)
            assert player.asked == [row.tobytes() for row in boards[mine]]
        assert np.array_equal(states["opponent"], whom)


def test_opponents_come_as_often_as_their_weights_say() -> None:
    game, n = make_game("tic_tac_toe"), 20_000
    for weights, wanted in (((), [1 / 3] * 3), ((2.0, 1.0, 5.0), [0.25, 0.125, 0.625])):
        states = Seated(game, (Player(game),) * 3, "random", weights).init(seed_states(np.arange(n)))
        share = np.bincount(states["opponent"], minlength=3) / n
        assert np.abs(share - wanted).max() < 4 * np.sqrt(0.25 / n)
        second = np.bincount(states["opponent"], states["seat"]) / np.bincount(states["opponent"])
        assert np.abs(second - 0.5).max() < 4 * np.sqrt(0.25 / (n / 8)), "the seat has nothing to do with the opponent"


def test_an_episode_does_not_depend_on_the_opponents_of_others() -> None:
    game, n = make_game("connect_four"), 32

    def play_all(rows: NDArray[Any]) -> NDArray[Any]:
        world = Seated(game, (Player(game), GreedyAgent(game), RolloutAgent(game, 8)))
        states, seeds = world.init(seed_states(rows)), seed_states(rows + 1000)
        while not states["terminated"].all():
            world.step(states, choose(world.legal_mask(states), seeds))
        return states

    together = play_all(np.arange(n))
    assert set(together["opponent"].tolist()) == {0, 1, 2}
    for i in (0, 7, 13, 31):
        assert play_all(np.array([i])).tobytes() == together[i : i + 1].tobytes()


def test_episodes_against_more_opponents_than_there_are_cannot_go_on() -> None:
    game = make_game("tic_tac_toe")
    states = Seated(game, (Player(game),) * 4, "first").init(seed_states(range(20)))
    with pytest.raises(LabError, match="more opponents than the 2 here"):
        Seated(game, (Player(game),) * 2, "first").step(states, np.full(20, 4))


@pytest.mark.parametrize(
    ("count", "weights", "words"),
    [
        (0, (), "1 to 256 opponents, not 0"),
        (257, (), "1 to 256 opponents, not 257"),
        (2, (1.0,), "2 opponents need as many weights, not 1"),
        (2, (1.0, 0.0), "must be above 0"),
        (2, (1.0, -1.0), "must be above 0"),
        (2, (1.0, float("nan")), "finite"),
        (2, (1.0, float("inf")), "finite"),
    ],
)
def test_opponents_that_cannot_be_drawn_are_refused(count: int, weights: tuple[float, ...], words: str) -> None:
    game = make_game("tic_tac_toe")
    with pytest.raises(LabError, match=words):
        Seated(game, (Player(game),) * count, "random", weights)


def test_a_wrong_seat_is_refused() -> None:
    game = make_game("tic_tac_toe")
    with pytest.raises(LabError, match="first, second, random"):
        Seated(game, (Player(game),), "third")
