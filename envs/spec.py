"""Spec strings: `name`, `name:key=value,key=value` or `name:PATH,key=value`.

The same small language names games (`go:size=5,komi=24.5`) and agents (`alphazero:runs/demo,simulations=64`)
on the command line, in checkpoints and in tournament tables.
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, get_type_hints

from envs.errors import LabError

T = TypeVar("T")


@dataclass(frozen=True)
class Spec:
    """A parsed spec string: `path` is the one part that is not `key=value`, empty if there is none."""

    name: str
    path: str = ""
    options: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        """The spec in its canonical spelling; `Spec.parse(spec.text) == spec`."""
        parts = ([self.path] if self.path else []) + [f"{key}={value}" for key, value in self.options]
        return self.name + (":" + ",".join(parts) if parts else "")

    @staticmethod
    def parse(text: str) -> Spec:
        """Splits `text`; raises LabError if a key is given twice or a second bare part follows the path."""
        name, _, rest = text.strip().partition(":")
        path, options = "", {}
        for part in filter(None, (part.strip() for part in rest.split(","))):
            key, equals, value = part.partition("=")
            if equals and key.isidentifier():
                if key in options:
                    raise LabError(f"'{text}' gives {key} twice; give each option once.")
                options[key] = value
            elif path:
                raise LabError(f"'{text}' has two bare parts, '{path}' and '{part}'; options are key=value.")
            else:
                path = part
        return Spec(name, path, tuple(options.items()))


def with_options(spec: Spec, options: Mapping[str, Any]) -> Spec:
    """The spec with more options, given as values; those that are None are left to their default.

    "board_size", the word of Gymnasium and PettingZoo, is another name of "size". Raises LabError for one given twice.
    """
    more = [("size" if key == "board_size" else key, value) for key, value in options.items() if value is not None]
    merged = dict(spec.options)
    for key, value in more:
        if key in merged:
            raise LabError(f"{key} is given twice; give each option once.")
        merged[key] = str(value)
    return Spec(spec.name, spec.path, tuple(merged.items()))


def unknown_name(kind: str, name: str, known: Iterable[str], others: str = "") -> LabError:
    """The error for a name that does not exist: lists what does, and tells of `others`, and the nearest."""
    names = sorted(known)
    more = f", and {others}" if others else ""
    return LabError(f"There is no {kind} '{name}'; there are: {', '.join(names)}{more}.{_nearest(name, names)}")


def _nearest(name: str, names: list[str]) -> str:
    """A question that names the name most like the one given, or nothing."""
    near = difflib.get_close_matches(name, names, n=1)
    return f" Did you mean '{near[0]}'?" if near else ""


def convert(value: str, target: type, what: str) -> Any:
    """Turns the text of one option into `target` (bool, int, float or str), or raises LabError naming `what`."""
    if target is bool:
        if value.lower() in ("true", "yes", "on", "1"):
            return True
        if value.lower() in ("false", "no", "off", "0"):
            return False
        raise LabError(f"{what} must be true or false, not '{value}'.")
    try:
        return target(value)
    except ValueError:
        kind = {int: "a whole number", float: "a number"}.get(target, target.__name__)
        raise LabError(f"{what} must be {kind}, not '{value}'.") from None


def build(cls: type[T], options: Mapping[str, str], what: str, **fixed: Any) -> T:
    """Builds the dataclass `cls` from option texts converted by its field types; `fixed` fields are as given.

    Raises LabError for a field that does not exist (with those that do) or a text that does not convert.
    """
    hints = get_type_hints(cls)
    names = [f.name for f in dataclasses.fields(cls) if f.init and f.name not in fixed]  # type: ignore[arg-type]
    values: dict[str, Any] = {}
    for key, text in options.items():
        if key not in names:
            known = f"it has: {', '.join(names)}" if names else "it has none"
            hint = _nearest(key, names)
            raise LabError(f"{what[0].upper()}{what[1:]} has no option '{key}'; {known}.{hint}")
        target = next((t for t in (bool, int, float) if hints[key] in (t, t | None)), str)
        values[key] = convert(text, target, f"{key} of {what}")
    return cls(**values, **fixed)
