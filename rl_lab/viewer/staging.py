"""From the words of a person to a stage: an environment's spec or id, and a spec for each seat."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from agents.agent import Agent
from agents.sb3.foreign import check_foreign_name, foreign_id
from envs.errors import LabError
from envs.games.game import Game
from envs.games.go.game import Go
from envs.games.go.layout import BLACK
from envs.games.registry import GAMES, make_game
from envs.solo.registry import WORLDS, make_world
from envs.solo.world import World
from envs.spec import Spec
from rl_lab.viewer.frame import Player
from rl_lab.viewer.stage import Stage

HUMAN = "human"
DEFAULT_AGENT = "rollout:simulations=500"  # plays every game, and nothing has to be trained for it
MAX_CLOCK = 24 * 3600


@dataclass(frozen=True)
class Plan:
    """What a person wants to see, in words."""

    env: str
    """The environment's spec or Gymnasium id."""
    seats: tuple[str, ...]
    """Who sits at its seats: agents' specs, or "human"."""
    seed: int = 0
    hint: str = ""
    """The agent that advises people; "" for the opponent."""
    handicap: int = 0
    """Black stones at the start of a game of Go; 0 for none."""
    clock: str = ""
    """See parse_clock."""
    speed: float = 1.0
    against: tuple[str, ...] = ()
    """The seats of a second stage with the same seed, to be shown beside it; none if empty."""


def make_env(env: Game | World | str) -> Game | World | str:
    """The game or world of that spec or id of the lab; any other Gymnasium id as it is.

    Raises LabError for what does not exist, and for wrong options.
    """
    if isinstance(env, Game | World):
        return env
    spec = env if Spec.parse(env).name in {**GAMES, **WORLDS} else ""
    if not spec:
        check_foreign_name(env)
        from agents.sb3.gym_vec_env import lab_spec  # loads torch, for which the lab's names need not wait

        spec = lab_spec(env)
        if not spec:
            return foreign_id(env)
    return make_game(spec) if Spec.parse(spec).name in GAMES else make_world(spec)


def make_stage(env: Game | World | str, seats: Sequence[str], seed: int = 0, handicap: int = 0) -> Stage:
    """The stage of an environment (see make_env) with who sits at its seats: agents' specs, or "human".

    A game takes two seats, anything else one. With a `handicap` a game of Go begins with so many black stones, and
    White moves first. Raises LabError for what does not exist or does not fit.
    """
    start = handicap_start(env, handicap) if handicap else None
    wanted = 2 if isinstance(env, Game) else 1
    if len(seats) != wanted:
        raise LabError(f"{_name(env)} has {wanted} {'seats' if wanted == 2 else 'seat'}, not {len(seats)}.")
    players = [make_player(env, seat) for seat in seats]
    if isinstance(env, Game):
        from rl_lab.viewer.row_stages import GameStage

        return GameStage(env, players, start)
    if isinstance(env, World):
        from rl_lab.viewer.row_stages import WorldStage

        stage: Stage = WorldStage(env, players[0], seed)
    else:
        from rl_lab.viewer.gym_stage import GymStage

        stage = GymStage(env, players[0], seed)
    if players[0].is_human and not stage.num_actions:
        stage.close()
        raise LabError(f"A person cannot act in {_name(env)}: its actions are numbers, not a list to choose from.")
    return stage


def make_player(env: Game | World | str, seat: str) -> Player:
    """A person, or the agent of that spec; raises LabError for a wrong one."""
    if seat == HUMAN:
        return Player(HUMAN)
    agent = make_seated_agent(env, seat)
    return Player(agent.name, agent)


def make_seated_agent(env: Game | World | str, spec: str) -> Agent:
    """The agent of that spec for that environment; raises LabError for a wrong one."""
    if isinstance(env, str):
        from rl_lab.viewer.gym_stage import gym_agent

        return gym_agent(env, spec)
    from agents.registry import make_agent

    return make_agent(spec, env)


def handicap_start(env: Game | World | str, stones: int) -> np.void:
    """Go with so many black stones at the usual points (GTP 2, section 4.1.1), White to move; the komi stays.

    Raises LabError for anything but Go, and for a number that the board has no points for.
    """
    if not isinstance(env, Go):
        raise LabError(f"A handicap is for Go, not for {_name(env)}.")
    from rl_lab.go_io.gtp_handicap import arranged, handicap_points

    points = handicap_points(env.size)
    if not 2 <= stones <= len(points):
        what = f"2 to {len(points)} stones" if points else "not possible: the board must be 7x7 or larger"
        raise LabError(f"A handicap on {env.size}x{env.size} is {what}{f', not {stones}' if points else ''}.")
    board = np.zeros(env.size**2, np.uint8)
    board[arranged(points, stones)] = BLACK
    row: np.void = env.set_up(board.reshape(env.board_shape), to_play=1)[0]
    return row


def parse_clock(text: str) -> tuple[float, float]:
    """(seconds, seconds added after each move) of a clock such as "10:00+5", "5:00" or "90"; (0, 0) of "".

    Raises LabError for anything else, and for more than a day.
    """
    if not text.strip():
        return 0.0, 0.0
    found = re.fullmatch(r"(?:(\d{1,4}):)?(\d{1,5})(?:\+(\d{1,5}))?", text.strip(), re.ASCII)
    minutes, seconds, increment = (int(part or 0) for part in found.groups()) if found else (0, 0, 0)
    total = 60 * minutes + seconds
    if not 0 < total <= MAX_CLOCK or increment > MAX_CLOCK or (minutes and seconds > 59):
        raise LabError(
            f"A clock is minutes:seconds+increment, e.g. 10:00+5 for ten minutes and five seconds a move; not '{text}'."
        )
    return float(total), float(increment)


def _name(env: Game | World | str) -> str:
    return env if isinstance(env, str) else env.spec
