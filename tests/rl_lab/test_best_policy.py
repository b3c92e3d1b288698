"""Which of the policies of a run counts as its best."""

from rl_lab.runs.training import is_no_worse


def test_who_has_learned_for_longer_is_the_best_unless_clearly_worse() -> None:
    def scores(*means: float) -> dict[str, dict[str, float]]:
        return {str(i): {"mean": mean, "low": mean - 0.1, "high": mean + 0.1} for i, mean in enumerate(means)}

    assert is_no_worse(scores(0.5, 0.6), scores(0.5, 0.6))
    assert is_no_worse(scores(0.3, 0.65), scores(0.5, 0.6))  # one opponent up, one down: means of 0.475 and 0.45
    assert not is_no_worse(scores(0.3, 0.55), scores(0.5, 0.6))
