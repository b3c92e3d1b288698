"""Keys, buttons and the help of the window."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pygame
import pytest
from window_help import click, key, until, windows

from rl_lab.viewer import notes
from rl_lab.viewer.buttons import Button
from rl_lab.viewer.desk import Desk
from rl_lab.viewer.frame import Phase
from rl_lab.viewer.keys import COMMANDS, GROUPS, action_keys, shown_groups
from rl_lab.viewer.panels import help, legend
from rl_lab.viewer.panels.toolbar import fitting
from rl_lab.viewer.session import Session
from rl_lab.viewer.staging import make_env, make_stage
from rl_lab.viewer.view import LAYERS
from rl_lab.viewer.window import Window


@pytest.fixture
def open_window(tmp_path: Path) -> Iterator[Callable[..., Window]]:
    with windows(tmp_path) as make:
        yield make


def test_every_key_means_one_thing_and_every_command_exists(open_window: Callable[..., Window]) -> None:
    names = Counter(name for group in GROUPS.values() for keys in group for name in keys.names)
    names.update(layer.key for layer in LAYERS.values())
    assert {name for name, count in names.items() if count > 1} == set()
    window = open_window("go:size=5", "human", "random")
    known = set(window.desk._commands) | set(window._own) | {f"layer {name}" for name in LAYERS}
    assert set(COMMANDS.values()) <= known
    codes = {pygame.key.name(code) for code in (pygame.K_PAGEUP, pygame.K_LEFT, pygame.K_PERIOD, pygame.K_LEFTBRACKET)}
    codes |= {pygame.key.name(code) for code in (pygame.K_RETURN, pygame.K_BACKSPACE, pygame.K_F12, pygame.K_HOME)}
    codes |= {pygame.key.name(code) for code in (pygame.K_KP_ENTER, pygame.K_ESCAPE, pygame.K_TAB, pygame.K_SPACE)}
    assert codes <= set(COMMANDS), "pygame calls its keys otherwise"


def test_a_person_walks_by_arrows_and_letters(open_window: Callable[..., Window]) -> None:
    window = open_window("snake:size=6", "human")
    session = window.desk.session
    until(window, lambda: session.stage.human_to_move)
    for code in (pygame.K_UP, pygame.K_a, pygame.K_DOWN):
        key(window, code)
    names = [session.stage.action_name(action) for action in session.stage.history]
    assert names == ["up", "left", "down"][: len(names)] and len(names) >= 2
    plies = session.stage.ply
    key(window, pygame.K_PAGEUP)
    assert window.desk.index == plies - 1
    key(window, pygame.K_RIGHT)  # only brings the present back
    assert window.desk.index is None and session.stage.ply == plies
    commands = [button.command for button in window.desk.buttons()]
    assert {f"action {action}" for action in range(4)} <= set(commands)


def test_every_action_of_a_world_has_a_key() -> None:
    for env in ("snake", "maze", "catch", "skier", "skier:dims=2"):
        stage = make_stage(make_env(env), ["human"])
        keys = action_keys(stage)
        assert set(keys.values()) == set(range(stage.num_actions)) and "1" not in keys
        for name in set(keys) & {"up", "down", "left", "right"}:
            assert stage.action_name(keys[name]).startswith(name)
            assert "0.20" not in stage.action_name(keys[name])


def test_in_a_game_digits_switch_layers_and_a_click_on_the_legend_too(open_window: Callable[..., Window]) -> None:
    window = open_window("go:size=5", "greedy", "random")
    before = window.desk.layers
    key(window, pygame.K_1)
    assert window.desk.layers == before ^ {"policy"}
    view = window.desk.view()
    (name, place), *_ = legend.switches(window.places.unit, window.places.legend, view)
    click(window, *place.center)
    assert name == "policy" and window.desk.layers == before
    key(window, pygame.K_v)
    assert not window.desk.layers
    key(window, pygame.K_v)
    assert window.desk.layers == before
    panels = []
    for _ in range(3):
        key(window, pygame.K_b)
        panels.append(window.desk.panel)
    assert len(set(panels)) == 3 and panels[-1] == "loop"


def test_keys_of_the_system_are_left_alone(open_window: Callable[..., Window]) -> None:
    window = open_window("go:size=5", "random", "random")
    theme = window.desk.theme
    for mod in (pygame.KMOD_LCTRL, pygame.KMOD_LALT, pygame.KMOD_LMETA):
        pygame.event.post(pygame.Event(pygame.KEYDOWN, key=pygame.K_t, mod=mod, unicode=""))
        window.tick()
    assert window.desk.theme is theme
    pygame.event.post(pygame.Event(pygame.KEYDOWN, key=pygame.K_t, mod=pygame.KMOD_NUM, unicode="t"))
    window.tick()
    assert window.desk.theme is not theme


def test_resigning_takes_two_presses(open_window: Callable[..., Window], monkeypatch: pytest.MonkeyPatch) -> None:
    window = open_window("tic_tac_toe", "human", "random")
    until(window, lambda: window.desk.session.stage.human_to_move)
    key(window, pygame.K_x)
    assert not window.desk.session.stage.over and "Sure?" in [button.text for button in window.desk.buttons()]
    monkeypatch.setattr(notes, "CONFIRM_SECONDS", 0.0)
    window.desk.do("theme")  # something else was done: nothing is asked any more
    key(window, pygame.K_x)
    assert not window.desk.session.stage.over and not window.desk.note  # three seconds later
    key(window, pygame.K_x)
    assert not window.desk.session.stage.over
    monkeypatch.undo()
    key(window, pygame.K_x)
    key(window, pygame.K_x)
    assert window.desk.session.stage.result_text == "O wins by resignation"
    assert not window.desk.note and window.desk.view().status == "O wins by resignation · N: new game"


def test_leaving_a_game_against_somebody_takes_two_presses(open_window: Callable[..., Window]) -> None:
    window = open_window("tic_tac_toe", "human", "random")
    stage = window.desk.session.stage
    until(window, lambda: stage.human_to_move)
    window.desk.play(4)
    until(window, lambda: stage.ply == 2)
    key(window, pygame.K_ESCAPE)
    assert not window.desk.closed and "Escape again" in window.desk.note
    key(window, pygame.K_x)  # another question takes its place
    key(window, pygame.K_ESCAPE)
    assert not window.desk.closed and not stage.over
    key(window, pygame.K_ESCAPE)
    assert window.desk.closed


@pytest.mark.parametrize("seats", [("human", "random"), ("random", "random")])
def test_where_nothing_is_lost_one_escape_leaves(open_window: Callable[..., Window], seats: tuple[str, str]) -> None:
    window = open_window("tic_tac_toe", *seats)
    until(window, lambda: window.desk.session.stage.human_to_move or window.desk.session.stage.over)
    key(window, pygame.K_ESCAPE)
    assert window.desk.closed


def test_the_help_lists_keys_and_does_what_is_clicked(open_window: Callable[..., Window]) -> None:
    window = open_window("go:size=5", "random", "random")
    key(window, pygame.K_SLASH, "?")
    assert window.desk.help
    groups, size = window._help_groups, window.screen.get_size()
    frame = help.area(window.places.unit, size, groups)
    assert frame.x >= 0 and frame.y >= 0 and frame.right <= size[0] and frame.bottom <= size[1]
    found = {
        help.command_at(window.places.unit, size, groups, x, y)
        for x in range(frame.x, frame.right, 9)
        for y in range(frame.y, frame.bottom, 5)
    }
    assert found - {""} == {entry.command for keys in groups.values() for entry in keys}
    x, y = next(
        (x, y)
        for x in range(frame.x, frame.right, 9)
        for y in range(frame.y, frame.bottom, 5)
        if help.command_at(window.places.unit, size, groups, x, y) == "theme"
    )
    theme = window.desk.theme
    click(window, x, y)
    assert not window.desk.help and window.desk.theme is not theme
    key(window, pygame.K_F1)
    key(window, pygame.K_ESCAPE)
    assert not window.desk.help and not window.desk.closed


def test_the_help_tells_only_what_makes_sense() -> None:
    for env, seats, there, missing in (
        ("maze", ["human"], {"action 0", "undo", "back"}, {"pause", "resign"}),
        ("go:size=5", ["random", "random"], {"pause", "undo"}, {"resign", "hint", "action 0"}),
        ("go:size=5", ["human", "random"], {"resign", "hint", "pass"}, {"pause", "again"}),
    ):
        stage = make_stage(make_env(env), seats)
        desk = Desk(Session(stage))
        commands = {entry.command for keys in shown_groups(stage, desk.action_keys).values() for entry in keys}
        assert there <= commands and not missing & commands
        desk.sessions.close()


@pytest.mark.parametrize(
    ("env", "seats"),
    [("go:size=5", ["human", "random"]), ("go:size=5", ["random"] * 2), ("maze", ["human"]), ("skier", ["random"])],
)
def test_the_toolbar_fits_the_smallest_window(open_window: Callable[..., Window], env: str, seats: list[str]) -> None:
    window = open_window(env, *seats)
    places = [button.rect for button in window._toolbar._buttons]
    bar = window.places.toolbar
    assert len(places) >= 8
    assert all(bar.x <= rect.left and rect.right <= bar.right for rect in places)
    assert all(a.right <= b.left for a, b in pairwise(places))
    assert {"new", "help"} <= set(window._toolbar._buttons.values())


def test_buttons_that_are_needed_least_make_room() -> None:
    buttons = [Button(name, name, name, rank) for name, rank in (("a", 0), ("b", 2), ("c", 1), ("d", 2))]
    widths = dict.fromkeys(buttons, 10)
    assert [button.text for button in fitting(buttons, widths, 46, 2)] == ["a", "b", "c", "d"]
    assert [button.text for button in fitting(buttons, widths, 45, 2)] == ["a", "b", "c"]
    assert [button.text for button in fitting(buttons, widths, 30, 2)] == ["a", "c"]
    assert [button.text for button in fitting(buttons, widths, 3, 2)] == ["a"]


def test_a_clock_counts_down_on_the_card(open_window: Callable[..., Window]) -> None:
    window = open_window("tic_tac_toe", "human", "human", clock_seconds=9.0)
    end, seen = time.monotonic() + 3, set()
    while len(seen) < 3 and time.monotonic() < end:
        window.tick()
        seen.add(window.desk.view().notes[0][0])
    assert len(seen) >= 3


def test_full_screen_and_back(open_window: Callable[..., Window]) -> None:
    window = open_window("tic_tac_toe", "human", "human")
    key(window, pygame.K_F11)
    assert window.screen.get_flags() & pygame.FULLSCREEN
    key(window, pygame.K_F11)
    assert not window.screen.get_flags() & pygame.FULLSCREEN and window.screen.get_size() == (900, 600)


def test_an_idle_window_uses_no_processor(open_window: Callable[..., Window]) -> None:
    window = open_window("go:size=9", "human", "random")
    until(window, lambda: window.desk.session.stage.human_to_move and window.desk.session.phase is Phase.THINK)
    start, used = time.monotonic(), time.thread_time()
    while time.monotonic() - start < 2.5:
        window.tick()
    assert (time.thread_time() - used) / (time.monotonic() - start) < 0.03
