"""`rl-lab games`, and tournaments of other formats, from the command line."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from sgfmill.sgf import Sgf_game

from envs.games.go.game import Go
from rl_lab import cli
from rl_lab.arena.browse import record_sgf
from rl_lab.arena.play import GameRecord
from rl_lab.arena.store import Store
from rl_lab.go_io.sgf import load_sgf

Output = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("tournament") / "t"
    assert cli.main(["tournament", "go:size=5", "random", "greedy", "--games", "6", "--out", str(out)]) == 0
    return out


def test_games_are_listed(folder: Path, capsys: Output) -> None:
    assert cli.main(["games", str(folder)]) == 0
    text = capsys.readouterr().out
    assert "6 games." in text and "greedy" in text and "score" in text
    assert cli.main(["games", str(folder / "games.sqlite"), "--limit", "2", "--agent", "rand"]) == 0
    assert "6 games, the last 2 of which are above." in capsys.readouterr().out
    assert cli.main(["games", str(folder), "--reason", "time"]) == 0
    assert "0 games." in capsys.readouterr().out
    assert cli.main(["games", str(folder), "--agent", "Greta"]) == 2
    assert "has 'Greta' in its name; there are: " in capsys.readouterr().err


def test_one_game_is_shown_with_its_diagram(folder: Path, capsys: Output) -> None:
    assert cli.main(["games", str(folder), "3", "--ply", "2"]) == 0
    text = capsys.readouterr().out
    assert "Game 3 of go:size=5" in text and "After 2 moves:" in text
    diagram = text[text.index("After 2 moves:") :]
    assert diagram.count("X") == diagram.count("O") == 1
    assert cli.main(["games", str(folder), "3", "--ply", "9999"]) == 2
    assert "Game 3 has moves 0 to" in capsys.readouterr().err
    assert cli.main(["games", str(folder), "77"]) == 2
    assert "it has 6, the last is 6" in capsys.readouterr().err


def test_games_are_exported_as_sgf_and_json(folder: Path, tmp_path: Path, capsys: Output) -> None:
    with Store(folder) as store:
        records = store.games()
    assert cli.main(["games", str(folder), "--export", "sgf", "--to", str(tmp_path / "sgf")]) == 0
    assert "6 games are in" in capsys.readouterr().out
    for record in records:
        read = load_sgf(tmp_path / "sgf" / f"{record.number:05d}.sgf")
        assert (read.actions, read.players, read.result) == (record.actions, record.agents, record.result)
    assert cli.main(["games", str(folder), "--export", "json", "--opening", "1", "--to", str(tmp_path / "g.json")]) == 0
    found = json.loads((tmp_path / "g.json").read_text())
    assert [g["actions"] for g in found["games"]] == [record.actions for record in records if record.pair == 1]
    with Store(folder) as store:
        times = store.times()
        assert found["agents"] == [dataclasses.asdict(entrant) for entrant in store.agents()]
    assert all((g["started"], g["finished"]) == times[g["number"]] for g in found["games"])
    assert cli.main(["games", str(folder), "--export", "json", "--to", str(folder / "results.json" / "x")]) == 2


def test_an_sgf_file_says_when_the_game_was_and_why_it_was_given_up() -> None:
    times = ("2026-11-22T18:59:59.999+00:00", "2026-11-22T19:00:00.000+00:00")
    lost = GameRecord(("a", "b"), 0, 1, [0, 1], [None, 0.5], 1, "B+T", reason="time", detail="b took [12] s.")
    root = Sgf_game.from_bytes(record_sgf(Go(5), lost, times)).get_root()
    assert (root.get("DT"), root.get("C"), root.get("RE")) == ("2026-11-22", "time: b took [12] s.", "B+T")
    played = GameRecord(("a", "b"), 0, 1, [0, 1], [None, 0.5], 1, "B+3")
    assert not Sgf_game.from_bytes(record_sgf(Go(5), played, times)).get_root().has_property("C")


def test_where_there_is_no_tournament_it_is_said(tmp_path: Path, capsys: Output) -> None:
    assert cli.main(["games", str(tmp_path)]) == 2
    assert "There is no tournament at" in capsys.readouterr().err
    Store(tmp_path).connection.close()
    assert cli.main(["games", str(tmp_path)]) == 2
    assert "holds no tournament yet" in capsys.readouterr().err


def test_sgf_is_for_go_alone(tmp_path: Path, capsys: Output) -> None:
    out = str(tmp_path / "t")
    assert cli.main(["tournament", "tic_tac_toe", "random", "greedy", "--games", "2", "--out", out]) == 0
    assert cli.main(["games", out, "--export", "sgf"]) == 2
    assert "export tic_tac_toe as json" in capsys.readouterr().err


AGENTS = ["random", "greedy", "alphabeta:depth=1", "alphabeta:depth=2"]
FORMATS = {
    "round-robin": ([], 6),
    "gauntlet": (["--challenger", "greedy"], 3),
    "swiss": (["--format", "swiss"], 4),
    "ladder": (["--format", "ladder", "--rounds", "3"], 5),
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_plays_its_games_and_goes_on(name: str, tmp_path: Path) -> None:
    options, matches = FORMATS[name]
    command = ["tournament", "tic_tac_toe", *AGENTS, "--games", "4", "--any-openings", "--out", str(tmp_path), *options]
    assert cli.main(command) == 0
    with Store(tmp_path) as store:
        records = store.games()
        store.connection.execute("DELETE FROM games WHERE id % 2 = 0")
    assert len(records) == 4 * matches
    assert cli.main(command) == 0
    with Store(tmp_path) as store:
        again = {(*r.agents, r.pair): r.actions for r in store.games()}
    assert again == {(*r.agents, r.pair): r.actions for r in records}


WRONG = {
    "no such challenger": ("--challenger rollout:simulations=3", "The challenger rollout:simulations=3 is not one of"),
    "no such anchor": ("--anchor rollout:simulations=3", "The anchor rollout:simulations=3 is not one of"),
    "rounds of a round robin": ("--rounds 3", "A round robin has one round"),
    "no rounds": ("--format ladder --rounds 0", "one round or more"),
    "too many rounds": ("--format swiss --rounds 9", "can meet in 3 rounds"),
    "a challenger on a ladder": ("--format ladder --challenger random", "A ladder has no challenger"),
    "a file of openings that is not there": ("--openings no/such/file", "Cannot read no/such/file"),
    "nothing at once": ("--parallel-games 0", "One game or more must run at once"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_options_are_one_sentence_before_anything_is_made(name: str, tmp_path: Path, capsys: Output) -> None:
    options, message = WRONG[name]
    out = tmp_path / "t"
    assert cli.main(["tournament", "tic_tac_toe", *AGENTS, "--out", str(out), *options.split()]) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert not out.exists()


def test_a_ladder_of_other_agents_is_another_tournament(tmp_path: Path, capsys: Output) -> None:
    command = ["tournament", "tic_tac_toe", "--games", "2", "--out", str(tmp_path), "--format", "ladder"]
    assert cli.main([*command, *AGENTS[:3]]) == 0
    assert cli.main([*command, *AGENTS[:2]]) == 2
    assert (
        "holds a tournament with format ladder with 2 games a match: random, greedy, alpha" in capsys.readouterr().err
    )
