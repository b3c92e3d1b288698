"""Training an AlphaZero run: the loop with its clock, measurements, evaluations, checkpoints and display."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

from rich.console import Console

from agents.alphazero.config import AlphaZeroConfig
from agents.alphazero.player import AlphaZeroAgent
from agents.alphazero.trainer import Trainer
from agents.registry import make_agent
from envs.errors import LabError
from rl_lab.arena.statistics import Interval, opening_scores, paired_interval
from rl_lab.arena.tournament import play_tournament, round_robin
from rl_lab.commands import command
from rl_lab.runs.display import TrainingDisplay
from rl_lab.runs.run import Run

ANCHORS = ("random", "rollout:simulations=200")
EVALUATION_GAMES = 40
EVALUATION_SIMULATIONS = 64
OPENING_PLIES = 2
ADJUSTABLE = ("minutes", "iterations", "device", "checkpoint_seconds", "evaluation_seconds")
"""Settings that a resumed run may change: none of them changes what an iteration does."""


def train(config: AlphaZeroConfig, out: str | Path, resume: bool = False, console: Console | None = None) -> Path:
    """Starts or resumes the run in folder `out` and trains it to the end of its time; returns the folder.

    A resumed run keeps the settings it was started with, but for those of ADJUSTABLE that differ from their defaults
    in `config`. Raises LabError if the settings, the folder or its checkpoints will not do, and KeyboardInterrupt
    after Ctrl-C, when the state has been saved and the command that resumes it printed.
    """
    console = console or Console()
    folder = Path(out)
    if resume:
        run = Run.open(folder)
        config = _adjusted(AlphaZeroConfig.from_json(run.config), config)
        trainer = Trainer(config)
        run.rewrite_config(config.to_json())
        _restore(trainer, run, console)
    else:
        trainer = Trainer(config)  # before the folder: bad settings leave nothing behind
        run = Run.create(folder, config.to_json())
    try:
        if _finished(trainer) and run.checkpoints():
            console.print(f"'{folder}' has had its time; --resume with more --minutes goes on.", soft_wrap=True)
        else:
            _train(trainer, run, console)
    except KeyboardInterrupt:
        console.print(f"\nTo go on: [bold]{resume_command(folder)}[/bold]", soft_wrap=True)
        raise
    finally:
        run.close()
    return folder


def _adjusted(old: AlphaZeroConfig, given: AlphaZeroConfig) -> AlphaZeroConfig:
    """The settings of a run, with what was given and may change when it is resumed; LabError for what may not."""
    default = asdict(AlphaZeroConfig())
    changed = {name: value for name, value in asdict(given).items() if value != default[name]}
    for name, value in changed.items():
        if name not in ADJUSTABLE and value != getattr(old, name):
            raise LabError(
                f"A resumed run keeps {name} {getattr(old, name)}, so leave {name} out, or start a new run with "
                f"another --out. What may change is {', '.join(ADJUSTABLE)}."
            )
    return replace(old, **changed)


def _restore(trainer: Trainer, run: Run, console: Console) -> None:
    """Loads the newest checkpoint that is whole; a run killed before its first one starts again."""
    damaged: list[Path] = []
    for checkpoint in reversed(run.checkpoints()):
        try:
            trainer.load(checkpoint)
        except LabError as error:
            console.print(f"Skipping a checkpoint: {error}", style="yellow", soft_wrap=True)
            damaged.append(checkpoint)
            continue
        for checkpoint in damaged:
            run.delete_checkpoint(checkpoint)
        console.print(f"Resuming from iteration {trainer.iteration}.")
        run.forget_after(trainer.iteration)
        return
    if run.checkpoints():
        raise LabError(f"None of the checkpoints in '{run.folder}' can be read; start a new run with another --out.")
    run.forget_after(0)


def _train(trainer: Trainer, run: Run, console: Console) -> None:
    """Trains until the time is up or Ctrl-C has been pressed, and saves what there is."""
    config = trainer.config
    clocks = {"checkpoint": trainer.seconds, "evaluation": trainer.seconds}
    with TrainingDisplay(config, run.folder, console) as display:
        display.status("Compiling the rules and the search (a minute the first time, nothing afterwards) ...")
        trainer.warm_up()
        with _stop_after_iteration(display) as stop:
            while not _finished(trainer) and not stop:
                measured = trainer.iterate()
                run.log({"kind": "training", "seconds": trainer.seconds, **asdict(measured)})
                display.training(measured, trainer.seconds)
                if trainer.seconds - clocks["evaluation"] >= config.evaluation_seconds:
                    clocks["evaluation"] = trainer.seconds
                    _evaluate(trainer, run, display, stop)
                if trainer.seconds - clocks["checkpoint"] >= config.checkpoint_seconds:
                    clocks["checkpoint"] = trainer.seconds
                    run.save_checkpoint(trainer.iteration, trainer.save)
            display.status("Saving ...")
            run.save_checkpoint(trainer.iteration, trainer.save)
            _evaluate(trainer, run, display, stop)
    if stop:
        raise KeyboardInterrupt


def resume_command(folder: Path) -> str:
    """The command that continues a run."""
    return command("train", "alphazero", "--out", folder, "--resume")


def _finished(trainer: Trainer) -> bool:
    config = trainer.config
    if config.iterations and trainer.iteration >= config.iterations:
        return True
    return trainer.seconds >= 60 * config.minutes


@contextmanager
def _stop_after_iteration(display: TrainingDisplay) -> Iterator[list[int]]:
    """A list that the first Ctrl-C (or SIGTERM) fills instead of raising, so that an iteration ends in a state that
    can be saved. A second one stops at once, and the last checkpoint is what is left."""
    stop: list[int] = []

    def ask(signum: int, frame: object) -> None:
        if stop:
            raise KeyboardInterrupt
        stop.append(signum)
        display.status("Stopping after this iteration; Ctrl-C again stops at once ...")

    try:
        before = {s: signal.signal(s, ask) for s in (signal.SIGINT, signal.SIGTERM)}
    except ValueError:  # not in the main thread: the caller keeps its own signals
        before = {}
    try:
        yield stop
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)


class _Stopped(Exception):
    """An evaluation was given up."""


def _evaluate(trainer: Trainer, run: Run, display: TrainingDisplay, stop: list[int]) -> None:
    """Plays the averaged net against the fixed anchors, both colours from random openings, and logs the scores.

    Gives up, and logs nothing, once `stop` is filled.
    """

    def check(*_: object) -> None:
        if stop:
            raise _Stopped

    player = AlphaZeroAgent(
        trainer.game, trainer.learner.average, EVALUATION_SIMULATIONS, "alphazero", trainer.config.device
    )
    scores: dict[str, Interval] = {}
    try:
        for anchor in ANCHORS:
            check()
            display.status(f"Playing {EVALUATION_GAMES} games against {anchor} ...")
            agents = [player, make_agent(anchor, trainer.game)]
            schedule = round_robin(trainer.game, agents, EVALUATION_GAMES, OPENING_PLIES, seed=trainer.config.seed)
            records = play_tournament(trainer.game, agents, schedule, trainer.config.seed, progress=check).records
            scores[anchor] = paired_interval(opening_scores(records, player.name))
    except _Stopped:
        return
    display.evaluation(scores)
    values = {anchor: asdict(score) for anchor, score in scores.items()}
    run.log({"kind": "evaluation", "seconds": trainer.seconds, "iteration": trainer.iteration, "scores": values})
