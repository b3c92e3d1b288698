"""`rl-lab train LEARNER`: a command for each learner (see cli.py for how a command is written)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from tyro.conf import FlagConversionOff, OmitArgPrefixes, OmitSubcommandPrefixes, UseAppendAction, arg, subcommand

from agents.alphazero.config import AlphaZeroConfig
from envs.errors import LabError
from envs.spec import unknown_name

LEARNERS = {"train": ("alphazero", "ppo", "dqn"), "tune": ("ppo", "dqn")}
"""Those that each command takes."""


@dataclass
class TrainAlphaZero:
    """AlphaZero: self-play with tree search, for board games."""

    config: OmitArgPrefixes[FlagConversionOff[AlphaZeroConfig]] = field(default_factory=AlphaZeroConfig)
    net: Annotated[str, arg(name="from", metavar="PATH")] = ""
    """Short for --start-from."""
    out: Annotated[Path, arg(metavar="FOLDER")] = Path("runs/alphazero")
    """Folder of the run: its settings, checkpoints and measurements."""
    resume: bool = False
    """Continue the run in the folder, with the settings it was started with."""
    threads: Annotated[int | None, arg(metavar="INT")] = None
    """Threads for environments and nets; by default all cores. With other programs at work fewer are faster."""

    def start(self) -> None:
        """Trains."""
        from rl_lab.threads import use_threads

        use_threads(self.threads)
        from rl_lab.train import train

        if self.net and self.config.start_from not in ("", self.net):
            raise LabError("--from is short for --start-from, and they name two nets here: give one of them.")
        config = replace(self.config, start_from=self.net) if self.net else self.config
        train(config, self.out, self.resume)


@dataclass
class TrainPPO:
    """PPO: any environment; with masks where actions can be illegal."""

    env: Annotated[str | None, arg(metavar="ENV")] = None
    """What to learn: snake:size=6, go:size=5, any Gymnasium id such as CartPole-v1."""
    steps: Annotated[str | None, arg(metavar="N")] = None
    """Steps in the environments, all of them together."""
    seed: Annotated[str | None, arg(metavar="N")] = None
    """The seed of everything: same seed, same machine, same run."""
    device: Annotated[str | None, arg(metavar="DEVICE")] = None
    """auto (a GPU if there is one), cpu or cuda."""
    video: bool = False
    """Films an episode at each evaluation, into the run's folder videos/."""
    threads: Annotated[int | None, arg(metavar="INT")] = None
    """Threads for environments and nets; by default all cores. With other programs at work fewer are faster."""
    set: Annotated[UseAppendAction[tuple[tuple[str, ...], ...]], arg(metavar="KEY=VALUE ...")] = ()
    """Any other settings, e.g. --set learning_rate=0.001 gamma=1; may be repeated. A wrong one lists what exists."""
    out: Annotated[Path | None, arg(metavar="FOLDER")] = None
    """Folder of the run: its settings, checkpoints and measurements; by default runs/LEARNER-ENV."""
    resume: bool = False
    """Continue the run in the folder, with the settings it was started with."""

    learner: ClassVar[Literal["ppo", "dqn"]] = "ppo"

    def start(self) -> None:
        """Trains."""
        from rl_lab.threads import use_threads

        use_threads(self.threads)
        from rl_lab.train_sb3 import start

        options = {"env": self.env, "steps": self.steps, "seed": self.seed, "device": self.device}
        options["video"] = "true" if self.video else None  # without it, a resumed run does as before
        start(self.learner, options, chain.from_iterable(self.set), self.out, self.resume)


@dataclass
class TrainDQN(TrainPPO):
    """DQN: environments with discrete actions; with masks where actions can be illegal."""

    learner = "dqn"


@dataclass
class Train:
    """Trains an agent; Ctrl-C at any moment leaves a run that --resume continues."""

    learner: OmitArgPrefixes[
        OmitSubcommandPrefixes[
            Annotated[TrainAlphaZero, subcommand("alphazero")]
            | Annotated[TrainPPO, subcommand("ppo")]
            | Annotated[TrainDQN, subcommand("dqn")]
        ]
    ]

    def start(self) -> None:
        """Trains."""
        self.learner.start()


def check_learner(arguments: Sequence[str]) -> None:
    """Raises LabError if `train` or `tune` is not followed by a learner: tyro's own message is a screenful."""
    verb, *rest = arguments or [""]
    if verb not in LEARNERS or {"-h", "--help"} & set(rest):
        return
    learner = rest[0] if rest else ""
    if not learner or learner.startswith("-"):
        known = ", ".join(LEARNERS[verb])
        raise LabError(f"Name what should learn, e.g. rl-lab {verb} ppo; there are: {known}.")
    if learner not in LEARNERS[verb]:
        raise unknown_name(f"learner to {verb}", learner, LEARNERS[verb])
