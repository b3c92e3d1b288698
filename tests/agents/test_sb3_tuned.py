"""The table of settings: every row is one that a run can be started with."""

import dataclasses
from typing import Any

import gymnasium as gym
import pytest

import rl_lab  # noqa: F401  # registers the Gymnasium ids
from agents.registry import make_agent
from agents.sb3.config import DQNConfig, PPOConfig
from agents.sb3.pool import SELF
from agents.sb3.tuned import TUNED, config_for
from envs.errors import LabError
from envs.games.registry import GAMES, make_game
from envs.solo.registry import WORLDS

ROWS = [(kind, name) for kind, table in TUNED.items() for name in table]


@pytest.mark.parametrize(("kind", "name"), ROWS)
def test_a_row_says_what_is_not_the_default_of_an_environment_that_exists(kind: Any, name: str) -> None:
    assert name in {**GAMES, **WORLDS} or gym.spec(name)
    row, defaults = TUNED[kind][name], kind()
    assert row and all(getattr(defaults, key) != value for key, value in row.items())
    config = config_for(kind, name, {})
    assert {key: getattr(config, key) for key in row} == row
    assert dataclasses.replace(config, **{key: getattr(defaults, key) for key in row}, env=defaults.env) == defaults


@pytest.mark.parametrize(("kind", "name"), [row for row in ROWS if row[1] in GAMES])
def test_the_opponents_of_a_row_can_play(kind: Any, name: str) -> None:
    game = make_game(name)
    for opponent in set(config_for(kind, name, {}).opponents.split()) - {SELF}:
        assert make_agent(opponent, game).name == opponent


def test_a_row_suits_all_worlds_of_its_name_by_whatever_name_they_are_called() -> None:
    plain = config_for(PPOConfig, "snake", {})
    for env in ("snake:size=6", "rl_lab/Snake-v0", "rl_lab:rl_lab/Snake-v0"):
        assert config_for(PPOConfig, env, {}) == dataclasses.replace(plain, env=env)


def test_what_is_given_goes_before_what_is_tuned() -> None:
    assert TUNED[DQNConfig]["catch"]["hidden"] != 32
    config = config_for(DQNConfig, "catch", {"hidden": "32", "seed": "9"})
    assert (config.hidden, config.seed, config.batch_size) == (32, 9, TUNED[DQNConfig]["catch"]["batch_size"])


def test_what_is_not_tuned_has_the_defaults() -> None:
    assert "hex" not in TUNED[DQNConfig]
    assert config_for(DQNConfig, "hex", {}) == DQNConfig(env="hex")


@pytest.mark.parametrize(
    "given", [{"stride": "0"}, {"repeats": "0"}, {"repeat": "2"}, {"stride": "-1"}, {"blocks": "x"}]
)
def test_bad_settings_get_a_sentence(given: dict[str, str]) -> None:
    with pytest.raises(LabError, match=next(iter(given))):
        config_for(PPOConfig, "maze", given)
