"""The races of the benchmark, on near targets: who is timed, where the time goes, when a peer is given up."""

from __future__ import annotations

import dataclasses
import time
from types import SimpleNamespace

import pytest
import torch
from sb3_contrib import MaskablePPO
from stable_baselines3 import DQN, PPO

from agents.sb3.config import DQNConfig, PPOConfig
from envs.errors import LabError
from rl_lab.bench.harness import AtLeast, run
from rl_lab.bench.learning import Race, Stopwatch, benchmarks, mean_return, ours, peer, races, usual_model

SMALL = {"blocks": 0, "channels": 4, "hidden": 16, "device": "cpu"}
CATCH = Race("PPO, Catch", PPOConfig("catch", **SMALL), -0.9, "rl_lab/Catch-v0", 4, {"n_steps": 64}, 5)
DQN_CATCH = Race("DQN, Catch", DQNConfig("catch", learning_starts=200, **SMALL), -0.9, "rl_lab/Catch-v0", 1, {}, 2)


@pytest.mark.parametrize("race", [CATCH, DQN_CATCH])
def test_both_are_timed_to_the_target(race: Race) -> None:
    remarks: list[str] = []
    for seconds in (ours(race, remarks), peer(race, remarks, 60)):
        assert 0 < seconds < 60 and not isinstance(seconds, AtLeast)
    assert len(remarks) == 2
    for remark in remarks:
        assert all(part in remark for part in ("steps in", "environment ", "policy ", "buffer and the rest "))
        shares = [int(word.rstrip("%")) for word in remark.replace(",", " ").split() if word.endswith("%")]
        assert 95 <= sum(shares) <= 105 and min(shares) >= 0
    assert "update " in remarks[0]


def test_a_peer_that_does_not_get_there_is_given_up() -> None:
    out_of_reach = dataclasses.replace(CATCH, target=1.1)
    started = time.perf_counter()
    assert isinstance(peer(out_of_reach, [], 0.2), AtLeast)
    assert time.perf_counter() - started < 30
    assert isinstance(peer(dataclasses.replace(out_of_reach, steps=512), [], 60), AtLeast)


def test_we_are_never_said_to_have_got_there_when_we_have_not() -> None:
    config = dataclasses.replace(CATCH.config, steps=5_000)
    with pytest.raises(LabError, match=r"not enough for a return of 1\.1"):
        ours(dataclasses.replace(CATCH, target=1.1, config=config), [])


def test_a_row_of_the_benchmark_is_a_race(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rl_lab.bench.learning.races", lambda: [dataclasses.replace(CATCH, seeds=(3, 4))])
    (benchmark,) = benchmarks()
    before = torch.get_num_threads()
    row = run(benchmark)
    assert torch.get_num_threads() == before
    assert len(row.ratios) == 2 and len(row.remarks) == 4 and row.met is not None
    assert row.remarks[0] != row.remarks[2], "another seed is another race"


def test_the_peer_is_the_librarys_own_class_with_our_net() -> None:
    kinds = []
    for race in races():
        model = usual_model(race)
        kinds.append(type(model))
        world = model.env.envs[0].unwrapped.world
        assert world.name in (race.config.env.split(":")[0], "seated")
        extractor = getattr(model, "q_net", model.policy).features_extractor
        assert len(extractor.trunk.blocks) == race.config.blocks
        assert extractor.dense.out_features == race.config.hidden
    assert kinds == [PPO, MaskablePPO, DQN, DQN]


def test_what_is_inside_counts_as_the_outer_part() -> None:
    thing = SimpleNamespace()
    thing.inner = lambda: time.sleep(0.02)
    thing.outer = lambda: thing.inner()
    watch = Stopwatch()
    watch.time("inner", thing, "inner", "missing")
    watch.time("outer", thing, "outer")
    thing.outer()
    assert watch.seconds.keys() == {"outer"}
    thing.inner()
    assert watch.seconds["inner"] >= 0.02
    watch.seconds = {"outer": 0.5, "inner": 0.25}
    assert watch.told(1.0) == "outer 50%, inner 25%, buffer and the rest 25%"


def test_a_mean_needs_enough_episodes() -> None:
    episodes = [{"r": 1.0}] * 99
    assert mean_return(SimpleNamespace(ep_info_buffer=episodes)) == -float("inf")
    assert mean_return(SimpleNamespace(ep_info_buffer=[*episodes, {"r": 0.0}])) == 0.99
