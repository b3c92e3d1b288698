"""Panels draw any moment of any environment, inside their rectangles, at any size, in both themes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pygame
import pytest

from agents.agent import Decision
from envs.chance import seed_states
from envs.games.game import Game
from envs.games.registry import GAMES
from envs.solo.registry import WORLDS
from rl_lab.viewer.canvas import Canvas
from rl_lab.viewer.frame import Phase
from rl_lab.viewer.layout import Layout, Rect, layout
from rl_lab.viewer.panels import board, card, decision, header, legend, loop, planes, timeline
from rl_lab.viewer.picture import draw_moving, draw_picture
from rl_lab.viewer.session import Session, chosen
from rl_lab.viewer.stage import Stage
from rl_lab.viewer.staging import make_env, make_stage
from rl_lab.viewer.theme import DARK, LIGHT, THEMES
from rl_lab.viewer.view import ALL_LAYERS, PANELS, Thought, View, capture, recall
from tests.rl_lab.odd_stage import OddStage, decision_of

MAGENTA = (255, 0, 255)
ENVS = [*GAMES, *WORLDS, "go:size=19", "skier:dims=2", "CartPole-v1"]
Draw = Callable[[Canvas, Rect, View], None]
PARTS: dict[str, Draw] = {
    "header": lambda canvas, rect, view: header.draw(canvas, replace(layout(900, 600), header=rect), view),
    "board": board.draw,
    "legend": legend.draw,
    "card_0": lambda canvas, rect, view: card.draw(canvas, rect, view, 0),
    "loop": loop.draw,
    "planes": planes.draw,
    "decision": decision.draw,
    "timeline": timeline.draw,
}


@cache
def played(env: str) -> Stage:
    """An episode of some steps, by agents that search in games."""
    made = make_env(env)
    stage = make_stage(made, ["rollout:simulations=24"] * 2 if isinstance(made, Game) else ["random"], 1)
    for _ in range(7):
        if stage.at_end:
            break
        agent = stage.players[stage.to_play].agent
        assert agent
        made_up = agent.act(stage.question(stage.frame), seed_states([stage.ply]))
        stage.act(chosen(made_up), made_up)
        while not stage.arrive():
            pygame.time.wait(1)
    stage.close()
    return stage


def moments(stage: Stage) -> Iterator[View]:
    """Every phase in the middle, the beginning, the end; and what is special."""
    for phase in Phase:
        yield replace(recall(stage, 3, layers=ALL_LAYERS), phase=phase, progress=0.4)
    yield recall(stage, 0, layers=ALL_LAYERS)
    yield replace(recall(stage, stage.ply, layers=ALL_LAYERS), phase=Phase.OVER)
    view = recall(stage, stage.ply - 1, layers=ALL_LAYERS)
    yield replace(view, thought=view.thought and replace(view.thought, forming=True), panel="tree")
    yield replace(view, thought=view.thought and replace(view.thought, is_hint=True), panel="planes")
    yield replace(view, revealed=False, message="Something went wrong " * 20, notes=(("5:00",), ("3 captured",) * 9))
    yield replace(view, note="saved", hover=next(iter(stage.legal_actions(view.frame)), None))


def check_inside(draw: Draw, view: View, rect: Rect, size: tuple[int, int], unit: float, name: str = "light") -> None:
    """Draws one panel on magenta: nothing outside its rectangle changes, and inside some do."""
    surface = pygame.Surface(size)
    surface.fill(MAGENTA)
    draw(Canvas(surface, THEMES[name], unit), rect, view)
    changed = pygame.surfarray.pixels2d(surface) != surface.map_rgb(MAGENTA)
    inside = changed[rect.x : rect.right, rect.y : rect.bottom]
    assert inside.mean() > 0.01
    inside[:] = False
    assert not changed.any(), f"pixels outside {rect}, such as {np.argwhere(changed)[0]}"


@pytest.mark.parametrize("part", list(PARTS))
@pytest.mark.parametrize("env", ENVS)
def test_a_panel_draws_every_moment_inside_its_rectangle(env: str, part: str) -> None:
    stage = played(env)
    places = layout(900, 600, len(stage.seats))
    rect = places.rects()[{"planes": "loop", "board": "board_0"}.get(part, part)]
    for view in moments(stage):
        if view.status or part != "header":
            check_inside(PARTS[part], view, rect, (900, 600), places.unit)


SIZES = [(900, 600), (1280, 800), (900, 1600), (1920, 1080), (3840, 2160)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("theme", "panel"), list(zip(["light", "dark", "light"], PANELS, strict=True)))
def test_pictures_of_any_size(size: tuple[int, int], theme: str, panel: str) -> None:
    for env in ("go", "snake"):
        stage = played(env)
        places = layout(*size, len(stage.seats))
        surface = pygame.Surface(size)
        view = recall(stage, stage.ply - 1, layers=ALL_LAYERS, panel=panel)
        draw_picture(surface, places, THEMES[theme], view)
        bottom = pygame.surfarray.pixels2d(surface)[:, places.toolbar.y :]
        assert (bottom == bottom[0, 0]).all(), "the toolbar's strip is not left empty"


def odd_decisions(count: int) -> dict[str, Decision]:
    """What a broken net or a strange environment may come up with."""
    base = decision_of(count)
    nothing = Decision(np.array([0]), np.zeros((1, count), np.float32), np.array([np.nan], np.float32))
    return {
        "usual": base,
        "nothing": nothing,
        "nan q": replace(base, q=np.full((1, count), np.nan, np.float32)),
        "infinite q": replace(base, q=np.full((1, count), np.inf, np.float32), score=np.array([np.inf], np.float32)),
        "huge": replace(base, q=base.q * 1e30 if base.q is not None else None, value=np.array([1e30], np.float32)),
        "nan policy": replace(base, policy=base.policy * np.nan, prior=base.policy * np.nan),
        "no visits": replace(base, visits=np.zeros((1, count), np.int32)),
        "long line": replace(base, lines=[{int(base.action[0]): [k % count for k in range(300)]}]),
    }


@pytest.mark.parametrize("count", [1, 2, 400])
@pytest.mark.parametrize("kind", list(odd_decisions(1)))
@pytest.mark.parametrize("seats", [("Agent",), ("A" * 90, "B" * 90)])
def test_strange_decisions(kind: str, count: int, seats: tuple[str, ...]) -> None:
    stage = OddStage(count, seats, "a very long name " * 12, np.full((22, 5, 5), 7, np.uint8))
    for reward in (1e30, -1e-30, float("nan")):
        stage.follow(odd_decisions(count)[kind], reward)
    places = layout(900, 600, len(seats))
    view = recall(stage, 2, layers=ALL_LAYERS)
    for part, draw in PARTS.items():
        rect = places.rects()[{"planes": "loop", "board": "board_0"}.get(part, part)]
        check_inside(draw, view, rect, (900, 600), places.unit, "dark")
    assert view.thought
    growing = replace(view, panel="tree", thought=replace(view.thought, forming=True))
    for shown in (growing, recall(stage, 3, layers=ALL_LAYERS)):
        check_inside(decision.draw, shown, places.decision, (900, 600), places.unit)


@pytest.mark.parametrize("size", [1, 3, 60])
def test_continuous_actions(size: int) -> None:
    stage = OddStage(0)
    for scale in (1.0, 1e9, np.nan):
        action = (scale * np.linspace(-1, 1, size))[None].astype(np.float32)
        stage.follow(Decision(action, np.zeros((1, 0), np.float32), np.array([0.5], np.float32)), 1.0)
    places = layout(900, 600, 1)
    for index in range(4):
        view = recall(stage, index, layers=ALL_LAYERS)
        check_inside(decision.draw, view, places.decision, (900, 600), places.unit)
        check_inside(board.draw, view, places.board, (900, 600), places.unit)


SEEN: dict[str, Any] = {
    "picture": np.arange(84 * 84 * 3, dtype=np.uint32).reshape(84, 84, 3).astype(np.uint8),
    "picture of floats": np.random.default_rng(0).random((9, 30, 3)),
    "stacked frames": np.zeros((4, 84, 84), np.uint8),
    "one plane": np.eye(7),
    "no numbers": np.zeros(0),
    "many numbers": np.arange(3000.0),
    "odd numbers": np.array([np.nan, np.inf, -1e30, 0.0]),
    "one number": np.array(5),
    "booleans": np.ones((2, 3, 3), np.bool_),
    "words": np.array("a text"),
    "four dimensions": np.zeros((2, 3, 4, 5)),
    "many planes": np.random.default_rng(0).integers(0, 2, (24, 19, 19)).astype(np.uint8),
}


@pytest.mark.parametrize("kind", list(SEEN))
def test_any_observation(kind: str) -> None:
    stage = OddStage(seen=SEEN[kind])
    stage.follow(decision_of(4))
    for size in ((900, 600), (1920, 1080)):
        places = layout(*size, 1)
        check_inside(planes.draw, recall(stage, 0), places.loop, size, places.unit)


def test_two_sessions_side_by_side() -> None:
    stage = played("maze")
    early, late = recall(stage, 1), recall(stage, stage.ply)
    places: Layout = layout(1280, 800, 1, boards=2)
    both, same = pygame.Surface((1280, 800)), pygame.Surface((1280, 800))
    draw_picture(both, places, LIGHT, late, beside=early)
    draw_picture(same, places, LIGHT, late, beside=late)
    shown = [pygame.surfarray.array2d(surface) for surface in (both, same)]
    first, second = places.boards
    for rect, equal in ((first, True), (second, False), (places.cards[0], True), (places.cards[1], False)):
        part = np.s_[rect.x : rect.right, rect.y : rect.bottom]
        assert np.array_equal(shown[0][part], shown[1][part]) == equal


@pytest.mark.parametrize("panel", list(PANELS))
def test_what_moves_is_drawn_again_over_a_picture_that_is_the_same(panel: str) -> None:
    stage = played("go")
    places = layout(1000, 700)
    still, moved = pygame.Surface((1000, 700)), pygame.Surface((1000, 700))
    view = recall(stage, 3, panel=panel)
    draw_picture(still, places, DARK, view)
    draw_picture(moved, places, DARK, replace(view, progress=0.3))
    rects = draw_moving(moved, places, DARK, view, None)
    assert rects and np.array_equal(pygame.surfarray.array2d(still), pygame.surfarray.array2d(moved))


def test_a_thought_that_forms_changes_board_and_table() -> None:
    stage = played("go")
    view = recall(stage, 3)
    assert view.thought and view.thought.decision.visits is not None
    more = replace(view.thought.decision, visits=view.thought.decision.visits[:, ::-1].copy())
    grown = replace(view, thought=Thought(more, view.thought.seat, view.frame, forming=True))
    places = layout(900, 600)
    for part in (board.draw, decision.draw):
        rect = places.board if part is board.draw else places.decision
        pictures = []
        for shown in (view, grown):
            surface = pygame.Surface((900, 600))
            part(Canvas(surface, LIGHT, places.unit), rect, shown)
            pictures.append(pygame.surfarray.array2d(surface))
        assert not np.array_equal(*pictures)


def test_a_hint_tells_no_more_than_itself() -> None:
    session = Session(make_stage(make_env("tic_tac_toe"), ["human", "rollout:simulations=16"]))
    session.turn_seconds = 0.0
    while session.stage.ply < 2 or session.hint is None:
        session.update()
        if session.stage.human_to_move:
            session.play(4) if not session.stage.ply else session.ask_hint()
        pygame.time.wait(1)
    hidden, shown = capture(session, layers=frozenset()), capture(session, layers=ALL_LAYERS)
    session.close()
    assert hidden.thought and hidden.thought.is_hint and hidden.revealed
    assert hidden.belief(1) is None and shown.belief(1) is not None
