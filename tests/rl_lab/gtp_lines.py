"""Engines of the lab that analyse, and the lines that they print."""

from __future__ import annotations

import re

from rl_lab.go_io.gtp_engine import GtpEngine
from rl_lab.go_io.gtp_session import Session

ROLLOUT = "rollout:simulations=64"
POINT = r"(?:[A-HJ][1-9]|pass)"
REAL = r"-?[0-9]+\.[0-9]+"
# After KataGo's docs/GTP_Extensions.md.
LZ = re.compile(
    rf"info move ({POINT}) visits (\d+) winrate (\d+) prior (\d+) lcb (-?\d+) order (\d+) pv ({POINT}(?: {POINT})*)"
)
KATA = re.compile(
    rf"info move ({POINT}) visits (\d+) utility {REAL} winrate ({REAL}) scoreMean {REAL} scoreStdev {REAL} "
    rf"scoreLead ({REAL}) scoreSelfplay {REAL} prior {REAL} lcb {REAL} utilityLcb {REAL} order (\d+) "
    rf"pv ({POINT}(?: {POINT})*)"
)


def engine(agent: str = ROLLOUT, lines: int = 1, **options: float) -> GtpEngine:
    """An engine on 5x5 whose analyses print so many lines."""
    session = Session(agent, 5, **options)
    waiting = iter([False] * (lines - 1))
    session.new_input = lambda: next(waiting, True)
    return GtpEngine(session)


def answer(gtp: GtpEngine, *commands: str) -> list[str]:
    """The lines of the answer to the last command, without the empty ones at its end."""
    for command in commands:
        text = "".join(gtp.respond(command.encode()))
    assert text.endswith("\n\n")
    return text[:-2].split("\n")
