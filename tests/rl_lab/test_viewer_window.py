"""The window, driven by posted events on SDL's dummy video driver."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pygame
import pytest

from agents.agent import Agent, Decision, uniform_policy
from agents.scripted import RandomAgent
from envs.chance import Seeds, uniform
from envs.errors import LabError
from envs.games.game import Game, States
from envs.games.registry import make_game
from rl_lab.viewer import app
from rl_lab.viewer.desk import Desk
from rl_lab.viewer.frame import Phase, Player
from rl_lab.viewer.layout import layout
from rl_lab.viewer.panels import board
from rl_lab.viewer.picture import draw_picture
from rl_lab.viewer.row_stages import GameStage
from rl_lab.viewer.session import Session
from rl_lab.viewer.staging import Plan
from rl_lab.viewer.theme import DARK, LIGHT
from rl_lab.viewer.view import capture
from rl_lab.viewer.window import Window


class Searcher(Agent):
    """Tells everything a search can tell, and thinks for as long as it is told to."""

    def __init__(self, game: Game, seconds: float = 0.0) -> None:
        super().__init__("searcher:with=a,rather=long,name=indeed")
        self.game, self.seconds = game, seconds

    def act(self, states: States, seeds: Seeds) -> Decision:
        time.sleep(self.seconds)
        mask = self.game.legal_mask(states)
        prior = uniform_policy(mask)
        visits = np.where(mask, 1 + 29 * uniform(seeds, mask.shape[1]), 0).astype(np.int32)
        action = visits.argmax(axis=1)
        q = np.where(mask, 2 * uniform(seeds, mask.shape[1]) - 1, np.nan).astype(np.float32)
        return Decision(
            action, prior, np.full(len(states), 0.3, np.float32), prior, visits, q, [{int(a): [int(a)]} for a in action]
        )


@pytest.fixture
def open_window(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[..., Window]]:
    """Opens windows, and checks at the end that they leave no thread behind."""
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    made: list[Window] = []

    def make(spec: str, first: Agent | None, second: Agent | None, size: tuple[int, int] = (900, 600)) -> Window:
        players = tuple(Player(agent.name, agent) if agent else Player("human") for agent in (first, second))
        session = Session(GameStage(make_game(spec), players))
        session.turn_seconds = 0.0
        made.append(Window(Desk(session), size, tmp_path))
        return made[-1]

    yield make
    for window in made:
        assert window.close()
    assert "rl-lab-thinker" not in {thread.name for thread in threading.enumerate()}


def until(window: Window, condition: Callable[[], bool], seconds: float = 8.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, window.desk.view().status
        pygame.event.post(pygame.Event(pygame.USEREVENT))  # the dummy driver sleeps soundly
        window.tick()


def spot(window: Window, action: int) -> tuple[int, int]:
    """A pixel inside the place of an action."""
    table = window.desk.session.stage
    scene = table.scene(table.frame)
    x, y, w, h = scene.action_spots[action]
    px, py = board.placement(window.places.board, scene).to_pixels(x + w / 2, y + h / 2)
    return round(px), round(py)


def click(window: Window, x: float, y: float) -> None:
    for kind in (pygame.MOUSEBUTTONDOWN, pygame.MOUSEBUTTONUP):
        pygame.event.post(pygame.Event(kind, pos=(round(x), round(y)), button=1))
    window.tick()


def key(window: Window, code: int) -> None:
    pygame.event.post(pygame.Event(pygame.KEYDOWN, key=code, mod=0, unicode=""))
    window.tick()


def test_a_game_of_go_by_clicks(open_window: Callable[..., Window]) -> None:
    game = make_game("go:size=5")
    window = open_window("go:size=5", None, RandomAgent(game))
    table = window.desk.session.stage
    for turn in range(4):
        until(window, lambda: table.human_to_move)
        move = next(
            action for action in table.legal_actions(table.frame) if action in table.scene(table.frame).action_spots
        )
        click(window, *spot(window, move))
        assert table.ply == 2 * turn + 1 or window.desk.session.phase is Phase.OVER
    until(window, lambda: table.human_to_move)
    key(window, pygame.K_p)
    assert game.action_name(table.history[-1]) == "pass" or table.history[-2] == 25
    until(window, lambda: table.human_to_move or table.over)
    plies = table.ply
    key(window, pygame.K_u)
    assert table.ply < plies
    window.desk.do("resign")
    assert not table.over and "again" in window.desk.note
    window.desk.do("resign")
    assert table.over and "resignation" in window.desk.view().result


def test_watching_to_the_end(open_window: Callable[..., Window]) -> None:
    game = make_game("connect_four")
    window = open_window("connect_four", Searcher(game), RandomAgent(game))
    until(window, lambda: window.desk.session.phase is Phase.OVER)
    key(window, pygame.K_LEFT)
    assert window.desk.index == window.desk.session.stage.ply - 1
    key(window, pygame.K_HOME)
    assert window.desk.index == 0
    plot = window.places.timeline
    click(window, plot.right - 20, plot.bottom - 30)
    assert window.desk.index is None or window.desk.index > 0
    key(window, pygame.K_n)
    assert window.desk.session.stage.ply <= 1 and window.desk.index is None


def test_a_hundred_fast_clicks(open_window: Callable[..., Window]) -> None:
    game = make_game("go:size=5")
    window = open_window("go:size=5", None, Searcher(game, 0.002))
    rng = np.random.default_rng(0)
    for _ in range(100):
        x, y = rng.integers(0, (900, 600))
        pygame.event.post(pygame.Event(pygame.MOUSEMOTION, pos=(int(x), int(y)), rel=(0, 0), buttons=(0, 0, 0)))
        pygame.event.post(pygame.Event(pygame.MOUSEBUTTONDOWN, pos=(int(x), int(y)), button=1))
        if rng.random() < 0.3:
            window.tick()
    until(window, lambda: window.desk.session.stage.human_to_move or window.desk.session.stage.over)
    assert not window.desk.closed


def test_resize_themes_layers_and_a_screenshot(open_window: Callable[..., Window], tmp_path: Path) -> None:
    game = make_game("go:size=5")
    window = open_window("go:size=5", Searcher(game), Searcher(game))
    for size in ((1280, 800), (1920, 1080), (900, 600)):
        pygame.display.set_mode(size, pygame.RESIZABLE)
        pygame.event.post(pygame.Event(pygame.VIDEORESIZE, size=size, w=size[0], h=size[1]))
        window.tick()
        assert window.places == layout(*size)
    key(window, pygame.K_t)
    assert window.desk.theme is DARK
    for _ in range(4):
        key(window, pygame.K_v)
    key(window, pygame.K_s)
    (saved,) = tmp_path.glob("rl-lab-*.png")
    assert pygame.image.load(saved).get_size() == (900, 600)


def test_buttons_press_commands(open_window: Callable[..., Window]) -> None:
    game = make_game("tic_tac_toe")
    window = open_window("tic_tac_toe", Searcher(game), Searcher(game))
    pause = next(b for b, command in window._toolbar._buttons.items() if command == "pause")
    click(window, *pause.rect.center)
    until(window, lambda: window.desk.session.paused)
    assert "Play" in [button.text for button in window.desk.buttons()]


def test_closing_while_an_agent_thinks(open_window: Callable[..., Window]) -> None:
    game = make_game("tic_tac_toe")
    window = open_window("tic_tac_toe", Searcher(game, 0.2), Searcher(game, 0.2))
    until(window, lambda: window.desk.session.thinking)
    pygame.event.post(pygame.Event(pygame.QUIT))
    window.run()
    assert window.desk.closed


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
@pytest.mark.parametrize("spec", ["go:size=9", "connect_four", "tic_tac_toe"])
def test_every_phase_draws_at_every_size(spec: str, theme: object) -> None:
    game = make_game(spec)
    session = Session(GameStage(game, (Player("a", Searcher(game)), Player("human"))))
    session.turn_seconds = 0.0
    session.message = "something went wrong"
    seen = set()
    end = time.monotonic() + 8
    while session.phase is not Phase.OVER:
        assert time.monotonic() < end
        view = capture(session, hover=session.stage.legal_actions(session.stage.frame)[0])
        if (view.phase, bool(view.thought)) not in seen:
            seen.add((view.phase, bool(view.thought)))
            for size in ((900, 600), (1200, 1200)):
                draw_picture(pygame.Surface(size), layout(*size), theme, view)
        if session.stage.human_to_move:
            if session.stage.ply > 6:
                session.resign()
            else:
                session.play(session.stage.legal_actions(session.stage.frame)[-1])
        session.update()
    draw_picture(pygame.Surface((900, 600)), layout(900, 600), theme, capture(session))
    assert {phase for phase, _ in seen} >= {Phase.OBSERVE, Phase.THINK}
    session.close()


def test_layers_have_their_own_colours() -> None:
    for theme in (LIGHT, DARK):
        assert len({theme["policy"], theme["visits"], theme["value"], theme["live"]}) == 4


def test_errors_are_sentences(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    with pytest.raises(LabError, match="--headless --record"):
        app.play("tic_tac_toe", ("human", "random"))
    with pytest.raises(LabError, match="--headless --record"):
        app.watch("tic_tac_toe", ("random", "random"))
    with pytest.raises(LabError, match="no 'nowhere'"):  # what is wrong besides comes first
        app.watch("tic_tac_toe", ("alphazero:nowhere", "random"))
    with pytest.raises(LabError, match="no 'nowhere'"):
        app.start(Plan("tic_tac_toe", ("alphazero:nowhere", "random")))
    with pytest.raises(LabError, match="zoo"):
        app.play("go", ("human", "zoo:none,level=3"))
    with pytest.raises(LabError, match=r"nofile\.sgf"):
        app.replay(tmp_path / "nofile.sgf")
    (tmp_path / "game.sgf").write_text("(;GM[1]SZ[9];B[ee];W[cc])")
    with pytest.raises(LabError, match=r"'rl-lab replay \.\.\. --headless"):
        app.replay(tmp_path / "game.sgf")
    with pytest.raises(LabError, match="needs --record"):
        app.watch("tic_tac_toe", ("random", "random"), headless=True)
    with pytest.raises(LabError, match=r"\.gif or \.png"):
        app.watch("tic_tac_toe", ("random", "random"), headless=True, record=tmp_path / "game.avi")
    (tmp_path / "file").write_text("")
    with pytest.raises(LabError, match="cannot be written"):
        app.watch("tic_tac_toe", ("random", "random"), headless=True, record=tmp_path / "file" / "game.png")
    with pytest.raises(LabError, match="speed"):
        app.watch("tic_tac_toe", ("random", "random"), speed=3.0)
    with pytest.raises(LabError, match="theme"):
        app.WindowOptions(theme="pink")
    with pytest.raises(LabError, match="human"):
        app.play("tic_tac_toe", ("random", "random"))


def test_headless_watch_writes_the_picture(tmp_path: Path) -> None:
    app.watch("tic_tac_toe", ("greedy", "random"), headless=True, record=tmp_path / "game.png")
    assert (tmp_path / "game.png").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("spec", "seat", "expected"),
    [
        ("go", "black", ("human", "random")),
        ("go", "White", ("random", "human")),
        ("tic_tac_toe", "o", ("random", "human")),
        ("connect_four", "second", ("random", "human")),
    ],
)
def test_a_person_takes_a_seat_by_name(spec: str, seat: str, expected: tuple[str, str]) -> None:
    assert app.seated(make_game(spec), "random", seat) == expected


def test_a_world_has_no_opponent() -> None:
    assert app.seated("snake", "", "first") == ("human",) and app.watched("snake", "", "") == ("random",)
    for seats in (lambda: app.seated("snake", "random", "first"), lambda: app.watched("snake", "", "random")):
        with pytest.raises(LabError, match="snake has one seat, so there is no opponent"):
            seats()
    assert app.seated("hex", "", "first") == ("human", "rollout:simulations=500")


def test_a_seat_that_does_not_exist() -> None:
    with pytest.raises(LabError, match="black or white"):
        app.seated(make_game("go"), "random", "green")


def test_a_window_opens_after_another_library_has_quit_pygame(open_window) -> None:
    assert open_window("tic_tac_toe", None, None).close()
    pygame.quit()
    open_window("tic_tac_toe", None, None)
