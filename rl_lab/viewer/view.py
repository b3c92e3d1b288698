"""What the panels are shown: one moment of a session, as data that draws the same in a window and in a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from agents.agent import Decision
from rl_lab.viewer.frame import Frame, Phase, Player
from rl_lab.viewer.session import Session, chosen
from rl_lab.viewer.stage import Stage
from rl_lab.viewer.status import acting, sentence, status, turn
from rl_lab.viewer.theme import LIGHT, Theme
from rl_lab.viewer.track import Track, track_of


@dataclass(frozen=True)
class Layer:
    """One kind of thing that an agent thinks, drawn on the board."""

    name: str
    key: str
    """The key of the keyboard that switches it."""
    tip: str


LAYERS: dict[str, Layer] = {
    "policy": Layer("policy", "1", "How likely each action is before any search, or as the agent acts"),
    "visits": Layer("visits", "2", "How often the search tried each action"),
    "q": Layer("value", "3", "What the agent expects of each action"),
    "line": Layer("line", "4", "The moves it expects next, numbered"),
    "ownership": Layer("areas", "5", "Whose each point will be in the end"),
}
ALL_LAYERS = frozenset(LAYERS)
DEFAULT_LAYERS = ALL_LAYERS - {"ownership"}

PANELS: dict[str, str] = {
    "loop": "The loop of agent and environment",
    "planes": "The state as the agent sees it, in place of the loop",
    "tree": "What the search looked at, in place of the decision's table",
}


@dataclass(frozen=True)
class Look:
    """How people want to see whatever there is."""

    theme: Theme = LIGHT
    layers: frozenset[str] = DEFAULT_LAYERS
    """Those that are drawn; without any, thoughts are shown only once the episode has ended."""
    panel: str = "loop"
    """Which of PANELS is shown."""


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
    track: Track
    """The numbers of those frames, with those of a decision that is forming."""
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
    layers: frozenset[str] = DEFAULT_LAYERS
    panel: str = "loop"
    """Which of PANELS is asked for."""
    notes: tuple[tuple[str, ...], ...] = ()
    """For each seat what its card tells besides, such as "5:00" and "3 captured"; () where nobody has anything."""
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
    comment: str = ""
    """What somebody has written about the shown frame."""

    @property
    def frame(self) -> Frame:
        """The frame shown."""
        return self.frames[self.index]

    @property
    def is_game(self) -> bool:
        """Whether two play against each other; else one agent acts in a world."""
        return len(self.stage.seats) == 2

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
        plies, values = self.track.values_of(seat)
        past = values[plies <= self.index]
        return sign(seat) * float(past[-1]) if len(past) else None


def recall(
    stage: Stage,
    index: int,
    layers: frozenset[str] = DEFAULT_LAYERS,
    revealed: bool = True,
    chosen: bool = True,
    panel: str = "loop",
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
        track=track_of(frames, told=revealed or stage.over),
        index=index,
        phase=Phase.ACT if acting else Phase.OVER if last and stage.over else Phase.OBSERVE,
        action=frames[index + acting].action,
        progress=1.0,
        thought=thought,
        on_board=on_board,
        layers=layers,
        panel=panel,
        notes=tuple(stage.tallies(frames[index], seat) for seat in range(len(stage.seats))),
        revealed=revealed or stage.over,
        rewards=stage.rewards if last else frames[index].rewards,
        returns=frames[index].returns,
        result=stage.result_text,
        status=sentence(stage.result_text) if last else turn(stage, index, chosen),
        comment=frames[index].comment,
    )


def capture(
    session: Session,
    layers: frozenset[str] = DEFAULT_LAYERS,
    index: int | None = None,
    hover: int | None = None,
    note: str = "",
    panel: str = "loop",
) -> View:
    """The view of a session: live, or with `index` at a frame of its past."""
    stage = session.stage
    revealed = bool(layers)
    shows_all = revealed or stage.over  # a hint tells no more than itself
    if index is not None and index < stage.ply:
        past = recall(stage, index, layers, revealed, panel=panel)
        notes = tuple(session.notes(seat, index) for seat in range(len(stage.seats)))
        return replace(past, status=f"Looking back: {past.status}", message=session.message, note=note, notes=notes)
    frames = stage.known
    if session.hint is not None:
        thought: Thought | None = Thought(session.hint, stage.to_play, stage.frame, is_hint=True)
        on_board, layers, revealed = True, DEFAULT_LAYERS, True
    elif session.forming is not None and not stage.human_to_move:
        thought, on_board = Thought(session.forming, stage.to_play, stage.frame, forming=True), True
    else:
        thought, on_board = _thought(frames, stage.ply, session.decision)
    moving = session.phase_seconds > 0 and not session.paused
    return View(
        stage=stage,
        players=stage.players,
        frames=frames,
        track=track_of(frames, None if stage.is_record else session.decision or session.forming, shows_all),
        index=stage.ply,
        phase=session.phase,
        action=acting(session),
        progress=min(1.0, session.seconds / session.phase_seconds) if moving else 1.0,
        thought=thought,
        on_board=on_board,
        layers=layers,
        panel=panel,
        notes=tuple(session.notes(seat) for seat in range(len(stage.seats))),
        revealed=revealed or stage.over,
        rewards=stage.rewards,
        returns=stage.frame.returns,
        result=stage.result_text,
        status=status(session),
        message=session.message,
        note=note,
        hover=hover,
        comment=stage.frame.comment,
    )


def sign(seat: int) -> int:
    """What turns a value of a seat to player 0's side and back."""
    return 1 - 2 * seat


def _thought(frames: Sequence[Frame], at: int, made: Decision | None) -> tuple[Thought | None, bool]:
    """What to tell at frame `at` where `made` was decided, and whether it is about that very state."""
    frame = frames[at]
    if made is not None:
        return Thought(made, frame.to_play, frame), True
    if frame.decision is not None and frame.seat is not None:
        return Thought(frame.decision, frame.seat, frames[at - 1]), False
    return None, False
