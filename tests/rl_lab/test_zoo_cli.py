"""`rl-lab zoo` and `rl-lab export`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from agents.alphazero.model import load_model, save_model
from envs.errors import LabError
from envs.games.game import TerritoryGame
from envs.games.registry import make_game
from rl_lab.cli import main
from rl_lab.zoo import export, nets
from rl_lab.zoo.positions import random_positions
from tests.rl_lab.zoo_help import place, random_net

Output = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def zoo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(nets, "NETS", tmp_path / "nets")
    monkeypatch.setenv("COLUMNS", "100")
    return tmp_path / "nets"


def test_an_empty_zoo_is_listed(capsys: Output) -> None:
    assert main(["zoo"]) == 0
    assert capsys.readouterr().out.strip() == "The zoo holds no net yet."
    assert main(["zoo", "go"]) == 2
    assert "holds no net yet" in capsys.readouterr().err


def test_the_list_and_a_card(capsys: Output) -> None:
    place("go", "go:size=5", [2, 3, 5])
    place("hex", "hex:size=4")
    (place("sick", "hex:size=4") / "model.json").write_text("{}")
    assert main(["zoo"]) == 0
    out = capsys.readouterr().out
    assert "go, sizes 2 3 5" in " ".join(out.split()) and "hex:size=4" in out
    assert "sick' is damaged" in out
    assert main(["zoo", "go"]) == 0
    out = capsys.readouterr().out
    card = nets.open_net("go").card
    assert card.sha256 in out and "not measured yet" in out and card.trained.machine in out
    assert all(level.setting.text.split(",")[0] in out for level in card.levels)
    assert main(["zoo", "goo"]) == 2
    assert "Did you mean 'go'?" in capsys.readouterr().err


def test_a_card_of_one_that_was_measured(capsys: Output) -> None:
    folder = place("go", "go:size=5")
    card = json.loads((folder / "card.json").read_text())
    for number, level in enumerate(card["levels"]):
        level.update(elo=100.0 * number, low=100.0 * number - 30, high=100.0 * number + 40)
    card["strength"] = [
        {"game": "go:size=5", "opponent": "gnugo:level=10", "simulations": 16, "games": 100, "score": 0.75}
        | {"low": 0.65, "high": 0.83, "openings": "50 openings"}
    ]
    (folder / "card.json").write_text(json.dumps(card))
    assert main(["zoo"]) == 0
    out = capsys.readouterr().out
    assert "+900" in out and "75 % against gnugo:level=10" in " ".join(out.split())
    assert main(["zoo", "go"]) == 0
    out = capsys.readouterr().out
    assert "+870 to +940" in out and "against gnugo:level=10: 75.0% (65.0 to 83.0) of 100 games" in out


@pytest.mark.parametrize("spec", ["go:size=5", "hex:size=4", "othello:size=6", "tic_tac_toe", "connect_four"])
def test_an_exported_net_says_what_torch_says(spec: str, zoo: Path, tmp_path: Path) -> None:
    """By onnxruntime, for batches of other sizes than the one it was traced with, and for other boards."""
    folder, file = place("net", spec), tmp_path / "sub" / "net.onnx"
    assert main(["export", "zoo:net", str(file)]) == 0
    onnx.checker.check_model(str(file))
    session = onnxruntime.InferenceSession(file.read_bytes(), providers=["CPUExecutionProvider"])
    name = spec.partition(":")[0]
    sizes = [spec] if name in ("tic_tac_toe", "connect_four") else [spec, f"{name}:size=8"]
    for board in sizes:
        game = make_game(board)
        net, _, _ = load_model(folder, game)
        for n in (1, 7):
            observations = game.observe(random_positions(game, n))
            with torch.inference_mode():
                out = net(torch.from_numpy(observations))
            names = [output.name for output in session.get_outputs()]
            found = dict(zip(names, session.run(None, {"observations": observations}), strict=True))
            for key, array in found.items():
                assert np.allclose(array, getattr(out, key).numpy(), atol=1e-4), key
            assert found["policy"].shape == (n, game.num_actions)
            territory = {"ownership", "margin"} if isinstance(game, TerritoryGame) else set()
            assert set(found) == {"policy", "outcome", "value"} | territory


def test_small_boards_on_a_large_canvas(tmp_path: Path) -> None:
    """The plane that says what is on the board is read by the exported net, not fixed where it was traced."""
    game, net, file = make_game("go:size=5"), random_net("go:size=5"), tmp_path / "go.onnx"
    export.write_onnx(net, game, file)
    canvas = np.zeros((6, game.observation_shape[0], 7, 7), np.uint8)
    canvas[:, :, :5, :5] = game.observe(random_positions(game, 6))
    with torch.inference_mode():
        out = net(torch.from_numpy(canvas))
    policy, _, value, ownership, _ = export.run_onnx(file, canvas)
    assert np.allclose(policy, out.policy, atol=1e-4) and np.allclose(value, out.value, atol=1e-4)
    assert not ownership[:, 5:].any() and ownership[:, :5, :5].any()


def test_the_file_says_what_it_is(tmp_path: Path) -> None:
    place("net", "connect_four")
    assert main(["export", "zoo:net", str(tmp_path / "net.onnx")]) == 0
    said = {prop.key: prop.value for prop in onnx.load(str(tmp_path / "net.onnx")).metadata_props}
    game = make_game("connect_four")
    assert said["game"] == "connect_four" and len(json.loads(said["planes"])) == game.observation_shape[0]
    assert json.loads(said["actions"]) == [game.action_name(a) for a in range(game.num_actions)]


def test_a_run_can_be_exported(tmp_path: Path, capsys: Output) -> None:
    save_model(tmp_path, random_net("tic_tac_toe"), make_game("tic_tac_toe"), {})
    assert main(["export", str(tmp_path), str(tmp_path / "net.onnx")]) == 0
    assert "the net of tic_tac_toe" in capsys.readouterr().out


def test_exports_that_fail(zoo: Path, tmp_path: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    place("net", "tic_tac_toe")
    (tmp_path / "file").write_text("")
    file = str(tmp_path / "net.onnx")
    for arguments, sentence in [
        (["zoo:nte", file], "Did you mean 'net'?"),
        (["zoo", file], "write zoo:NAME"),
        (["zoo:net,level=3", file], "write zoo:NAME"),
        ([str(tmp_path / "none"), file], "There is no"),
        (["zoo:net", str(tmp_path / "file" / "net.onnx")], "cannot be written"),
        (["zoo:net", str(tmp_path)], "is a folder"),
        (["zoo:net", ""], "is a folder"),
        (["zoo:net", "/"], "is a folder"),
    ]:
        assert main(["export", *arguments]) == 2
        error = capsys.readouterr().err
        assert sentence in error and error.count("\n") == 1
    monkeypatch.setattr(export, "find_spec", lambda name: None)
    assert main(["export", "zoo:net", file]) == 2
    assert "pip install 'rl-lab[onnx]'" in capsys.readouterr().err
    assert not Path(file).exists()


def test_an_export_that_says_something_else_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place("net", "tic_tac_toe")
    other = random_net("tic_tac_toe", seed=9)
    write = export.write_onnx
    monkeypatch.setattr(export, "write_onnx", lambda net, game, path: write(other, game, path))
    with pytest.raises(LabError, match="more than rounding"):
        export.export("zoo:net", tmp_path / "net.onnx")
    assert [path.name for path in tmp_path.iterdir()] == ["nets"]
