"""From a plan to the sessions that the window shows, and from a session to a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from agents.agent import Agent
from envs.errors import LabError
from rl_lab.viewer.desk import SaveGame
from rl_lab.viewer.episode_files import episode_of, save_episode
from rl_lab.viewer.session import SPEEDS, Session
from rl_lab.viewer.stage import Stage
from rl_lab.viewer.staging import Plan, make_env, make_seated_agent, make_stage, parse_clock

PLAY_TURN_SECONDS = 0.8  # against a person the loop turns faster than for people who look on


def check_plan(plan: Plan) -> None:
    """Raises LabError for numbers out of range, and for a clock where there are no turns."""
    if plan.seed < 0:
        raise LabError(f"The seed must be 0 or more, not {plan.seed}.")
    check_speed(plan.speed)
    if plan.clock and len(plan.seats) < 2:
        raise LabError(f"A clock is for games between two, not for {plan.env}.")
    parse_clock(plan.clock)


def open_sessions(plan: Plan, tell: Callable[[str], bool] = lambda text: True) -> list[Session]:
    """The session of a plan, and the one beside it if there is one. It may take seconds: nets are loaded here."""
    tell("loading " + ", ".join(dict.fromkeys((*plan.seats, *plan.against))))
    stages = make_stages(plan)
    try:
        adviser: Agent | None = make_seated_agent(make_env(plan.env), plan.hint) if plan.hint else None
        seconds, increment = parse_clock(plan.clock)
        sessions = [Session(stage, plan.seed, adviser, clock_seconds=seconds, increment=increment) for stage in stages]
    except BaseException:
        for stage in stages:
            stage.close()
        raise
    for session in sessions:
        session.speed = plan.speed
        if session.stage.has_human:
            session.turn_seconds = PLAY_TURN_SECONDS
    return sessions


def close_all(sessions: Sequence[Session]) -> None:
    """Closes sessions that nobody wants to see any more."""
    for session in sessions:
        session.close(0.0)


def check_speed(speed: float) -> None:
    if speed not in SPEEDS:
        raise LabError(f"speed must be one of {', '.join(f'{s:g}' for s in SPEEDS)}, not {speed:g}.")


def make_stages(plan: Plan) -> list[Stage]:
    """The stage of a plan, and the one beside it if there is one; raises LabError for what does not exist or fit."""
    env, stages = make_env(plan.env), []
    try:
        for seats in filter(None, (plan.seats, plan.against)):
            stages.append(make_stage(env, seats, plan.seed, plan.handicap))
    except BaseException:
        for stage in stages:
            stage.close()
        raise
    return stages


def saver(sessions: Sequence[Session], folder: Path) -> SaveGame:
    """What writes an episode of the sessions: games of Go as SGF, all others as episode files."""
    from rl_lab.go_io.save import has_sgf, save_game  # late: it imports sgfmill

    def save(stage: Stage) -> Path:
        if has_sgf(stage):
            return save_game(stage, folder)
        session = next(session for session in sessions if session.stage is stage)
        return save_episode(episode_of(stage, session.episode_seed), folder)

    return save
