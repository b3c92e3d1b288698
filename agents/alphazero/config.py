"""Every setting of an AlphaZero run, each with a sentence. No heavy imports: the command line reads this file."""

from __future__ import annotations

import dataclasses
import json
import math
from dataclasses import dataclass
from typing import Literal

from agents.options import MAX_SIMULATIONS, check_range
from envs.errors import LabError
from envs.spec import unknown_name

MAX_SEED = (1 << 63) - 1  # torch's generators take no more
RANGES = {
    "iterations": (0, 10**9),
    "blocks": (1, 1000),
    "channels": (1, 10_000),
    "games": (1, 10**6),
    "moves": (1, 10_000),
    "simulations": (1, MAX_SIMULATIONS),
    "considered": (1, 10_000),
    "sampled_moves": (0, 10_000),
    "workers": (1, 1000),
    "random_plies": (1, 1000),
    "batch_size": (1, 10**6),
    "decay_start": (0, 10**9),
    "window_start": (1, 10**9),
    "window_max": (1, 10**9),
    "seed": (0, MAX_SEED),
}
"""The least and the most that each whole number may be."""
METHODS = ("gumbel", "puct", "klent")

_VALUE = ("value_conv", "value_hidden", "value_cells", "outcome")
PARTS = {
    "stem": ("stem",),
    "blocks": ("blocks",),
    "trunk": ("stem", "blocks"),
    "policy": ("policy",),
    "value": _VALUE,
    "heads": ("policy", "action_values", *_VALUE, "ownership", "margin"),
}
"""The parts of a net that can be frozen, and the modules of PolicyValueNet that they are."""


@dataclass(frozen=True)
class AlphaZeroConfig:
    """Settings of a run; the defaults learn Go 5x5 in minutes on two CPU cores."""

    game: str = "go:size=5"
    """The game to learn, as a spec."""
    sizes: str = ""
    """Sizes of board to learn together, such as "5 7 9 9", in place of the game's own; what is named twice is played
    twice as much. The largest is evaluated. Empty: the game's own size."""
    method: Literal["gumbel", "puct", "klent"] = "gumbel"
    """Where moves and the policy to learn come from: a tree search by either rule, or, with one evaluation a move, the
    net's policy improved by its own action values under KL and entropy regularisation (Ota et al. 2026)."""
    seed: int = 0
    """The seed of everything: same seed, same machine, same run."""
    minutes: float = 3.0
    """Learning stops after this many minutes of training time (evaluation aside), summed over resumes."""
    iterations: int = 0
    """Learning stops after this many iterations if that comes first; 0 for no such limit."""
    blocks: int = 4
    """Residual blocks of the net."""
    channels: int = 48
    """Channels of the net."""
    global_pooling: bool = True
    """Whether blocks and the policy of points see the whole board through pooling; without it, what their 3x3
    convolutions reach. (The value and the pass always pool.)"""
    start_from: str = ""
    """A net of the same game and shape to start from: the folder of a run or a checkpoint, of any size of board."""
    freeze: str = ""
    """Parts of the net that keep their weights, any of: stem, blocks, trunk (both), policy, value, heads (all)."""
    games: int = 128
    """Games played side by side in self-play."""
    moves: int = 8
    """Moves of every game in an iteration, before learning has its turn."""
    simulations: int = 16
    """Simulations of the search a move in self-play."""
    considered: int = 8
    """Actions that the search considers at the root."""
    proves: bool = True
    """Whether searches prove outcomes from the ends of games in their trees (MCTS-solver, Winands et al. 2008)."""
    gumbel_noise: float = 1.0
    """gumbel: the noise at the root; with 1 a move is much like a draw from the improved policy, with 0 its best."""
    root_noise: float = 0.25
    """puct: the share of Dirichlet noise in the prior of the root."""
    sampled_moves: int = 30
    """puct: how many moves of a game are drawn by their visits, as in AlphaGo Zero; then the most visited is played."""
    kl_weight: float = 0.1
    """klent: how much a policy that leaves the net's own must gain."""
    entropy_weight: float = 0.03
    """klent: how much a policy that narrows must gain."""
    return_decay: float = 0.88
    """klent: lambda of the returns that action values learn; 1 looks at the outcome only."""
    workers: int = 2
    """Threads of self-play, which share the games between them; one plays while the net of another computes."""
    random_opening: float = 0.5
    """The share of games that start with one to `random_plies` uniformly random moves."""
    random_plies: int = 4
    """How many random moves a game starts with at most. More show the net what good play does not lead to."""
    branching: float = 0.0
    """The share of games that begin in the middle of the one that has just ended, before one of its moves and with a
    random one in its place (KataGo's forks). So the net learns what to do about moves that good play does not make."""
    vary_komi: bool = True
    """Whether half the games have a komi (or what else a game may vary) of their own, so that the net knows many."""
    batch_size: int = 128
    """Positions in a learning step."""
    replay_ratio: float = 3.0
    """How often a position is learned from, on average."""
    window_start: int = 10_000
    """Positions that learning draws from at first; the window grows with the square root of what was played."""
    window_max: int = 200_000
    """The largest window."""
    surprise_weight: float = 0.0
    """How much of a position's chance to be drawn goes by how far the search's policy was from the net's, relative to
    its game (KL divergence, as in KataGo); 0 draws all alike."""
    symmetries: bool = True
    """Whether a position is learned under a random symmetry of the game each time."""
    learning_rate: float = 2e-3
    """Peak learning rate of AdamW."""
    decay_start: int = 0
    """Learning steps after which the learning rate falls, with one over the square root of the steps: a run of any
    length ends on a low one. 0: it stays."""
    weight_decay: float = 1e-3
    """Weight decay of AdamW."""
    averaging: float = 0.999
    """Self-play and players use an exponential average of the weights with this decay a step; 0: the weights as they
    are."""
    search_value_share: float = 0.3
    """The share of the search's value, beside the game's outcome, in what the value head learns."""
    ownership_weight: float = 0.3
    """Weight of the loss of who owns each point at the end; 0 leaves it out."""
    margin_weight: float = 0.02
    """Weight of the loss of the final margin; 0 leaves it out."""
    checkpoint_seconds: float = 30.0
    """Training time between checkpoints."""
    evaluation_seconds: float = 0.0
    """Training time between evaluations against the anchors; 0: a twentieth of the run, but 45 s at least."""
    anchors: str = ""
    """Whom evaluations are played against, such as "random zoo:level=5 gnugo:level=10". Empty: random,
    rollout:simulations=200, the zoo's net of the game if there is one and, for Go, GNU Go if it is installed."""
    device: str = "auto"
    """"auto" (a GPU if there is one), "cpu" or "cuda"."""

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if field.name in _POSITIVE and not value > 0:
                raise LabError(f"{field.name} must be above 0, not {value}.")
            if field.name in _FINITE and value == math.inf:
                raise LabError(f"{field.name} must be a finite number.")
            if field.name in _NOT_NEGATIVE and not 0 <= value < math.inf:
                raise LabError(f"{field.name} must be 0 or more, not {value}.")
            if field.name == "method" and value not in METHODS:
                raise LabError(f"method must be one of {', '.join(METHODS)}, not '{value}'.")
            if field.name in _SHARES and not 0 <= value <= 1:
                raise LabError(f"{field.name} must be between 0 and 1, not {value}.")
        for name, (least, most) in RANGES.items():
            check_range(name, getattr(self, name), least, most)
        if self.workers > self.games:
            raise LabError(f"{self.workers} workers cannot share {self.games} games: ask for more games.")
        self.size_shares  # noqa: B018 - raises for sizes that are none
        self.frozen_modules  # noqa: B018 - raises for parts that are none

    @property
    def size_shares(self) -> dict[int, float]:
        """How large a share of the positions each size of board has, the smallest first; empty for the game's own."""
        words = self.sizes.replace(",", " ").split()
        if not all(word.isdecimal() for word in words):
            raise LabError(f"sizes must be whole numbers, such as \"5 7 9\", not '{self.sizes}'.")
        numbers = [int(word) for word in words]
        return {size: numbers.count(size) / len(numbers) for size in sorted(set(numbers))}

    @property
    def frozen_modules(self) -> tuple[str, ...]:
        """The modules of PolicyValueNet that keep their weights."""
        parts = self.freeze.replace(",", " ").split()
        for part in parts:
            if part not in PARTS:
                raise unknown_name("part of the net to freeze", part, PARTS)
        return tuple(module for part in parts for module in PARTS[part])

    def to_json(self) -> str:
        """The settings as indented JSON."""
        return json.dumps(dataclasses.asdict(self), indent=1)

    @staticmethod
    def from_json(text: str) -> AlphaZeroConfig:
        """The inverse of to_json; raises LabError for text that holds no such settings."""
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise LabError(f"The run's config.json is damaged: it is not JSON ({error}).") from None
        default = dataclasses.asdict(AlphaZeroConfig())
        for name, value in values.items() if isinstance(values, dict) else [("", values)]:
            known = default.get(name)
            wanted = (int, float) if isinstance(known, float) else type(known)
            confused = isinstance(value, bool) != isinstance(known, bool)  # a bool is an int to Python
            huge = isinstance(value, int) and abs(value) > MAX_SEED
            if name not in default or confused or huge or not isinstance(value, wanted):
                raise LabError(f"The run's config.json is damaged: {name or 'all of it'} cannot be {value!r}.")
        return AlphaZeroConfig(**values)


_POSITIVE = {"minutes", "replay_ratio", "kl_weight", "learning_rate", "checkpoint_seconds"}
_FINITE = {"replay_ratio", "kl_weight", "learning_rate"}
_NOT_NEGATIVE = {
    "evaluation_seconds",
    "gumbel_noise",
    "weight_decay",
    "entropy_weight",
    "ownership_weight",
    "margin_weight",
}
_SHARES = {
    "surprise_weight",
    "random_opening",
    "branching",
    "averaging",
    "search_value_share",
    "root_noise",
    "return_decay",
}
