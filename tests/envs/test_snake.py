"""Snake against its rules told again in plain Python, and by hand-made games."""

from __future__ import annotations

from copy import copy

import numpy as np
import pytest

from envs.chance import seed_states
from envs.games.game import States
from envs.solo.directions import COLUMN_STEP, ROW_STEP
from envs.solo.snake import NOWHERE, Snake

UP, RIGHT, DOWN, LEFT = range(4)


def snake(world: Snake, body: list[tuple[int, int]], food: tuple[int, int]) -> States:
    """One episode with the snake on these cells, from its head on."""
    states = world.init(seed_states([0]))
    cells = [row * world.size + column for row, column in body]
    states["left"] = 0
    states["left"][0, cells] = np.arange(len(cells), 0, -1)
    states["head"], states["length"], states["food"] = cells[0], len(cells), food[0] * world.size + food[1]
    return states


class PlainSnake:
    """The rules once more, with a list of cells; the food is put where the world has put it."""

    def __init__(self, world: Snake, states: States) -> None:
        self.size = world.size
        self.body = [self.cell(int(states["head"][0]))]
        self.food = self.cell(int(states["food"][0]))

    def cell(self, number: int) -> tuple[int, int]:
        return divmod(number, self.size)

    def step(self, action: int) -> tuple[float, bool]:
        head = (self.body[0][0] + int(ROW_STEP[action]), self.body[0][1] + int(COLUMN_STEP[action]))
        stays = self.body if head == self.food else self.body[:-1]
        if not (0 <= head[0] < self.size and 0 <= head[1] < self.size) or head in stays:
            return -1.0, True
        self.body = [head, *stays]
        return float(head == self.food), len(self.body) == self.size**2


def careful(plain: PlainSnake, rng: np.random.Generator) -> int:
    """An action that does not run into anything, if there is one, and rather leads to the food than away from it."""
    scores = []
    for action in range(4):
        trial = copy(plain)
        dies = trial.step(action)[0] < 0
        away = abs(trial.body[0][0] - plain.food[0]) + abs(trial.body[0][1] - plain.food[1])
        scores.append(away + 100 * dies + rng.uniform(0, 3))
    return int(np.argmin(scores))


@pytest.mark.parametrize("size", [4, 5, 7])
def test_plays_as_the_rules_told_in_plain_python(size: int) -> None:
    world, rng, longest = Snake(size), np.random.default_rng(size), 0
    for seed in range(60):
        states = world.init(seed_states([seed]))
        plain = PlainSnake(world, states)
        over = False
        while not (over or states["truncated"][0]):
            action = careful(plain, rng)
            world.step(states, np.array([action]))
            reward, over = plain.step(action)
            assert (states["reward"][0], states["terminated"][0]) == (reward, over)
            head, left, food = world.observe(states)[0]
            assert np.argwhere(head).tolist() == [list(plain.body[0])]
            wanted = np.zeros((size, size), int)
            for age, cell in enumerate(plain.body):
                wanted[cell] = len(plain.body) - age
            assert np.array_equal(left, wanted)
            if states["food"][0] != NOWHERE:
                plain.food = plain.cell(int(states["food"][0]))
                assert food[plain.food] == 1 and food.sum() == 1 and left[plain.food] == 0
            assert world.info(states)["length"][0] == len(plain.body)
        longest = max(longest, len(plain.body))
    assert longest > size * size // 3, "the players never made the snake long"


def test_the_end_of_the_tail_moves_out_of_the_way() -> None:
    world = Snake(4)
    states = snake(world, [(1, 1), (1, 2), (2, 2), (2, 1)], food=(0, 0))
    world.step(states, np.array([DOWN]))
    assert not states["terminated"] and states["reward"] == 0
    assert world.text(states[0]) == "* . . .\n. o o .\n. @ , .\n. . . ."


@pytest.mark.parametrize(
    ("body", "action", "dies"),
    [
        ([(0, 0)], UP, True),
        ([(3, 3)], RIGHT, True),
        ([(3, 0)], DOWN, True),
        ([(3, 0)], LEFT, True),
        ([(3, 3), (3, 2)], LEFT, False),
        ([(3, 3), (3, 2), (3, 1)], LEFT, True),
    ],
    ids=["top", "right", "bottom", "left", "turns back at length 2", "turns back at length 3"],
)
def test_walls_and_the_neck(body: list[tuple[int, int]], action: int, dies: bool) -> None:
    world = Snake(4)
    states = snake(world, body, food=(1, 1))
    world.step(states, np.array([action]))
    assert bool(states["terminated"][0]) == dies
    assert (states["reward"][0], states["outcome"][0]) == ((-1, -1) if dies else (0, 0))
    if dies:
        assert divmod(int(states["head"][0]), 4) == body[0], "the snake must stay where it died"


def test_a_full_board_is_the_good_end() -> None:
    world = Snake(4)
    path = [(row, column) for row in range(4) for column in range(4)[:: 1 - 2 * (row % 2)]]
    states = snake(world, path[1:], food=path[0])
    world.step(states, np.array([LEFT]))
    assert states["terminated"] and states["outcome"] == 1 and states["reward"] == 1
    assert states["length"] == 16 and world.observe(states)[0, 2].sum() == 0


def test_food_lies_on_every_free_cell_alike() -> None:
    world = Snake(4)
    body = [(0, 0), (0, 1), (1, 1)]
    states = np.repeat(snake(world, body, food=(1, 0)), 26_000)
    states["seed"] = seed_states(range(26_000))
    world.step(states, np.full(26_000, DOWN))
    counts = np.bincount(states["food"], minlength=16)
    assert counts[[0, 1, 4, 5]].tolist() == [0, 0, 0, 0]
    free = counts[counts > 0] / 26_000
    assert len(free) == 12 and np.abs(free - 1 / 12).max() < 0.007  # 4 standard deviations


def test_starves_after_two_boards_of_steps_and_not_before() -> None:
    world = Snake(4)
    states = snake(world, [(0, 0)], food=(3, 3))
    for _ in range(8):
        assert not states["truncated"]
        for action in (RIGHT, DOWN, LEFT, UP):
            assert not states["truncated"]
            world.step(states, np.array([action]))
    assert states["truncated"] and not states["terminated"] and states["ply"] == 32 and states["outcome"] == 0


def test_a_meal_starts_the_count_again() -> None:
    world = Snake(4)
    states = snake(world, [(0, 0)], food=(0, 1))
    states["hunger"] = 31
    world.step(states, np.array([RIGHT]))
    assert not states["truncated"] and states["hunger"] == 0


def test_max_steps_ends_an_episode_that_is_never_hungry() -> None:
    world = Snake(4)
    states = snake(world, [(0, 0)], food=(3, 3))
    states["ply"] = world.max_steps - 1
    world.step(states, np.array([RIGHT]))
    assert states["truncated"] and Snake(20).max_steps == 32_767


def test_a_byte_tells_the_oldest_255_cells_apart() -> None:
    world = Snake(20)
    path = [(row, column) for row in range(20) for column in range(20)[:: 1 - 2 * (row % 2)]]
    left = world.observe(snake(world, path[:300], food=(19, 0)))[0, 1]
    assert [int(left[cell]) for cell in (path[0], path[45], path[46], path[299])] == [255, 255, 254, 1]
