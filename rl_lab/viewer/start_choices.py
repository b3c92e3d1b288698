"""What the start screen offers: environments with their options, who may sit at a seat, and how strong.

Everything ends as spec strings, which people may also type: a choice is a way to write one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from agents.registry import AGENTS, options_of, parse_agent, plays
from envs.errors import LabError
from envs.games.game import Game
from envs.games.registry import GAMES
from envs.solo.registry import WORLDS
from envs.solo.world import World
from envs.spec import Spec, unknown_name
from rl_lab.viewer.session import SPEEDS
from rl_lab.viewer.staging import DEFAULT_AGENT, HUMAN, make_env
from rl_lab.viewer.trained import trained_agents

FOREIGN = "CartPole-v1"  # what the entry for other environments begins with
FOREIGN_AGENTS = ("random", "ppo", "dqn")  # these look at observations, the others at the lab's states
DEFAULT_GAME = "go:size=9"

CANDIDATES: dict[str, tuple[str, ...]] = {
    "size": ("3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "15", "17", "19", "21", "25"),
    "komi": ("0", "0.5", "3.5", "5.5", "6.5", "7", "7.5", "8.5"),
    "superko": ("positional", "situational", "simple"),
    "rows": ("5", "8", "10", "15", "20"),
    "columns": ("3", "5", "7", "9", "11"),
    "cue": ("none", "spurious"),
    "dims": ("1", "2"),
    "actions": ("discrete", "continuous"),
    "split": ("train", "held_out"),
    "swap": ("false", "true"),
    "suicide": ("false", "true"),
}
"""Values worth offering for an option, by its name; those that an environment refuses are left out."""

STRENGTH: dict[str, tuple[str, tuple[str, ...]]] = {
    "zoo": ("level", tuple(str(level) for level in range(1, 11))),
    "rollout": ("simulations", ("20", "100", "200", "500", "2000", "10000")),
    "alphazero": ("simulations", ("1", "16", "64", "256", "1024")),
    "alphabeta": ("depth", ("1", "2", "3", "4", "5", "6", "8")),
    "gnugo": ("level", ("1", "3", "5", "8", "10")),
}
"""The option by which people make an agent stronger or weaker, and values worth offering."""


@dataclass(frozen=True)
class Choice:
    """One option with what it can be; `value` is what it is now."""

    name: str
    values: tuple[str, ...]
    value: str

    @property
    def label(self) -> str:
        """Its name for people."""
        return self.name.replace("_", " ").capitalize()


@dataclass(frozen=True)
class Suggestion:
    """Something that can be chosen by its `label`: it writes the spec."""

    label: str
    spec: str


def environments() -> list[Suggestion]:
    """All environments of the lab, and where to write the id of another."""
    games = [Suggestion(_title(name), DEFAULT_GAME if name == "go" else name) for name in GAMES]
    worlds = [Suggestion(_title(name), name) for name in WORLDS]
    return [*games, *worlds, Suggestion("A Gymnasium id", FOREIGN)]


def chosen_environment(env: str) -> Suggestion:
    """Which of `environments` a spec belongs to."""
    name = Spec.parse(env).name if _parses(env) else ""
    known = environments()
    return next((found for found in known[:-1] if Spec.parse(found.spec).name == name), known[-1])


def env_choices(env: str) -> list[Choice]:
    """The options of an environment that people may want to change; none if the spec is not one of the lab's."""
    made = meant_env(env)
    if made is None:
        return []
    choices, written = [], dict(Spec.parse(env).options)
    for option in dataclasses.fields(made):  # type: ignore[arg-type]  # all of them are dataclasses
        if option.init and option.name in CANDIDATES:
            value = _text(getattr(made, option.name)) if lab_env(env) else written.get(option.name, "")
            fitting = tuple(
                v for v in CANDIDATES[option.name] if v == value or lab_env(with_option(env, option.name, v))
            )
            choices.append(Choice(option.name, fitting if value in fitting else (value, *fitting), value))
    return [choice for choice in choices if len(choice.values) > 1]


def seat_choices(env: str, runs: Path = Path("runs"), human: bool = True) -> list[Suggestion]:
    """Who may sit at a seat of the environment: a person, nets of the zoo, what runs have trained, and all others."""
    made = meant_env(env)
    found = [Suggestion("You", HUMAN)] if human else []
    found += [Suggestion(f"Zoo: {name}", f"zoo:{name},level=5") for name in _zoo_names(made)]
    found += [Suggestion(f"Trained: {spec}", spec) for spec in trained_agents(made or env, runs)]
    for name, kind in AGENTS.items():
        fits = plays(kind, made) if made is not None else name in FOREIGN_AGENTS
        if fits and name not in (HUMAN, "zoo"):
            spec = f"{name}:" if kind.path == "needed" else name
            found.append(Suggestion(f"{kind.usage.partition(':')[0]}: {kind.meaning}", spec))
    return [replace(one, spec=DEFAULT_AGENT) if one.spec == "rollout" else one for one in found]


def strength(spec: str) -> Choice | None:
    """The choice of how strong an agent is, for those that can be stronger or weaker."""
    try:
        parsed = parse_agent(spec)
        offered = STRENGTH.get(parsed.name)
        value = _text(getattr(options_of(parsed), offered[0])) if offered else ""
    except LabError:
        return None
    if offered is None:
        return None
    name, values = offered
    return Choice(name, values if value in values else (value, *values), value)


def with_option(spec: str, name: str, value: str) -> str:
    """The spec with an option set, in the place it has or at the end; without it if the value is ""."""
    parsed = Spec.parse(spec)
    options = {**dict(parsed.options), name: value}
    return replace(parsed, options=tuple((key, text) for key, text in options.items() if text)).text


def seat_problem(spec: str, env: str) -> str:
    """What is wrong with who sits there, in one sentence; "" if nothing is that can be told without making it."""
    made = meant_env(env)
    try:
        if spec == HUMAN:
            return ""
        parsed = parse_agent(spec)
        known = [name for name, kind in AGENTS.items() if plays(kind, made)] if made is not None else FOREIGN_AGENTS
        if parsed.name not in known:
            raise unknown_name("agent", parsed.name, known)
        options_of(parsed)
    except LabError as problem:
        return str(problem)
    return ""


def lab_env(env: str) -> Game | World | None:
    """The game or world of a spec of the lab; None for anything else, wrong ones too."""
    with suppress(LabError):
        if Spec.parse(env).name in {**GAMES, **WORLDS}:
            made = make_env(env)
            return None if isinstance(made, str) else made
    return None


def meant_env(env: str) -> Game | World | None:
    """As lab_env; where only the options of a spec are wrong, the game or world as it is without any."""
    return lab_env(env) or (lab_env(Spec.parse(env).name) if _parses(env) else None)


def _zoo_names(env: Game | World | None) -> Iterable[str]:
    """The nets of the zoo that play the game."""
    if not isinstance(env, Game):
        return
    from rl_lab.zoo.nets import net_names, open_net

    for name in net_names():
        with suppress(LabError):  # a damaged net is no reason not to play
            if open_net(name).card.game_name == env.name:
                yield name


def speeds() -> Sequence[str]:
    """The speeds that can be watched at."""
    return [f"{speed:g}" for speed in SPEEDS]


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _text(value: Any) -> str:
    """A value as a spec writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else "" if value is None else str(value)


def _parses(spec: str) -> bool:
    with suppress(LabError):
        Spec.parse(spec)
        return True
    return False
