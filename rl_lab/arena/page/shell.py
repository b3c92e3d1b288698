"""What all pages have around their own content, and the parts of them that are no Python."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from importlib.resources import files
from string import Template


def render(title: str, summary: str, content: str, parts: Mapping[str, str], scripts: str = "") -> str:
    """A page: `content` is the file with what is in it, `parts` are HTML for that; without `scripts` none may run.

    The page says in a Content-Security-Policy that nothing may be loaded from elsewhere.
    """
    return Template(asset("shell.html")).substitute(
        title=escape(title),
        summary=escape(summary),
        css=asset("page.css"),
        main=Template(asset(content)).substitute(parts),
        scripts=scripts,
        script_policy="; script-src 'unsafe-inline'" if scripts else "",
    )


def asset(name: str) -> str:
    """The text of a file beside this one."""
    return (files(__package__) / name).read_text(encoding="utf-8")
