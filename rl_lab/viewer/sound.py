"""Sounds made of numbers: a stone on wood, and how a game ended. Off unless asked for; silent without a device."""

from __future__ import annotations

from contextlib import suppress
from functools import cache

import numpy as np
import pygame
from numpy.typing import NDArray

RATE = 44100
LOUDNESS = 0.35  # of the loudest there is
NOTES = {"won": (523.25, 659.25, 783.99), "lost": (392.0, 311.13, 261.63), "over": (440.0, 440.0)}
"""Hertz: a rising and a falling chord, and a neutral end."""
NOTE_SECONDS = 0.16


def wave(name: str) -> NDArray[np.int16]:
    """The samples of a sound at RATE, [n]: "stone", "won", "lost" or "over"."""
    samples = _stone() if name == "stone" else np.concatenate([_tone(hertz) for hertz in NOTES[name]])
    return np.asarray(samples * (LOUDNESS * 32767 / np.abs(samples).max()), np.int16)


def play(name: str) -> bool:
    """Plays a sound, and returns at once; False where there is nothing to hear it by."""
    with suppress(pygame.error, NotImplementedError, ImportError, AttributeError):
        if not pygame.mixer.get_init():
            pygame.mixer.init(RATE, -16, 1, 512)
        _sound(name, pygame.mixer.get_init()).play()
        return True
    return False


def quiet() -> None:
    """Gives the device back."""
    with suppress(pygame.error, NotImplementedError, ImportError, AttributeError):
        _sound.cache_clear()
        pygame.mixer.quit()


@cache
def _sound(name: str, device: tuple[int, int, int]) -> pygame.mixer.Sound:
    """The sound as that device plays it: (rate, format, channels)."""
    rate, _, channels = device
    samples = wave(name)
    at = np.arange(0, len(samples), RATE / rate)
    fitted = np.interp(at, np.arange(len(samples)), samples).astype(np.int16)
    return pygame.mixer.Sound(buffer=np.repeat(fitted, channels).tobytes())


def _stone() -> NDArray[np.float64]:
    """A knock: two low tones of wood and a moment of noise, which fade at once."""
    t = np.arange(round(0.09 * RATE)) / RATE
    wood = np.sin(2 * np.pi * 410 * t) + 0.6 * np.sin(2 * np.pi * 1130 * t)
    noise = np.random.default_rng(0).normal(size=len(t)) * np.exp(-t * 400)
    return np.asarray(wood * np.exp(-t * 70) + noise)


def _tone(hertz: float) -> NDArray[np.float64]:
    """A soft note that begins and ends without a click."""
    t = np.arange(round(NOTE_SECONDS * RATE)) / RATE
    return np.asarray(np.sin(2 * np.pi * hertz * t) * np.sin(np.pi * t / NOTE_SECONDS) ** 0.5)
