"""The commands of the window: `rl-lab play`, `watch` and `replay` (see cli.py for how a command is written)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from tyro.conf import Positional, arg

from envs.errors import LabError

if TYPE_CHECKING:
    from rl_lab.viewer.app import WindowOptions

FOLDER = Path("runs/window")


@dataclass
class Play:
    """Opens a window in which you play: a board game against an agent, or a world by yourself.

    Without ENV you choose in the window.
    """

    env: Annotated[Positional[str], arg(metavar="ENV")] = ""
    """The game or world, e.g. go:size=5 or snake; or a Gymnasium id with a list of actions, e.g. CartPole-v1."""
    opponent: Annotated[str, arg(metavar="AGENT")] = ""
    """The agent you play a game against, e.g. alphazero:runs/demo; or human, for two people. By default
    rollout:simulations=500."""
    seat: str = "first"
    """Your side of a game: first, second, or the player's name, e.g. white."""
    hint: str = ""
    """The agent that gives hints; by default the opponent."""
    seed: int = 0
    """The same seed and the same moves give the same answers."""
    handicap: int = 0
    """Black stones at the start of a game of Go, 2 to 9; White moves first then."""
    clock: Annotated[str, arg(metavar="TIME")] = ""
    """Time for each side of a game, e.g. 10:00+5: ten minutes, and five seconds more a move."""
    sound: bool = False
    """Hear the stones."""
    theme: Literal["light", "dark"] = "light"
    """Colours of the window."""
    folder: Path = FOLDER
    """Where screenshots and saved games go."""

    def start(self) -> None:
        """Plays."""
        from rl_lab.viewer.app import play, seated, start
        from rl_lab.viewer.staging import Plan

        options = _options(self.theme, self.folder, self.sound)
        env = self.env or "go:size=9"
        seats = seated(env, self.opponent, self.seat)
        if self.env:
            play(env, seats, self.seed, self.hint, options, self.handicap, self.clock)
        else:
            start(Plan(env, seats, self.seed, self.hint, self.handicap, self.clock), options)


@dataclass
class Watch:
    """Opens a window in which agents act, with what they think. Without ENV you choose in the window."""

    env: Annotated[Positional[str], arg(metavar="ENV")] = ""
    """The game or world, e.g. go:size=5 or snake; or a Gymnasium id, e.g. CartPole-v1."""
    agent: Annotated[str, arg(metavar="AGENT")] = ""
    """The agent; in a game the one that moves first. By default rollout:simulations=500 in games, else random."""
    opponent: Annotated[str, arg(metavar="AGENT")] = ""
    """The agent that moves second in a game; by default the same."""
    against: Annotated[str, arg(metavar="AGENT")] = ""
    """Compare: a second episode side by side and on the same seed, with this agent in the first one's place."""
    seed: int = 0
    """The same seed gives the same episode."""
    speed: float = 1.0
    """How fast the loop turns at first: 0.25, 0.5, 1, 2, 4 or 16."""
    handicap: int = 0
    """Black stones at the start of a game of Go, 2 to 9; White moves first then."""
    clock: Annotated[str, arg(metavar="TIME")] = ""
    """Time for each side of a game, e.g. 10:00+5: ten minutes, and five seconds more a move."""
    headless: bool = False
    """Open no window and only write the recording."""
    record: Annotated[Path | None, arg(metavar="FILE")] = None
    """File for a recording of the episode: .gif or .mp4, or .png for its end."""
    sound: bool = False
    """Hear the stones."""
    theme: Literal["light", "dark"] = "light"
    """Colours of the window."""
    folder: Path = FOLDER
    """Where screenshots and saved games go."""

    def start(self) -> None:
        """Watches."""
        _use_one_core(self.headless)
        from rl_lab.viewer.app import start, watch, watched
        from rl_lab.viewer.staging import Plan

        options = _options(self.theme, self.folder, self.sound)
        if not self.env and (self.headless or self.record):
            raise LabError("to record an episode, say of what: rl-lab watch ENV --agent AGENT --record FILE.gif.")
        env = self.env or "go:size=9"
        seats = watched(env, self.agent, self.opponent)
        against = (self.against, *seats[1:]) if self.against else ()
        if not self.env:
            start(Plan(env, seats, self.seed, "", self.handicap, self.clock, self.speed, against), options)
            return
        watch(
            env,
            seats,
            self.seed,
            self.speed,
            self.headless,
            self.record,
            options,
            self.handicap,
            self.clock,
            against,
        )
        _tell_where(self.headless, self.record)


@dataclass
class Replay:
    """Opens a window on what has been played, held at its start: step, play, and look at any moment of it."""

    file: Annotated[Positional[Path], arg(metavar="FILE")]
    """An SGF file, a tournament's folder or games.sqlite, or an episode saved from the window."""
    game: Annotated[int | None, arg(metavar="NUMBER")] = None
    """Which game of a tournament (rl-lab games lists them); by default the first."""
    speed: float = 1.0
    """How fast the loop turns when it is let go: 0.25, 0.5, 1, 2, 4 or 16."""
    headless: bool = False
    """Open no window and only write the recording."""
    record: Annotated[Path | None, arg(metavar="FILE")] = None
    """File for a recording of it all: .gif or .mp4, or .png for its end."""
    sound: bool = False
    """Hear the stones."""
    theme: Literal["light", "dark"] = "light"
    """Colours of the window."""
    folder: Path = FOLDER
    """Where screenshots and saved games go."""

    def start(self) -> None:
        """Shows it."""
        from rl_lab.viewer.app import replay

        options = _options(self.theme, self.folder, self.sound)
        replay(self.file, self.game, self.headless, self.record, options, self.speed)
        _tell_where(self.headless, self.record)


def _use_one_core(headless: bool) -> None:
    """Without a window agents think in the main thread, one state at a time: too little to share between cores."""
    if headless:
        from rl_lab.threads import use_threads

        use_threads(1)


def _options(theme: str, folder: Path, sound: bool) -> WindowOptions:
    from rl_lab.viewer.app import WindowOptions

    return WindowOptions(theme=theme, folder=folder, sound=sound)


def _tell_where(headless: bool, record: Path | None) -> None:
    if headless:
        print(f"The episode is in {record}.")
