"""Evaluation: the same episodes for everyone, as if each were played alone; intervals; and what the command says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from rich.console import Console

from agents.agent import Agent, Decision
from agents.registry import make_agent
from agents.solo.certain import certain
from envs.chance import Seeds, branch_seeds, seed_states
from envs.errors import LabError
from envs.faces.seated import Seated
from envs.games.game import States
from envs.games.registry import make_game
from envs.solo.registry import make_world
from envs.solo.world import is_over
from rl_lab import cli
from rl_lab.evaluate import ANCHORS, InSeat, bootstrap_interval, evaluate, evaluation_world, run_evaluation
from rl_lab.evaluate_gym import evaluate_gym

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
    "unknown game id": ("evaluate rl_lab/Chess-v0 random", "rl_lab/Chess-v0"),
    "unknown Gymnasium id": ("evaluate CartPol-v1 random", "Did you mean: `CartPole`?"),
    "agent that needs states": ("evaluate CartPole-v1 greedy", "There is no agent for CartPole-v1 'greedy'"),
    "policy that is not there": ("evaluate CartPole-v1 ppo:nowhere", "There is no 'nowhere'"),
    "agent of worlds in a game": ("evaluate go:size=5 perfect", "plays catch, not go"),
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


def test_in_a_board_game_all_play_the_same_seats_against_opponents_that_never_change() -> None:
    console = Console(record=True, width=100)
    results = run_evaluation("tic_tac_toe", ["random", "alphabeta:depth=9"], 10, 1, console)
    assert [name for name, _ in results] == ["random", "alphabeta:depth=9"] * len(ANCHORS)
    for (_, by_chance), (_, perfect) in zip(results[::2], results[1::2], strict=True):
        assert np.array_equal(by_chance.info["seat"], perfect.info["seat"])
        assert set(perfect.info["seat"].tolist()) == {0, 1}
        assert (perfect.returns >= 0).all() and perfect.returns.mean() > by_chance.returns.mean()
        assert np.array_equal(perfect.returns, perfect.outcomes)
    text = console.export_text()
    for anchor in ANCHORS:
        assert f"Episodes of tic_tac_toe against {anchor}: 10" in text
    assert "lost %" in text


def test_a_player_is_measured_as_in_games_played_by_hand() -> None:
    game = make_game("connect_four")
    seeds, player, opponent = seed_states(range(30)), make_agent("greedy", game), make_agent("random", game)
    world = Seated(game, (opponent,))
    found = evaluate(world, InSeat(player), seeds, remembers=False)
    kept = evaluate(world, InSeat(player), seeds)
    assert np.array_equal(found.returns, kept.returns) and np.array_equal(found.lengths, kept.lengths)
    for i in range(30):
        states, chance = world.init(seeds[i : i + 1]), branch_seeds(seeds[i : i + 1], np.ones(1, np.int64))
        board, luck, seat = states["board"].copy(), states["seed"].copy(), int(states["seat"][0])
        while not board["terminated"][0]:
            mine = board["to_play"][0] == seat
            game.step(board, player.act(board, chance).action if mine else opponent.act(board, luck).action)
        assert found.returns[i] == board["outcome"][0] * (1 - 2 * seat)


class Pusher:
    """Pushes the cart to the left, whatever it sees, and counts what it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def decide(self, observations: NDArray[Any], mask: NDArray[np.bool_] | None, seeds: Seeds) -> Decision:
        self.asked += len(observations)
        assert mask is None and len(seeds) == len(observations)
        return certain(np.zeros(len(observations), np.int64), 2, np.zeros(len(observations)))


@pytest.mark.parametrize("episodes", [1, 5, 40])
def test_a_gymnasium_id_is_played_as_gymnasium_says(episodes: int) -> None:
    pusher = Pusher()
    found = evaluate_gym("CartPole-v1", pusher, episodes, 7)
    assert found.returns.shape == found.lengths.shape == (episodes,)
    assert np.array_equal(found.returns, found.lengths), "CartPole earns 1 a step"
    assert set(found.lengths.tolist()) <= {8, 9, 10, 11}, "a cart pushed one way falls within 8 to 11 steps"
    again = evaluate_gym("CartPole-v1", Pusher(), episodes, 7)
    assert np.array_equal(found.lengths, again.lengths)
    if episodes == 40:
        assert not np.array_equal(found.lengths, evaluate_gym("CartPole-v1", Pusher(), episodes, 8).lengths)


def test_the_command_takes_gymnasium_ids(capsys: Output) -> None:
    assert cli.main(["evaluate", "CartPole-v1", "random", "--episodes", "12"]) == 0
    out = capsys.readouterr().out
    assert "it counts as solved from a mean return of 475" in out and "random" in out
    assert cli.main(["evaluate", "Pendulum-v1", "random", "--episodes", "2"]) == 0
    assert cli.main(["evaluate", "rl_lab/Catch-v0", "perfect", "--episodes", "3"]) == 0
    assert "Episodes of catch: 3" in capsys.readouterr().out
