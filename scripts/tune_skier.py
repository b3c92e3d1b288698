"""Searches the settings of the optimisers that play Skier, on training landscapes: the tables of docs/worlds.md.

Every setting of the grid plays the same episodes in one and in two dimensions; what counts is the final height, the
mean of both. The defaults in agents/solo/options.py have the smallest learning rate within 0.002 of the best.
"""

from collections.abc import Callable

from agents.solo.optimizers import optimizer_agent
from agents.solo.options import (
    AdamOptions,
    GradientDescentOptions,
    MomentumOptions,
    NoisyDescentOptions,
    OptimizerOptions,
)
from envs.chance import seed_states
from envs.solo.skier import Skier
from rl_lab.evaluate import evaluate

EPISODES = 1000
WORLDS = [Skier(dims=dims, actions="continuous", split="train") for dims in (1, 2)]

LEARNING_RATES = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
FORGETTING = (0.5, 0.8, 0.9, 0.95)
SEARCHES: dict[str, tuple[Callable[[float, float], OptimizerOptions], tuple[float, ...]]] = {
    "gd": (lambda lr, _: GradientDescentOptions(lr), (0.0,)),
    "sgd_noise, noise": (NoisyDescentOptions, (0.25, 0.5, 1.0, 2.0)),
    "momentum, momentum": (MomentumOptions, FORGETTING),
    "adam, beta1": (AdamOptions, FORGETTING),
}


def final_height(options: OptimizerOptions) -> float:
    """The mean final height over all episodes of both worlds."""
    seeds = seed_states(range(EPISODES))
    results = [evaluate(world, optimizer_agent(world, options), seeds) for world in WORLDS]
    return float(sum(episodes.info["height"].mean() for episodes in results) / len(results))


def main() -> None:
    """Prints a table for each optimiser: a line is a learning rate, a column a value of its other setting."""
    for title, (make, values) in SEARCHES.items():
        print(f"\n| {title} | " + " | ".join(f"{value:g}" if len(values) > 1 else "" for value in values) + " |")
        print("| --- |" + " --- |" * len(values))
        for lr in LEARNING_RATES:
            heights = [final_height(make(lr, value)) for value in values]
            print(f"| lr={lr:g} | " + " | ".join(f"{height:.3f}" for height in heights) + " |", flush=True)


if __name__ == "__main__":
    main()
