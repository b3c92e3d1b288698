"""Draws every world, some way into an episode, into docs/images/gallery/: python scripts/gallery.py."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from agents.agent import Agent
from agents.registry import make_agent
from envs.chance import seed_states
from envs.faces.render import picture
from envs.games.game import Game
from envs.games.registry import GAMES, make_game
from envs.games.scene import Scene
from envs.solo.registry import make_world
from envs.solo.world import World

FOLDER = Path("docs/images/gallery")
SIDE = 320  # pixels of the longer side

# (world, who plays it, after how many steps)
PICTURES = [
    ("go:size=9", "rollout:simulations=1000", 34),
    ("connect_four", "alphabeta:depth=7", 17),
    ("tic_tac_toe", "alphabeta:depth=2", 6),
    ("hex:size=7", "rollout:simulations=3000", 60),
    ("othello", "alphabeta:depth=3", 22),
    ("skier", "momentum", 34),
    ("skier:dims=2,actions=continuous", "adam", 16),
    ("maze:cue=spurious", "shortest_path", 5),
    ("snake", "hamiltonian", 700),
    ("catch", "perfect", 6),
]


def scene_after(spec: str, player: str, steps: int) -> Scene:
    """The picture of the world after so many steps of the player, or at the end of the episode if that comes first."""
    world: Game | World = make_game(spec) if spec.partition(":")[0] in GAMES else make_world(spec)
    agent: Agent = make_agent(player, world)
    seeds = seed_states([0])
    states = world.init(1) if isinstance(world, Game) else world.init(seeds.copy())
    for _ in range(steps):
        if states["terminated"][0]:
            break
        world.step(states, np.asarray(agent.act(states, seeds).action))
    return world.scene(states[0])


def main() -> None:
    """Writes all pictures."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for spec, player, steps in PICTURES:
        image = Image.fromarray(picture(scene_after(spec, player, steps)))
        image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
        name = "skier_2d" if "dims=2" in spec else spec.partition(":")[0]
        small = image.quantize(255, Image.Quantize.MAXCOVERAGE, kmeans=4, dither=Image.Dither.NONE)
        small.save(FOLDER / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
