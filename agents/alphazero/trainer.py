"""The loop of AlphaZero on one screen: games against oneself, positions into the replay, steps of learning."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from agents.alphazero.boards import boards
from agents.alphazero.config import AlphaZeroConfig
from agents.alphazero.evaluator import choose_device
from agents.alphazero.learner import Learner, Losses
from agents.alphazero.memory import BatchLimit
from agents.alphazero.model import save_model
from agents.alphazero.network import NetConfig, PolicyValueNet
from agents.alphazero.replay import Replay, draw
from agents.alphazero.resign import ResignCalibration
from agents.alphazero.transfer import freeze, take_weights
from agents.alphazero.worker import Harvest, SelfPlayWorker
from agents.checkpoints import counted, measured, misfit_in_words
from agents.files import load_arrays, load_description, save_arrays
from envs.errors import LabError
from envs.parallel import get_num_threads, use_threads_here

FORMAT = "rl-lab AlphaZero run, version 2"


class WorkerDied(LabError):
    """Self-play failed in one of its threads: what the other threads played in this iteration is lost."""


@dataclass
class Iteration:
    """What one turn of the loop came to."""

    iteration: int
    games: int
    """Games finished since the run began."""
    positions: int
    """Positions they held."""
    evaluations: int
    """Positions the net judged in self-play since the run began."""
    evaluations_this_iteration: int
    steps: int
    """Learning steps since the run began."""
    play_seconds: float
    learn_seconds: float
    window: int
    losses: Losses
    resign_value: float | None
    """See ResignCalibration."""
    memory: str
    """Where memory has run out, and what became of it; "" if it has sufficed."""


class Trainer:
    """Everything a run is: construct it from its configuration, call `iterate`, keep `state`."""

    def __init__(self, config: AlphaZeroConfig, is_resumed: bool = False) -> None:
        """`is_resumed` promises that `load` comes next, so that the net to start from is not needed any more."""
        self.config = config
        self.boards = boards(config)
        self.game = self.boards[-1].game
        self.device = choose_device(config.device)
        torch.manual_seed(config.seed)
        is_klent = config.method == "klent"
        shape = NetConfig(config.blocks, config.channels, action_values=is_klent, global_pooling=config.global_pooling)
        net = PolicyValueNet(self.game, shape)
        if config.start_from and not is_resumed:
            take_weights(net, config.start_from, self.game)
        freeze(net, config.frozen_modules)
        self.learner = Learner(net, config, self.device)
        shares = [len(part) for part in np.array_split(np.arange(config.games), config.workers)]
        self.workers = [
            SelfPlayWorker(self.boards, net, config, games, number, self.device) for number, games in enumerate(shares)
        ]
        share = max(1, torch.get_num_threads() // config.workers), max(1, get_num_threads() // config.workers)
        self._threads = ThreadPoolExecutor(config.workers, "rl-lab-self-play", _use_threads, share)
        self.replays = [
            Replay(board.game, *(max(1, round(board.share * n)) for n in (config.window_start, config.window_max)))
            for board in self.boards
        ]
        self.resigning = ResignCalibration()
        self.iteration = 0
        self.seconds = 0.0
        """Training time so far, summed over resumes."""
        self.evaluations = 0
        self.owed = 0.0
        """Learning that the positions played so far have earned and not yet had, in steps."""

    def warm_up(self) -> None:
        """Compiles every kernel that an iteration uses (or loads it from the cache); the run itself does not change."""
        self.workers[0].warm_up()

    def iterate(self) -> Iteration:
        """Plays `moves` moves in every game, then learns what they are worth learning."""
        start = time.perf_counter()
        harvests = self.play()
        for harvest in harvests:
            self.replays[harvest.board].add(harvest.positions)
            if harvest.board == len(self.boards) - 1:  # small boards end often, and otherwise
                self.resigning.add(harvest.endings)
            self.owed += len(harvest.positions) * self.config.replay_ratio / self.config.batch_size
        played = time.perf_counter()
        losses = self._learn()
        learned = time.perf_counter()
        judged = sum(harvest.evaluations for harvest in harvests)
        self.evaluations += judged
        self.iteration += 1
        self.seconds += learned - start
        return Iteration(
            iteration=self.iteration,
            games=self.finished_games,
            positions=self.positions,
            evaluations=self.evaluations,
            evaluations_this_iteration=judged,
            steps=self.learner.steps,
            play_seconds=played - start,
            learn_seconds=learned - played,
            window=sum(replay.window for replay in self.replays),
            losses=losses,
            resign_value=self.resigning.value,
            memory=" ".join(limit.news for limit in self._limits if limit.news),
        )

    @property
    def _limits(self) -> list[BatchLimit]:
        return [*(worker.limit for worker in self.workers), self.learner.limit]

    @property
    def positions(self) -> int:
        """Positions of finished games since the run began."""
        return sum(replay.total for replay in self.replays)

    @property
    def finished_games(self) -> int:
        """Games finished since the run began."""
        return sum(worker.finished_games for worker in self.workers)

    def play(self) -> list[Harvest]:
        """Plays `moves` moves in every game, each worker in a thread: what they bring in, in the workers' order."""
        weights = {name: t.detach().cpu().numpy() for name, t in self.learner.average.state_dict().items()}
        for worker in self.workers:
            worker.load(weights)
        playing = [self._threads.submit(worker.play, self.config.moves) for worker in self.workers]
        wait(playing)
        for number, share in enumerate(playing):
            error = share.exception()
            if isinstance(error, LabError):
                raise error
            if error is not None:
                raise WorkerDied(
                    f"Worker {number} of self-play died of {type(error).__name__}: {' '.join(str(error).split())}. "
                    "The run stays at its last checkpoint."
                ) from error
        return [share.result() for share in playing]

    def _learn(self) -> Losses:
        """All the steps owed, once there are a few batches to draw from."""
        config, rng, done = self.config, self.learner.rng, []
        while self.owed >= 1 and self.positions >= 2 * config.batch_size:
            done.append(self.learner.learn(*draw(self.replays, config.batch_size, rng, config.symmetries)))
            self.owed -= 1
        return Losses.mean(done)

    @property
    def trained(self) -> dict[str, Any]:
        """How the playing net came about, for its description."""
        config = self.config
        return {
            "steps": self.learner.steps,
            "games": self.finished_games,
            "seed": config.seed,
            "sizes": list(config.size_shares) or None,
            "start_from": config.start_from or None,
            "freeze": config.freeze or None,
            "resign_value": self.resigning.value,
        }

    def save(self, folder: Path) -> None:
        """Writes the playing net (model.*) and everything that exact resuming needs (trainer.*) into `folder`."""
        save_model(folder, self.learner.average, self.game, self.trained)
        arrays: dict[str, NDArray[Any]] = {}
        for part, state in self._parts().items():
            arrays |= {f"{part}/{name}": array for name, array in state.items()}
        description = {
            "format": FORMAT,
            "iteration": self.iteration,
            "owed": self.owed,
            "seconds": self.seconds,
            "evaluations": self.evaluations,
            "steps": self.learner.steps,
            "learner_rng": self.learner.rng.bit_generator.state,
        }
        save_arrays(folder / "trainer", arrays, description)

    def _parts(self) -> dict[str, dict[str, NDArray[Any]]]:
        return {
            "learner": self.learner.state(),
            "resigning": {"endings": self.resigning.endings},
            **{f"replay{number}": replay.state() for number, replay in enumerate(self.replays)},
            **{f"worker{number}": worker.state() for number, worker in enumerate(self.workers)},
        }

    def load(self, folder: Path) -> None:
        """Takes over what `save` wrote, for a trainer of the same configuration; raises LabError if it is damaged, or
        another configuration's. After that the trainer is of no use until it has loaded a checkpoint that fits."""
        if load_description(folder / "trainer").get("format") != FORMAT:
            raise LabError(f"'{folder}' was written by another version of the lab; its net can still play.")
        arrays, description = load_arrays(folder / "trainer")
        parts: dict[str, dict[str, NDArray[Any]]] = {}
        for name, array in arrays.items():
            part, _, rest = name.partition("/")
            parts.setdefault(part, {})[rest] = array
        with misfit_in_words(folder):
            self._restore(parts, description)

    def _restore(self, parts: dict[str, dict[str, NDArray[Any]]], description: dict[str, Any]) -> None:
        """Takes over everything, so that nothing is left of a load that failed; raises an error of any kind if it does
        not fit."""
        if len(parts) != 2 + len(self.replays) + len(self.workers):
            raise ValueError(f"it has {', '.join(sorted(parts))}")
        self.learner.restore(parts["learner"], counted(description, "steps"))
        self.resigning.endings = parts["resigning"]["endings"].reshape(-1, 3)
        for number, replay in enumerate(self.replays):
            replay.restore(parts[f"replay{number}"])
        for number, worker in enumerate(self.workers):
            worker.restore(parts[f"worker{number}"])
        self.iteration, self.evaluations = counted(description, "iteration"), counted(description, "evaluations")
        self.owed, self.seconds = measured(description, "owed"), measured(description, "seconds")
        self.learner.rng.bit_generator.state = description["learner_rng"]


def _use_threads(of_nets: int, of_kernels: int) -> None:
    """What a thread of self-play may use of the machine."""
    torch.set_num_threads(of_nets)
    use_threads_here(of_kernels)
