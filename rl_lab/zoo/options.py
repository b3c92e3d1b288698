"""The options of the agent `zoo`; no heavy imports: reading a spec needs no torch."""

from __future__ import annotations

from dataclasses import dataclass

from agents.options import AlphaZeroOptions, check_range

LEVELS = 10


@dataclass(frozen=True)
class ZooOptions(AlphaZeroOptions):
    """Options of `zoo`: those of `alphazero`, whose `simulations` are by default the level's, and a level."""

    level: int = LEVELS
    """How strong it plays, 1 to 10; 10 is all it can do."""

    def __post_init__(self) -> None:
        check_range("level of agent 'zoo'", self.level, 1, LEVELS)
        super().__post_init__()

    @property
    def text(self) -> str:
        """What a spec says of them in its canonical spelling, without what is not given."""
        given = {
            "level": self.level,
            "simulations": self.simulations,
            "time": f"{self.time:g}" if self.time else None,
            "resign": self.resign or None,
            "leaves": self.leaves or None,
        }
        return ",".join(f"{key}={value}" for key, value in given.items() if value is not None)
