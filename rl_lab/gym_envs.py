"""Every world of the lab behind a Gymnasium id in the namespace rl_lab, e.g. "rl_lab/Go-v0".

`import rl_lab` registers the ids, and `gymnasium.make("rl_lab:rl_lab/Go-v0")` imports it by itself. (Gymnasium 1.0 gave
up the entry points by which a package registered on being installed.) Options are keyword arguments:

    gymnasium.make("rl_lab/Go-v0", board_size=5, opponent="rollout:simulations=50", seat="first", illegal="raise")
    gymnasium.make("rl_lab/Snake-v0", size=6, render_mode="human")
    gymnasium.make_vec("rl_lab/Maze-v0", num_envs=64, split="held_out")  # the lab's own vector environment

`board_size` is Gymnasium's and PettingZoo's word for a game's `size`; both are taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from gymnasium.vector import AutoresetMode

from agents.registry import make_agent
from envs.errors import LabError
from envs.faces.episodes import IllegalMove
from envs.faces.gym_env import WorldEnv
from envs.faces.opponents import Checked, Opponent, Outsider
from envs.faces.seated import Seat, Seated
from envs.faces.vector_env import WorldVectorEnv
from envs.games.game import Game
from envs.games.registry import GAMES, make_game
from envs.solo.registry import WORLDS, make_world
from envs.solo.world import World
from envs.spec import unknown_name

OPTIONS = ("illegal", "render_mode")  # of every environment, beside its world's
GAME_OPTIONS = ("opponent", "seat", "board_size")  # of board games


class LabEnv(WorldEnv):
    """WorldEnv of the world with that name in spec strings; `options` as `named_world` takes them."""

    def __init__(
        self, world: str, render_mode: str | None = None, illegal: IllegalMove = "lose", **options: Any
    ) -> None:
        super().__init__(named_world(world, **options), render_mode, illegal)


class LabVectorEnv(WorldVectorEnv):
    """WorldVectorEnv of the world with that name in spec strings; `options` as `named_world` takes them."""

    def __init__(
        self,
        world: str,
        num_envs: int = 1,
        illegal: IllegalMove = "lose",
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        render_mode: str | None = None,
        max_episode_steps: int | None = None,
        **options: Any,
    ) -> None:
        world_made = named_world(world, **options)
        super().__init__(world_made, num_envs, illegal, autoreset_mode, render_mode, max_episode_steps)


def named_world(
    name: str,
    opponent: str | Outsider | Sequence[str | Outsider] = "random",
    seat: Seat = "random",
    **options: Any,
) -> World:
    """The world with that name in spec strings; a board game becomes one against `opponent`, from `seat`.

    `opponent` is an agent's spec string, any object with `act` and `reset` (envs.faces.opponents.Outsider), or several
    of them, of whom each episode draws one; `seat` is "first", "second" or "random". The other options are the game's
    or the world's. Raises LabError for an unknown option, with those that exist.
    """
    kind: Any = GAMES[name] if name in GAMES else WORLDS[name]
    known = [*(f.name for f in fields(kind)), *(GAME_OPTIONS if name in GAMES else ()), *OPTIONS]
    for key in options:
        if key not in known:
            raise unknown_name("option", key, known)
    if name in GAMES:
        game = make_game(name, **options)
        several = opponent if isinstance(opponent, Sequence) and not isinstance(opponent, str) else [opponent]
        return Seated(game, tuple(_opponent(one, game) for one in several), seat)
    if opponent != "random" or seat != "random":
        raise LabError(f"{name} is played alone, so it takes no opponent and no seat.")
    return make_world(name, **options)


def _opponent(given: str | Outsider, game: Game) -> Opponent:
    if isinstance(given, str):
        return make_agent(given, game)
    if not (callable(getattr(given, "act", None)) and callable(getattr(given, "reset", None))):
        raise LabError(f"An opponent is an agent's spec, or has act(states, seeds) and reset(); {given!r} has not.")
    own_game = getattr(given, "game", game)
    if own_game != game:
        raise LabError(f"The opponent plays {own_game.spec}, not {game.spec}.")
    return Checked(given, game)
