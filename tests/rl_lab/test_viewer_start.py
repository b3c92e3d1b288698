"""What can be chosen on the start screen, as data."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from envs.errors import LabError
from envs.games.registry import GAMES
from envs.solo.registry import WORLDS
from envs.spec import Spec
from rl_lab.viewer import start, start_fields
from rl_lab.viewer import start_choices as choices
from rl_lab.viewer.staging import DEFAULT_AGENT, HUMAN, Plan, make_env, make_stage, parse_clock
from rl_lab.viewer.start import Form, form_of
from rl_lab.viewer.trained import trained_agents
from rl_lab.zoo import nets
from tests.rl_lab.zoo_help import place

LAB = [*GAMES, *WORLDS]


def test_every_environment_can_be_chosen() -> None:
    offered = [Spec.parse(found.spec).name for found in choices.environments()]
    assert offered == [*LAB, "CartPole-v1"]
    assert [choices.chosen_environment(spec).spec for spec in ("go:size=5", "snake", "LunarLander-v3", "a:b,c")] == [
        "go:size=9", "snake", "CartPole-v1", "CartPole-v1"
    ]  # fmt: skip


@pytest.mark.parametrize("name", LAB)
def test_every_value_offered_is_one_that_the_environment_takes(name: str) -> None:
    for choice in choices.env_choices(name):
        assert choice.value in choice.values and len(choice.values) > 1
        for value in choice.values:
            changed = choices.with_option(name, choice.name, value)
            assert {c.name: c.value for c in choices.env_choices(changed)}[choice.name] == value


@pytest.mark.parametrize("env", [*LAB, "CartPole-v1"])
def test_who_is_offered_a_seat_fits_in_it(env: str, tmp_path: Path) -> None:
    offered = choices.seat_choices(env, tmp_path)
    labels = [one.label for one in offered]
    assert offered[0].spec == HUMAN and len(set(labels)) == len(labels)
    for one in offered:
        problem = choices.seat_problem(one.spec, env)
        assert ("needs a path" in problem) if one.spec.endswith(":") else problem == ""


def test_what_has_no_meaning_is_not_planned() -> None:
    form = Form(seats=["greedy", "random"], against="random", handicap=3, clock="5:00+3", speed=4.0, hint="greedy")
    assert form.plan() == Plan("go:size=9", ("greedy", "random"), 0, "", 3, "5:00+3", 4.0, ("random", "random"))
    form.seats[1] = HUMAN
    assert form.plan() == Plan("go:size=9", ("greedy", HUMAN), 0, "greedy", 3, "5:00+3", 1.0, ())
    form.choose_env("snake")
    assert form.plan() == Plan("snake", ("random",), 0, "", 0, "", 4.0, ("random",))
    assert start.form_of(form.plan()).plan() == form.plan()


def test_another_environment_keeps_whom_it_can() -> None:
    form = Form(seats=[HUMAN, "alphabeta:depth=2"])
    form.choose_env("connect_four")
    assert form.seats == [HUMAN, "alphabeta:depth=2"]
    form.choose_env("skier")
    assert form.taken == (HUMAN,)
    form.seats[0] = "adam"
    form.choose_env("hex:size=5")
    assert form.seats == [DEFAULT_AGENT, "alphabeta:depth=2"]
    form.seats[1] = "sgd"
    form.choose_env("go:size=5")
    assert form.seats[1] == DEFAULT_AGENT


@pytest.mark.parametrize("detour", ["CartPole-v1", "snake", "go:size=-3", "goo:sice=-3"])
def test_a_detour_forgets_nobody(detour: str) -> None:
    form = Form()
    form.choose_env(detour)
    form.choose_env("go:size=5")
    assert form.seats == [HUMAN, DEFAULT_AGENT]


def test_a_game_with_a_wrong_option_stays_that_game(tmp_path: Path) -> None:
    form = Form()
    form.choose_env("go:size=-3")
    assert form.seat_names == ("Black", "White") and "size must be 2 to 19" in form.problem()
    assert choices.chosen_environment(form.env).label == "Go"
    (size,) = choices.env_choices(form.env)
    assert size.name == "size" and size.value == "-3" and "9" in size.values
    for section in start_fields.sections(form, tmp_path):
        for field in [field for row in section.rows for field in row if field.items]:
            assert field.value in [item.spec for item in field.items]
    start_fields.change(form, "option.size", "9")
    assert form.env == "go:size=9" and form.problem() == ""


PROBLEMS: dict[str, tuple[dict[str, Any], str]] = {
    "nothing chosen": ({"env": " "}, "Choose an environment"),
    "size": ({"env": "go:size=50"}, "size must be 2 to 19"),
    "misspelt": ({"env": "goo:sice=-3"}, "There is no environment 'goo'"),
    "misspelt, near": ({"env": "goo:sice=-3"}, "Did you mean 'go'?"),
    "agent": ({"seats": ["gredy", "random"]}, "Black: There is no agent 'gredy'"),
    "world's agent in a game": ({"seats": ["random", "adam"]}, "White: There is no agent 'adam'"),
    "no path": ({"seats": ["alphazero:", "random"]}, "needs a path"),
    "option": ({"seats": ["random", "rollout:simulations=0"]}, "White: simulations of"),
    "agent of a stranger's world": ({"env": "CartPole-v1", "seats": ["rollout", ""]}, "there are: dqn, ppo, random"),
    "handicap": ({"env": "go:size=5", "handicap": 2}, "7x7 or larger"),
    "clock": ({"clock": "soon"}, "A clock is minutes:seconds"),
    "adviser": ({"hint": "nobody"}, "Hints from: There is no agent 'nobody'"),
    "beside": ({"seats": ["random", "random"], "against": "x"}, "Beside it: There is no agent 'x'"),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_what_is_wrong_is_said(name: str) -> None:
    changes, message = PROBLEMS[name]
    problem = Form(**changes).problem()
    assert message in problem and "\n" not in problem


@pytest.mark.parametrize("spec", ["go:size=5", "snake", "hex:size=4", "skier:dims=2", "CartPole-v1"])
def test_a_form_without_a_problem_can_be_shown(spec: str) -> None:
    form = Form()
    form.choose_env(spec)
    form.seats = ["random", "random"]
    assert form.problem() == ""
    plan = form.plan()
    stage = make_stage(make_env(plan.env), plan.seats, plan.seed, plan.handicap)
    stage.close()
    assert len(stage.seats) == len(plan.seats)


def test_every_field_changes_what_it_names(tmp_path: Path) -> None:
    form = Form(seats=["zoo:x,level=3", "random"])
    for key, value in {
        "world": "hex", "option.size": "7", "seat0": HUMAN, "seat1": "rollout", "seat1.strength": "20", "clock": "5:00",
        "seed": "12", "hint": "random",
    }.items():  # fmt: skip
        keys = {field.key for s in start_fields.sections(form, tmp_path) for row in s.rows for field in row}
        assert key in keys
        assert start_fields.change(form, key, value) == ""
    assert form == Form("hex:size=7", [HUMAN, "rollout:simulations=20"], "", 0, "5:00", 1.0, 12, "random")
    assert "whole number" in start_fields.change(form, "seed", "-1") and form.seed == 12
    for section in start_fields.sections(form, tmp_path):
        for field in [field for row in section.rows for field in row if field.items]:
            assert field.value in [item.spec for item in field.items]


@pytest.mark.parametrize("spec", ["rollout", "alphazero:runs/x", "zoo:y,level=3,simulations=7", "alphabeta:depth=77"])
def test_strength_is_an_option_of_the_spec(spec: str, tmp_path: Path) -> None:
    found = choices.strength(spec)
    assert found is not None and found.value in found.values
    form = Form(env="go:size=9", seats=["random", spec])
    for value in found.values:
        start_fields.change(form, "seat1.strength", value)
        changed = choices.strength(form.seats[1])
        assert changed is not None and changed.value == value
        assert Spec.parse(form.seats[1]).path == Spec.parse(spec).path
    assert choices.strength("random") is None and choices.strength("alphazero:") is None


def test_clocks() -> None:
    assert [parse_clock(text) for text in ("", "90", "5:00", "10:00+5", "0:30+1")] == [
        (0, 0), (90, 0), (300, 0), (600, 5), (30, 1)
    ]  # fmt: skip
    for text in ("soon", "0:00", "1:75", "-3", "5:00+", "+5", "99999:00", "1e3", "٣:٠٠"):
        with pytest.raises(LabError, match="A clock is minutes:seconds"):
            parse_clock(text)


@pytest.mark.parametrize("stones", range(2, 10))
def test_a_handicap_is_black_stones_and_white_to_move(stones: int) -> None:
    stage = make_stage(make_env("go:size=9,komi=0.5"), ["random", "random"], handicap=stones)
    owners = stage.areas(stage.frame)
    assert owners is not None and stage.to_play == 1
    assert len(stage.legal_actions(stage.frame)) == 81 - stones + 1
    for bad in (1, 10, -1):
        with pytest.raises(LabError, match="A handicap on 9x9 is 2 to 9 stones"):
            make_stage(make_env("go:size=9"), ["random", "random"], handicap=bad)


def test_nets_of_the_zoo_are_offered_with_their_levels(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(nets, "NETS", tmp_path)
    place("tic_tac_toe", "tic_tac_toe")
    place("other", "connect_four")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken/card.json").write_text("{")
    zoo = [one.spec for one in choices.seat_choices("tic_tac_toe", tmp_path) if one.spec.startswith("zoo")]
    assert zoo == ["zoo:tic_tac_toe,level=5"]
    form = Form("tic_tac_toe", [HUMAN, zoo[0]])
    start_fields.change(form, "seat1.strength", "1")
    assert form.seats[1] == "zoo:tic_tac_toe,level=1" and form.problem() == ""
    stage = make_stage(make_env(form.env), form.plan().seats)
    assert stage.players[1].name == "zoo:tic_tac_toe,level=1"


def make_run(folder: Path, config: dict[str, Any], file: str, age: float, **description: Any) -> None:
    (folder / "checkpoints/7").mkdir(parents=True)
    (folder / "checkpoints/7" / file).write_text(json.dumps(description))
    (folder / "config.json").write_text(json.dumps(config))
    os.utime(folder / "config.json", (time.time() - age,) * 2)


def test_what_runs_have_trained_is_found_newest_first(tmp_path: Path) -> None:
    make_run(tmp_path / "old", {"game": "go:size=5"}, "model.json", 100)
    make_run(tmp_path / "deep/new", {"env": "go:size=9"}, "policy.json", 10, algorithm="ppo")
    make_run(tmp_path / "other", {"env": "snake"}, "policy.json", 1, algorithm="dqn")
    make_run(tmp_path / "foreign", {"env": "CartPole-v1"}, "policy.json", 1, algorithm="dqn")
    make_run(tmp_path / "odd", {"game": ["go"]}, "model.json", 1)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken/config.json").write_bytes(b"\xff{")
    assert trained_agents(make_env("go:size=7"), tmp_path) == [
        f"ppo:{tmp_path / 'deep/new'}",
        f"alphazero:{tmp_path / 'old'}",
    ]
    assert trained_agents("CartPole-v1", tmp_path) == [f"dqn:{tmp_path / 'foreign'}"]
    assert trained_agents("CartPole-v1", tmp_path / "nowhere") == []


def test_sound_is_off_until_it_is_chosen() -> None:
    form = form_of(Plan("go:size=9", ("human", "random")))
    (field,) = [field for field in start_fields._how_fields(form) if field.key == "sound"]
    assert field.value == "" and not form.sound
    assert start_fields.change(form, "sound", field.items[1].spec) == "" and form.sound
    assert form_of(form.plan(), form.sound).sound
