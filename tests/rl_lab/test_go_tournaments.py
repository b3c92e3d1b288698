"""The tournaments of docs/reports, on a small scale."""

from pathlib import Path

import pytest

from envs.errors import LabError
from rl_lab.results import go_tournaments
from rl_lab.results.rows import Row


def test_a_page_for_each_board_and_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    tiny = {"iterations": 1, "games": 16, "blocks": 1, "channels": 8, "simulations": 2, "anchors": "random"}
    monkeypatch.setattr(go_tournaments, "learners", lambda size: [Row("alphazero", f"go:size={size}", (), tiny)])
    monkeypatch.setattr(go_tournaments, "FIXED", ("random", "greedy"))
    monkeypatch.setattr(go_tournaments, "ANCHOR", "random")
    monkeypatch.setattr(go_tournaments, "STRONG", ("rollout:simulations=20",))
    for _ in range(2):
        go_tournaments.main(["--sizes", "5", "--games", "4"])
        page = Path("docs/reports/go-5x5.html").read_text()
        assert all(name in page for name in ("random", "greedy", "rollout:simulations=20", "alphazero-go-size-5-6"))
        assert "24 games" in capsys.readouterr().out


def test_who_is_missing_is_missed_before_anybody_trains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(go_tournaments, "STRONG", ("zoo:no_such_net",))
    with pytest.raises(LabError):
        go_tournaments.main(["--sizes", "5"])
    assert not list(tmp_path.iterdir())
