"""`rl-lab analyze`: any position of any board game, as text and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from agents.alphazero.model import save_model
from agents.alphazero.network import NetConfig, PolicyValueNet
from envs.errors import LabError
from envs.games.go.game import Go
from envs.games.registry import GAMES, make_game
from rl_lab import cli
from rl_lab.analyze import analyze, as_json, reach
from rl_lab.go_io.sgf import write_sgf

SGF = b"(;GM[1]SZ[5]KM[6.5];B[cc];W[dc];B[cb];W[])"


@pytest.mark.parametrize("game", GAMES)
def test_every_board_game_has_a_table_and_json(game: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["analyze", game, "rollout:simulations=40", "--limit", "2"]) == 0
    text = capsys.readouterr().out
    rules = make_game(game)
    assert text.startswith(rules.text(rules.init(1)[0]).split("\n")[0].rstrip())
    assert ("Ownership by random games" in text) == (game in ("go", "othello"))
    assert cli.main(["analyze", game, "rollout:simulations=40", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    visits = [move["visits"] for move in found["moves"]]
    assert sum(visits) == 40 and visits == sorted(visits, reverse=True)
    assert found["choice"] == found["moves"][0]["move"] == found["moves"][0]["line"][0]
    assert f" {found['choice']} " in text
    assert found["to_play"] == rules.player_names[0] and found["history"] == []


def test_lines_lead_on_from_the_position_and_the_seed_makes_them() -> None:
    position = reach("connect_four", "4 4,4")
    assert position.history == [3, 3, 3]
    analysis = analyze(position, "rollout:simulations=200", seed=5)
    assert as_json(analysis) == as_json(analyze(position, "rollout:simulations=200", seed=5))
    assert as_json(analysis) != as_json(analyze(position, "rollout:simulations=200", seed=6))
    for move in analysis.moves:
        states = position.states.copy()
        for action in move.line:
            assert position.game.legal_mask(states)[0, action]
            position.game.step(states, np.array([action]))


def test_a_net_tells_score_and_ownership_of_the_side_to_move(tmp_path: Path) -> None:
    game = Go(5)
    torch.manual_seed(0)
    save_model(tmp_path, PolicyValueNet(game, NetConfig(blocks=1, channels=8)), game, {})
    position = reach("go:size=5", "C3")
    analysis = analyze(position, f"alphazero:{tmp_path},simulations=8")
    found = json.loads(as_json(analysis))
    assert analysis.decision.score is not None and analysis.decision.ownership is not None
    assert found["score"] == pytest.approx(float(analysis.decision.score[0]), rel=1e-5)
    np.testing.assert_allclose(found["ownership"], analysis.decision.ownership[0], atol=1e-4)
    assert analysis.outlook is not None and analysis.outlook.spread is None
    assert analysis.outlook.lead == pytest.approx(-found["score"])  # White is to move


def test_a_position_from_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "game.sgf"
    path.write_bytes(SGF)
    assert [len(reach("go", sgf=path, move=n).history) for n in (None, 0, 3)] == [4, 0, 3]
    both = reach("go", "b2", path, 2)
    assert [both.game.action_name(action) for action in both.history] == ["C3", "D3", "B2"]
    assert both.game.spec == "go:size=5,komi=6.5"
    path.write_bytes(write_sgf(Go(5), [], stones=([6, 8], []), to_play=1))
    assert reach("go", sgf=path).mover == "White"
    assert cli.main(["analyze", "go", "greedy", "--sgf", str(path), "--moves", "C3"]) == 0
    assert "Black plays" in capsys.readouterr().out


WRONG = [
    (("go:size=5", "C3 C3"), "Move 2, C3: C3 is not legal here"),
    (("go:size=5", "C3 Z9"), "Move 2, Z9: 'Z9' is no point"),
    (("go:size=3", "pass pass"), "the game is over, W+"),
    (("go", "", None, 3), "--move counts the moves of a file"),
    (("go:size=9", "", Path("game.sgf")), "write go, not 'go:size=9'"),
    (("othello", "", Path("game.sgf")), "write go, not 'othello'"),
    (("go", "", Path("game.sgf"), 5), "--move must be 0 to 4"),
    (("go", "", Path("game.sgf"), -1), "--move must be 0 to 4"),
    (("go", "", Path("nothing.sgf")), "Cannot read"),
    (("catch",), "catch"),
]


@pytest.mark.parametrize(("arguments", "sentence"), WRONG)
def test_what_is_no_position_is_one_sentence(
    arguments: tuple[str], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("game.sgf").write_bytes(SGF)
    with pytest.raises(LabError) as caught:
        reach(*arguments)
    assert sentence in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("agent", ["human", "gredy", "alphazero:nowhere", "perfect"])
def test_an_agent_that_cannot_think_here_is_one_sentence(agent: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["analyze", "tic_tac_toe", agent]) == 2
    assert capsys.readouterr().err.count("\n") == 1
