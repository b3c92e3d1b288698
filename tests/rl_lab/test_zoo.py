"""The agent `zoo`: levels, names, options, other boards; bad specs and damaged files."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import rl_lab.zoo
from agents.agent import Decision
from agents.registry import AGENTS, make_agent, register
from envs.chance import seed_states
from envs.errors import LabError
from envs.games.registry import make_game
from rl_lab.arena.identity import identify
from rl_lab.judgement import move_infos
from rl_lab.zoo import nets
from rl_lab.zoo.positions import random_positions
from tests.rl_lab.zoo_help import place

GAME = make_game("tic_tac_toe")


@pytest.fixture(autouse=True)
def zoo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(nets, "NETS", tmp_path / "nets")
    return tmp_path / "nets"


def decide(spec: str, game: str = "tic_tac_toe", n: int = 40) -> Decision:
    made = make_game(game)
    return make_agent(spec, made).act(random_positions(made, n), seed_states(range(n)))


def test_full_strength_is_the_net_searching() -> None:
    """Level 10 decides, to the bit, as an alphazero agent of the same files and simulations does."""
    folder = place("tic_tac_toe", "tic_tac_toe", simulations=50)
    ours, theirs = decide("zoo"), decide(f"alphazero:{folder},simulations=50")
    for field in ("action", "policy", "value", "prior", "visits"):
        assert np.array_equal(getattr(ours, field), getattr(theirs, field))


def test_a_move_that_a_level_has_drawn_is_among_those_told_of() -> None:
    place("hex", "hex:size=4")
    game = make_game("hex:size=4")
    agent, states, untried = make_agent("zoo:level=1", game), random_positions(game, 20), 0
    for i in range(len(states)):
        agent.reset()
        decision = agent.act(states[i : i + 1], seed_states([i]))
        told = {move.action: move for move in move_infos(decision)}
        assert decision.visits is not None
        untried += told[int(decision.action[0])].visits == 0
        assert {a for a, move in told.items() if move.visits} == set(np.flatnonzero(decision.visits[0]).tolist())
    assert untried > 5


@pytest.mark.parametrize("level", range(1, 11))
def test_a_thought_nobody_stops_is_an_act_and_moves_are_legal(level: int) -> None:
    place("hex", "hex:size=4")
    game, n = make_game("hex:size=4"), 20
    states, agent = random_positions(game, n), make_agent(f"zoo:level={level}", game)
    seeds, again = seed_states(range(n)), seed_states(range(n))
    acted = agent.act(states, seeds)
    agent.reset()
    thought = agent.think(states, again, lambda found: True, 0.0)
    assert np.array_equal(acted.action, thought.action) and np.array_equal(acted.policy, thought.policy)
    agent.reset()
    assert np.array_equal(acted.action, agent.choose(states, seed_states(range(n))).action)
    assert np.array_equal(seeds, again)
    assert game.legal_mask(states)[np.arange(n), acted.action].all()
    assert np.allclose(acted.policy.sum(1), 1, atol=1e-5) and not acted.policy[~game.legal_mask(states)].any()


def test_a_move_depends_on_its_own_row() -> None:
    place("hex", "hex:size=4")
    game, n = make_game("hex:size=4"), 12
    states, agent = random_positions(game, n), make_agent("zoo:level=4", game)
    together = agent.act(states, seed_states(range(n))).action
    agent.reset()
    backwards = agent.act(states[::-1].copy(), seed_states(range(n))[::-1].copy()).action[::-1]
    assert np.array_equal(together, backwards)


def test_names_of_agents() -> None:
    place("go", "go:size=5", [3, 5])
    game = make_game("go:size=5")
    for spec, name in {
        "zoo": "zoo:go,level=10",
        "zoo:go": "zoo:go,level=10",
        "zoo:level=3": "zoo:go,level=3",
        "zoo:go,simulations=9,level=2": "zoo:go,level=2,simulations=9",
        "zoo:time=0.01,resign=-0.9,leaves=2": "zoo:go,level=10,time=0.01,resign=-0.9,leaves=2",
    }.items():
        assert make_agent(spec, game).name == name
        assert make_agent(name, game).name == name


def test_a_net_plays_other_sizes_of_its_game() -> None:
    place("go", "go:size=5", [3, 5])
    for size in (2, 3, 5, 9, 13):
        assert len(decide("zoo:level=7", f"go:size={size},komi=3.5", 3).action) == 3
    place("connect_four", "connect_four")
    assert len(decide("zoo", "connect_four", 3).action) == 3


def test_options_of_the_search_arrive() -> None:
    place("tic_tac_toe", "tic_tac_toe")
    assert (decide("zoo:simulations=7").visits.sum(1) == 7).all()
    assert (decide("zoo:level=1,simulations=7").visits.sum(1) == 7).all()
    timed = make_agent("zoo:time=0.05", GAME)
    assert timed.act(GAME.init(1), seed_states([0])).visits.sum() > 16
    assert make_agent("zoo:resign=-0.25", GAME).resign_below == -0.25


@pytest.mark.parametrize(
    ("spec", "game", "sentence"),
    [
        ("zoo", "go:size=5", "The zoo holds no net for go; there are: odd, tic_tac_toe."),
        ("zoo:go", "go:size=5", "There is no net in the zoo 'go'; there are: odd, tic_tac_toe."),
        ("zoo:tic_tac_to", "tic_tac_toe", "Did you mean 'tic_tac_toe'?"),
        ("zoo:../odd", "hex", "There is no net in the zoo '../odd'"),
        ("zoo:tic_tac_toe", "hex:size=5", "plays tic_tac_toe, not hex:size=5"),
        ("zoo:level=0", "tic_tac_toe", "level of agent 'zoo' must be 1 to 10, not 0"),
        ("zoo:level=11", "tic_tac_toe", "level of agent 'zoo' must be 1 to 10, not 11"),
        ("zoo:level=strong", "tic_tac_toe", "must be a whole number, not 'strong'"),
        ("zoo:simulations=0", "tic_tac_toe", "must be 1 to"),
        ("zoo:resign=auto", "tic_tac_toe", "does not know when to resign"),
    ],
)
def test_bad_specs_get_a_sentence(spec: str, game: str, sentence: str) -> None:
    place("tic_tac_toe", "tic_tac_toe")
    place("odd", "connect_four")
    with pytest.raises(LabError) as error:
        make_agent(spec, make_game(game))
    assert sentence in str(error.value) and "\n" not in str(error.value)


def test_an_empty_zoo_says_so() -> None:
    with pytest.raises(LabError, match="holds no net yet"):
        make_agent("zoo", GAME)


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def edited(change: Callable[[dict], object]) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        card = json.loads((folder / "card.json").read_text())
        change(card)
        (folder / "card.json").write_text(json.dumps(card))

    return damage


DAMAGES: dict[str, Callable[[Path], object]] = {
    "a flipped bit": lambda folder: flip(folder / "model.safetensors"),
    "weights cut short": lambda folder: (folder / "model.safetensors").write_bytes(b"12"),
    "no weights": lambda folder: (folder / "model.safetensors").unlink(),
    "no description": lambda folder: (folder / "model.json").unlink(),
    "a card that is no JSON": lambda folder: (folder / "card.json").write_text("{"),
    "a card that is a list": lambda folder: (folder / "card.json").write_text("[]"),
    "an empty card": lambda folder: (folder / "card.json").write_text("{}"),
    "another net's card": edited(lambda card: card.update(sha256="0" * 64)),
    "nine levels": edited(lambda card: card["levels"].pop()),
    "a level that cannot be": edited(lambda card: card["levels"][2].update(simulations=0)),
    "a level that is a word": edited(lambda card: card["levels"][2].update(temperature="hot")),
    "levels that are none": edited(lambda card: card.update(levels=3)),
    "an elo beyond all numbers": edited(lambda card: card["levels"][2].update(elo=10**400, low=0, high=0)),
    "minutes beyond all numbers": edited(lambda card: card["trained"].update(minutes=10**400)),
    "minutes that are none": edited(lambda card: card["trained"].update(minutes=float("nan"))),
    "a card of brackets": lambda folder: (folder / "card.json").write_text("[" * 200_000),
    "a game there is not": edited(lambda card: card.update(game="chess")),
    "more than is known": edited(lambda card: card.update(colour="red")),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_noticed(damage: str) -> None:
    folder = place("tic_tac_toe", "tic_tac_toe")
    DAMAGES[damage](folder)
    with pytest.raises(LabError) as error:
        make_agent("zoo", GAME)
    assert "\n" not in str(error.value) and str(error.value).endswith(".")


def test_a_damaged_net_is_no_reason_not_to_play_another() -> None:
    DAMAGES["an empty card"](place("apples", "connect_four"))
    place("noughts", "tic_tac_toe")
    assert make_agent("zoo:level=2", GAME).name == "zoo:noughts,level=2"


def test_another_net_is_another_player() -> None:
    folder = place("tic_tac_toe", "tic_tac_toe")
    before = identify(make_agent("zoo", GAME), "zoo")
    assert identify(make_agent("zoo", GAME), "zoo") == before
    folder.rename(folder.with_name(".old"))
    place("tic_tac_toe", "tic_tac_toe", seed=1)
    assert identify(make_agent("zoo", GAME), "zoo") != before


def test_the_kind_is_registered_and_importing_the_lab_stays_light() -> None:
    register("zoo", AGENTS["zoo"])
    assert AGENTS["zoo"].options is rl_lab.zoo.ZooOptions
    code = "import sys, rl_lab.zoo; print('torch' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"
