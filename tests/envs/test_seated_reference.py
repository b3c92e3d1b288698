"""Board games in a batch, against the same games played one at a time, in plain Python and with seeds of their own."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from envs.chance import Seeds, choose, draw_seeds, seed_states, uniform
from envs.faces.episodes import Episodes, IllegalMove
from envs.faces.seated import Seat, Seated
from envs.games import make_game
from envs.games.game import Game, States

NUM_SLOTS, STEPS = 12, 60
SPECS = ["tic_tac_toe", "connect_four", "hex:size=3,swap=true", "othello:size=6", "go:size=3,max_plies=9"]
CASES: list[tuple[str, IllegalMove, Seat]] = [
    *((spec, "lose", "random") for spec in SPECS),
    *((spec, "random", "random") for spec in SPECS),
    ("tic_tac_toe", "raise", "random"),
    ("tic_tac_toe", "lose", "first"),
    ("connect_four", "random", "second"),
]


class Recorder:
    """Draws a legal action, goes further down the list the oftener it was asked since its reset, and notes all."""

    def __init__(self, game: Game, stride: int) -> None:
        self.game, self.stride, self.memory, self.forfeits = game, stride, 0, None
        self.asked: Counter[tuple[bytes, int]] = Counter()

    def choose(self, states: States, seeds: Seeds) -> Recorder:
        self.asked.update((row.tobytes(), int(seed)) for row, seed in zip(states, seeds, strict=True))
        mask = self.game.legal_mask(states)
        drawn = choose(mask, seeds)
        listed = [np.flatnonzero(row).tolist() for row in mask]
        self.action: NDArray[np.int64] = np.array(
            [
                actions[(actions.index(action) + self.stride * self.memory) % len(actions)]
                for actions, action in zip(listed, drawn.tolist(), strict=True)
            ]
        )
        self.memory += 1
        return self

    def reset(self) -> None:
        self.memory = 0


class Episode:
    """One game; `seed`, uint64[1], is all its chance."""

    def __init__(self, game: Game, opponents: list[Recorder], seat: Seat, seed: Seeds) -> None:
        self.game, self.seed = game, seed
        seat_luck, opponent_luck = uniform(draw_seeds(seed), 2)[0].tolist()
        self.seat = {"first": 0, "second": 1, "random": int(seat_luck < 0.5)}[seat]
        self.opponent = opponents[int(opponent_luck * len(opponents))]
        self.board = game.init(1)
        self.reward, self.over, self.broken = 0.0, False, False
        self._answer()

    def step(self, action: int, illegal: IllegalMove) -> None:
        legal = self.mask()
        self.broken = not self.over and not legal[action]
        if self.over:
            return
        if self.broken and illegal == "lose":
            self.board["terminated"], self.board["outcome"] = True, 1 if self.seat == 1 else -1
        else:
            played = choose(legal[None], self.seed) if self.broken else np.array([action])
            self.game.step(self.board, played)
        self._answer()

    def _answer(self) -> None:
        while not self.board["terminated"][0] and self.board["to_play"][0] != self.seat:
            self.opponent.reset()
            self.game.step(self.board, self.opponent.choose(self.board.copy(), self.seed).action)
        if self.board["terminated"][0]:
            self.over = True
            self.reward = float(self.board["outcome"][0]) * (1 if self.seat == 0 else -1)

    def observe(self) -> NDArray[np.uint8]:
        board = self.board.copy()
        board["to_play"] = self.seat
        return self.game.observe(board)[0]

    def mask(self) -> NDArray[np.bool_]:
        return self.game.legal_mask(self.board)[0] & (not self.over)


def compare(episodes: Episodes, reference: list[Episode]) -> None:
    """All that a face shows of each slot, and what its chance will be."""
    states, info, mask = episodes.states, episodes.info(), episodes.mask
    observations = episodes.world.observe(states)
    assert mask is not None
    for i, one in enumerate(reference):
        assert np.array_equal(observations[i], one.observe())
        assert np.array_equal(mask[i], one.mask()) and np.array_equal(info["action_mask"][i], one.mask())
        assert (states["reward"][i], states["terminated"][i], states["truncated"][i]) == (one.reward, one.over, False)
        assert (info["seat"][i], info["illegal_action"][i]) == (one.seat, one.broken)
        assert states["seed"][i] == one.seed[0]


def some_actions(mask: NDArray[np.bool_], illegal: IllegalMove, rng: np.random.Generator) -> NDArray[np.int64]:
    """Legal actions, and where that does not raise, one in eight at random; any for the episodes that are over."""
    can_be_any = ~mask.any(axis=1) | ((rng.random(len(mask)) < 1 / 8) & (illegal != "raise"))
    return np.array([rng.choice(np.flatnonzero(row | wild)) for row, wild in zip(mask, can_be_any, strict=True)])


@pytest.mark.parametrize(("spec", "illegal", "seat"), CASES)
def test_a_batch_of_games_is_as_many_games_played_one_at_a_time(spec: str, illegal: IllegalMove, seat: Seat) -> None:
    game, rng = make_game(spec), np.random.default_rng(4)
    batched, single = ([Recorder(game, stride) for stride in (1, 2, 5)] for _ in range(2))
    streams = [seed_states([i]) for i in range(NUM_SLOTS)]
    episodes = Episodes(Seated(game, tuple(batched), seat), NUM_SLOTS, illegal)
    episodes.seed(range(NUM_SLOTS))
    episodes.begin(np.ones(NUM_SLOTS, np.bool_))
    reference = [Episode(game, single, seat, draw_seeds(stream)) for stream in streams]
    seen: Counter[Any] = Counter()
    compare(episodes, reference)
    for _ in range(STEPS):
        actions = some_actions(np.array([one.mask() for one in reference]), illegal, rng)
        episodes.step(actions)
        for one, action in zip(reference, actions.tolist(), strict=True):
            one.step(action, illegal)
            seen.update({("seat", one.seat): 1, ("over", one.over, one.reward): 1, ("broken", one.broken): 1})
        compare(episodes, reference)
        # Some of those that are over stay so for a while, and are stepped all the same.
        again = episodes.over & (rng.random(NUM_SLOTS) < 0.5)
        episodes.begin(again)
        for i in np.flatnonzero(again):
            reference[i] = Episode(game, single, seat, draw_seeds(streams[i]))
        compare(episodes, reference)
    assert [one.asked for one in batched] == [one.asked for one in single]
    assert {("over", True, 1.0), ("over", True, -1.0)} <= set(seen), "too little happened to be compared"
    assert (("broken", True) in seen) == (illegal != "raise")
    assert {("seat", 0), ("seat", 1)} <= set(seen) or seat != "random"
