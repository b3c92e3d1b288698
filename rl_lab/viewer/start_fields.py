"""The start screen's form as rows of fields, and what a changed field does to what is chosen. No graphics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from agents.registry import parse_agent
from envs.errors import LabError
from rl_lab.viewer import start_choices
from rl_lab.viewer.staging import HUMAN
from rl_lab.viewer.start import Form
from rl_lab.viewer.start_choices import Choice, Suggestion

CLOCKS = ("", "1:00+2", "3:00+5", "5:00", "10:00+5", "30:00+10")
NOBODY = Suggestion("nothing beside it", "")


@dataclass(frozen=True)
class Field:
    """A control: a menu if it has `items`, else a line of text."""

    key: str
    """What `change` knows it by."""
    label: str
    value: str
    items: tuple[Suggestion, ...] = ()
    share: float = 1.0
    """Of its row's width, relative to the others in it."""


@dataclass(frozen=True)
class Section:
    """A card of the form."""

    title: str
    rows: tuple[tuple[Field, ...], ...]


def sections(form: Form, runs: Path = Path("runs")) -> list[Section]:
    """The whole form."""
    players = [_seat_row(form, seat, runs) for seat in range(len(form.seat_names))]
    if not form.has_human:
        players.append(_beside_row(form, runs))
    return [
        Section("ENVIRONMENT", _env_rows(form)),
        Section("AGENTS", tuple(players)),
        Section("HOW", (tuple(_how_fields(form)),)),
    ]


def change(form: Form, key: str, value: str) -> str:
    """Takes what a person has chosen or written in a field; returns what is wrong with it, "" if nothing is."""
    name, _, part = key.partition(".")
    if name in ("world", "env"):
        form.choose_env(value)
    elif name == "option":
        form.choose_env(start_choices.with_option(form.env, part, value))
    elif name.startswith("seat"):
        seat = int(name.removeprefix("seat"))
        form.seats[seat] = _changed(form.seats[seat], part, value)
    elif name == "against":
        form.against = _changed(form.against, part, value)
    elif name in ("clock", "hint"):
        setattr(form, name, value)
    elif name == "sound":
        form.sound = bool(value)
    elif name == "speed":
        form.speed = float(value)
    elif not value.strip().isdecimal() or len(value) > 9:
        return f"The {name} must be a whole number from 0 to 999,999,999, not '{value}'."
    else:
        setattr(form, name, int(value))
    return ""


def write(form: Form, key: str, text: str) -> str:
    """Takes a text that is still being written, without drawing conclusions from it; returns what is wrong with it."""
    if key != "env":
        return change(form, key, text)
    form.env = text
    return ""


def _changed(spec: str, part: str, value: str) -> str:
    """A spec with its strength changed, or another one in its place."""
    if part == "strength" and (found := start_choices.strength(spec)):
        return start_choices.with_option(spec, found.name, value)
    return value


def _env_rows(form: Form) -> tuple[tuple[Field, ...], ...]:
    known = tuple(start_choices.environments())
    world = Field("world", "World", start_choices.chosen_environment(form.env).spec, known, 1.1)
    options = [_menu(f"option.{choice.name}", choice) for choice in start_choices.env_choices(form.env)]
    spec = Field("env", "as a spec, or a Gymnasium id", form.env, share=1.5)
    return ((world, spec), tuple(options)) if options else ((world, spec),)


def _seat_row(form: Form, seat: int, runs: Path) -> tuple[Field, ...]:
    people = start_choices.seat_choices(form.env, runs)
    fields = _agent_fields(f"seat{seat}", form.seat_names[seat], form.seats[seat], people)
    if form.seats[seat] != HUMAN or form.taken.index(HUMAN) != seat:
        return fields
    ready = [one for one in people[1:] if not one.spec.endswith(":")]
    advisers = (Suggestion("the opponent" if len(form.seat_names) == 2 else "nobody", ""), *ready)
    chosen = _suggestion_of(form.hint, advisers)
    items = advisers if chosen in advisers else (chosen, *advisers)
    return (*fields, Field("hint", "Hints from", chosen.spec, items, 1.5))


def _beside_row(form: Form, runs: Path) -> tuple[Field, ...]:
    others = (NOBODY, *start_choices.seat_choices(form.env, runs, human=False))
    return _agent_fields("against", "Side by side, on the same seed", form.against, others)


def _agent_fields(key: str, label: str, spec: str, offered: Sequence[Suggestion]) -> tuple[Field, ...]:
    """Who, how strong, and the spec that says both."""
    chosen = _suggestion_of(spec, offered)
    items = tuple(offered) if chosen in offered else (chosen, *offered)
    fields = [Field(key, label, chosen.spec, items, 1.5)]
    if found := start_choices.strength(spec):
        fields.append(_menu(f"{key}.strength", found, 0.7))
    if spec not in (HUMAN, ""):
        fields.append(Field(f"{key}.spec", "as a spec", spec, share=1.3))
    return tuple(fields)


def _suggestion_of(spec: str, offered: Sequence[Suggestion]) -> Suggestion:
    """The suggestion that a spec comes from: the same agent with the same path, whatever its options."""
    for one in offered:
        if one.spec == spec:
            return one
    for one in offered:
        if one.spec and _agent(one.spec) == _agent(spec):
            return one
    return Suggestion("as written", spec)


def _agent(spec: str) -> tuple[str, str]:
    try:
        parsed = parse_agent(spec)
    except LabError:
        return ("", spec)
    return (parsed.name, parsed.path)


def _how_fields(form: Form) -> list[Field]:
    fields = []
    if form.handicaps:
        counts = tuple(Suggestion(f"{n} stones" if n else "none", str(n)) for n in form.handicaps)
        fields.append(Field("handicap", "Handicap", str(form.handicap), counts))
    if form.has_clock:
        times = CLOCKS if form.clock in CLOCKS else (form.clock, *CLOCKS)
        clocks = tuple(Suggestion(text or "none", text) for text in times)
        fields.append(Field("clock", "Clock", form.clock, clocks))
    if not form.has_human:
        speeds = tuple(Suggestion(f"×{speed}", speed) for speed in start_choices.speeds())
        fields.append(Field("speed", "Speed", f"{form.speed:g}", speeds))
    fields.append(Field("seed", "Seed", str(form.seed)))
    fields.append(Field("sound", "Sound", "on" if form.sound else "", (Suggestion("off", ""), Suggestion("on", "on"))))
    return fields


def _menu(key: str, choice: Choice, share: float = 1.0) -> Field:
    return Field(
        key, choice.label, choice.value, tuple(Suggestion(value or "auto", value) for value in choice.values), share
    )
