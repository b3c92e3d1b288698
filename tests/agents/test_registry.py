"""Specs that make agents, and the sentences a wrong spec earns."""

import subprocess
import sys

import pytest

from agents.registry import AGENTS, make_agent
from envs.chance import seed_states
from envs.errors import LabError
from envs.games.tic_tac_toe import TicTacToe

GAME = TicTacToe()


@pytest.mark.parametrize("spec", ["random", "greedy", "alphabeta:depth=2", "rollout:simulations=20"])
def test_a_spec_makes_the_agent_it_names(spec):
    agent = make_agent(spec, GAME)
    assert agent.name == spec
    assert agent.act(GAME.init(1), seed_states([0])).policy.shape == (1, GAME.num_actions)


def test_defaults_are_those_that_the_usage_shows():
    assert make_agent("alphabeta", GAME).name == AGENTS["alphabeta"].usage
    assert make_agent("rollout", GAME).name == AGENTS["rollout"].usage


WRONG = [
    ("", "there are: alphabeta, alphazero, dqn, greedy, human, ppo, random, rollout"),
    ("gredy", "Did you mean 'greedy'"),
    ("alphabeta:dept=3", "Did you mean 'depth'"),
    ("alphabeta:depth=0", "depth of agent 'alphabeta' must be 1 to 64, not 0"),
    ("alphabeta:depth=65", "must be 1 to 64, not 65"),
    ("alphabeta:depth=deep", "depth of agent 'alphabeta' must be a whole number, not 'deep'"),
    ("rollout:simulations=-3", "simulations of agent 'rollout' must be 1 to 1000000, not -3"),
    ("alphazero:somewhere,simulations=0", "simulations of agent 'alphazero' must be 1 to 1000000, not 0"),
    ("alphazero", "needs a path"),
    ("random:depth=3", "does not take"),
    ("greedy:somewhere", "does not take"),
    ("human", "only play in the window"),
]


@pytest.mark.parametrize(("spec", "sentence"), WRONG)
def test_a_wrong_spec_says_what_would_be_right(spec, sentence):
    with pytest.raises(LabError) as error:
        make_agent(spec, GAME)
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


def test_a_scripted_agent_does_not_wait_for_torch():
    code = (
        "import sys; from agents.registry import make_agent; from envs.games.tic_tac_toe import TicTacToe;"
        "make_agent('alphabeta', TicTacToe()); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
