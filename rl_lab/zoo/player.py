"""The agent `zoo:NAME,level=...`: a net of the zoo, which chooses among what its search has found as its level says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from agents.agent import Decision, sample_actions
from agents.alphazero.model import load_model
from agents.alphazero.player import AlphaZeroAgent, calibrated
from agents.options import AlphaZeroOptions
from envs.chance import Seeds
from envs.games.game import Game, States
from rl_lab.zoo.levels import Setting, soften
from rl_lab.zoo.nets import ZooNet, net_for
from rl_lab.zoo.options import ZooOptions


class ZooAgent(AlphaZeroAgent):
    """An `alphazero` player whose moves are drawn as a setting says; a setting that plays the best changes nothing."""

    def __init__(self, game: Game, net: ZooNet, setting: Setting, name: str, options: AlphaZeroOptions) -> None:
        """The setting says how many simulations there are; if the options give a time and no number, the clock alone.

        Raises LabError if the net's files are damaged, it is for another game, or it does not know when to resign where
        `resign=auto` asks for that.
        """
        weights, _, description = load_model(net.folder, game)
        resign_below = calibrated(description, net.name) if options.resign == "auto" else options.resign_below
        clock_alone = options.time > 0 and options.simulations is None
        super().__init__(
            game,
            weights,
            None if clock_alone else setting.simulations,
            name,
            leaves=options.leaves,
            seconds=options.time,
            resign_below=resign_below,
        )
        self.setting = setting
        self.version = f"net {net.card.sha256[:12]}, {setting.text}"
        """What must be the same for two games to be by the same player (rl_lab/arena/identity.py)."""
        self._has_place = np.zeros(game.num_actions, np.bool_)
        self._has_place[list(game.scene(game.init(1)[0]).action_spots)] = True

    def _settle(self, found: Decision, states: States, seeds: Seeds) -> Decision:
        """Draws the move; whoever watches the thought is told what the search finds."""
        if self.setting.plays_best:
            return found
        assert found.visits is not None and found.prior is not None, "a search tells of both"
        policy = soften(self.setting, found.visits, found.prior, self.game.legal_mask(states), self._has_place)
        return replace(found, action=sample_actions(policy, seeds), policy=policy)


def load_zoo_player(name: str, game: Game, options: ZooOptions) -> ZooAgent:
    """The player `zoo:name,level=...`, the game's own net without a name.

    Raises LabError if the zoo has no such net or none for this game, or its files are damaged.
    """
    net = net_for(game, name)
    setting = net.card.level(options.level).setting
    if options.simulations is not None:
        setting = replace(setting, simulations=options.simulations)
    return ZooAgent(game, net, setting, f"zoo:{net.name},{options.text}", options)
