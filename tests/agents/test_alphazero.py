"""The net, the learner and the loop: same weights on any board, the same run from the same seed, exact resume."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from tic_tac_toe_truth import all_positions, true_values

from agents.alphazero.config import AlphaZeroConfig
from agents.alphazero.evaluator import NetEvaluator
from agents.alphazero.learner import Learner
from agents.alphazero.model import find_model, load_model, save_model
from agents.alphazero.network import NetConfig, PolicyValueNet
from agents.alphazero.player import AlphaZeroAgent
from agents.alphazero.replay import Positions, Replay
from agents.alphazero.trainer import Trainer
from agents.registry import make_agent
from envs.chance import seed_states
from envs.errors import LabError, NotFinite
from envs.games.connect_four import ConnectFour
from envs.games.game import Game, States
from envs.games.go.game import Go
from envs.games.tic_tac_toe import TicTacToe

TINY = AlphaZeroConfig(
    game="go:size=3,komi=0", blocks=2, channels=8, games=16, moves=6, simulations=4, batch_size=32, window_start=200
)


def random_net(game: Game, seed: int = 0) -> PolicyValueNet:
    """A net whose every weight is random, those that start at zero too."""
    torch.manual_seed(seed)
    net = PolicyValueNet(game, NetConfig(blocks=2, channels=16, head_channels=8))
    with torch.no_grad():
        for p in net.parameters():
            p.normal_(std=0.1)
    return net.eval()


def played(game: Game, n: int, plies: int) -> States:
    states, rng = game.init(n), np.random.default_rng(0)
    for _ in range(plies):
        mask = game.legal_mask(states)
        game.step(states, (mask * rng.random(mask.shape)).argmax(axis=1))
    return states


def test_the_same_weights_judge_a_small_board_alike_on_any_canvas() -> None:
    small, canvas = Go(5), Go(9)
    net, big = random_net(small), PolicyValueNet(canvas, NetConfig(blocks=2, channels=16, head_channels=8)).eval()
    big.load_state_dict(net.state_dict())
    states = played(small, 6, 8)
    on_canvas = np.concatenate([canvas.init(1, sizes=np.array([5]), komi=np.array([24.5])) for _ in range(6)])
    rng = np.random.default_rng(0)
    replayed = small.init(6)
    for _ in range(8):
        mask = small.legal_mask(replayed)
        actions = (mask * rng.random(mask.shape)).argmax(axis=1)
        small.step(replayed, actions)
        canvas.step(on_canvas, np.where(actions == 25, 81, actions // 5 * 9 + actions % 5))
    assert replayed.tobytes() == states.tobytes()
    with torch.inference_mode():
        a = net(torch.from_numpy(small.observe(states)), whole_board=True)
        b = big(torch.from_numpy(canvas.observe(on_canvas)))
    cells = b.policy[:, :81].reshape(6, 9, 9)[:, :5, :5].flatten(1)
    torch.testing.assert_close(torch.cat([cells, b.policy[:, 81:]], 1), a.policy, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(b.value, a.value, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(b.margin, a.margin, atol=1e-3, rtol=1e-4)
    torch.testing.assert_close(b.ownership[:, :5, :5], a.ownership, atol=1e-4, rtol=1e-4)
    assert (b.ownership[:, 5:] == 0).all()


@pytest.mark.parametrize("game", [Go(3), ConnectFour(), TicTacToe()], ids=lambda g: g.name)
def test_the_net_fits_every_game(game: Game) -> None:
    out = random_net(game)(torch.from_numpy(game.observe(game.init(3))))
    assert out.policy.shape == (3, game.num_actions) and out.outcome.shape == (3, 3)
    assert (out.value.abs() <= 1).all()


@pytest.mark.parametrize("game", [Go(5), ConnectFour()], ids=lambda g: g.name)
def test_augmentation_is_the_symmetry_of_the_game(game: Game) -> None:
    """An augmented position is the position that the mapped moves lead to, and its legal moves are the mapped ones."""
    rng = np.random.default_rng(1)
    states = played(game, 40, 6)
    batch = Positions.empty(game, len(states))
    batch.observation[:], batch.legal[:] = game.observe(states), game.legal_mask(states)
    batch.policy[:] = rng.random(batch.policy.shape) * batch.legal
    batch.action[:] = batch.policy.argmax(axis=1)
    chosen = np.random.default_rng(2).integers(len(game.symmetries), size=len(batch))
    out = batch.symmetrised(game, np.random.default_rng(2))
    for i, k in enumerate(chosen):
        np.testing.assert_array_equal(out.observation[i], game.symmetries[k].apply(batch.observation[i]))
        np.testing.assert_array_equal(out.legal[i][game.symmetry_actions[k]], batch.legal[i])
        np.testing.assert_array_equal(out.policy[i][game.symmetry_actions[k]], batch.policy[i])
        assert out.policy[i, out.action[i]] == batch.policy[i].max()
    assert len(set(chosen)) == len(game.symmetries)


def test_the_learner_fits_positions_with_known_answers() -> None:
    """Tic-tac-toe: play in the centre and win if it is free, else in the first free corner and lose."""
    game = TicTacToe()
    states = np.concatenate([played(game, 60, plies) for plies in (0, 1, 2, 3)])
    legal = game.legal_mask(states)
    answer = np.where(legal[:, 4], 4, legal.argmax(axis=1))
    batch = Positions.empty(game, len(states))
    batch.observation[:], batch.legal[:] = game.observe(states), legal
    batch.policy[np.arange(len(states)), answer] = 1
    batch.outcome[np.arange(len(states)), np.where(legal[:, 4], 0, 2)] = 1
    centre_only = batch[legal[:, 4]]  # the centre is its own mirror image, so symmetries keep this answer right
    net = PolicyValueNet(game, NetConfig(blocks=2, channels=16))
    learner = Learner(net, dataclasses.replace(TINY, learning_rate=3e-3), torch.device("cpu"))
    for _ in range(150):
        losses = learner.learn(centre_only)
    assert losses.policy < 0.05 and losses.value < 0.05


def test_a_loss_that_is_not_finite_stops_before_the_weights_are_touched() -> None:
    game = TicTacToe()
    learner = Learner(random_net(game), TINY, torch.device("cpu"))
    before = {k: v.clone() for k, v in learner.net.state_dict().items()}
    batch = Positions.empty(game, 4)
    batch.outcome[:] = np.nan
    with pytest.raises(NotFinite, match="last checkpoint"):
        learner.learn(batch)
    assert all(torch.equal(before[k], v) for k, v in learner.net.state_dict().items())


@pytest.mark.parametrize(
    ("steps", "decay_start", "rate"), [(50, 0, 5e-4), (900, 0, 1e-3), (400, 400, 1e-3), (1600, 400, 5e-4)]
)
def test_the_learning_rate_rises_at_first_and_may_fall_in_time(steps: int, decay_start: int, rate: float) -> None:
    config = dataclasses.replace(TINY, learning_rate=1e-3, decay_start=decay_start)
    learner = Learner(random_net(TicTacToe()), config, torch.device("cpu"))
    learner.steps = steps - 1
    learner.learn(Positions.empty(TicTacToe(), 4))
    assert learner.optimizer.param_groups[0]["lr"] == pytest.approx(rate)


def test_the_window_grows_with_the_square_root_and_holds_the_latest() -> None:
    game = TicTacToe()
    replay = Replay(game, start=100, capacity=300)
    for i in range(50):
        positions = Positions.empty(game, 20)
        positions.margin[:] = i
        replay.add(positions)
        assert replay.window == min(replay.total, 300, max(100, int((replay.total * 100) ** 0.5)))
    drawn = replay.sample(2000, np.random.default_rng(0)).margin
    assert drawn.min() == 50 - 300 // 20 + 0 and drawn.max() == 49


def weights(trainer: Trainer) -> bytes:
    return b"".join(t.numpy().tobytes() for t in trainer.learner.average.state_dict().values())


def games_in_progress(trainer: Trainer) -> bytes:
    return b"".join(table.games.states.tobytes() for worker in trainer.workers for table in worker.tables)


METHODS = ("gumbel", "puct", "klent")


@pytest.mark.parametrize("method", METHODS)
def test_the_same_seed_gives_the_same_run(method: str) -> None:
    runs = []
    for seed in (0, 0, 1):
        trainer = Trainer(dataclasses.replace(TINY, seed=seed, method=method))
        for _ in range(6):
            trainer.iterate()
        assert trainer.learner.steps > 5
        runs.append(weights(trainer))
    assert runs[0] == runs[1] != runs[2]


@pytest.mark.parametrize(
    ("game", "method", "workers"),
    [("go:size=3,komi=0", "gumbel", 2), ("connect_four", "gumbel", 1), ("go:size=3,komi=0", "klent", 3)],
)
def test_a_saved_run_goes_on_bit_for_bit(game: str, method: str, workers: int, tmp_path: Path) -> None:
    config = dataclasses.replace(TINY, game=game, method=method, workers=workers)
    straight, first = Trainer(config), Trainer(config)
    for _ in range(8):
        straight.iterate()
    for _ in range(4):
        first.iterate()
    first.save(tmp_path)
    resumed = Trainer(dataclasses.replace(config))
    resumed.load(tmp_path)
    for _ in range(4):
        last = resumed.iterate()
    assert last.steps == straight.learner.steps > 5
    assert weights(resumed) == weights(straight)
    assert games_in_progress(resumed) == games_in_progress(straight)
    assert resumed.positions == straight.positions


def test_warming_up_changes_nothing() -> None:
    cold, warm = Trainer(TINY), Trainer(TINY)
    warm.warm_up()
    cold.iterate(), warm.iterate()
    assert games_in_progress(cold) == games_in_progress(warm)


def test_workers_share_the_games_and_play_different_ones() -> None:
    trainer = Trainer(dataclasses.replace(TINY, games=17, workers=3))
    assert [len(worker.tables[0].games.states) for worker in trainer.workers] == [6, 6, 5]
    trainer.iterate()
    boards = [{row.tobytes() for row in worker.tables[0].games.states} for worker in trainer.workers]
    assert not (boards[0] & boards[1] & boards[2])


def test_what_a_worker_plays_does_not_depend_on_the_others() -> None:
    """Not even on how many there are, if its own games are as many: it could run anywhere."""
    two = Trainer(dataclasses.replace(TINY, games=16, workers=2))
    three = Trainer(dataclasses.replace(TINY, games=24, workers=3))
    two.iterate(), three.iterate()
    assert games_in_progress(two) == games_in_progress(three)[: len(games_in_progress(two))]


def test_a_saved_net_plays_other_sizes_of_its_game_and_no_other_game(tmp_path: Path) -> None:
    game = Go(3)
    save_model(tmp_path, random_net(game), game, {})
    assert load_model(tmp_path)[1] == game
    agent = make_agent(f"alphazero:{tmp_path},simulations=8", Go(5))
    assert isinstance(agent, AlphaZeroAgent)
    decision = agent.act(Go(5).init(2), seed_states([0, 1]))
    assert decision.visits is not None and decision.visits.sum(axis=1).tolist() == [8, 8]
    with pytest.raises(LabError, match=r"plays go:size=3.*not connect_four"):
        load_model(tmp_path, ConnectFour())


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda d: (d / "model.safetensors").write_bytes(b"rubbish"), "damaged"),
        (lambda d: (d / "model.safetensors").unlink(), "cannot be read"),
        (lambda d: (d / "model.json").write_text("{"), "not JSON"),
        (lambda d: (d / "model.json").write_text("[" * 200_000), "not JSON"),
        (lambda d: (d / "model.json").write_text("[]"), "damaged"),
        (lambda d: (d / "model.json").write_text("{}"), "not the description"),
        (lambda d: (d / "model.json").unlink(), "holds no trained net"),
    ],
)
def test_a_damaged_net_is_one_clear_sentence(damage: object, words: str, tmp_path: Path) -> None:
    game = Go(3)
    save_model(tmp_path, random_net(game), game, {})
    damage(tmp_path)
    with pytest.raises(LabError, match=words) as caught:
        make_agent(f"alphazero:{tmp_path}", game)
    assert "\n" not in str(caught.value)


def test_a_description_that_makes_the_net_larger_than_its_weights_is_refused_before_it_is_built(tmp_path: Path) -> None:
    game = Go(3)
    save_model(tmp_path, random_net(game), game, {})
    text = json.loads((tmp_path / "model.json").read_text())
    for size in ({"blocks": 10**9}, {"channels": 10**7}, {"head_channels": 10**7}, {"blocks": 3}, {"channels": 10**30}):
        (tmp_path / "model.json").write_text(json.dumps({**text, "net": {**text["net"], **size}}))
        with pytest.raises(LabError, match=r"do not fit the net that model\.json describes"):
            load_model(tmp_path)


@pytest.mark.parametrize("kind", ["BF16", "F8_E4M3"])
def test_numbers_that_numpy_does_not_know_are_one_sentence(kind: str, tmp_path: Path) -> None:
    save_model(tmp_path, random_net(Go(3)), Go(3), {})
    length = 2 if kind == "BF16" else 1
    header = json.dumps({"stem.weight": {"dtype": kind, "shape": [1], "data_offsets": [0, length]}}).encode()
    data = len(header).to_bytes(8, "little") + header + bytes(length)
    (tmp_path / "model.safetensors").write_bytes(data)
    text = json.loads((tmp_path / "model.json").read_text())
    (tmp_path / "model.json").write_text(json.dumps({**text, "sha256": hashlib.sha256(data).hexdigest()}))
    with pytest.raises(LabError, match="numbers of a kind that the lab does not read"):
        load_model(tmp_path)


def test_a_run_that_is_not_there() -> None:
    with pytest.raises(LabError, match="There is no 'nowhere'"):
        find_model(Path("nowhere"))


def test_bad_settings_are_one_clear_sentence() -> None:
    for bad in (
        {"batch_size": 0},
        {"averaging": 1.5},
        {"branching": -0.1},
        {"gumbel_noise": float("inf")},
        {"decay_start": -1},
        {"games": -1},
        {"minutes": float("nan")},
        {"method": "mcts"},
        {"workers": 200},
        {"seed": -1},
        {"seed": 1 << 63},
        {"simulations": 0},
        {"simulations": 10**9},
        {"games": 10**30},
        {"channels": 10**22},
        {"blocks": 10**9},
        {"window_max": 10**24},
        {"window_start": 10**24},
        {"batch_size": 10**30},
        {"moves": 10**30},
        {"considered": 10**30},
        {"iterations": -1},
        {"replay_ratio": float("inf")},
        {"learning_rate": float("inf")},
    ):
        with pytest.raises(LabError, match=next(iter(bad))):
            AlphaZeroConfig(**bad)
    with pytest.raises(LabError, match="device"):
        Trainer(dataclasses.replace(TINY, device="tpu"))


def test_settings_survive_json() -> None:
    assert AlphaZeroConfig.from_json(TINY.to_json()) == TINY
    with pytest.raises(LabError):
        AlphaZeroConfig.from_json('{"colour": 1}')


def tic_tac_toe_trainer(method: Literal["gumbel", "klent"], iterations: int) -> Trainer:
    """After so many iterations, which take a tenth of a second each."""
    config = AlphaZeroConfig(
        game="tic_tac_toe",
        method=method,
        blocks=2,
        channels=32,
        games=64,
        moves=6,
        simulations=16,
        batch_size=128,
        window_start=4000,
    )
    trainer = Trainer(config)
    for _ in range(iterations):
        trainer.iterate()
    return trainer


def share_that_keeps_its_value(actions: NDArray[np.integer]) -> float:
    """Of all reachable positions of tic-tac-toe, one action each."""
    states = all_positions()
    after = states.copy()
    TicTacToe().step(after, actions)
    return float((-true_values(after) == true_values(states)).mean())


def test_tic_tac_toe_is_learned_to_perfection() -> None:
    trainer, states = tic_tac_toe_trainer("gumbel", 60), all_positions()
    agent = AlphaZeroAgent(trainer.game, trainer.learner.average, simulations=64, name="learned")
    assert share_that_keeps_its_value(agent.act(states, seed_states(range(len(states)))).action) > 0.995


def test_without_any_search_the_bare_policy_learns_tic_tac_toe() -> None:
    """KLENT from 0.59, seeds 0 and 1, to 0.94 and 0.96 after 120 iterations; it sees what its own policy comes to."""
    trainer, states = tic_tac_toe_trainer("klent", 100), all_positions()
    evaluator = NetEvaluator(trainer.game, trainer.learner.average, torch.device("cpu"), torch.float32)
    logits, _ = evaluator(states, seed_states(range(len(states))))
    assert share_that_keeps_its_value(np.where(trainer.game.legal_mask(states), logits, -np.inf).argmax(axis=1)) > 0.9
