"""A trained net as a player: tree search over its judgement."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from agents.agent import Agent, Decision
from agents.alphazero.evaluator import NetEvaluator, choose_device, inference_dtype
from agents.alphazero.model import load_model
from agents.alphazero.network import PolicyValueNet
from agents.search import Search, SearchConfig
from envs.chance import Seeds
from envs.games.game import Game, States


class PlayerOptions(Protocol):
    """What a user may set."""

    @property
    def simulations(self) -> int: ...


class AlphaZeroAgent(Agent):
    """Plays the most visited action of a PUCT search; keeps its tree from move to move."""

    def __init__(self, game: Game, net: PolicyValueNet, simulations: int, name: str, device: str = "auto") -> None:
        super().__init__(name)
        torch_device = choose_device(device)
        self.evaluator = NetEvaluator(game, net, torch_device, inference_dtype(torch_device))
        self.search = Search(game, self.evaluator, SearchConfig(num_simulations=simulations), reuse=True)

    def reset(self) -> None:
        self.search.reset()

    def act(self, states: States, seeds: Seeds) -> Decision:
        found = self.search.run(states, seeds)
        lines = [self.search.variation(b) for b in range(len(states))]
        return Decision(found.action, found.policy, found.value, found.prior, found.visits, found.q, lines)


def load_player(path: str, game: Game, options: PlayerOptions) -> AlphaZeroAgent:
    """The player `alphazero:path,simulations=...`; raises LabError if there is no net for this game at `path`."""
    net, _, _ = load_model(Path(path), game)
    return AlphaZeroAgent(game, net, options.simulations, f"alphazero:{path},simulations={options.simulations}")
