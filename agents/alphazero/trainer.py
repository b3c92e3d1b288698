"""The loop of AlphaZero on one screen: games against oneself, positions into the replay, steps of learning."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from agents.alphazero.config import AlphaZeroConfig
from agents.alphazero.evaluator import NetEvaluator, choose_device, inference_dtype
from agents.alphazero.learner import Learner, Losses
from agents.alphazero.model import save_model
from agents.alphazero.network import NetConfig, PolicyValueNet
from agents.alphazero.replay import Replay
from agents.alphazero.self_play import SelfPlay
from agents.files import load_arrays, save_arrays
from agents.search import Search, SearchConfig
from envs.chance import seed_states
from envs.games import TerritoryGame, make_game


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
        net = PolicyValueNet(self.game, NetConfig(config.blocks, config.channels))
        self.learner = Learner(self.game, net, config, self.device)
        self.evaluator = NetEvaluator(self.game, net, self.device, inference_dtype(self.device))
        search = SearchConfig(rule="gumbel", num_simulations=config.simulations, max_considered=config.considered)
        self.search = Search(self.game, self.evaluator, search)
        self.self_play = SelfPlay(
            self.game, config.games, config.random_opening, config.search_value_share, config.seed
        )
        self.replay = Replay(self.game, config.window_start, config.window_max)
        self.iteration = 0
        self.seconds = 0.0
        """Training time so far, summed over resumes."""
        self.evaluations = 0
        self.owed = 0.0
        """Learning that the positions played so far have earned and not yet had, in steps."""

    def warm_up(self) -> None:
        """Compiles every kernel that an iteration uses (or loads it from the cache); the run itself does not change."""
        evaluator = NetEvaluator(self.game, self.learner.average, self.device, self.evaluator.dtype)
        states = self.game.init_varied(2, np.random.default_rng(0))
        search = Search(self.game, evaluator, self.search.config)
        self.game.step(states, search.run(states, seed_states(range(2))).action)
        if isinstance(self.game, TerritoryGame):
            self.game.margin(states)

    def iterate(self) -> Iteration:
        """Plays `moves` moves in every game, then learns what they are worth learning."""
        start, judged = time.perf_counter(), self.evaluator.evaluations
        self.evaluator.load(self.learner.average)
        for _ in range(self.config.moves):
            positions = self.self_play.step(self.search)
            self.replay.add(positions)
            self.owed += len(positions) * self.config.replay_ratio / self.config.batch_size
        played = time.perf_counter()
        losses = self._learn()
        learned = time.perf_counter()
        judged = self.evaluator.evaluations - judged
        self.evaluations += judged
        self.iteration += 1
        self.seconds += learned - start
        return Iteration(
            iteration=self.iteration,
            games=self.self_play.finished_games,
            positions=self.replay.total,
            evaluations=self.evaluations,
            evaluations_this_iteration=judged,
            steps=self.learner.steps,
            play_seconds=played - start,
            learn_seconds=learned - played,
            window=self.replay.window,
            losses=losses,
        )

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
        trained = {"steps": self.learner.steps, "games": self.self_play.finished_games, "seed": self.config.seed}
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
            "self_play_rng": self.self_play.rng.bit_generator.state,
            "learner_rng": self.learner.rng.bit_generator.state,
        }
        save_arrays(folder / "trainer", arrays, description)

    def _parts(self) -> dict[str, dict[str, NDArray[Any]]]:
        return {
            "learner": self.learner.state(),
            "replay": self.replay.state(),
            "self_play": self.self_play.state(),
        }

    def load(self, folder: Path) -> None:
        """Takes over what `save` wrote, for a trainer of the same configuration; raises LabError if it is damaged."""
        arrays, description = load_arrays(folder / "trainer")
        parts: dict[str, dict[str, NDArray[Any]]] = {"learner": {}, "replay": {}, "self_play": {}}
        for name, array in arrays.items():
            part, _, rest = name.partition("/")
            parts[part][rest] = array
        self.learner.restore(parts["learner"], description["steps"])
        self.replay.restore(parts["replay"])
        self.self_play.restore(parts["self_play"])
        self.iteration, self.owed = description["iteration"], description["owed"]
        self.seconds, self.evaluations = description["seconds"], description["evaluations"]
        self.self_play.rng.bit_generator.state = description["self_play_rng"]
        self.learner.rng.bit_generator.state = description["learner_rng"]
