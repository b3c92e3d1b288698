"""`rl-lab tune` (see cli.py for how a command is written)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, UseAppendAction, arg


@dataclass
class Tune:
    """Searches for settings of PPO or DQN that suit an environment, and prints them as a row of agents/sb3/tuned.py."""

    learner: Annotated[Positional[str], arg(metavar="LEARNER")]
    """ppo or dqn."""
    env: Annotated[str | None, arg(metavar="ENV")] = None
    """What to learn: snake:size=6, go:size=5, any Gymnasium id such as CartPole-v1."""
    trials: Annotated[int | None, arg(metavar="N")] = None
    """Finished trials in all, those of earlier calls included; 20 if no budget is given."""
    minutes: Annotated[float | None, arg(metavar="M")] = None
    """How long this call may take."""
    steps: Annotated[str | None, arg(metavar="N")] = None
    """Steps of each trial; by default a fifth of a whole run's."""
    seed: Annotated[str | None, arg(metavar="N")] = None
    """The seed of the search and of every trial."""
    device: Annotated[str | None, arg(metavar="DEVICE")] = None
    """auto (a GPU if there is one), cpu or cuda."""
    threads: Annotated[int | None, arg(metavar="INT")] = None
    """Threads for environments and nets; by default all cores. With other programs at work fewer are faster."""
    set: Annotated[UseAppendAction[tuple[tuple[str, ...], ...]], arg(metavar="KEY=VALUE ...")] = ()
    """Settings that are not searched but fixed, e.g. --set gamma=1 num_envs=64; may be repeated."""
    out: Annotated[Path | None, arg(metavar="FOLDER")] = None
    """Folder of the search: its trials, and what each has learned; by default runs/tune-LEARNER-ENV."""
    resume: bool = False
    """Continue the search in the folder; Ctrl-C and kills lose the trial that was under way, nothing else."""

    def start(self) -> None:
        """Searches."""
        from rl_lab.threads import use_threads

        use_threads(self.threads)
        from rl_lab.tune import tune

        options = {"env": self.env, "steps": self.steps, "seed": self.seed, "device": self.device}
        settings = chain.from_iterable(self.set)
        tune(self.learner, options, settings, self.trials, self.minutes, self.out, self.resume)
