"""The opponents of a learner: how often each comes, which past versions there are, and that they can be saved."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from agents.sb3.config import DQNConfig, PPOConfig
from agents.sb3.dqn import make_dqn
from agents.sb3.player import PolicyAgent
from agents.sb3.policy import policy_of, weights_of
from agents.sb3.pool import Pool
from agents.sb3.ppo import make_ppo
from agents.sb3.vec_env import WorldVecEnv
from envs.chance import seed_states
from envs.errors import LabError
from envs.games.registry import make_game


def learner(kind: Any = PPOConfig, **settings: Any) -> tuple[Any, Pool]:
    """(model, its pool) of a run that begins."""
    small = {"env": "tic_tac_toe", "blocks": 1, "channels": 4, "hidden": 8, "device": "cpu", "snapshot_steps": 100}
    config = kind(**{**small, **settings})
    pool = Pool(config, make_game(config.env))
    env = WorldVecEnv(pool.world, 4)
    model: Any = make_dqn(config, env) if isinstance(config, DQNConfig) else make_ppo(config, env)
    return model, pool


def learn(model: Any, number: float) -> None:
    """Makes the model one that can be told by its number."""
    with torch.no_grad():
        for weights in model.policy.parameters():
            weights.fill_(number)


def number_of(weights: dict[str, NDArray[Any]]) -> float:
    """The number of a version, from its weights."""
    found = {float(number) for name, array in weights.items() if "bias" in name for number in np.unique(array)}
    assert len(found) == 1, "some weights were not copied"
    return found.pop()


def versions(pool: Pool) -> list[float]:
    """The numbers of the versions, the oldest first."""
    arrays = pool.save()
    ages = sorted({name.partition("/")[0] for name in arrays} - {"counts"}, key=int)
    return [number_of({name: a for name, a in arrays.items() if name.startswith(f"{age}/")}) for age in ages]


def playing(pool: Pool) -> float:
    """The number of the version that plays."""
    net = cast(PolicyAgent, pool.world.opponents[-1]).policy.net
    return number_of({name: tensor.numpy() for name, tensor in weights_of(net).items()})


@pytest.mark.parametrize("kind", [PPOConfig, DQNConfig])
def test_a_new_version_takes_the_place_of_the_oldest(kind: Any) -> None:
    model, pool = learner(kind, snapshots=3, opponents="random self")
    seen = []
    for number, steps in enumerate((0, 99, 100, 150, 230, 329, 330, 450, 900)):
        learn(model, number)
        pool.update(model, steps)
        seen.append(versions(pool))
        assert playing(pool) in seen[-1]
    assert seen == [[0], [0], [0, 2], [0, 2], [0, 2, 4], [0, 2, 4], [2, 4, 6], [4, 6, 7], [6, 7, 8]]


def test_a_version_does_not_learn_on() -> None:
    model, pool = learner(opponents="self")
    learn(model, 1)
    pool.update(model, 0)
    learn(model, 2)
    pool.update(model, 50)
    assert versions(pool) == [1] and playing(pool) == 1


def test_all_versions_play_and_the_seed_says_when() -> None:
    drawn: dict[int, list[float]] = {}
    for seed in (0, 0, 1):
        model, pool = learner(opponents="self", snapshots=4, seed=seed)
        for number in range(4):
            learn(model, number)
            pool.update(model, 100 * number)
        again, drawn[seed] = drawn.get(seed), []
        for _ in range(400):
            pool.update(model, 301)
            drawn[seed].append(playing(pool))
        assert again in (None, drawn[seed])
        assert np.bincount(np.array(drawn[seed], int), minlength=4) == pytest.approx(100, abs=4 * np.sqrt(75))
    assert drawn[0] != drawn[1]


@pytest.mark.parametrize(
    ("opponents", "wanted"),
    [
        ("self", [1.0]),
        ("random greedy self", [1 / 3] * 3),
        ("self random random", [1 / 3, 2 / 3]),
        ("rollout:simulations=2", [1.0]),
    ],
)
def test_all_that_are_named_are_equally_likely(opponents: str, wanted: list[float]) -> None:
    model, pool = learner(opponents=opponents)
    pool.update(model, 0)
    n = 10_000
    drawn = np.bincount(pool.world.init(seed_states(range(n)))["opponent"], minlength=len(wanted)) / n
    assert len(drawn) == len(wanted) and np.abs(drawn - wanted).max() < 4 * np.sqrt(0.25 / n)


@pytest.mark.parametrize("kind", [PPOConfig, DQNConfig])
def test_what_is_saved_goes_on_as_the_old_would_have(kind: Any) -> None:
    def play(pool: Pool, env: WorldVecEnv) -> list[NDArray[Any]]:
        told = []
        for _ in range(30):
            observations, rewards, *_ = env.step(env.action_masks().argmax(axis=1))
            told += [observations, rewards]
        return told

    model, pool = learner(kind)
    for number, steps in ((1, 0), (2, 120), (3, 260)):
        learn(model, number)
        pool.update(model, steps)
    envs = [WorldVecEnv(pool.world, 16)]
    envs[0].reset()
    play(pool, envs[0])
    other_model, other = learner(kind)
    other.load(pool.save())
    assert playing(other) == playing(pool)
    envs.append(WorldVecEnv(other.world, 16))
    envs[1].load(envs[0].save())
    for a, b in zip(play(pool, envs[0]), play(other, envs[1]), strict=True):
        assert np.array_equal(a, b)
    for each, its in ((model, pool), (other_model, other)):
        learn(each, 9)
        its.update(each, 359)
        assert versions(its) == [1, 2, 3]
        its.update(each, 360)
        assert versions(its) == [1, 2, 3, 9]


def test_past_versions_play_by_chance_as_the_learner_does() -> None:
    model, pool = learner(opponents="self", snapshots=1)
    pool.update(model, 0)
    game, n = pool.world.game, 5_000
    boards, seeds = game.init(n), seed_states(range(n))
    decision: Any = pool.world.opponents[0].act(boards, seeds.copy())
    present = policy_of(model, sample=True).decide(game.observe(boards), None, seeds)
    assert np.array_equal(decision.action, present.action) and np.array_equal(decision.policy, present.policy)
    assert np.abs(np.bincount(decision.action, minlength=9) / n - decision.policy[0]).max() < 4 * np.sqrt(0.25 / n)


def test_the_net_of_a_version_is_that_of_the_learner() -> None:
    for kind in (PPOConfig, DQNConfig):
        model, pool = learner(kind, opponents="self", snapshots=1, blocks=2)
        pool.update(model, 0)
        own = weights_of(policy_of(model).net)
        saved = {name[2:]: array for name, array in pool.save().items() if name != "counts"}
        assert own.keys() == saved.keys() and all(np.array_equal(own[name].numpy(), saved[name]) for name in own)


def test_what_will_not_do_is_told() -> None:
    for opponents, words in ((" ", "name one agent or more"), ("random slef", "no agent 'slef'"), ("human", "window")):
        with pytest.raises(LabError, match=words):
            learner(opponents=opponents)
    model, pool = learner()
    pool.update(model, 0)
    for other in ({"hidden": 9}, {"blocks": 2}, {"env": "connect_four"}):
        with pytest.raises(LabError, match="another run"):
            learner(**other)[1].load(pool.save())
