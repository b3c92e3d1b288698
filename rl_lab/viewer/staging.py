"""From the words of a person to a stage: an environment's spec or id, and a spec for each seat."""

from __future__ import annotations

from collections.abc import Sequence

from agents.agent import Agent
from envs.errors import LabError
from envs.games.game import Game
from envs.games.registry import GAMES, make_game
from envs.solo.registry import WORLDS, make_world
from envs.solo.world import World
from envs.spec import Spec
from rl_lab.viewer.stage import Player, Stage

HUMAN = "human"


def make_env(env: Game | World | str) -> Game | World | str:
    """The game or world of that spec or id of the lab; any other Gymnasium id as it is.

    Raises LabError for what does not exist, and for wrong options.
    """
    if isinstance(env, Game | World):
        return env
    spec = env if Spec.parse(env).name in {**GAMES, **WORLDS} else ""
    if not spec:
        from agents.sb3.gym_vec_env import foreign_id, lab_spec  # loads torch, for which the lab's names need not wait

        spec = lab_spec(env)
        if not spec:
            return foreign_id(env)
    return make_game(spec) if Spec.parse(spec).name in GAMES else make_world(spec)


def make_stage(env: Game | World | str, seats: Sequence[str], seed: int = 0) -> Stage:
    """The stage of an environment (see make_env) with who sits at its seats: agents' specs, or "human".

    A game takes two seats, anything else one. Raises LabError for what does not exist or does not fit.
    """
    wanted = 2 if isinstance(env, Game) else 1
    if len(seats) != wanted:
        raise LabError(f"{_name(env)} has {wanted} {'seats' if wanted == 2 else 'seat'}, not {len(seats)}.")
    players = [make_player(env, seat) for seat in seats]
    if isinstance(env, Game):
        from rl_lab.viewer.row_stages import GameStage

        return GameStage(env, players)
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


def _name(env: Game | World | str) -> str:
    return env if isinstance(env, str) else env.spec
