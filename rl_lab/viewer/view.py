"""What the panels are shown: one moment of a session, as data that draws the same in a window and in a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from agents.agent import Decision
from envs.games.game import Game
from rl_lab.viewer.session import Session
from rl_lab.viewer.table import Frame, Phase, Player, Table

LAYERS = ("policy", "visits")
ALL_LAYERS = frozenset(LAYERS)


@dataclass(frozen=True)
class Thought:
    """A decision, whose it is and in which state it was made."""

    decision: Decision
    seat: int
    state: np.void
    is_hint: bool = False

    @property
    def action(self) -> int:
        """The chosen (or advised) action."""
        return int(self.decision.action[0])


@dataclass(frozen=True)
class View:
    """Everything the panels need to know, and nothing they could change."""

    game: Game
    players: tuple[Player, Player]
    frames: Sequence[Frame]
    """From the start to the live frame."""
    index: int
    """Which frame is shown."""
    phase: Phase
    progress: float = 0.0
    """How much of the phase is over, 0 to 1; the pulse on the loop's arrows."""
    thought: Thought | None = None
    """What the decision panel tells."""
    on_board: bool = False
    """The thought is about the state shown, so it can be drawn on the board."""
    layers: frozenset[str] = ALL_LAYERS
    revealed: bool = True
    """Whether an agent's thoughts may be seen at all: not while a person plays against it, unless asked for."""
    rewards: tuple[int, int] = (0, 0)
    result: str = ""
    status: str = ""
    message: str = ""
    """What has gone wrong."""
    note: str = ""
    """What has been done, such as a file that was saved."""
    hover: int | None = None
    values: Sequence[tuple[int, int, float]] = field(default_factory=list)
    """(ply, seat, value from player 0's side) of every decision so far."""

    @property
    def frame(self) -> Frame:
        """The frame shown."""
        return self.frames[self.index]

    @property
    def live(self) -> bool:
        """Whether the shown frame is the newest one."""
        return self.index == len(self.frames) - 1

    @property
    def action(self) -> int | None:
        """The action on the loop's arrow: the one being chosen in the shown state, else the one that led to it."""
        if self.phase is Phase.ACT and self.thought is not None and not self.thought.is_hint:
            return self.thought.action
        if self.phase is Phase.ACT and not self.live:
            return self.frames[self.index + 1].action
        return None if self.phase is Phase.THINK else self.frame.action

    @property
    def acting_seat(self) -> int:
        """The seat in the loop's AGENT box: the one to move, or the last that moved when the game is over."""
        if self.phase is Phase.OVER:
            return self.frame.seat or 0
        return self.frame.to_play

    def belief(self, seat: int) -> float | None:
        """What the agent of the seat last expected of the game, from its own side, up to the shown position."""
        signs = (1, -1)
        past = [value for ply, who, value in self.values if who == seat and ply <= self.index]
        return signs[seat] * past[-1] if past else None


def recall(
    table: Table,
    index: int,
    layers: frozenset[str] = ALL_LAYERS,
    revealed: bool = True,
    chosen: bool = True,
) -> View:
    """The view of a frame of the past; at the end, the result.

    It shows the action that was chosen in the frame's state or, unless `chosen`, the environment's answer that
    made the frame.
    """
    frames = table.frames[: table.ply + 1]
    last = index == table.ply
    acting = chosen and not last
    thought, on_board = _thought(frames, index, frames[index + 1].decision if acting else None)
    phase = Phase.ACT if acting else Phase.OVER if last and table.over else Phase.OBSERVE
    return View(
        game=table.game,
        players=table.players,
        frames=frames,
        index=index,
        phase=phase,
        progress=1.0,
        thought=thought,
        on_board=on_board,
        layers=layers,
        revealed=revealed or table.over,
        rewards=table.rewards if last else frames[index].rewards,
        result=table.result_text,
        status=_sentence(table.result_text) if last else _turn(table, index, chosen),
        values=_values(frames, None),
    )


def capture(
    session: Session,
    layers: frozenset[str] = ALL_LAYERS,
    index: int | None = None,
    hover: int | None = None,
    note: str = "",
) -> View:
    """The view of a session: live, or with `index` at a frame of its past."""
    table = session.table
    revealed = bool(layers)
    if index is not None and index < table.ply:
        past = recall(table, index, layers, revealed)
        return replace(past, status=f"Looking back: {past.status}", message=session.message, note=note)
    frames = table.frames[: table.ply + 1]
    if session.hint is not None:
        thought: Thought | None = Thought(session.hint, table.to_play, table.frame.state, is_hint=True)
        on_board, layers, revealed = True, ALL_LAYERS, True
    else:
        thought, on_board = _thought(frames, table.ply, session.decision)
    moving = session.phase_seconds > 0 and not session.paused
    return View(
        game=table.game,
        players=table.players,
        frames=frames,
        index=table.ply,
        phase=session.phase,
        progress=min(1.0, session.seconds / session.phase_seconds) if moving else 1.0,
        thought=thought,
        on_board=on_board,
        layers=layers,
        revealed=revealed or table.over,
        rewards=table.rewards,
        result=table.result_text,
        status=_status(session),
        message=session.message,
        note=note,
        hover=hover,
        values=_values(frames, session.decision),
    )


def _thought(frames: Sequence[Frame], at: int, chosen: Decision | None) -> tuple[Thought | None, bool]:
    """What to tell at frame `at` where `chosen` was decided, and whether it is about that very state."""
    frame = frames[at]
    if chosen is not None:
        return Thought(chosen, frame.to_play, frame.state), True
    if frame.decision is not None and frame.seat is not None:
        return Thought(frame.decision, frame.seat, frames[at - 1].state), False
    return None, False


def _values(frames: Sequence[Frame], decision: Decision | None) -> list[tuple[int, int, float]]:
    """(ply, seat, value from player 0's side) of every decision, `decision` being about the last frame."""
    decisions = [*(frame.decision for frame in frames[1:]), decision]
    return [
        (ply, frame.to_play, float(made.value[0]) * (1 - 2 * frame.to_play))
        for ply, (frame, made) in enumerate(zip(frames, decisions, strict=True))
        if made is not None
    ]


def _status(session: Session) -> str:
    """The line above the board."""
    table = session.table
    who = table.game.player_names[table.to_play]
    if table.over:
        return _sentence(table.result_text)
    if table.human_to_move:
        return _answer_of(table) + ("Thinking of a hint…" if session.thinking else f"{who}: your turn")
    if session.decision is not None:
        text = f"{who} chooses {table.game.action_name(int(session.decision.action[0]))}"
    elif session.thinking:
        text = f"{who} is thinking" + (f", {session.seconds:.0f} s" if session.seconds >= 1 else "")
    else:
        text = f"{who} to move"
    return text + (" · paused" if session.paused else "")


def _answer_of(table: Table) -> str:
    """What the opponent has just done, for a person who is to move: a pass leaves nothing to see on the board."""
    frame = table.frame
    if frame.action is None or frame.seat is None or table.players[frame.seat].is_human:
        return ""
    return f"{table.game.player_names[frame.seat]} played {table.game.action_name(frame.action)} · "


def _turn(table: Table, index: int, chosen: bool) -> str:
    """What happened in a frame of the past."""
    who, action = table.game.player_names[table.frames[index].to_play], table.frames[index + 1].action
    return f"{who} chooses {table.game.action_name(action)}" if chosen and action is not None else f"{who} to move"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
