"""Every setting of an AlphaZero run, each with a sentence. No heavy imports: the command line reads this file."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Literal

from envs.errors import LabError

METHODS = ("gumbel", "puct", "klent")


@dataclass(frozen=True)
class AlphaZeroConfig:
    """Settings of a run; the defaults learn Go 5x5 in minutes on two CPU cores."""

    game: str = "go:size=5"
    """The game to learn, as a spec."""
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
    games: int = 128
    """Games played side by side in self-play."""
    moves: int = 8
    """Moves of every game in an iteration, before learning has its turn."""
    simulations: int = 16
    """Simulations of the search a move in self-play."""
    considered: int = 8
    """Actions that the search considers at the root."""
    root_noise: float = 0.25
    """puct: the share of Dirichlet noise in the prior of the root."""
    kl_weight: float = 0.1
    """klent: how much a policy that leaves the net's own must gain."""
    entropy_weight: float = 0.03
    """klent: how much a policy that narrows must gain."""
    return_decay: float = 0.88
    """klent: lambda of the returns that action values learn; 1 looks at the outcome only."""
    workers: int = 2
    """Threads of self-play, which share the games between them; one plays while the net of another computes."""
    random_opening: float = 0.5
    """The share of games that start with one to four uniformly random moves."""
    batch_size: int = 256
    """Positions in a learning step."""
    replay_ratio: float = 3.0
    """How often a position is learned from, on average."""
    window_start: int = 10_000
    """Positions that learning draws from at first; the window grows with the square root of what was played."""
    window_max: int = 200_000
    """The largest window."""
    learning_rate: float = 2e-3
    """Peak learning rate of AdamW."""
    weight_decay: float = 1e-3
    """Weight decay of AdamW."""
    averaging: float = 0.995
    """Self-play and players use an exponential average of the weights with this decay a step."""
    search_value_share: float = 0.3
    """The share of the search's value, beside the game's outcome, in what the value head learns."""
    checkpoint_seconds: float = 30.0
    """Training time between checkpoints."""
    evaluation_seconds: float = 45.0
    """Training time between evaluations against the fixed anchors."""
    device: str = "auto"
    """"auto" (a GPU if there is one), "cpu" or "cuda"."""

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if field.name in _POSITIVE and not value > 0:
                raise LabError(f"{field.name} must be above 0, not {value}.")
            if field.name in ("seed", "iterations", "weight_decay", "entropy_weight") and not value >= 0:
                raise LabError(f"{field.name} must be 0 or more, not {value}.")
            if field.name == "method" and value not in METHODS:
                raise LabError(f"method must be one of {', '.join(METHODS)}, not '{value}'.")
            if field.name in _SHARES and not 0 <= value <= 1:
                raise LabError(f"{field.name} must be between 0 and 1, not {value}.")
        if self.workers > self.games:
            raise LabError(f"{self.workers} workers cannot share {self.games} games: ask for more games.")

    def to_json(self) -> str:
        """The settings as indented JSON."""
        return json.dumps(dataclasses.asdict(self), indent=1)

    @staticmethod
    def from_json(text: str) -> AlphaZeroConfig:
        """The inverse of to_json; raises LabError for text that holds no such settings."""
        try:
            values = json.loads(text)
        except ValueError as error:
            raise LabError(f"The run's config.json is damaged: it is not JSON ({error}).") from None
        default = dataclasses.asdict(AlphaZeroConfig())
        for name, value in values.items() if isinstance(values, dict) else [("", values)]:
            known = default.get(name)
            wanted = (int, float) if isinstance(known, float) else type(known)
            if name not in default or not isinstance(value, wanted):
                raise LabError(f"The run's config.json is damaged: {name or 'all of it'} cannot be {value!r}.")
        return AlphaZeroConfig(**values)


_POSITIVE = {
    *("minutes", "blocks", "channels", "games", "simulations", "considered", "moves", "batch_size", "replay_ratio"),
    *("kl_weight", "workers"),
    *("window_start", "window_max", "learning_rate", "checkpoint_seconds", "evaluation_seconds"),
}
_SHARES = {"random_opening", "averaging", "search_value_share", "root_noise", "return_decay"}
