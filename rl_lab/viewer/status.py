"""What the loop is doing, in words, and the action it carries."""

from __future__ import annotations

from typing import Any

from rl_lab.viewer.frame import Phase
from rl_lab.viewer.session import Session, chosen
from rl_lab.viewer.stage import Stage


def acting(session: Session) -> Any:
    """The action on the loop's arrow."""
    stage = session.stage
    if session.phase is Phase.THINK:
        return None
    if session.phase is Phase.ACT:
        if session.decision is not None:
            return chosen(session.decision)
        return stage.frames[stage.ply + 1].action if stage.is_record else None
    return stage.frame.action


def status(session: Session) -> str:
    """The line above the board."""
    stage = session.stage
    who = stage.seats[stage.to_play]
    if stage.over:
        begin_anew = "" if stage.is_record else f" · N: new {'game' if len(stage.seats) == 2 else 'episode'}"
        return sentence(stage.result_text) + begin_anew
    if stage.human_to_move:
        return _answer_of(stage) + ("Thinking of a hint…" if session.thinking else f"{who}: your turn")
    if stage.waiting:
        text = "The environment is answering"
    elif session.phase is Phase.ACT:
        text = f"{who} chooses {stage.action_name(acting(session))}"
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


def turn(stage: Stage, index: int, chosen: bool) -> str:
    """What happened in a frame of the past."""
    who, action = stage.seats[stage.frames[index].to_play], stage.frames[index + 1].action
    return f"{who} chooses {stage.action_name(action)}" if chosen and action is not None else f"{who} to move"


def sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
