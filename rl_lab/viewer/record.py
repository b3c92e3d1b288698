"""The same picture without a display: a game as an animated GIF, or its end as a PNG."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from agents.agent import Decision
from envs.errors import LabError
from envs.games.game import Game
from rl_lab.viewer.layout import layout
from rl_lab.viewer.table import Player, Table
from rl_lab.viewer.theme import LIGHT, Theme
from rl_lab.viewer.view import View, recall

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
import pygame  # noqa: E402
from PIL import Image  # noqa: E402
