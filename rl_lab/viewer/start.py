"""What has been chosen on the start screen, as plain data."""

from __future__ import annotations

from dataclasses import dataclass, field

from agents.sb3.foreign import check_foreign_name
from envs.errors import LabError
from envs.games.game import Game
from envs.games.go.game import Go
from envs.games.registry import GAMES
from envs.solo.registry import WORLDS
from envs.spec import Spec
from rl_lab.viewer.staging import DEFAULT_AGENT, HUMAN, Plan, handicap_start, make_env, parse_clock
from rl_lab.viewer.start_choices import DEFAULT_GAME, lab_env, meant_env, seat_problem


@dataclass
class Form:
    """All that has been chosen; `plan` makes it what a window can show, and `problem` says what is wrong with it."""

    env: str = DEFAULT_GAME
    seats: list[str] = field(default_factory=lambda: [HUMAN, DEFAULT_AGENT])
    """The specs of both seats; the second one has no meaning where there is one seat."""
    against: str = ""
    """The agent to compare with, side by side."""
    handicap: int = 0
    clock: str = ""
    speed: float = 1.0
    seed: int = 0
    hint: str = ""
    sound: bool = False

    @property
    def seat_names(self) -> tuple[str, ...]:
        """The names of the seats of the environment, as far as it is known."""
        env = meant_env(self.env)
        return env.player_names if isinstance(env, Game) else ("Agent",)

    @property
    def taken(self) -> tuple[str, ...]:
        """The specs of the seats that there are."""
        return tuple(seat.strip() for seat in self.seats[: len(self.seat_names)])

    @property
    def has_human(self) -> bool:
        """Whether a person plays."""
        return HUMAN in self.taken

    @property
    def has_clock(self) -> bool:
        """Whether clocks mean something: in games."""
        return len(self.seat_names) == 2

    @property
    def handicaps(self) -> tuple[int, ...]:
        """The handicaps that the environment knows, 0 among them; empty if it knows none."""
        from rl_lab.go_io.gtp_handicap import handicap_points

        env = lab_env(self.env)
        most = len(handicap_points(env.size)) if isinstance(env, Go) else 0
        return (0, *range(2, most + 1)) if most else ()

    def choose_env(self, spec: str) -> None:
        """Takes another environment; agents that do not fit it make room for ones that do.

        Who sits at a seat that it does not have stays there, for the next game.
        """
        self.env = spec
        agent = DEFAULT_AGENT if len(self.seat_names) == 2 else "random"
        for seat, taken in enumerate(self.taken):
            if seat_problem(taken, self.env):
                self.seats[seat] = agent
        if self.against and seat_problem(self.against, self.env):
            self.against = ""
        if self.hint and seat_problem(self.hint, self.env):
            self.hint = ""
        if self.handicap not in self.handicaps:
            self.handicap = 0

    def problem(self) -> str:
        """What is wrong, in one sentence; "" if nothing is, as far as can be told without making anything."""
        try:
            env = self.env.strip()
            if not env:
                raise LabError("Choose an environment, or write its spec or its Gymnasium id.")
            if Spec.parse(env).name in {**GAMES, **WORLDS}:
                made = make_env(env)
                if self.handicap:
                    handicap_start(made, self.handicap)
            else:
                check_foreign_name(env)
            for name, seat in zip(self.seat_names, self.taken, strict=True):
                if found := seat_problem(seat, env):
                    raise LabError(f"{name}: {found}")
            if self.against and not self.has_human and (found := seat_problem(self.against, env)):
                raise LabError(f"Beside it: {found}")
            if self.hint and self.has_human and (found := seat_problem(self.hint, env)):
                raise LabError(f"Hints from: {found}")
            if self.has_clock:
                parse_clock(self.clock)
            if self.seed < 0:
                raise LabError(f"The seed must be 0 or more, not {self.seed}.")
        except LabError as problem:
            return str(problem)
        return ""

    def plan(self) -> Plan:
        """What is to be shown; without what has no meaning there, such as the speed of a game with a person."""
        against = () if self.has_human or not self.against.strip() else (self.against.strip(), *self.taken[1:])
        return Plan(
            self.env.strip(),
            self.taken,
            self.seed,
            self.hint if self.has_human else "",
            self.handicap if self.handicaps else 0,
            self.clock if self.has_clock else "",
            self.speed if not self.has_human else 1.0,
            against,
        )


def form_of(plan: Plan, sound: bool = False) -> Form:
    """The form with what a plan says filled in."""
    seats = [*plan.seats, DEFAULT_AGENT][:2]
    against = plan.against[0] if plan.against else ""
    return Form(plan.env, seats, against, plan.handicap, plan.clock, plan.speed, plan.seed, plan.hint, sound)
