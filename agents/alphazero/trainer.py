"""The loop of AlphaZero on one screen: games against oneself, positions into the replay, steps of learning."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from agents.alphazero.config import AlphaZeroConfig
from agents.alphazero.evaluator import choose_device
from agents.alphazero.learner import Learner, Losses
from agents.alphazero.model import save_model
from agents.alphazero.network import NetConfig, PolicyValueNet
from agents.alphazero.replay import Replay
from agents.alphazero.worker import Harvest, SelfPlayWorker
from agents.files import load_arrays, save_arrays
from envs.games import make_game
from envs.parallel import get_num_threads, use_threads_here


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


class Trainer:
    """Everything a run is: construct it from its configuration, call `iterate`, keep `state`."""

    def __init__(self, config: AlphaZeroConfig) -> None:
        self.config = config
        self.game = make_game(config.game)
        self.device = choose_device(config.device)
        torch.manual_seed(config.seed)
        shape = NetConfig(config.blocks, config.channels, action_values=config.method == "klent")
        net = PolicyValueNet(self.game, shape)
        self.learner = Learner(self.game, net, config, self.device)
        shares = [len(part) for part in np.array_split(np.arange(config.games), config.workers)]
        self.workers = [
            SelfPlayWorker(self.game, net, config, games, number, self.device) for number, games in enumerate(shares)
        ]
        share = max(1, torch.get_num_threads() // config.workers), max(1, get_num_threads() // config.workers)
        self._threads = ThreadPoolExecutor(config.workers, "rl-lab-self-play", _use_threads, share)
        self.replay = Replay(self.game, config.window_start, config.window_max)
        self.iteration = 0
        self.seconds = 0.0
        """Training time so far, summed over resumes."""
        self.evaluations = 0
        self.owed = 0.0
        """Learning that the positions played so far have earned and not yet had, in steps."""

    def warm_up(self) -> None:
        """Compiles every kernel that an iteration uses (or loads it from the cache); the run itself does not change."""
        self.workers[0].warm_up(self.config)

    def iterate(self) -> Iteration:
        """Plays `moves` moves in every game, then learns what they are worth learning."""
        start = time.perf_counter()
        harvests = self.play()
        for harvest in harvests:
            self.replay.add(harvest.positions)
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
            positions=self.replay.total,
            evaluations=self.evaluations,
            evaluations_this_iteration=judged,
            steps=self.learner.steps,
            play_seconds=played - start,
            learn_seconds=learned - played,
            window=self.replay.window,
            losses=losses,
        )

    @property
    def finished_games(self) -> int:
        """Games finished since the run began."""
        return sum(worker.games.finished_games for worker in self.workers)

    def play(self) -> list[Harvest]:
        """Plays `moves` moves in every game, each worker in a thread: what they bring in, in the workers' order."""
        weights = {name: t.detach().cpu().numpy() for name, t in self.learner.average.state_dict().items()}
        for worker in self.workers:
            worker.load(weights)
        return list(self._threads.map(lambda worker: worker.play(self.config.moves), self.workers))

    def _learn(self) -> Losses:
        """All the steps owed, once there are a few batches to draw from."""
        done = []
        while self.owed >= 1 and self.replay.total >= 2 * self.config.batch_size:
            done.append(self.learner.learn(self.replay.sample(self.config.batch_size, self.learner.rng)))
            self.owed -= 1
        if not done:
            return Losses()
        return Losses(**{name: float(np.mean([getattr(loss, name) for loss in done])) for name in asdict(done[0])})

    def save(self, folder: Path) -> None:
        """Writes the playing net (model.*) and everything that exact resuming needs (trainer.*) into `folder`."""
        trained = {"steps": self.learner.steps, "games": self.finished_games, "seed": self.config.seed}
        save_model(folder, self.learner.average, self.game, trained)
        arrays: dict[str, NDArray[Any]] = {}
        for part, state in self._parts().items():
            arrays |= {f"{part}/{name}": array for name, array in state.items()}
        description = {
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
            "replay": self.replay.state(),
            **{f"worker{number}": worker.state() for number, worker in enumerate(self.workers)},
        }

    def load(self, folder: Path) -> None:
        """Takes over what `save` wrote, for a trainer of the same configuration; raises LabError if it is damaged."""
        arrays, description = load_arrays(folder / "trainer")
        parts: dict[str, dict[str, NDArray[Any]]] = {}
        for name, array in arrays.items():
            part, _, rest = name.partition("/")
            parts.setdefault(part, {})[rest] = array
        self.learner.restore(parts["learner"], description["steps"])
        self.replay.restore(parts["replay"])
        for number, worker in enumerate(self.workers):
            worker.restore(parts[f"worker{number}"])
        self.iteration, self.owed = description["iteration"], description["owed"]
        self.seconds, self.evaluations = description["seconds"], description["evaluations"]
        self.learner.rng.bit_generator.state = description["learner_rng"]


def _use_threads(of_nets: int, of_kernels: int) -> None:
    """What a thread of self-play may use of the machine."""
    torch.set_num_threads(of_nets)
    use_threads_here(of_kernels)
