"""Specs that make agents, and the sentences a wrong spec earns."""

import subprocess
import sys

import pytest

from agents.options import NoOptions
from agents.registry import AGENTS, AgentKind, make_agent, register
from agents.scripted import RandomAgent
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


@pytest.fixture
def own_kind(monkeypatch):
    own = dict(AGENTS)
    monkeypatch.setattr("agents.registry.AGENTS", own)
    monkeypatch.setattr("agents.kinds.AGENTS", own)

    def make(game, path, options):
        agent = RandomAgent(game)
        agent.name = f"mine:{path}" if path else "mine"
        return agent

    return AgentKind("mine", "one of my own", NoOptions, make, path="optional")


def test_a_registered_kind_is_an_agent_like_any_other(own_kind):
    with pytest.raises(LabError, match="There is no agent 'mine'"):
        make_agent("mine", GAME)
    register("mine", own_kind)
    register("mine", own_kind)  # once more is no harm
    assert make_agent("mine", GAME).name == "mine"
    assert make_agent("mine:somewhere", GAME).name == "mine:somewhere"
    with pytest.raises(LabError, match="does not take"):
        make_agent("mine:depth=3", GAME)


@pytest.mark.parametrize("name", ["random", "alphazero", "", "two words", "a:b", "a,b", "1st", "a=b"])
def test_a_name_that_is_taken_or_no_name_is_refused(own_kind, name):
    with pytest.raises(LabError) as error:
        register(name, own_kind)
    assert "\n" not in str(error.value)
    assert make_agent("random", GAME).name == "random"
