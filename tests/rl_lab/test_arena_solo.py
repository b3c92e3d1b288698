"""Tournaments in single-agent worlds: the same held-out episodes for all, stored, and continued."""

from __future__ import annotations

import io
import json
import sqlite3
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from agents.agent import Agent
from agents.registry import make_agent
from agents.scripted import RandomAgent
from envs.chance import Seeds, seed_of, seed_states
from envs.errors import LabError
from envs.games.game import States
from envs.solo.registry import WORLDS
from envs.solo.world import World
from rl_lab.arena import solo
from rl_lab.arena.episodes import Episodes
from rl_lab.arena.options import TournamentOptions
from rl_lab.arena.page.worlds import render_world_page
from rl_lab.arena.solo import run_comparison
from rl_lab.arena.store import FILE, Store
from rl_lab.evaluate import Result, evaluate, evaluation_world

REFERENCES = {"catch": "perfect", "snake": "hamiltonian", "maze": "shortest_path", "skier": "adam"}


def play(
    out: Path, world: str = "catch", agents: tuple[str, ...] = ("random", "perfect"), **options: object
) -> list[Result]:
    settings = TournamentOptions(out=out, **options)
    return run_comparison(world, agents, settings, Console(file=io.StringIO()))


def test_the_results_are_those_of_the_same_episodes_played_at_once(tmp_path: Path) -> None:
    results = play(tmp_path, games=50, seed=3, parallel_games=7)
    world = evaluation_world("catch")
    seeds = seed_states(seed_of(3, episode) for episode in range(50))
    for name, found in results:
        expected = evaluate(world, make_agent(name, world), seeds)
        np.testing.assert_array_equal(found.returns, expected.returns)
        np.testing.assert_array_equal(found.lengths, expected.lengths)
        np.testing.assert_array_equal(found.outcomes, expected.outcomes)
        assert found.info.keys() == expected.info.keys()
    written = json.loads((tmp_path / "results.json").read_text())
    assert written["returns"]["perfect"] == results[1][1].returns.tolist()
    (difference,) = written["differences"]
    assert difference["agents"] == ["random", "perfect"] and difference["high"] < 0


@pytest.mark.parametrize("world", [*WORLDS, "skier:dims=2,actions=continuous", "maze:cue=spurious"])
def test_every_world_has_tournaments(world: str, tmp_path: Path) -> None:
    play(tmp_path, world, ("random", REFERENCES[world.partition(":")[0]]), games=3)
    assert (tmp_path / "report.html").exists()


def test_worlds_with_held_out_episodes_are_played_on_those(tmp_path: Path) -> None:
    play(tmp_path, "maze:size=5", ("random", "shortest_path"), games=4)
    with Store(tmp_path) as store:
        assert "split=held_out" in store.settings["game"]


def test_more_episodes_and_agents_are_added_to_what_is_there(tmp_path: Path) -> None:
    few = play(tmp_path, games=10)
    with Store(tmp_path) as store:
        before = store.connection.execute("SELECT * FROM episodes").fetchall()
    many = play(tmp_path, games=25)
    np.testing.assert_array_equal(many[0][1].returns[:10], few[0][1].returns)
    play(tmp_path, agents=("perfect", "random"), games=25)
    with Store(tmp_path) as store:
        rows = store.connection.execute("SELECT * FROM episodes").fetchall()
        assert set(before) <= set(rows) and len(rows) == 50
        assert Episodes(store).played("random") == list(range(25))
    with pytest.raises(LabError, match="seed 0, not 1"):
        play(tmp_path, seed=1)


def test_ctrl_c_keeps_the_episodes_that_are_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupting(RandomAgent):
        calls = 0

        def act(self, states: States, seeds: Seeds) -> object:
            self.calls += 1
            if self.calls == 30:
                raise KeyboardInterrupt
            return super().act(states, seeds)

    monkeypatch.setattr(solo, "make_agent", lambda spec, world: Interrupting(world))
    monkeypatch.setattr(solo, "check_agents", lambda names: None)
    with pytest.raises(KeyboardInterrupt):
        play(tmp_path, agents=("random",), games=20, parallel_games=5)
    with Store(tmp_path) as store:
        assert len(Episodes(store).played("random")) == 10
    monkeypatch.undo()
    assert not (tmp_path / "results.json").exists()
    play(tmp_path, games=20)
    assert (tmp_path / "results.json").exists()


def test_an_agent_that_raises_is_one_sentence_and_the_rest_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(RandomAgent):
        def act(self, states: States, seeds: Seeds) -> object:
            raise ZeroDivisionError("of all things")

    def make(spec: str, world: World) -> Agent:
        return Broken(world) if spec == "random" else make_agent(spec, world)

    monkeypatch.setattr(solo, "make_agent", make)
    with pytest.raises(LabError, match=r"random failed in catch.*ZeroDivisionError: of all things"):
        play(tmp_path, agents=("perfect", "random"), games=6)
    with Store(tmp_path) as store:
        assert len(Episodes(store).played("perfect")) == 6


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"opening_plies": 3}, "--opening-plies is for games between two"),
        ({"challenger": "random"}, "--challenger is for games"),
        ({"format": "swiss"}, "--format is for games"),
        ({"games": 0}, "one game or more"),
        ({"parallel_games": 0}, "One episode or more"),
        ({"agents": ("random",)}, "two agents or more"),
        ({"world": "catch", "agents": ("random", "greedy")}, "plays board games"),
    ],
)
def test_what_does_not_fit_a_world_is_one_sentence(options: dict[str, object], message: str, tmp_path: Path) -> None:
    with pytest.raises(LabError, match=message):
        play(tmp_path, **options)
    assert not list(tmp_path.iterdir())


def test_the_page_says_what_the_table_says(tmp_path: Path) -> None:
    results = dict(play(tmp_path, "catch", ("random", "perfect"), games=60))
    page = (tmp_path / "report.html").read_text()
    main = "<main>" + page.partition("<main>")[2].partition("</main>")[0] + "</main>"
    text = " ".join("".join(ET.fromstring(main).itertext()).split())
    assert "perfect" in text and "100.0%" in text and "Content-Security-Policy" in page and "<script" not in page
    difference = results["perfect"].returns.mean() - results["random"].returns.mean()
    assert f"+{difference:.3f}" in text
    assert text.index("perfect") < text.index("random")  # the better one first


def test_names_and_single_episodes_do_not_break_the_page(tmp_path: Path) -> None:
    world = evaluation_world("catch")
    found = play(tmp_path, games=1)[0][1]
    page = render_world_page(world, [("<script>alert(1)</script>", found)], 1, "a & b", {"seed": 0})
    assert "<script>" not in page and "a &amp; b" in page


def test_the_folder_of_a_training_run_is_no_place_for_a_tournament(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(LabError, match="folder of a training run"):
        play(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["config.json"]


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        (column, "'[1]'", f"episode 1 has no such {column}")
        for column in ("return", "length", "outcome", "seconds", "info")
    ]
    + [("info", "'{\"x\": 1}'", "the info of its episodes differs"), ("info", "'{'", "no JSON")],
)
def test_an_episode_that_the_lab_would_not_have_written_is_one_sentence(
    column: str, value: str, message: str, tmp_path: Path
) -> None:
    play(tmp_path, games=3)
    connection = sqlite3.connect(tmp_path / FILE)
    with connection:
        connection.execute(f"UPDATE episodes SET {column} = {value} WHERE episode = 1")
    connection.close()
    with pytest.raises(LabError, match=f"is damaged .{message}.*: restore a copy"):
        play(tmp_path, games=3)
