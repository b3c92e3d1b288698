"""The start screen, driven by posted events on SDL's dummy driver, and what is seen while something is made ready."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pygame
import pytest

from envs.errors import LabError
from rl_lab.viewer import app
from rl_lab.viewer.session import Session
from rl_lab.viewer.staging import Plan
from rl_lab.viewer.start import Form
from rl_lab.viewer.start_window import StartWindow
from rl_lab.viewer.theme import DARK, LIGHT
from rl_lab.viewer.waiting import Tell, wait_for


@pytest.fixture
def open_form(tmp_path: Path) -> Iterator[Callable[..., StartWindow]]:
    def make(form: Form, size: tuple[int, int] = (900, 600), theme: Any = LIGHT) -> StartWindow:
        return StartWindow(form, theme, size, tmp_path)

    yield make
    pygame.display.quit()


def click(window: StartWindow, rect: Any) -> None:
    for kind in (pygame.MOUSEMOTION, pygame.MOUSEBUTTONDOWN, pygame.MOUSEBUTTONUP):
        pygame.mouse.set_pos(rect.center)
        extra = {"rel": (1, 1), "buttons": (0, 0, 0)} if kind == pygame.MOUSEMOTION else {"button": 1}
        pygame.event.post(pygame.Event(kind, pos=rect.center, **extra))
        window.tick()
    for _ in range(4):  # a control's own events cause others
        window.tick()


def key(code: int, text: str = "") -> None:
    pygame.event.post(pygame.Event(pygame.KEYDOWN, key=code, unicode=text, mod=0, scancode=0))
    if text:
        pygame.event.post(pygame.Event(pygame.TEXTINPUT, text=text))


def widget(window: StartWindow, name: str) -> Any:
    lines = {known: line for line, known in window._lines.items()}
    return {**lines, **{known: menu for menu, (known, _) in window._menus.items()}}[name]


def test_choosing_in_the_window(open_form: Callable[..., StartWindow]) -> None:
    window = open_form(Form(env="hex:size=5", seats=["random", "greedy"]))
    click(window, widget(window, "world").rect)
    menu = widget(window, "world")
    assert menu.current_state is menu.menu_states["expanded"]
    items = menu.current_state.options_selection_list.item_list_container.elements
    snake = next(item for item in items if getattr(item, "text", "") == "Snake")
    click(window, snake.rect)
    assert window.form.env == "snake" and window.form.taken == ("random",)
    assert {name for name, _ in window._menus.values()} == {
        "world",
        "option.size",
        "seat0",
        "against",
        "speed",
        "sound",
    }
    click(window, window._begin_button.rect)
    assert window.begun and window.form.plan().seats == ("random",)


def test_a_wrong_spec_is_said_in_place_until_it_is_right(open_form: Callable[..., StartWindow]) -> None:
    window = open_form(Form(env="hex:size=5", seats=["random", "greedy"]))
    click(window, widget(window, "seat1.spec").rect)
    assert window._writes
    key(pygame.K_x, "x")
    until(lambda: (window.tick(), window.message)[1])
    assert "White: There is no agent '" in window.message and "x" in window.form.seats[1]
    click(window, window._begin_button.rect)
    assert not window.begun and "White: There is no agent" in window.message
    window._change("seat1.spec", "greedy")
    assert window.message == ""
    click(window, window._begin_button.rect)
    assert window.begun


def write(window: StartWindow, name: str, text: str) -> None:
    """Types into a line of text, in place of what it says."""
    click(window, widget(window, name).rect)
    widget(window, name).set_text("")
    for letter in text:
        key(ord(letter), letter)
    until(lambda: (window.tick(), widget(window, name).get_text() == text)[1])


def test_a_refused_number_stays_to_be_corrected_and_blocks_nothing_for_ever(
    open_form: Callable[..., StartWindow],
) -> None:
    window = open_form(Form(env="tic_tac_toe", seats=["random", "random"]))
    write(window, "seed", "abc")
    key(pygame.K_RETURN)
    until(lambda: (window.tick(), "'abc'" in window.message)[1])
    assert widget(window, "seed").get_text() == "abc", "the sentence must be about what is seen"
    click(window, window._begin_button.rect)
    assert not window.begun and "whole number" in window.message
    click(window, window._theme_button.rect)  # makes the controls anew, with what is chosen
    assert widget(window, "seed").get_text() == "0"
    click(window, window._begin_button.rect)
    assert window.begun and window.form.seed == 0


def test_one_click_takes_what_is_written_and_begins(open_form: Callable[..., StartWindow]) -> None:
    window = open_form(Form(env="hex:size=5"))
    write(window, "env", "go:size=5")
    click(window, window._begin_button.rect)
    assert window.begun and window.form.plan().env == "go:size=5"


def test_a_click_that_leaves_a_text_reaches_only_what_stays_in_its_place(open_form: Callable[..., StartWindow]) -> None:
    window = open_form(Form(env="go:size=9", seats=["random", "random"]))
    write(window, "env", "go:size=5")
    click(window, widget(window, "seat0").rect)
    menu = widget(window, "seat0")
    assert menu.current_state is menu.menu_states["expanded"] and window.form.env == "go:size=5"
    window = open_form(Form(env="go:size=9", seats=["random", "random"]))
    write(window, "env", "snake")
    click(window, widget(window, "seat1").rect)
    assert all(menu.current_state is menu.menu_states["closed"] for menu in window._menus)


@pytest.mark.parametrize("way", ["Escape", "the same again"])
def test_a_menu_closes_and_the_screen_stays(way: str, open_form: Callable[..., StartWindow]) -> None:
    window = open_form(Form(env="hex:size=5", seats=["random", "greedy"]))
    click(window, widget(window, "world").rect)
    menu = widget(window, "world")
    assert menu.current_state is menu.menu_states["expanded"]
    if way == "Escape":
        key(pygame.K_ESCAPE)
        window.tick()
    else:
        items = menu.current_state.options_selection_list.item_list_container.elements
        click(window, next(item for item in items if getattr(item, "text", "") == "Hex").rect)
    assert not window.closed and window.form.env == "hex:size=5"
    assert all(menu.current_state is menu.menu_states["closed"] for menu in window._menus)


@pytest.mark.parametrize("size", [(900, 600), (1280, 800), (3840, 2160)])
@pytest.mark.parametrize("spec", ["go:size=9", "skier:dims=2", "CartPole-v1"])
def test_everything_is_inside_the_window_and_nothing_overlaps(
    open_form: Callable[..., StartWindow], size: tuple[int, int], spec: str
) -> None:
    form = Form(env=spec, seats=["random", "random"])
    window = open_form(form, size, DARK)
    rects = [element.rect for element in (*window._menus, *window._lines, window._begin_button, window._theme_button)]
    frame = pygame.Rect((0, 0), size)
    assert all(frame.contains(rect) for rect in rects)
    assert all(not a.colliderect(b) for i, a in enumerate(rects) for b in rects[i + 1 :])


def test_resizing_theme_and_leaving(open_form: Callable[..., StartWindow]) -> None:
    window = open_form(Form(env="tic_tac_toe", seats=["random", "random"]))
    click(window, window._theme_button.rect)
    assert window.theme is DARK and window.screen.get_at((2, 2))[:3] == DARK["ground"]
    pygame.display.set_mode((1280, 800), pygame.RESIZABLE)
    window.tick()
    assert window._begin_button.rect.right <= 1280 and window._begin_button.rect.bottom > 600
    key(pygame.K_ESCAPE)
    assert window.run() is False


def test_the_picture_follows_the_environment(open_form: Callable[..., StartWindow]) -> None:
    window = open_form(Form(env="go:size=9", handicap=4, seats=["random", "random"]))
    until(lambda: (window.tick(), window._preview.is_ready(window.form))[1])
    assert window._preview.scene is not None
    window._change("world", "CartPole-v1")
    until(lambda: (window.tick(), window._preview.is_ready(window.form))[1])
    assert window._preview.scene is None


def test_the_start_screen_comes_back_after_a_game(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    shown: list[Sequence[Session]] = []

    def show(sessions: Sequence[Session], options: app.WindowOptions) -> app.WindowOptions:
        shown.append(sessions)
        app.close_all(sessions)
        return options

    answers = iter([True, True, True, False])
    messages: list[str] = []

    def run(window: StartWindow) -> bool:
        messages.append(window.message)
        window.form.seats[1] = "alphazero:nowhere" if len(messages) == 2 else "greedy"
        return next(answers)

    monkeypatch.setattr(app, "_show", show)
    monkeypatch.setattr(StartWindow, "run", run)
    app.start(Plan("tic_tac_toe", ("random", "random")), app.WindowOptions(size=(900, 600)))
    assert [session[0].stage.players[1].name for session in shown] == ["greedy", "greedy"]
    assert messages[:2] == ["", ""] and "There is no 'nowhere'" in messages[2] and messages[3] == ""
    assert not pygame.display.get_init()


# Waiting


def test_waiting_shows_what_is_done_and_can_be_left() -> None:
    go, discarded = threading.Event(), []

    def work(tell: Tell) -> str:
        tell("half")
        go.wait(10)
        return "made"

    key(pygame.K_ESCAPE) if pygame.display.get_init() else None
    pygame.display.init()
    pygame.display.set_mode((900, 600))
    key(pygame.K_ESCAPE)
    assert wait_for(work, "Preparing", DARK, (900, 600), discarded.append) is None
    go.set()
    until(lambda: discarded == ["made"])
    pygame.display.quit()


def test_what_fails_while_waiting_is_raised() -> None:
    def work(tell: Tell) -> str:
        raise LabError("no")

    with pytest.raises(LabError, match="no"):
        wait_for(work, "Preparing", LIGHT, (900, 600))
    assert wait_for(lambda tell: 7, "Preparing", LIGHT, (900, 600)) == 7


def test_what_can_be_stopped_gives_what_it_has() -> None:
    def work(tell: Tell) -> int:
        count = 0
        while tell(f"{count}") and count < 2000:
            time.sleep(0.005)
            count += 1
        return count

    pygame.display.init()
    pygame.display.set_mode((900, 600))
    key(pygame.K_ESCAPE)
    found = wait_for(work, "Opening", LIGHT, (900, 600), stoppable=True)
    pygame.display.quit()
    assert found is not None and 0 < found < 2000


def until(done: Callable[[], Any], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end
        time.sleep(0.01)
