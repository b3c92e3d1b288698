"""Runs that learn several sizes of board at once, build on other nets, or leave parts out."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from agents.alphazero.boards import boards
from agents.alphazero.config import PARTS, AlphaZeroConfig
from agents.alphazero.learner import Learner, Losses
from agents.alphazero.model import load_model, save_model
from agents.alphazero.network import NetConfig, PolicyValueNet
from agents.alphazero.replay import Positions, Replay, draw
from agents.alphazero.trainer import Trainer
from agents.registry import make_agent
from envs.chance import seed_states
from envs.errors import LabError
from envs.games.game import Game
from envs.games.go.game import Go
from envs.games.hex.game import Hex
from envs.games.tic_tac_toe import TicTacToe

TINY = AlphaZeroConfig(
    game="go", blocks=2, channels=8, games=16, moves=6, simulations=4, batch_size=32, window_start=200, sizes="2 3 4"
)


def weights(net: torch.nn.Module) -> bytes:
    return b"".join(t.numpy().tobytes() for t in net.state_dict().values())


def run(config: AlphaZeroConfig, iterations: int) -> Trainer:
    trainer = Trainer(config)
    for _ in range(iterations):
        trainer.iterate()
    return trainer


def test_the_sizes_are_boards_with_shares() -> None:
    found = boards(dataclasses.replace(TINY, game="go:superko=situational,size=19", sizes="9,5 5 2"))
    assert [board.game for board in found] == [Go(n, superko="situational") for n in (2, 5, 9)]
    assert [board.share for board in found] == [0.25, 0.5, 0.25]
    assert [board.game for board in boards(dataclasses.replace(TINY, sizes="", game="hex:size=4"))] == [Hex(4)]


@pytest.mark.parametrize(
    ("game", "sizes", "words"),
    [
        ("go", "5 x", "whole numbers"),
        ("go", "-3", "whole numbers"),
        ("go", "1 5", "2 to 19"),
        ("go", "5 20", "2 to 19"),
        ("go:komi=7", "2 9", "komi must be within"),
        ("othello", "7", "8 or 6"),
        ("tic_tac_toe", "3", "no option 'size'"),
        ("chess", "3", "no game 'chess'"),
    ],
)
def test_bad_sizes_are_one_sentence(game: str, sizes: str, words: str) -> None:
    with pytest.raises(LabError, match=words) as caught:
        Trainer(dataclasses.replace(TINY, game=game, sizes=sizes))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("game", "sizes", "method"), [("go", "2 3 4", "gumbel"), ("hex", "3 4", "klent")])
def test_one_net_learns_all_sizes_and_goes_on_bit_for_bit(game: str, sizes: str, method: str, tmp_path: Path) -> None:
    config = dataclasses.replace(TINY, game=game, sizes=sizes, method=method, surprise_weight=0.5, branching=0.5)
    straight, first, resumed = run(config, 14), run(config, 7), Trainer(config)
    first.save(tmp_path)
    resumed.load(tmp_path)
    for _ in range(7):
        last = resumed.iterate()
    assert last.steps == straight.learner.steps > 5
    assert weights(resumed.learner.average) == weights(straight.learner.average)
    assert all(replay.total > 0 for replay in straight.replays)
    for board in (*straight.boards, boards(dataclasses.replace(config, sizes="5"))[0]):
        agent = make_agent(f"alphazero:{tmp_path},simulations=8", board.game)
        states = board.game.init(2)
        decision = agent.act(states, seed_states([0, 1]))
        assert board.game.legal_mask(states)[[0, 1], decision.action].all()
    assert load_model(tmp_path)[1] == straight.game == straight.boards[-1].game


def test_the_sizes_are_played_by_their_shares() -> None:
    trainer = run(dataclasses.replace(TINY, sizes="2 2 2 3", workers=1, games=4, moves=1, batch_size=10_000), 200)
    moves = [sum(table.games.states["ply"]) for table in trainer.workers[0].tables]
    played = [replay.total + waiting for replay, waiting in zip(trainer.replays, moves, strict=True)]
    assert 0.65 < played[0] / sum(played) < 0.85


def test_when_to_resign_the_largest_board_tells() -> None:
    trainer = run(dataclasses.replace(TINY, sizes="2 3"), 60)
    ended = [sum(worker.tables[board].games.finished_games for worker in trainer.workers) for board in (0, 1)]
    assert ended[0] > 0 and len(trainer.resigning.endings) == ended[1] > 0


def batch_of(game: Game, n: int, seed: int = 0) -> Positions:
    """Random positions with random things to learn."""
    rng, states = np.random.default_rng(seed), game.init(n)
    game.step(states, game.random_actions(states, seed_states(range(n))))
    batch = Positions.empty(game, n)
    batch.observation[:], batch.legal[:] = game.observe(states), game.legal_mask(states)
    batch.policy[:] = rng.random(batch.policy.shape) * batch.legal
    batch.policy /= batch.policy.sum(axis=1, keepdims=True)
    batch.outcome[np.arange(n), rng.integers(3, size=n)] = 1
    batch.ownership[:] = rng.integers(-1, 2, batch.ownership.shape)
    batch.margin[:] = rng.normal(size=n)
    return batch


def test_a_step_on_two_sizes_is_the_mean_of_all_positions() -> None:
    """And smaller parts, as after running out of memory, come to the same."""
    batches = [batch_of(Go(3), 30), batch_of(Go(5), 10)]
    gradients, losses = [], []
    for most in (None, 7):
        torch.manual_seed(0)
        learner = Learner(PolicyValueNet(Go(5), NetConfig(2, 8)), TINY, torch.device("cpu"))
        learner.autocast, learner.limit.most = False, most
        losses.append(learner._accumulate(batches))
        gradients.append([p.grad.clone() for p in learner.net.parameters() if p.grad is not None])
    apart = [learner._accumulate([batch]) for batch in batches]
    for name, loss in vars(losses[0]).items():
        assert getattr(losses[1], name) == pytest.approx(loss, rel=1e-4)
        assert loss == pytest.approx(0.75 * getattr(apart[0], name) + 0.25 * getattr(apart[1], name), rel=1e-4)
    for whole, parts in zip(*gradients, strict=True):
        torch.testing.assert_close(whole, parts, atol=1e-5, rtol=1e-3)


def test_positions_are_drawn_by_weight_and_from_all_rings() -> None:
    replays = [Replay(Go(2), 100, 100), Replay(Go(3), 300, 300)]
    for replay in replays:
        positions = Positions.empty(replay.game, replay.capacity)
        positions.margin[:] = np.arange(replay.capacity)
        positions.weight[:] = np.where(np.arange(replay.capacity) % 2, 1.8, 0.2)
        replay.add(positions)
    drawn = draw(replays, 20_000, np.random.default_rng(0), symmetries=False)
    assert len(drawn[1]) / 20_000 == pytest.approx(0.75, abs=0.02)
    for batch in drawn:
        assert (batch.margin % 2).mean() == pytest.approx(0.9, abs=0.02)
        assert len(np.unique(batch.margin)) > 0.9 * {2: 100, 3: 300}[batch.ownership.shape[1]]
    assert len(draw([Replay(Go(4), 10, 10), *replays], 50, np.random.default_rng(0), symmetries=True)) == 2


def test_a_run_starts_from_another_net_and_keeps_what_is_frozen(tmp_path: Path) -> None:
    source, net = run(dataclasses.replace(TINY, sizes="", game="go:size=3"), 6), tmp_path / "net"
    net.mkdir()
    source.save(net)
    config = dataclasses.replace(TINY, start_from=str(net), freeze="trunk, value", seed=1)
    straight, first = Trainer(config), Trainer(config)
    assert weights(straight.learner.net) == weights(source.learner.average) != weights(source.learner.net)
    for _ in range(10):
        straight.iterate()
    for _ in range(5):
        first.iterate()
    (tmp_path / "half").mkdir()
    first.save(tmp_path / "half")
    for file in net.iterdir():
        file.unlink()  # it is not needed any more
    resumed = Trainer(config, is_resumed=True)
    resumed.load(tmp_path / "half")
    for _ in range(5):
        resumed.iterate()
    assert straight.learner.steps > 5
    assert weights(resumed.learner.average) == weights(straight.learner.average)
    for learned in (resumed.learner.net, resumed.learner.average):
        for (name, before), after in zip(source.learner.average.named_parameters(), learned.parameters(), strict=True):
            is_frozen = name.split(".")[0] in PARTS["trunk"] + PARTS["value"]
            assert torch.equal(before, after) == is_frozen, name
    trained = load_model(tmp_path / "half")[2]["trained"]
    assert (trained["start_from"], trained["freeze"], trained["sizes"]) == (str(net), "trunk, value", [2, 3, 4])
    with pytest.raises(LabError, match="holds no trained net"):
        Trainer(config)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"channels": 16}, r"another shape than this run: channels 8 \(not 16\)"),
        ({"method": "klent", "blocks": 1}, r"blocks 2 \(not 1\), action_values False \(not True\)"),
        ({"game": "hex", "sizes": "4"}, "plays go:size=3"),
        ({"start_from": "nowhere"}, "no 'nowhere'"),
    ],
)
def test_a_net_that_will_not_do_is_one_sentence(settings: dict[str, str], words: str, tmp_path: Path) -> None:
    save_model(tmp_path, PolicyValueNet(Go(3), NetConfig(2, 8)), Go(3), {})
    with pytest.raises(LabError, match=words):
        Trainer(dataclasses.replace(TINY, **{"start_from": str(tmp_path), **settings}))


def test_what_is_frozen_must_exist_and_leave_something() -> None:
    with pytest.raises(LabError, match="no part of the net to freeze 'body'"):
        dataclasses.replace(TINY, freeze="body")
    with pytest.raises(LabError, match="nothing left to learn"):
        Trainer(dataclasses.replace(TINY, freeze="trunk heads"))
    for game, freeze in (("tic_tac_toe", "stem blocks policy value"), ("connect_four", "trunk, heads")):
        with pytest.raises(LabError, match="nothing left to learn"):
            Trainer(dataclasses.replace(TINY, game=game, sizes="", freeze=freeze))


def test_switches_switch() -> None:
    """Each setting for ablation does what it says, and nothing else does it."""
    assert not any("pooled" in name or "bias." in name for name in _names(global_pooling=False))
    assert any("pooled" in name for name in _names(global_pooling=True))
    for weight, is_learned in ((0.0, False), (0.3, True)):
        config = dataclasses.replace(TINY, ownership_weight=weight, margin_weight=weight, weight_decay=0.0)
        learner = Learner(PolicyValueNet(Go(3), NetConfig(1, 8)), config, torch.device("cpu"))
        before = learner.net.ownership.weight.detach().clone(), learner.net.margin.weight.detach().clone()
        losses = learner.learn(batch_of(Go(3), 20))
        assert losses.ownership > 0 and losses != Losses()
        after = learner.net.ownership.weight, learner.net.margin.weight
        assert [not torch.equal(*pair) for pair in zip(before, after, strict=True)] == [is_learned] * 2
    plain = Learner(PolicyValueNet(Go(3), NetConfig(1, 8)), dataclasses.replace(TINY, averaging=0), torch.device("cpu"))
    for _ in range(3):
        plain.learn(batch_of(Go(3), 20))
    assert weights(plain.net) == weights(plain.average)


def _names(global_pooling: bool) -> list[str]:
    net = PolicyValueNet(Go(3), NetConfig(2, 8, global_pooling=global_pooling))
    return [name for name, _ in net.named_parameters()]


def test_without_pooling_a_far_corner_does_not_matter() -> None:
    """One block reaches three points around; the policy of a point farther away hears of a stone by pooling alone."""
    game = Go(9)
    states = game.init(2)
    game.step(states[1:], np.array([0]))
    states["to_play"], states["ply"], states["recent"] = 0, 0, 0
    seen = torch.from_numpy(game.observe(states)).float()
    for pooling in (True, False):
        torch.manual_seed(0)
        net = PolicyValueNet(game, NetConfig(2, 8, global_pooling=pooling))
        with torch.no_grad():
            for p in net.parameters():
                p.normal_(std=0.2)
        with torch.inference_mode():
            policy = net(seen).policy
        assert torch.equal(policy[0, 80], policy[1, 80]) != pooling


def test_symmetries_and_komi_can_be_left_alone() -> None:
    alone = run(dataclasses.replace(TINY, vary_komi=False, sizes="3", symmetries=False), 2)
    komi = [table.games.states["komi2"] for worker in alone.workers for table in worker.tables]
    assert {int(k) for row in komi for k in row} == {17}
    varied = Trainer(dataclasses.replace(TINY, sizes="3"))
    assert len({int(k) for k in varied.workers[0].tables[0].games.states["komi2"]}) > 2
    replay = Replay(TicTacToe(), 10, 10)
    positions = Positions.empty(TicTacToe(), 1)
    positions.observation[0, 0, 0, 1] = 1
    replay.add(positions)
    drawn = {
        s: {b.tobytes() for b in draw([replay], 100, np.random.default_rng(0), s)[0].observation} for s in (False, True)
    }
    assert len(drawn[False]) == 1 and len(drawn[True]) == 4


@pytest.mark.parametrize(("noise", "alike"), [(0.0, True), (1.0, False)])
def test_without_gumbels_noise_the_same_position_is_played_alike(noise: float, alike: bool) -> None:
    config = dataclasses.replace(TINY, sizes="4", random_opening=0.0, vary_komi=False, gumbel_noise=noise, workers=1)
    worker = Trainer(config).workers[0]
    worker.play(1)
    first = worker.tables[0].games.pending.action.reshape(config.games, -1)[:, 0]
    assert (len(set(first.tolist())) == 1) == alike
