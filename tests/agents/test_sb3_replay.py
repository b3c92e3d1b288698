"""What DQN remembers: returns over several steps, held to a slow reference and to stable-baselines3; masks; resets."""

import numpy as np
import pytest
from dqn_runs import begun, collect
from stable_baselines3.common.buffers import NStepReplayBuffer


def test_the_mask_of_the_next_state_is_remembered() -> None:
    model = begun("tic_tac_toe", 4, buffer_size=160)
    collect(model, 70)  # the ring has gone round
    batch = model.replay_buffer.draw(500, model.rng)
    assert np.array_equal(batch.next_masks, batch.next_observations[:, :2].reshape(500, 2, 9).sum(1) == 0)


@pytest.mark.parametrize("spec", ["maze:size=5", "catch"])
@pytest.mark.parametrize("n_step", [1, 3])
@pytest.mark.parametrize("steps", [25, 130])
def test_returns_equal_a_slow_reference(spec: str, n_step: int, steps: int) -> None:
    """For every step remembered, in a ring of 60 rows that has gone round or not."""
    model = begun(spec, 3, n_step=n_step, buffer_size=180, gamma=0.9)
    told, buffer = collect(model, steps), model.replay_buffer
    first = max(0, steps - 59)
    assert buffer.size() == min(steps, 59)
    seen = {"terminated": 0, "truncated": 0, "weightless": 0}
    for t in range(first, steps):
        batch = buffer.batch(np.full(3, t % 60), np.arange(3))
        for slot in range(3):
            total, discount, last, teaches = 0.0, 1.0, told[t][0][slot], 0.0
            for later in range(t, min(t + n_step, steps)):
                _, _, rewards, terminated, truncated, after = told[later][:6]
                if truncated[slot]:
                    seen["truncated"] += 1
                    break
                total += discount * rewards[slot]
                discount, last, teaches = discount * 0.9, after[slot], 1.0
                if terminated[slot]:
                    seen["terminated"] += 1
                    discount = 0.0
                    break
            assert np.array_equal(batch.observations[slot], told[t][0][slot])
            assert batch.actions[slot] == told[t][1][slot]
            assert batch.returns[slot] * teaches == pytest.approx(total, abs=1e-6)
            assert batch.weights[slot] == teaches
            seen["weightless"] += teaches == 0
            if teaches:
                assert batch.discounts[slot] == pytest.approx(discount, abs=1e-6)
            if teaches and discount:
                assert np.array_equal(batch.next_observations[slot], last)
    assert seen["terminated"] or spec != "catch"
    assert (seen["truncated"] > 0 and seen["weightless"] > 0) == (spec != "catch" and steps > 50)


def test_returns_over_several_steps_are_those_of_stable_baselines3(monkeypatch: pytest.MonkeyPatch) -> None:
    model = begun("catch", 3, n_step=4, buffer_size=180)
    told, buffer = collect(model, 100), model.replay_buffer
    theirs = NStepReplayBuffer(180, model.observation_space, model.action_space, n_envs=3, n_steps=4, gamma=0.99)
    for observations, actions, rewards, terminated, _, after, *_ in told:
        theirs.add(observations, after, actions, rewards, terminated, [{}] * 3)
    rows = np.setdiff1d(np.arange(60), [buffer.pos])
    slots = np.random.default_rng(0).integers(3, size=rows.shape)
    monkeypatch.setattr(np.random, "randint", lambda *_, **__: slots)
    want, got = theirs._get_samples(rows), buffer.batch(rows, slots)
    ended = want.dones[:, 0].numpy() > 0
    assert np.array_equal(got.observations, want.observations) and np.array_equal(got.actions, want.actions[:, 0])
    assert np.allclose(got.returns, want.rewards[:, 0], atol=1e-6)
    assert ended.any() and np.array_equal(got.discounts == 0, ended)
    assert np.allclose(got.discounts[~ended], want.discounts[:, 0].numpy()[~ended])
    assert np.array_equal(got.next_observations[~ended], want.next_observations.numpy()[~ended])


def test_what_a_reset_cut_off_is_not_learned_from() -> None:
    model = begun("catch", 3)
    collect(model, 5)
    model.learn(3 * 60)  # begins all episodes anew
    assert not model.replay_buffer.batch(np.full(3, 4), np.arange(3)).weights.any()
    assert model.replay_buffer.batch(np.full(3, 3), np.arange(3)).weights.all()


@pytest.mark.parametrize("steps", [30, 100])
def test_all_steps_remembered_are_drawn_but_for_the_newest_states(steps: int) -> None:
    model = begun("catch", 3, buffer_size=180)
    collect(model, steps)
    buffer = model.replay_buffer
    buffer.rewards[:] = np.arange(180).reshape(60, 3)  # which step it is
    batch = buffer.draw(20_000, model.rng)
    rows = {(steps - back) % 60 for back in range(1, min(steps, 59) + 1)}
    assert set(batch.returns) == {3 * row + slot for row in rows for slot in range(3)}
    assert batch.weights.all()
