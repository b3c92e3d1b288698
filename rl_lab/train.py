"""Training a run: the loop with its measurements, evaluations, checkpoints and display, the same for every learner."""

from __future__ import annotations

import dataclasses
import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, TypeVar, cast

from rich.console import Console

from agents.alphazero.config import AlphaZeroConfig
from agents.sb3.config import DQNConfig, PPOConfig, config_from_json
from envs.errors import LabError, NotFinite
from rl_lab.commands import command
from rl_lab.runs.curves import draw_curves
from rl_lab.runs.display import TrainingDisplay
from rl_lab.runs.log import RunLog
from rl_lab.runs.run import Run
from rl_lab.runs.training import Training

Config = AlphaZeroConfig | PPOConfig | DQNConfig
C = TypeVar("C", bound=Config)

LEARNERS: dict[str, type[Config]] = {"alphazero": AlphaZeroConfig, "ppo": PPOConfig, "dqn": DQNConfig}


def train(config: Config, out: str | Path, resume: bool = False, console: Console | None = None) -> Path:
    """Starts or resumes the run in folder `out` and trains it to its end; returns the folder.

    A resumed run keeps the settings it was started with, but for some that may change (Training.adjustable). Of an
    AlphaZeroConfig those settings count that differ from their defaults; a PPOConfig or DQNConfig counts as a whole.
    Raises LabError if the settings, the folder or its checkpoints will not do or the run fails on its way, and
    KeyboardInterrupt after Ctrl-C, when the state has been saved. What can be resumed has its command printed.
    """
    console = console or Console()
    folder = Path(out)
    if resume:
        run = Run.open(folder)
        old = settings_of(run, type(config))
        kind = _kind_of(config)
        training = (kind.resumed if run.checkpoints() else kind)(_adjusted(old, config))
        run.rewrite_config(training.config.to_json())
        _restore(training, run, console)
        if news := training.changed_since(old):
            console.print(news, soft_wrap=True)
    else:
        training = _kind_of(config)(config)  # before the folder: bad settings leave nothing behind
        run = Run.create(folder, config.to_json())
    try:
        if _is_complete(training, run):
            more = f"--resume with more {training.limit} goes on"
            console.print(f"'{folder}' has come to its end; {more}.", soft_wrap=True)
        else:
            _train(training, run, console)
        console.print(f"The run is in '{folder}'. {_what_next(training, folder)}", soft_wrap=True, highlight=False)
    except BrokenPipeError:  # nobody reads what could be said
        raise
    except NotFinite:  # a resumed run would come to the same numbers
        raise
    except (KeyboardInterrupt, LabError, OSError) as error:
        console.print(f"\nTo go on: [bold]{resume_command(training.learner, folder)}[/bold]", soft_wrap=True)
        if not isinstance(error, OSError):
            raise
        what = f"'{error.filename or folder}' cannot be written: {error.strerror or error}"
        raise LabError(f"{what}; the run's checkpoints are intact.") from None
    finally:
        run.close()
    return folder


def settings_of(run: Run, kind: type[C]) -> C:
    """The settings of a run; raises LabError if they are damaged or those of another learner."""
    text = run.config
    with suppress(ValueError, TypeError, RecursionError):
        names = set(json.loads(text))
        if names == {"tune"}:
            raise LabError(f"'{run.folder}' is a search for settings, not a run: rl-lab tune goes on with it.")
        for learner, other in LEARNERS.items():
            if other is not kind and names == {field.name for field in dataclasses.fields(other)}:
                raise LabError(f"'{run.folder}' is a run of {learner}: {resume_command(learner, run.folder)}")
    config = AlphaZeroConfig.from_json(text) if kind is AlphaZeroConfig else config_from_json(cast(Any, kind), text)
    return cast(C, config)


def _adjusted(old: C, given: C) -> C:
    """The settings of a run, with what was given and may change when it is resumed; LabError for what may not."""
    untouched = asdict(AlphaZeroConfig() if isinstance(given, AlphaZeroConfig) else old)
    changed = {name: value for name, value in asdict(given).items() if value != untouched[name]}
    adjustable = _kind_of(given).adjustable
    for name, value in changed.items():
        if name not in adjustable and value != getattr(old, name):
            raise LabError(
                f"A resumed run keeps {name} {getattr(old, name)}, so leave {name} out, or start a new run with "
                f"another --out. What may change is {', '.join(adjustable)}."
            )
    return replace(old, **changed)


def _kind_of(config: Config) -> type[Training]:
    """The class that trains by such settings; imported late, since no learner should wait for another's libraries."""
    if isinstance(config, AlphaZeroConfig):
        from rl_lab.runs.alphazero import AlphaZeroTraining

        return AlphaZeroTraining
    from rl_lab.runs.sb3 import Sb3Training

    return Sb3Training


def _restore(training: Training, run: Run, console: Console) -> None:
    """Loads the newest checkpoint that is whole; a run killed before its first one starts again."""
    trainer = training.trainer
    damaged: list[Path] = []
    for checkpoint in reversed(run.checkpoints()):
        try:
            trainer.load(checkpoint)
        except LabError as error:
            console.print(f"Skipping a checkpoint: {error}", style="yellow", soft_wrap=True, markup=False)
            damaged.append(checkpoint)
            continue
        for checkpoint in damaged:
            run.delete_checkpoint(checkpoint)
        console.print(f"Resuming from iteration {trainer.iteration}.")
        run.forget_after(trainer.iteration)
        return
    if run.checkpoints():
        raise LabError(f"None of the checkpoints in '{run.folder}' can be read; start a new run with another --out.")
    console.print("Nothing of this run had been saved yet, so it begins again.", soft_wrap=True)
    run.forget_after(0)


def _train(training: Training, run: Run, console: Console) -> None:
    """Trains to the end, or until Ctrl-C has been pressed, and saves what there is."""
    trainer = training.trainer
    with RunLog(training, run, console) as log:
        log.display.status("Compiling (a minute the first time, nothing afterwards) ...")
        trainer.warm_up()
        saved = trainer.seconds
        with _stop_after_iteration(log.display) as stop:
            while not stop:
                if log.evaluation_is_due:
                    log.evaluate(stop)
                if training.progress >= 1:
                    break
                log.iteration(*training.iterate())
                if trainer.seconds - saved >= training.config.checkpoint_seconds or not run.checkpoints():
                    saved = trainer.seconds
                    run.save_checkpoint(trainer.iteration, trainer.save)
            log.display.status("Saving ...")
            run.save_checkpoint(trainer.iteration, trainer.save)
            if not log.is_evaluated:
                log.evaluate(stop)
    draw_curves(run, run.folder / "curves.png")
    if stop:
        raise KeyboardInterrupt


def _is_complete(training: Training, run: Run) -> bool:
    """Whether nothing is left to do, the last evaluation included."""
    evaluations = run.metrics("evaluation")
    is_evaluated = bool(evaluations) and evaluations[-1]["iteration"] == training.trainer.iteration
    return training.progress >= 1 and is_evaluated and bool(run.checkpoints())


def _what_next(training: Training, folder: Path) -> str:
    """What a person may do with what has been learned."""
    subject, agent = training.subject, f"{training.learner}:{folder}"
    watch = command("watch", subject, "--agent", agent)
    if training.measure == "score":
        return f"Play against it: {command('play', subject, '--opponent', agent)}, or look on: {watch}"
    return f"Watch it: {watch}"


def resume_command(learner: str, folder: Path) -> str:
    """The command that continues a run."""
    return command("train", learner, "--out", folder, "--resume")


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
