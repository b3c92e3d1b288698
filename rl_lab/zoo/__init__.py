"""The zoo: nets that ship with the lab, so that everyone can play at once.

    options · player    the agent `zoo:NAME,level=...`
    levels              how a net plays at a level, and what lies between two levels
    nets · card         which nets there are, and what is known of each
    recipes · ship      how each net is trained; a run becomes a net of the zoo
    measure             strength, and the calibration of the levels
    table               what `rl-lab zoo` prints
    export              a net as ONNX

Importing it registers the agent `zoo`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.kinds import AgentKind, register
from rl_lab.zoo.options import ZooOptions

if TYPE_CHECKING:
    from agents.agent import Agent
    from envs.games.game import Game


def _zoo(game: Game, name: str, options: ZooOptions) -> Agent:
    from rl_lab.zoo.player import load_zoo_player  # late: it needs torch

    return load_zoo_player(name, game, options)


register("zoo", AgentKind("zoo:NAME,level=10", "a net that ships with the lab", ZooOptions, _zoo, path="optional"))
