"""What the table of results is made of: measures held against players whose strength is known, and rows that run."""

import shlex
from pathlib import Path

import pytest
import torch

from agents.alphazero.model import load_model
from agents.registry import make_agent
from agents.sb3.config import PPOConfig
from agents.sb3.tuned import TUNED
from envs.errors import LabError
from envs.games.registry import GAMES
from envs.solo.registry import WORLDS
from envs.spec import Spec
from rl_lab.evaluate import evaluation_world
from rl_lab.results import ablations, measures
from rl_lab.results.ablations import ABLATIONS
from rl_lab.results.main import main
from rl_lab.results.rows import Figure, Row
from rl_lab.results.table import ROWS

SMALL = {"steps": 256, "num_envs": 4, "rollout_steps": 16, "blocks": 0, "hidden": 8, "evaluation_steps": 10_000}


@pytest.fixture(autouse=True)
def few_episodes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measures, "EPISODES", 100)
    monkeypatch.setattr(measures, "GAMES", 20)


def test_measures_of_worlds_know_the_best_and_the_worst() -> None:
    assert measures.mean_return("catch", "perfect") == 1
    assert measures.final("height")("skier:dims=2,actions=continuous", "optimum") == pytest.approx(0, abs=1e-6)
    assert measures.final("length")("snake:size=4", "hamiltonian") == 16
    assert measures.mean_return("catch", "random") < 0


def test_solved_is_asked_of_one_split() -> None:
    cue = "maze:cue=spurious"
    assert [measures.solved(split)(cue, "mark_follower") for split in ("train", "held_out")] == [1, 0]
    assert measures.solved("held_out")(cue, "shortest_path") == 1


def test_measures_of_games_know_who_is_stronger() -> None:
    assert measures.score_against("random")("tic_tac_toe", "alphabeta:depth=4") > 0.9
    assert measures.score_against("alphabeta:depth=4")("tic_tac_toe", "random") < 0.1
    assert measures.games_lost_to("alphabeta:depth=6", 4)("tic_tac_toe", "random") > 0
    assert measures.games_lost_to("greedy", 4)("tic_tac_toe", "alphabeta:depth=9") == 0


def test_a_goal_is_a_limit_from_below_or_above() -> None:
    length, height, shown = (
        Figure("x", measures.mean_return, 20),
        Figure("x", measures.mean_return, 0.2, at_most=True),
        Figure("x", measures.mean_return),
    )
    assert (length.reached(20), length.reached(19.9), length.goal_text) == (True, False, "at least 20")
    assert (height.reached(0.2), height.reached(0.21), height.goal_text) == (True, False, "at most 0.2")
    assert (shown.reached(-9), shown.goal_text) == (True, "-")


def test_rows_have_names_of_their_own_and_environments_that_exist() -> None:
    rows = [
        *ROWS,
        *(ablation.changed for ablation in ABLATIONS),
        *{ablation.shipped.name: ablation.shipped for ablation in ABLATIONS}.values(),
    ]
    assert len({row.name for row in rows}) == len(rows)
    for row in rows:
        name = Spec.parse(row.env).name
        assert name in GAMES or name in WORLDS or name == "CartPole-v1"
        if name in WORLDS:
            evaluation_world(row.env)
        words = shlex.split(row.command(3))
        subject = "--game" if row.learner == "alphazero" else "--env"
        assert words[words.index(subject) + 1] == row.env and words[-1] == str(row.folder(3))
        for key, value in row.given.items():
            assert getattr(row.settings(3), key) == value


def test_the_goal_for_the_skier_is_what_adam_reaches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measures, "EPISODES", 400)
    for row in ROWS:
        if "skier" in row.env:
            assert measures.final("height")(row.env, "adam") == pytest.approx(row.figures[0].goal, abs=0.03)


def test_a_row_is_trained_once_and_measured_as_often_as_one_likes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(TUNED[PPOConfig], "catch", SMALL)
    main(["ppo-catch", "--seeds", "7", "8"])
    printed = capsys.readouterr().out.splitlines()
    cells = [cell.strip() for cell in printed[-1].split("|")[1:-1]]
    assert len(printed) == 3 and len(cells) == printed[0].count("|") - 1
    world = evaluation_world("catch")
    make_agent("ppo:runs/results/ppo-catch-7", world)
    assert cells[:4] == ["catch", "ppo", "return", "at least 1"] and cells[6] == "256"
    assert [float(text) for text in cells[5].split(", ")] == [
        pytest.approx(measures.mean_return("catch", f"ppo:runs/results/ppo-catch-{seed}"), abs=1e-3) for seed in (7, 8)
    ]
    before = Path("runs/results/ppo-catch-7/metrics.jsonl").read_text()
    main(["ppo-catch", "--seeds", "7", "8"])
    assert capsys.readouterr().out.splitlines() == printed
    assert Path("runs/results/ppo-catch-7/metrics.jsonl").read_text() == before


def test_any_agent_can_be_measured_as_a_row_is(capsys: pytest.CaptureFixture[str]) -> None:
    main(["ppo-catch", "--agent", "perfect"])
    heading, _, line = capsys.readouterr().out.splitlines()
    cells = [cell.strip() for cell in line.split("|")[1:-1]]
    assert cells == ["catch", "perfect", "return", "at least 1", "**1.000**", "1.000", "-", "-"]
    assert line.count("|") == heading.count("|") and not Path("runs/results/ppo-catch-6").exists()


def test_without_a_name_it_lists_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    main([])
    listed = capsys.readouterr().out.splitlines()
    rows = [*ROWS, *(ablation.changed for ablation in ABLATIONS)]
    assert [line.split()[0] for line in listed] == [row.name for row in rows]
    assert all(line.endswith(row.command(row.seeds[0])) for line, row in zip(listed, rows, strict=True))


def test_an_ablation_is_two_trainings_and_games_between_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    small = {"iterations": 4, "games": 16, "blocks": 1, "channels": 8, "simulations": 4, "anchors": "random"}
    monkeypatch.setattr(ablations.Ablation, "shipped", Row("alphazero", "tic_tac_toe", (), small, label="base"))
    change = ablations.Ablation("puct", "tic_tac_toe", {**small, "method": "puct"})
    monkeypatch.setattr("rl_lab.results.main.ABLATIONS", (change,))
    monkeypatch.setattr(ablations, "GAMES", 20)
    main([change.name, "--seeds", "7", "8"])
    heading, _, line = capsys.readouterr().out.splitlines()
    cells = [cell.strip() for cell in line.split("|")[1:-1]]
    assert len(cells) == heading.count("|") - 1 and cells[0] == "tic_tac_toe" and "method = puct" in cells[1]
    units = [change.scores(seed) for seed in (7, 8)]
    assert [len(part) for part in units] == [10, 10]
    assert cells[3] == ", ".join(f"{sum(part) / 10:.2f}" for part in units)
    assert float(cells[2].split()[0]) == pytest.approx(sum(map(sum, units)) / 20, abs=1e-3)
    assert all(Path("runs/results", f"alphazero-tic_tac_toe-{label}-7").is_dir() for label in ("puct", "base"))


def test_an_unknown_row_gets_a_sentence() -> None:
    with pytest.raises(LabError, match="ppo-snake"):
        main(["ppo-snak"])


def test_what_acts_by_chance_says_so_in_its_spec() -> None:
    row = Row("ppo", "maze", ())
    assert (row.agent(3), row.agent(3, True)) == (
        "ppo:runs/results/ppo-maze-3",
        "ppo:runs/results/ppo-maze-3,sample=true",
    )


def test_a_row_may_start_from_the_net_of_another_with_the_same_seed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    small = {
        "iterations": 4,
        "batch_size": 8,
        "games": 16,
        "blocks": 1,
        "channels": 8,
        "simulations": 4,
        "anchors": "random",
    }
    smaller = Row("alphazero", "go:size=2", (), {**small, "minutes": 2}, label="smaller")
    change = ablations.Ablation("from-smaller", "go:size=3", {**small, "freeze": "trunk"}, start=smaller)
    row = change.changed
    assert row.given["minutes"] + smaller.given["minutes"] == change.minutes == change.shipped.given["minutes"]
    assert f"--start-from {smaller.folder(4)}" in row.command(4)
    row.train(4)
    before, after = (load_model(row.folder(4))[0] for row in (smaller, row))
    assert torch.equal(before.stem.weight, after.stem.weight)
    assert not torch.equal(before.outcome.weight, after.outcome.weight)


def test_a_run_without_measurements_gets_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    row = Row("alphazero", "tic_tac_toe", (), {"iterations": 1, "blocks": 1, "channels": 8, "anchors": "random"})
    row.train(4)
    metrics = row.folder(4) / "metrics.jsonl"
    metrics.write_text("".join(line for line in metrics.read_text().splitlines(True) if '"training"' not in line))
    with pytest.raises(LabError, match="no measurements of its training; delete it"):
        row.train(4)
