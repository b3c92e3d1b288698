"""What the panels are shown: one moment of a session, as data that draws the same in a window and in a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from agents.agent import Decision
from rl_lab.viewer.session import Session, chosen
from rl_lab.viewer.stage import Frame, Phase, Player, Stage

LAYERS = ("policy", "visits")
ALL_LAYERS = frozenset(LAYERS)


@dataclass(frozen=True)
class Thought:
    """A decision, whose it is and in which state it was made."""

    decision: Decision
    seat: int
    frame: Frame
    is_hint: bool = False
    forming: bool = False
    """The agent is still at it."""

    @property
    def action(self) -> Any:
        """The chosen (or advised) action."""
        return chosen(self.decision)


@dataclass(frozen=True)
class View:
    """Everything the panels need to know, and nothing they could change."""

    stage: Stage
    """What the environment is; panels must not let it go on."""
    players: tuple[Player, ...]
    frames: Sequence[Frame]
    """From the start to the live frame."""
    index: int
    """Which frame is shown."""
    phase: Phase
    action: Any = None
    """The action on the loop's arrow: the one being chosen in the shown state, else the one that led to it."""
    progress: float = 0.0
    """How much of the phase is over, 0 to 1; the pulse on the loop's arrows."""
    thought: Thought | None = None
    """What the decision panel tells."""
    on_board: bool = False
    """The thought is about the state shown, so it can be drawn on the board."""
    layers: frozenset[str] = ALL_LAYERS
    revealed: bool = True
    """Whether an agent's thoughts may be seen at all: not while a person plays against it, unless asked for."""
    rewards: tuple[float, ...] = (0.0,)
    returns: tuple[float, ...] = (0.0,)
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
    def acting_seat(self) -> int:
        """The seat in the loop's AGENT box: the one to move, or the last that moved when the game is over."""
        if self.phase is Phase.OVER:
            return self.frame.seat or 0
        return self.frame.to_play

    def belief(self, seat: int) -> float | None:
        """What the agent of the seat last expected of the game, from its own side, up to the shown position."""
        past = [value for ply, who, value in self.values if who == seat and ply <= self.index]
        return sign(seat) * past[-1] if past else None


def recall(
    stage: Stage,
    index: int,
    layers: frozenset[str] = ALL_LAYERS,
    revealed: bool = True,
    chosen: bool = True,
) -> View:
    """The view of a frame of the past; at the end, the result.

    It shows the action that was chosen in the frame's state or, unless `chosen`, the environment's answer that
    made the frame.
    """
    frames = stage.frames[: stage.ply + 1]
    last = index == stage.ply
    acting = chosen and not last
    thought, on_board = _thought(frames, index, frames[index + 1].decision if acting else None)
    return View(
        stage=stage,
        players=stage.players,
        frames=frames,
        index=index,
        phase=Phase.ACT if acting else Phase.OVER if last and stage.over else Phase.OBSERVE,
        action=frames[index + acting].action,
        progress=1.0,
        thought=thought,
        on_board=on_board,
        layers=layers,
        revealed=revealed or stage.over,
        rewards=stage.rewards if last else frames[index].rewards,
        returns=frames[index].returns,
        result=stage.result_text,
        status=_sentence(stage.result_text) if last else _turn(stage, index, chosen),
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
    stage = session.stage
    revealed = bool(layers)
    if index is not None and index < stage.ply:
        past = recall(stage, index, layers, revealed)
        return replace(past, status=f"Looking back: {past.status}", message=session.message, note=note)
    frames = stage.frames[: stage.ply + 1]
    if session.hint is not None:
        thought: Thought | None = Thought(session.hint, stage.to_play, stage.frame, is_hint=True)
        on_board, layers, revealed = True, ALL_LAYERS, True
    elif session.forming is not None and not stage.human_to_move:
        thought, on_board = Thought(session.forming, stage.to_play, stage.frame, forming=True), True
    else:
        thought, on_board = _thought(frames, stage.ply, session.decision)
    moving = session.phase_seconds > 0 and not session.paused
    return View(
        stage=stage,
        players=stage.players,
        frames=frames,
        index=stage.ply,
        phase=session.phase,
        action=_action(session),
        progress=min(1.0, session.seconds / session.phase_seconds) if moving else 1.0,
        thought=thought,
        on_board=on_board,
        layers=layers,
        revealed=revealed or stage.over,
        rewards=stage.rewards,
        returns=stage.frame.returns,
        result=stage.result_text,
        status=_status(session),
        message=session.message,
        note=note,
        hover=hover,
        values=_values(frames, session.decision),
    )


def sign(seat: int) -> int:
    """What turns a value of a seat to player 0's side and back."""
    return 1 - 2 * seat


def _action(session: Session) -> Any:
    """The action on the loop's arrow."""
    stage = session.stage
    if session.phase is Phase.THINK:
        return None
    if session.phase is Phase.ACT:
        if session.decision is not None:
            return chosen(session.decision)
        return stage.frames[stage.ply + 1].action if stage.is_record else None
    return stage.frame.action


def _thought(frames: Sequence[Frame], at: int, made: Decision | None) -> tuple[Thought | None, bool]:
    """What to tell at frame `at` where `made` was decided, and whether it is about that very state."""
    frame = frames[at]
    if made is not None:
        return Thought(made, frame.to_play, frame), True
    if frame.decision is not None and frame.seat is not None:
        return Thought(frame.decision, frame.seat, frames[at - 1]), False
    return None, False


def _values(frames: Sequence[Frame], decision: Decision | None) -> list[tuple[int, int, float]]:
    """(ply, seat, value from player 0's side) of every decision, `decision` being about the last frame."""
    decisions = [*(frame.decision for frame in frames[1:]), decision]
    return [
        (ply, frame.to_play, float(made.value[0]) * sign(frame.to_play))
        for ply, (frame, made) in enumerate(zip(frames, decisions, strict=True))
        if made is not None
    ]


def _status(session: Session) -> str:
    """The line above the board."""
    stage = session.stage
    who = stage.seats[stage.to_play]
    if stage.over:
        return _sentence(stage.result_text)
    if stage.human_to_move:
        return _answer_of(stage) + ("Thinking of a hint…" if session.thinking else f"{who}: your turn")
    if stage.waiting:
        text = "The environment is answering"
    elif session.phase is Phase.ACT:
        text = f"{who} chooses {stage.action_name(_action(session))}"
    elif session.thinking:
        text = f"{who} is thinking" + (f", {session.seconds:.0f} s" if session.seconds >= 1 else "")
    else:
        text = "End of the record" if stage.at_end else f"{who} to move"
    return text + (" · paused" if session.paused else "")


def _answer_of(stage: Stage) -> str:
    """What the opponent has just done, for a person who is to move: a pass leaves nothing to see on the board."""
    frame = stage.frame
    if frame.action is None or frame.seat is None or stage.players[frame.seat].is_human:
        return ""
    return f"{stage.seats[frame.seat]} played {stage.action_name(frame.action)} · "


def _turn(stage: Stage, index: int, chosen: bool) -> str:
    """What happened in a frame of the past."""
    who, action = stage.seats[stage.frames[index].to_play], stage.frames[index + 1].action
    return f"{who} chooses {stage.action_name(action)}" if chosen and action is not None else f"{who} to move"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
