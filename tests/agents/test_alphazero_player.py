"""The options of `alphazero:PATH`, and what its net tells beside its search."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from agents.alphazero.model import save_model
from agents.alphazero.network import NetConfig, PolicyValueNet
from agents.alphazero.player import AlphaZeroAgent, leaves_for
from agents.registry import make_agent
from envs.chance import seed_states
from envs.errors import LabError
from envs.games.connect_four import ConnectFour
from envs.games.game import Game
from envs.games.go.game import Go
from rl_lab.arena.decide import decide


def saved(folder: Path, game: Game, trained: Any = None) -> Path:
    torch.manual_seed(2)
    folder.mkdir(exist_ok=True)
    save_model(folder, PolicyValueNet(game, NetConfig(blocks=1, channels=8)), game, {} if trained is None else trained)
    return folder


def agent(spec: str, game: Game) -> AlphaZeroAgent:
    made = make_agent(spec, game)
    assert isinstance(made, AlphaZeroAgent)
    return made


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ("", ",simulations=64"),
        (",simulations=8", ",simulations=8"),
        (",time=0.5", ",time=0.5"),
        (",leaves=4,time=2,simulations=100", ",simulations=100,time=2,leaves=4"),
        (",resign=-0.9", ",simulations=64,resign=-0.9"),
        (",resign=auto", ",simulations=64,resign=auto"),
    ],
)
def test_its_name_is_a_spec_that_makes_the_same_agent(options: str, name: str, tmp_path: Path) -> None:
    path, game = saved(tmp_path, ConnectFour(), {"resign_value": -0.75}), ConnectFour()
    made = agent(f"alphazero:{path}{options}", game)
    assert made.name == f"alphazero:{path}{name}"
    again = agent(made.name, game)
    assert again.name == made.name
    assert again.search.config == made.search.config
    assert (again.seconds, again.resign_below) == (made.seconds, made.resign_below)


def test_a_clock_ends_the_search_and_simulations_do_if_they_come_first(tmp_path: Path) -> None:
    game = ConnectFour()
    path = saved(tmp_path, game)
    clocked = agent(f"alphazero:{path},time=0.3", game)
    clocked.act(game.init(1), seed_states([0]))  # compiles
    clocked.reset()
    begin = time.monotonic()
    decision = clocked.act(game.init(1), seed_states([0]))
    assert 0.3 <= time.monotonic() - begin < 3
    assert decision.visits is not None and decision.visits.sum() > 8
    both = agent(f"alphazero:{path},time=1000,simulations=20", game).act(game.init(2), seed_states([0, 1]))
    assert both.visits is not None and both.visits.sum(axis=1).tolist() == [20, 20]


def test_it_resigns_below_its_value_and_nowhere_else(tmp_path: Path) -> None:
    game = ConnectFour()
    path = saved(tmp_path, game, {"resign_value": -0.5})
    # X has three on the bottom row with both ends open: whatever O does, it has lost; and an empty board.
    lost = game.parse_text(".......\n" * 4 + "..O.O..\n..XXX..")
    states = np.concatenate([lost, game.init(1)])
    states[0]["to_play"] = 1
    for option, forfeits in ((",resign=-0.3", True), (",resign=auto", True), (",resign=-1", False), ("", False)):
        decision = agent(f"alphazero:{path},simulations=400{option}", game).act(states, seed_states([0, 1]))
        assert decision.value[0] < -0.5 < decision.value[1]
        given_up = [f.reason if f else None for f in decision.forfeits or [None, None]]
        assert given_up == (["resign", None] if forfeits else [None, None])
    resigning = agent(f"alphazero:{path},simulations=400,resign=-0.3", game)
    forfeits_in_the_arena = decide(game, resigning, states, seed_states([0, 1]))[2]
    assert [f.reason if f else None for f in forfeits_in_the_arena] == ["resign", None]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ("simulations=0", "must be 1 to 1000000, not 0"),
        ("time=-1", "time of agent 'alphazero' must be 0"),
        ("time=nan", "time of agent 'alphazero' must be 0"),
        ("time=inf", "time of agent 'alphazero' must be 0"),
        ("leaves=-1", "leaves of agent 'alphazero' must be 0 to 256, not -1"),
        ("leaves=1000", "must be 0 to 256, not 1000"),
        ("resign=0.5", "resign of agent 'alphazero' must be a value from -1 to 0, or auto, not '0.5'"),
        ("resign=nan", "from -1 to 0"),
        ("resign=soon", "or auto, not 'soon'"),
        ("resign=auto", "does not know when to resign"),
    ],
)
def test_a_wrong_option_says_what_would_be_right(options: str, sentence: str, tmp_path: Path) -> None:
    path = saved(tmp_path, ConnectFour())
    with pytest.raises(LabError) as caught:
        make_agent(f"alphazero:{path},{options}", ConnectFour())
    assert sentence in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("trained", [{"resign_value": None}, {"resign_value": "x"}, {"resign_value": True}, [], {}])
def test_a_net_without_a_calibrated_value_cannot_resign_by_it(trained: Any, tmp_path: Path) -> None:
    path = saved(tmp_path, ConnectFour(), trained)
    with pytest.raises(LabError, match="does not know when to resign"):
        make_agent(f"alphazero:{path},resign=auto", ConnectFour())


def test_the_net_tells_ownership_and_score_from_the_side_to_move(tmp_path: Path) -> None:
    game = Go(5)
    made = agent(f"alphazero:{saved(tmp_path, game)},simulations=4", game)
    states = game.init(2)
    game.step(states[1:], np.array([12]))
    decision = made.act(states, seed_states([0, 1]))
    out = made.evaluator.forward(states)
    assert decision.ownership is not None and decision.score is not None
    assert decision.ownership.shape == (2, 5, 5) and decision.ownership.dtype == np.float32
    np.testing.assert_array_equal(decision.ownership, out.ownership.float().numpy())
    np.testing.assert_array_equal(decision.score, out.margin.float().numpy())
    other = ConnectFour()
    made = agent(f"alphazero:{saved(tmp_path / 'other', other)},simulations=4", other)
    decision = made.act(other.init(1), seed_states([0]))
    assert decision.ownership is None and decision.score is None


def test_how_many_leaves_go_together_depends_on_the_simulations_alone() -> None:
    chosen = [leaves_for(simulations) for simulations in range(1, 2000)]
    assert chosen == sorted(chosen) and chosen[0] == 1
    assert all(16 * leaves <= simulations or leaves == 1 for simulations, leaves in enumerate(chosen, 1))
