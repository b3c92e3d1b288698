"""A trained net as a player: tree search over its judgement."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agents.alphazero.evaluator import NetEvaluator, choose_device, inference_dtype
from agents.alphazero.model import load_model
from agents.alphazero.network import PolicyValueNet
from agents.alphazero.resign import HIGHEST
from agents.options import AlphaZeroOptions
from agents.search import Search, SearchConfig
from agents.search.player import SearchAgent, Territory, most_simulations
from envs.errors import LabError
from envs.games.game import Game, States

LEAVES = 4
SIMULATIONS_PER_LEAF = 16


class AlphaZeroAgent(SearchAgent):
    """Plays the most visited action of a PUCT search; keeps its tree from move to move.

    `simulations` None: as many as the clock allows, or memory. `leaves` of them are evaluated together, by default
    leaves_for their number.
    """

    def __init__(
        self,
        game: Game,
        net: PolicyValueNet,
        simulations: int | None,
        name: str,
        device: str = "auto",
        *,
        leaves: int = 0,
        seconds: float = 0.0,
        resign_below: float | None = None,
    ) -> None:
        torch_device = choose_device(device)
        self.evaluator = NetEvaluator(game, net, torch_device, inference_dtype(torch_device))
        budget = simulations or most_simulations(game)
        config = SearchConfig(num_simulations=budget, leaves_per_wave=leaves or leaves_for(budget))
        super().__init__(name, Search(game, self.evaluator, config, reuse=True), seconds, resign_below)

    def territory(self, states: States) -> Territory | None:
        """See SearchAgent.territory; by the net's heads, without any search."""
        found = self.evaluator.judge_territory(states)
        return None if found is None else Territory(*found)


def leaves_for(simulations: int) -> int:
    """How many simulations of one tree are evaluated together: by their number alone, so that a game does not depend
    on what is played beside it.

    One game on 9x9 is searched 2.2 to 2.7 times as fast by four together (4 blocks of 64 channels, one core). With as
    many simulations they scored 49 +- 3 % against one by one (Go 5x5, 64 simulations, 400 games; with 200: 46 +- 5 %),
    in as much time 61 +- 5 %. Eight are 3.2 to 3.7 times as fast, but scored 42 +- 4 %.
    """
    return max(1, min(LEAVES, simulations // SIMULATIONS_PER_LEAF))


def load_player(path: str, game: Game, options: AlphaZeroOptions) -> AlphaZeroAgent:
    """The player `alphazero:path,...`; raises LabError if there is no net for this game at `path`, or none that knows
    when to resign where `resign=auto` asks for that."""
    net, _, description = load_model(Path(path), game)
    resign_below = calibrated(description, path) if options.resign == "auto" else options.resign_below
    return AlphaZeroAgent(
        game,
        net,
        options.budget,
        f"alphazero:{path},{options.text}",
        leaves=options.leaves,
        seconds=options.time,
        resign_below=resign_below,
    )


def calibrated(description: dict[str, Any], path: str) -> float:
    """The value below which a net's training has found it safe to resign, from its model.json.

    Raises LabError if it does not say.
    """
    trained = description.get("trained")
    value = trained.get("resign_value") if isinstance(trained, dict) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not -1 <= value <= 0:
        raise LabError(
            f"The net at '{path}' does not know when to resign: its training saw too few games for that, or did not "
            "look; give a value, such as resign=-0.95, or leave resign out."
        )
    return min(float(value), HIGHEST)  # older nets may know a higher one
