"""The page of a tournament: one file, true to the games, and safe against whatever agents are called."""

from __future__ import annotations

import dataclasses
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from envs.errors import LabError
from envs.faces.svg import svg
from envs.games import make_game
from envs.games.game import Game
from rl_lab.arena.page import render_page, write_page
from rl_lab.arena.page.axis import Axis
from rl_lab.arena.page.replay import MAX_POSITIONS, replay_data, splices
from rl_lab.arena.page.steps import find_series
from rl_lab.arena.play import GameRecord
from rl_lab.arena.ratings import rate

GAMES = ["go:size=5", "hex:size=5", "othello:size=6", "connect_four", "tic_tac_toe"]
VOID = {"meta", "input", "br", "wbr", "link", "img", "hr"}


def random_games(game: Game, agents: list[str], pairs: int, seed: int = 0) -> list[GameRecord]:
    """Random games between all agents, some given up half-way."""
    rng = np.random.default_rng(seed)
    records = []
    for pair in range(pairs):
        for a in agents:
            for b in agents:
                if a != b:
                    records.append(random_game(game, a, b, pair, rng))
    return records


def random_game(game: Game, a: str, b: str, pair: int, rng: np.random.Generator) -> GameRecord:
    states, actions = game.init(1), []
    while not states["terminated"][0] and rng.random() > 0.02:
        actions.append(int(rng.choice(np.flatnonzero(game.legal_mask(states)[0]))))
        game.step(states, np.array(actions[-1:]))
    values = [None if rng.random() < 0.2 else float(rng.uniform(-1, 1)) for _ in actions]
    if states["terminated"][0]:
        return GameRecord((a, b), pair, 0, actions, values, int(states["outcome"][0]), game.result_text(states[0]))
    return GameRecord((a, b), pair, 0, actions, values, 1, "B+T", reason="time", detail=f"{b} took too long.")


class Outline(HTMLParser):
    """Checks that elements are closed in order, and collects text, attributes and the data."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.data = ""
        self.in_data = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)
        self.in_data = ("id", "data") in attrs

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        self.in_data = False

    def handle_data(self, data: str) -> None:
        if self.in_data:
            self.data += data
        else:
            self.text.append(data)


def read(page: str) -> tuple[Outline, dict[str, Any]]:
    outline = Outline()
    outline.feed(page)
    outline.close()
    assert outline.open == []
    return outline, json.loads(outline.data)


def pictures(data: dict[str, Any], number: int) -> list[list[str]]:
    """The elements of each position of a game, as the page's script puts them together."""
    found, shown = [], []
    for position in data["games"][number]["splices"]:
        for at, leaving, *coming in position:
            shown[at : at + leaving] = coming
        found.append([data["elements"][i] for i in shown])
    return found


@pytest.mark.parametrize("spec", GAMES)
def test_every_position_of_a_replay_is_the_scene_of_the_game(spec: str) -> None:
    game = make_game(spec)
    records = random_games(game, ["a", "b"], 3)
    data = json.loads(json.dumps(replay_data(game, records, ["a", "b"])))
    for number, record in enumerate(records):
        states, movers = game.init(1), []
        positions = pictures(data, number)
        assert len(positions) == record.plies + 1
        for ply, picture in enumerate(positions):
            scene = game.scene(states[0])
            assert picture == svg(scene).splitlines()[1:-1]
            assert (data["width"], data["height"]) == (scene.width, scene.height)
            if ply < record.plies:
                movers.append(int(states["to_play"][0]))
                game.step(states, np.array([record.actions[ply]]))
        entry = data["games"][number]
        assert entry["movers"] == movers
        assert entry["actions"] == record.actions
        assert [data["moves"][str(action)] for action in record.actions] == list(map(game.action_name, record.actions))
        assert (entry["reason"], entry["result"], entry["number"]) == (record.reason, record.result, number + 1)


def test_splices_turn_one_list_into_another() -> None:
    rng = np.random.default_rng(0)
    for _ in range(300):
        old, new = (list(map(int, rng.integers(8, size=rng.integers(9)))) for _ in range(2))
        found = splices(old, new)
        turned = list(old)
        for at, leaving, *coming in found:
            turned[at : at + leaving] = coming
        assert turned == new
        assert bool(found) == (old != new)


def test_the_page_needs_nothing_else(tmp_path: Path) -> None:
    game, agents = make_game("go:size=5"), ["random", "greedy", "rollout:simulations=20"]
    records = random_games(game, agents, 2)
    path = tmp_path / "page.html"
    write_page(game, records, agents, rate(records, agents, "random"), path, "A title", {"seed": 7, "openings": [1, 2]})
    page = path.read_text(encoding="utf-8")
    assert list(tmp_path.iterdir()) == [path]
    outline, data = read(page)
    assert not {"src", "href", "srcset", "action"} & {name for name, _ in outline.attributes}
    assert not re.search(r"https?://|url\(|@import|fetch\(|XMLHttpRequest", page.replace("http-equiv", ""))
    assert "default-src 'none'" in page
    assert len(data["games"]) == 12
    text = " ".join(outline.text)
    for part in ("A title", "3 agents, 12 games of go:size=5", "anchor", "Moving first (Black)", "openings", "1, 2"):
        assert part in text


def test_names_cannot_break_the_page() -> None:
    game = make_game("tic_tac_toe")
    agents = ["</script><script>alert(1)</script>", "\"><img src=x onerror='alert(1)'>", "a & b\u2028$title {{x}}"]
    records = random_games(game, agents, 2)
    page = render_page(game, records, agents, rate(records, agents), "<b>$css</b> & co", {"<i>": "</dl>"})
    outline, data = read(page)
    assert data["agents"] == agents
    assert page.count("<script") == 2
    assert "<img" not in page
    assert "<b>$css</b> & co" in outline.text
    assert not any(name.startswith("on") for name, _ in outline.attributes)


def test_numbers_in_the_tables() -> None:
    game = make_game("tic_tac_toe")
    won, drawn = [0, 3, 1, 4, 2], [0, 1, 2, 4, 3, 5, 7, 6, 8]
    blank: list[float | None] = [None] * 9
    records = [
        GameRecord(("a", "b"), 0, 0, won, blank[:5], 1, "X wins", decisions=[3, 2], seconds=[0.3, 0.1]),
        GameRecord(("b", "a"), 0, 0, drawn, blank, 0, "draw", decisions=[5, 4], seconds=[0.2, 0.4]),
        GameRecord(("a", "b"), 1, 0, [0], blank[:1], 1, "B+F", reason="crash", detail="b no longer runs."),
    ]
    page = render_page(game, records, ["a", "b"], rate(records, ["a", "b"]), "t", {})
    outline, data = read(page)
    titles = [value for name, value in outline.attributes if name == "title" and value and "against" in value]
    # The score is the mean over openings, here of 0.75 and 1.
    assert titles[0].startswith("a against b: 2 won, 1 drawn, 0 lost; score 87.5%")
    assert titles[1].startswith("b against a: 0 won, 1 drawn, 2 lost; score 12.5%")
    details = re.findall(r"<tr>.*?</tr>", page[page.index('class="details"') :])[1]
    cells = re.findall(r'class="num">(.*?)</td>', details)
    # Won, drawn, lost; score as first and second; mean moves; milliseconds a move; forfeits.
    assert cells == ["2", "1", "0", "100.0%", "50.0%", "5.0", "100.00", "0"]
    assert data["games"][2]["notes"] == ["b no longer runs."]


def test_long_tournaments_keep_all_games_but_not_all_replays(monkeypatch: pytest.MonkeyPatch) -> None:
    game = make_game("tic_tac_toe")
    records = random_games(game, ["a", "b"], 5)
    monkeypatch.setattr("rl_lab.arena.page.replay.MAX_POSITIONS", 25)
    data = replay_data(game, records, ["a", "b"])
    kept = sum(record.plies + 1 for record, entry in zip(records, data["games"], strict=True) if "splices" in entry)
    assert 25 - 10 < kept <= 25 < MAX_POSITIONS
    assert len(data["games"]) == 10


def test_pages_without_games_and_with_odd_agents() -> None:
    game = make_game("go:size=5")
    page = render_page(game, [], ["a", "b"], rate([], ["a", "b"]), "nothing", {})
    assert read(page)[1]["games"] == []
    records = random_games(game, ["a", "b", "c"], 1)
    with pytest.raises(LabError, match="of other agents"):
        render_page(game, records, ["a", "b", "c"], rate(records, ["a", "b"]), "", {})
    with pytest.raises(LabError, match="Cannot write the page"):
        write_page(game, [], ["a", "b"], rate([], ["a", "b"]), Path("/nowhere/page.html"), "", {})


def test_checkpoints_of_one_run_are_a_series() -> None:
    names = [
        "random",
        "alphazero:runs/go/checkpoints/00000100,simulations=64",
        "alphazero:runs/go/checkpoints/00000020,simulations=64",
        "alphazero:runs/go/checkpoints/00000020,simulations=8",
        "alphazero:runs/go,simulations=64",
        "ppo:nets/step-500.zip",
        "ppo:nets/step-50.zip",
        "gtp:engine:a,b,c",
    ]
    series = find_series(names)
    assert [(one.steps, one.agents) for one in series] == [([20, 100], [2, 1]), ([50, 500], [6, 5])]
    assert series[0].name == "alphazero:runs/go/checkpoints/…, simulations=64"
    game = make_game("tic_tac_toe")
    records = random_games(game, names[:3], 2)
    ratings = rate(records, names[:3])
    page = render_page(game, records, names[:3], ratings, "steps", {})
    assert "Rating over training steps" in page
    assert page.count("<polyline points") == 1
    plain = render_page(game, records, names[:2], rate(records, names[:2]), "steps", {})
    assert "Rating over training steps" not in plain


def test_ticks_are_round_and_within_the_axis() -> None:
    for low, high in ((0, 1), (-1234.5, 987), (3, 3), (0, 1e-6), (-5e5, 7)):
        axis = Axis.over([low, high], 0, 100)
        assert 2 <= len(axis.ticks) <= 9
        assert all(0 <= axis.place(tick) <= 100 for tick in axis.ticks)
        assert axis.place(low) < axis.place(high) or low == high
    assert Axis.over([0, 600], 0, 1).ticks == [0, 200, 400, 600]


def test_records_are_left_as_they_are() -> None:
    game = make_game("connect_four")
    records = random_games(game, ["a", "b"], 2)
    before = [dataclasses.asdict(record) for record in records]
    render_page(game, records, ["a", "b"], rate(records, ["a", "b"]), "", {})
    assert [dataclasses.asdict(record) for record in records] == before
