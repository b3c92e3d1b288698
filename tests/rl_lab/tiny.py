"""The settings of a run that takes seconds."""

from agents.alphazero.config import AlphaZeroConfig

TINY = AlphaZeroConfig(
    game="tic_tac_toe",
    minutes=60,
    blocks=1,
    channels=8,
    games=16,
    moves=3,
    simulations=4,
    batch_size=32,
    window_start=200,
    checkpoint_seconds=0.05,
    evaluation_seconds=1e9,
    anchors="random",
)
