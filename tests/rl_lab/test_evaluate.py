"""Evaluation: the same episodes for everyone, as if each were played alone; intervals; and what the command says."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from rich.console import Console

from agents.agent import Agent, Decision
from agents.registry import make_agent
from envs.chance import Seeds, branch_seeds, seed_states
from envs.errors import LabError
from envs.games.game import States
from envs.solo.registry import make_world
from envs.solo.world import is_over
from rl_lab import cli
from rl_lab.evaluate import bootstrap_interval, evaluate, evaluation_world, run_evaluation

Output = pytest.CaptureFixture[str]


def test_a_perfect_player_earns_what_is_known() -> None:
    world = make_world("catch:rows=7")
    episodes = evaluate(world, make_agent("perfect", world), seed_states(range(50)))
    assert np.array_equal(episodes.returns, np.ones(50))
    assert np.array_equal(episodes.lengths, np.full(50, 6))
    assert np.array_equal(episodes.outcomes, np.ones(50))
    assert episodes.seconds_per_decision > 0


@pytest.mark.parametrize(
    ("world_spec", "agent_spec"), [("snake:size=4", "random"), ("skier:dims=2", "adam"), ("maze:size=5", "random")]
)
def test_each_episode_is_as_if_played_alone(world_spec: str, agent_spec: str) -> None:
    world, seeds = make_world(world_spec), seed_states(range(24))
    together = evaluate(world, make_agent(agent_spec, world), seeds)
    assert len(set(together.lengths)) > 1 or world.name == "skier"
    for i in (0, 11, 23):
        agent, state = make_agent(agent_spec, world), world.init(seeds[i : i + 1])
        chance = branch_seeds(seeds[i : i + 1], np.ones(1, np.int64))
        total = 0.0
        while not is_over(state)[0]:
            world.step(state, agent.act(state, chance).action)
            total += float(state["reward"][0])
        assert together.returns[i] == pytest.approx(total, abs=1e-12)
        assert together.lengths[i] == state["ply"][0]
        assert together.outcomes[i] == state["outcome"][0]
        for key, values in world.info(state).items():
            assert np.array_equal(together.info[key][i], values[0])


class Witness(Agent):
    """Plays at random, and notes the plies each slot shows and whether it was asked about what is over."""

    def __init__(self, agent: Agent) -> None:
        super().__init__("witness")
        self.agent = agent
        self.plies: list[NDArray[np.int16]] = []

    def act(self, states: States, seeds: Seeds) -> Decision:
        assert not is_over(states).any()
        self.plies.append(states["ply"].copy())
        return self.agent.act(states, seeds)

    def reset(self) -> None:
        self.plies.clear()


def test_a_slot_keeps_its_episode_until_that_is_over() -> None:
    world = make_world("snake:size=4")
    witness = Witness(make_agent("random", world))
    episodes = evaluate(world, witness, seed_states(range(16)))
    plies = np.array(witness.plies)
    assert len(plies) == episodes.lengths.max()
    for slot, length in enumerate(episodes.lengths):
        assert np.array_equal(plies[:, slot], np.where(np.arange(len(plies)) < length, np.arange(len(plies)), 0))


def test_seeds_are_left_as_they_are() -> None:
    world, seeds = make_world("skier"), seed_states(range(5))
    before = seeds.copy()
    first = evaluate(world, make_agent("random", world), seeds)
    assert np.array_equal(seeds, before)
    assert np.array_equal(first.returns, evaluate(world, make_agent("random", world), seeds).returns)


def test_the_interval_covers_the_mean_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    covered = 0
    for _ in range(200):
        low, high = bootstrap_interval(rng.exponential(size=60))
        covered += low <= 1.0 <= high
    assert 0.88 <= covered / 200 <= 0.98


def test_the_interval_of_a_large_sample_is_that_of_the_normal_distribution() -> None:
    sample = np.random.default_rng(2).normal(3.0, 2.0, 1000)
    low, high = bootstrap_interval(sample)
    error = 1.96 * sample.std() / np.sqrt(1000)
    assert low == pytest.approx(sample.mean() - error, abs=0.02)
    assert high == pytest.approx(sample.mean() + error, abs=0.02)


def test_intervals_of_little() -> None:
    assert bootstrap_interval(np.full(9, 0.25)) == (0.25, 0.25)
    assert np.isnan(bootstrap_interval(np.array([1.0]))).all()
    assert np.isnan(bootstrap_interval(np.array([1.0, np.nan]))).all()
    assert bootstrap_interval(np.array([1.0, np.nan, 1.0])) == (1.0, 1.0)


def test_held_out_episodes_unless_the_spec_says_otherwise() -> None:
    assert evaluation_world("skier:dims=2").spec == "skier:dims=2,split=held_out"
    assert evaluation_world("maze").spec == "maze:split=held_out"
    assert evaluation_world("skier:split=train").spec == "skier"
    assert evaluation_world("snake:size=6").spec == "snake:size=6"


def printed(seed: int) -> tuple[str, list[float]]:
    console = Console(record=True, width=80)
    results = run_evaluation("skier:actions=continuous", ["gd", "random"], 40, seed, console)
    lines = console.export_text().splitlines()
    return "\n".join(lines), [float(episodes.returns.mean()) for _, episodes in results]


def test_the_same_seed_gives_the_same_numbers_and_another_others(capsys: Output) -> None:
    (text, first), (_, again), (_, other) = printed(0), printed(0), printed(1)
    assert first == again
    assert first != other
    assert f"{first[0]:.3f}" in text
    assert f"{first[1] - first[0]:.3f}" in text
    assert "split=held_out" in text
    assert max(len(line.rstrip()) for line in text.splitlines()) <= 80


def test_the_gain_is_that_on_the_same_episodes() -> None:
    console = Console(record=True, width=100)
    results = run_evaluation("skier", ["optimum", "gd"], 60, 3, console)
    low, high = bootstrap_interval(results[1][1].returns - results[0][1].returns)
    assert f"{low:.3f} to {high:.3f}" in console.export_text()


def test_the_command_prints_tables(capsys: Output) -> None:
    assert cli.main(["evaluate", "maze:size=5", "random", "shortest_path", "--episodes", "20"]) == 0
    out = capsys.readouterr().out
    assert "maze:size=5,split=held_out" in out
    assert "shortest_path" in out
    assert "extra steps" in out


BAD = {
    "unknown world": ("evaluate skyer random", "There is no world 'skyer'; there are: "),
    "board game": ("evaluate go:size=5 random", "rl-lab tournament go:size=5"),
    "unknown agent": ("evaluate skier adm", "Did you mean 'adam'?"),
    "agent of another world": ("evaluate skier:dims=2 random hamiltonian", "plays snake, not skier"),
    "agent of board games": ("evaluate skier greedy", "plays board games, not skier"),
    "no agent": ("evaluate skier", "Give one agent or more"),
    "no episodes": ("evaluate skier random --episodes 0", "There must be 1 to 100000 episodes, not 0"),
    "fewer": ("evaluate skier random --episodes -5", "not -5"),
    "too many": ("evaluate skier random --episodes 1000000", "not 1000000"),
    "option out of range": ("evaluate skier:dims=3 random", "must be 1 or 2, not 3"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_said_in_one_sentence(name: str, capsys: Output) -> None:
    command, message = BAD[name]
    assert cli.main(command.split()) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.startswith("rl-lab: ")
    assert error.count("\n") == 1


def test_no_agents_is_an_error_for_library_users_too() -> None:
    with pytest.raises(LabError, match="one agent or more"):
        run_evaluation("skier", [])
