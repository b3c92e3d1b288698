"""What the panels say: texts, the timeline's axes and clicks, the layers and their switches."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pygame
import pytest
from numpy.typing import NDArray

from agents.agent import Decision
from rl_lab.viewer.canvas import Canvas, number, signed
from rl_lab.viewer.frame import Phase, Player
from rl_lab.viewer.keys import action_keys
from rl_lab.viewer.layout import Rect, layout
from rl_lab.viewer.panels import board, card, decision, layers, legend, loop, planes, timeline
from rl_lab.viewer.row_stages import GameStage
from rl_lab.viewer.theme import LIGHT
from rl_lab.viewer.view import ALL_LAYERS, DEFAULT_LAYERS, LAYERS, View, recall
from tests.rl_lab.odd_stage import OddStage, decision_of, go, world

PLACES = layout(1280, 800)


class Listener(Canvas):
    """Remembers what is written."""

    def __init__(self) -> None:
        super().__init__(pygame.Surface((1280, 800)), LIGHT, 1.0)
        self.told: list[str] = []

    def text(self, text: str, *place: Any, **how: Any) -> int:
        self.told.append(text)
        return super().text(text, *place, **how)


def told(draw: Any, rect: Rect, view: View, *more: int) -> str:
    """All that a panel says, in one line."""
    canvas = Listener()
    draw(canvas, rect, view, *more)
    return " | ".join(canvas.told)


def test_a_world_has_steps_rewards_and_a_return() -> None:
    view = recall(world(1.0, -0.25, 2.0), 2, chosen=False)
    told_loop = told(loop.draw, PLACES.loop, view)
    assert "THE LOOP · STEP 2" in told_loop and "return 0.75" in told_loop and "−0.25" in told_loop
    assert "reward −0.25  ·  return 0.75" in told(card.draw, PLACES.cards[0], view, 0)
    assert "+50" in told(card.draw, PLACES.cards[0], view, 0)
    assert "Agent −" not in told_loop and "step 2 of 3" in told(timeline.draw, PLACES.timeline, view)


def test_a_result_of_go_is_told_in_words() -> None:
    stage = go("c3 d3 pass pass")
    komi = stage.frame.state["komi2"] / 2
    assert stage.over and stage.result_text == f"White wins by {komi:g}, komi {komi:g} counted"


@pytest.mark.parametrize(("seats", "words"), [(("human", "x"), "Hidden while you play"), (("x", "x"), "V shows it")])
def test_why_a_decision_is_hidden_is_told_in_full(seats: tuple[str, str], words: str) -> None:
    stage = go("c3 d3")
    stage.players = tuple(Player(name, recorded=name != "human") for name in seats)
    view = replace(recall(stage, 1), revealed=False)
    narrow = Rect(0, 0, 180, 120)
    canvas = Listener()
    decision.draw(canvas, narrow, view)
    lines = canvas.told[1:]
    assert ("while you play" in told(timeline.draw, PLACES.timeline, view)) == stage.has_human
    assert words in " ".join(lines) and all(canvas.text_width(line) <= narrow.w for line in lines)


def test_a_game_has_plies_stones_and_what_each_has_won() -> None:
    stage = go("c3 d3 pass pass")
    view = recall(stage, 4)
    assert "Black +1.00  White −1.00" in told(loop.draw, PLACES.loop, view) or "Black −1.00" in told(
        loop.draw, PLACES.loop, view
    )
    cards = [told(card.draw, PLACES.cards[0], view, seat) for seat in (0, 1)]
    assert sorted(word for told_card in cards for word in ("won", "lost") if word in told_card) == ["lost", "won"]
    assert "THE LOOP · PLY 4" in told(loop.draw, PLACES.loop, view)
    noted = replace(recall(stage, 1), notes=(("5:00", "3 captured"), ("4:10",)))
    assert "5:00  ·  3 captured" in told(card.draw, PLACES.cards[0], noted, 0)
    assert "margin +3.5" in told(card.draw, PLACES.cards[0], noted, 1)


def test_a_thought_that_forms_counts_its_simulations() -> None:
    view = recall(go("c3 d3"), 1, panel="tree")
    assert view.thought and view.thought.decision.visits is not None
    count = f"{int(view.thought.decision.visits.sum()):,}"
    growing = replace(view, thought=replace(view.thought, forming=True))
    assert f"WHITE IS THINKING · {count} SIMULATIONS" in told(decision.draw, PLACES.decision, growing)
    texts = told(decision.draw, PLACES.decision, view)
    best = int(view.thought.decision.visits[0].argmax())
    assert "DECISION OF WHITE: D3" in texts and view.stage.action_name(best) in texts


def test_few_actions_are_all_listed() -> None:
    stage = OddStage(3)
    stage.follow(Decision(np.array([1]), np.eye(3, dtype=np.float32)[[1]], np.zeros(1, np.float32)))
    texts = told(decision.draw, PLACES.decision, recall(stage, 0))
    assert all(f"odd {action}" in texts for action in range(3)) and "100%" in texts


def test_planes_are_named_and_even_ones_numbered() -> None:
    texts = told(planes.draw, PLACES.loop, recall(go("c3"), 1)).replace(" | ", " ")
    assert "14 × 5 × 5 uint8" in texts and "own stones" in texts and "three" in texts and "komi" in texts
    numbers = told(planes.draw, PLACES.loop, recall(OddStage(seen=np.array([0.5, -2.0])), 0))
    assert "0.5" in numbers and "−2" in numbers


@pytest.mark.parametrize("length", [1, 7, 20, 300])
def test_a_click_on_the_timeline_finds_its_step(length: int) -> None:
    view = recall(world(*[1.0] * length), length)
    plot = timeline.plot_rect(1.0, PLACES.timeline)
    for ply in range(length + 1):
        x = timeline._x(plot, view, ply)
        assert timeline.ply_at(1.0, PLACES.timeline, length, x, plot.center[1]) == ply
    assert timeline.ply_at(1.0, PLACES.timeline, length, plot.x - 1, plot.center[1]) is None
    assert timeline.ply_at(1.0, PLACES.timeline, length, plot.right - 1, plot.y) == min(length, max(20, length))


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (37, "37"), (-0.01, "−0.01"), (1234.5, "1234"), (12345, "12.3k"), (3.1e9, "3.1e9"), (float("nan"), "–")],
)
def test_numbers_of_any_size_are_short(value: float, text: str) -> None:
    assert number(value) == text and len(number(-value * 1.234567)) <= 7


def test_signed_numbers() -> None:
    assert [signed(x) for x in (0.25, -1, 0, 59, float("inf"))] == ["+0.25", "−1.00", "0", "+59", "+∞"]


def picture(view: View) -> NDArray[Any]:
    canvas = Listener()
    board.draw(canvas, PLACES.board, view)
    return pygame.surfarray.array2d(canvas.surface)


def test_each_layer_is_drawn_when_it_is_on_and_only_then() -> None:
    stage = go("c3 d3 b2 b3 c2")
    made = stage.frames[4].decision
    assert made is not None
    made.lines = [{int(made.action[0]): [int(made.action[0]), 24, 20]}]
    bare = picture(recall(stage, 3, layers=frozenset()))
    pictures = {name: picture(recall(stage, 3, layers=frozenset({name}))) for name in LAYERS}
    for name, shown in pictures.items():
        assert not np.array_equal(shown, bare), name
    everything = picture(recall(stage, 3, layers=ALL_LAYERS))
    assert all(not np.array_equal(everything, shown) for shown in pictures.values())
    assert np.array_equal(picture(recall(stage, 3, layers=ALL_LAYERS, revealed=False)), picture_of_nothing(stage))


def picture_of_nothing(stage: GameStage) -> NDArray[Any]:
    return picture(replace(recall(stage, 3), thought=None))


def test_areas_at_the_end_lie_on_their_points() -> None:
    stage = go("b1 d1 b2 d2 b3 d3 b4 d4 b5 d5 pass pass")
    view = recall(stage, stage.ply)
    areas = layers.ended_areas(view)
    assert areas is not None and set(np.unique(areas)) == {-1, 0, 1}
    scene = stage.scene(view.frame)
    place = board.placement(PLACES.board, scene)
    canvas = Listener()
    board.draw(canvas, PLACES.board, view)
    for action, (x, y, w, h) in scene.action_spots.items():
        color = canvas.surface.get_at(tuple(int(c) for c in place.to_pixels(x + w / 2, y + h / 2)))[:3]
        column = "abcde".index(stage.action_name(action)[0].lower())
        stones = {0: LIGHT["stone_0"], 1: LIGHT["stone_0"], 3: LIGHT["stone_1"], 4: LIGHT["stone_1"]}
        assert column == 2 or color == stones[column], stage.action_name(action)


def test_the_scale_of_values_tells_better_from_worse_in_worlds_too() -> None:
    values = np.array([100.0, 101.0, 103.0, np.nan])
    middle, reach = layers.tile_scale(values, game=False)
    assert middle == pytest.approx(304 / 3) and reach == pytest.approx(103 - 304 / 3)
    assert layers.tile_scale(values, game=True) == (0.0, 1.0)


def test_the_legend_switches_what_lies_under_the_pointer() -> None:
    view = recall(go("c3 d3"), 1)
    assert view.layers == DEFAULT_LAYERS and legend.fillable(view) == ALL_LAYERS
    found = [
        legend.layer_at(1.0, PLACES.legend, view, *rect.center) for _, rect in legend.switches(1.0, PLACES.legend, view)
    ]
    assert found == list(LAYERS)
    assert legend.layer_at(1.0, PLACES.legend, view, PLACES.legend.x, PLACES.legend.y - 1) is None
    assert [layer.key for layer in LAYERS.values()] == list("12345")
    texts = told(legend.draw, PLACES.legend, view)
    assert all(layer.name in texts for layer in LAYERS.values())
    plain = recall(world(1.0), 0)
    assert legend.fillable(plain) == {"policy"} and "areas" not in told(legend.draw, PLACES.legend, plain)
    assert legend.fillable(replace(view, revealed=False)) == frozenset()
    over = recall(go("pass pass"), 2)
    assert over.phase is Phase.OVER and "ownership" in legend.fillable(over)


def test_the_legend_names_no_key_that_plays() -> None:
    stage = OddStage(7)
    stage.follow(decision_of(7, 0.5, search=False))
    keys = "| 1 | visits | 2 | value | 3 | line | 4"
    assert keys in told(legend.draw, PLACES.legend, recall(stage, 0))
    stage.players = (Player("human"),)
    assert action_keys(stage)["1"] == 1
    assert keys not in told(legend.draw, PLACES.legend, recall(stage, 0))


def test_a_comment_is_told_beside_or_in_place_of_a_decision() -> None:
    view = replace(recall(go("c3 d3"), 1), comment="A fine move.")
    assert "A fine move." in told(decision.draw, PLACES.decision, view)
    assert "DECISION" in told(decision.draw, PLACES.decision, view)
    alone = told(decision.draw, PLACES.decision, replace(view, thought=None))
    assert alone == "COMMENT | A fine move."
