"""What leaves the window: films and sounds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pygame
import pytest
from window_help import key, until, windows

from rl_lab.viewer import sound
from rl_lab.viewer.frame import Phase
from rl_lab.viewer.window import Window


@pytest.fixture
def open_window(tmp_path: Path) -> Iterator[Callable[..., Window]]:
    with windows(tmp_path) as make:
        yield make


def test_a_take_has_what_happened_between_two_presses(open_window: Callable[..., Window], tmp_path: Path) -> None:
    window = open_window("catch", "random")
    until(window, lambda: window.desk.session.stage.ply >= 2)
    window.desk.do("pause")
    key(window, pygame.K_g)
    assert window.desk.recording and "Recording" in window.desk.note
    window.desk.do("pause")
    until(window, lambda: window.desk.session.phase is Phase.OVER)
    key(window, pygame.K_g)
    assert not window.desk.recording
    until(window, lambda: "Saved" in window.desk.note, 60.0)
    (film,) = [path for path in tmp_path.iterdir() if path.suffix in (".gif", ".mp4")]
    assert film.stat().st_size > 5000 and str(film) in window.desk.note


def test_a_film_that_cannot_be_written_is_said(open_window: Callable[..., Window], tmp_path: Path) -> None:
    window = open_window("catch", "random")
    (tmp_path / "file").write_text("")
    window.output.folder = tmp_path / "file"
    key(window, pygame.K_g)
    key(window, pygame.K_g)
    until(window, lambda: "could not be written" in window.desk.note, 60.0)


def test_sounds_are_heard_only_when_asked_for(
    open_window: Callable[..., Window], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SDL_AUDIODRIVER", "dummy")
    played: list[str] = []
    monkeypatch.setattr(sound, "play", lambda name: played.append(name) or True)
    window = open_window("tic_tac_toe", "human", "human")
    window.desk.session.play(4)
    window.tick()
    assert not played and not window.desk.sound
    key(window, pygame.K_m)
    for action in (0, 1, 2, 7):
        window.desk.do(f"action {action}")
        window.tick()
    assert played == ["stone"] * 4 + ["over"]


def test_without_a_device_sound_stays_off(open_window: Callable[..., Window], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_AUDIODRIVER", "nothing_of_the_kind")
    sound.quiet()
    window = open_window("tic_tac_toe", "human", "human")
    key(window, pygame.K_m)
    assert not window.desk.sound and "no device" in window.desk.note


def test_sounds_are_soft_and_short(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("stone", "won", "lost", "over"):
        samples = sound.wave(name)
        assert samples.dtype == np.int16 and 0.05 < len(samples) / sound.RATE < 0.6
        assert 0.3 < np.abs(samples).max() / 32767 < 0.4
    monkeypatch.setenv("SDL_AUDIODRIVER", "dummy")
    sound.quiet()
    assert sound.play("stone") and pygame.mixer.get_init()
    sound.quiet()
    assert not pygame.mixer.get_init()


def test_closing_the_window_finishes_the_film(open_window: Callable[..., Window], tmp_path: Path) -> None:
    window = open_window("catch", "random")
    key(window, pygame.K_g)
    until(window, lambda: window.desk.session.stage.ply >= 2)
    assert window.close()
    assert [path.suffix for path in tmp_path.iterdir()] in ([".gif"], [".mp4"])


def test_two_pictures_in_a_second_are_two_files(open_window: Callable[..., Window], tmp_path: Path) -> None:
    window = open_window("catch", "random")
    for _ in range(3):
        key(window, pygame.K_F12)
    assert len(list(tmp_path.glob("*.png"))) == 3
