"""The pages that add a game and a world: their code is put together and run, and prints what they say it prints.

A block of a page is marked by the words after its fence:

    python FILE.py    a part of the file that the page writes
    python, pycon     a session that uses it; what pycon shows is compared with what is printed (doctest)
    diff wrong        a mistake in the file, for the pycon wrong that follows
    sh                commands, which are run; what asks for a screen or for minutes is made smaller first
"""

from __future__ import annotations

import doctest
import importlib.util
import re
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from pettingzoo.test import api_test
from stable_baselines3.common.env_checker import check_env as sb3_check_env

from agents.solver import solve
from envs.errors import LabError
from envs.faces.aec_env import aec_env
from envs.games import make_game
from envs.games.conformance import check_game
from envs.games.registry import GAMES
from envs.solo.conformance import check_world
from envs.solo.registry import WORLDS, make_world
from rl_lab.cli import main

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# What makes a command of a page fit for a test.
SMALLER = {
    "train": "--iterations=1 --games=8 --moves=4 --simulations=2 --blocks=1 --channels=8 --batch-size=8",
    "watch": "--headless --record=watched.png",
}


@dataclass(frozen=True)
class Page:
    """A page: its blocks, (language, mark, text) in order, the file that it writes and the module that this became."""

    path: Path
    blocks: list[tuple[str, str, str]]
    source: str
    module: Any

    @property
    def commands(self) -> list[str]:
        return [line for language, _, text in self.blocks if language == "sh" for line in text.splitlines()]


def load(source: str, path: Path, patch: pytest.MonkeyPatch) -> Any:
    """The module of that source, from a file, which numba's cache asks for."""
    path.write_text(source, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    patch.setitem(sys.modules, path.stem, module)
    spec.loader.exec_module(module)
    return module


def read(name: str, folder: Path, patch: pytest.MonkeyPatch) -> Page:
    path = DOCS / f"{name}.md"
    text = path.read_text(encoding="utf-8")
    blocks = BLOCK.findall(text)
    assert 2 * len(blocks) == len(re.findall("^```", text, re.MULTILINE)), "a block was overlooked"
    (file,) = {mark for _, mark, _ in blocks if mark.endswith(".py")}
    source = "\n".join(text for _, mark, text in blocks if mark == file)
    return Page(path, blocks, source, load(source, folder / file, patch))


def gym_id(name: str, like: str, world: str) -> None:
    """Registers an id as `import rl_lab` registers that of the game or world `like`."""
    known = gymnasium.spec(like)
    entries = {"entry_point": known.entry_point, "vector_entry_point": known.vector_entry_point}
    gymnasium.register(name, **entries, kwargs={**known.kwargs, "world": world})


@pytest.fixture(scope="module")
def game_page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with pytest.MonkeyPatch.context() as patch:
        page = read("adding-a-game", tmp_path_factory.mktemp("game"), patch)
        patch.setitem(GAMES, "snort", page.module.Snort)
        gym_id("rl_lab/Snort-v0", "rl_lab/Hex-v0", "snort")
        yield page
        del gymnasium.registry["rl_lab/Snort-v0"]


@pytest.fixture(scope="module")
def world_page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with pytest.MonkeyPatch.context() as patch:
        page = read("adding-a-world", tmp_path_factory.mktemp("world"), patch)
        patch.setitem(WORLDS, "cliff", page.module.Cliff)
        gym_id("rl_lab/Cliff-v0", "rl_lab/Maze-v0", "cliff")
        yield page
        del gymnasium.registry["rl_lab/Cliff-v0"]


def run_session(text: str, names: dict[str, Any], path: Path) -> None:
    """Runs the examples of a pycon block and compares what they print."""
    test = doctest.DocTestParser().get_doctest(text, names, path.name, None, None)
    assert test.examples, f"no examples in:\n{text}"
    report: list[str] = []
    result = doctest.DocTestRunner(verbose=False).run(test, out=report.append, clear_globs=False)
    assert result.failed == 0, "".join(report)
    names.update(test.globs)


def with_mistake(source: str, diff: str) -> str:
    """The source with the lines of `diff` that begin with + in place of those that begin with -."""
    right, wrong = (
        "".join(line[1:] for line in diff.splitlines(keepends=True) if line[0] != sign) for sign in ("+", "-")
    )
    assert source.count(right) == 1, f"the page has no such lines:\n{right}"
    return source.replace(right, wrong)


def run_page(page: Page, kinds: dict[str, Any], name: str, folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Runs all sessions of a page in one namespace; kinds[name] is the mistaken class where the page says so."""
    names: dict[str, Any] = {}
    right = wrong = kinds[name]
    for number, (language, mark, text) in enumerate(page.blocks):
        if language == "diff":
            module = load(with_mistake(page.source, text), folder / f"mistake_{number}.py", patch)
            wrong = getattr(module, right.__name__)
        elif language == "pycon":
            patch.setitem(kinds, name, wrong if mark == "wrong" else right)
            run_session(text, names, page.path)
        elif language == "python" and not mark:
            exec(compile(text, page.path.name, "exec"), names)


def run_command(line: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What a command of the page prints, its lines' spaces made one."""
    program, command, *rest = shlex.split(line)
    assert program == "rl-lab"
    code = main([command, *rest, *SMALLER.get(command, "").split()])
    printed = capsys.readouterr()
    assert code == 0, f"{line}: {printed.err}"
    return " ".join(printed.out.split())


@pytest.mark.parametrize("name", ["adding-a-game", "adding-a-world"])
def test_links_lead_somewhere(name: str) -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)", (DOCS / f"{name}.md").read_text(encoding="utf-8"))
    assert links and all((DOCS / link).exists() for link in links)


def test_the_game_is_what_the_page_shows(game_page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_page(game_page, GAMES, "snort", tmp_path, monkeypatch)


def test_the_commands_of_the_game_work(
    game_page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    played: list[Any] = []
    monkeypatch.setattr("rl_lab.viewer.app.play", lambda *arguments: played.append(arguments))
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.chdir(tmp_path)
    printed = [run_command(line, capsys) for line in game_page.commands]
    assert played and (tmp_path / "watched.png").stat().st_size and (tmp_path / "runs/snort").is_dir()
    table = re.search(r"^    Agent +Elo.*?\n\n", game_page.path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    for row in table[0].splitlines()[1:]:
        assert any(" ".join(row.split()) in output for output in printed), f"no tournament printed: {row}"


@pytest.mark.filterwarnings("ignore:Observation ")  # PettingZoo knows environments with masks by their names
@pytest.mark.parametrize("size", [2, 3, 4, 6, 8])
def test_the_game_keeps_the_contract_and_the_faces(game_page: Page, size: int) -> None:
    game = make_game(f"snort:size={size}")
    check_game(game)
    check_env(gymnasium.make("rl_lab/Snort-v0", size=size).unwrapped)
    api_test(aec_env(game), num_cycles=50)


@pytest.mark.parametrize(("size", "value"), [(2, -1), (3, 1), (4, -1)])
def test_the_game_has_its_known_value(game_page: Page, size: int, value: int) -> None:
    game = make_game(f"snort:size={size}")
    assert solve(game, game.init(1)).tolist() == [value]


@pytest.mark.parametrize(
    ("diagram", "message"),
    [
        ("XO.\n...\n...", "a1|b1 has a neighbour of the other farmer's"),
        ("O..\n...\n...", "0 X and 1 O cannot be"),
        ("X..\n...\n..O\nWhite to play", "its cells say 'Black to play'"),
        ("X..\n...", "3 rows of 3 cells"),
    ],
)
def test_a_diagram_that_cannot_be_is_refused(game_page: Page, diagram: str, message: str) -> None:
    with pytest.raises(LabError, match=message):
        make_game("snort:size=3").parse_text(diagram)


def test_the_world_is_what_the_page_shows(world_page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_page(world_page, WORLDS, "cliff", tmp_path, monkeypatch)


@pytest.mark.parametrize("columns", [3, 12, 64])
def test_the_world_keeps_the_contract_and_the_faces(world_page: Page, columns: int) -> None:
    check_world(make_world(f"cliff:columns={columns}"))
    env = gymnasium.make("rl_lab/Cliff-v0", columns=columns)
    check_env(env.unwrapped)
    with pytest.warns(UserWarning):  # that its net for Atari screens would not fit so small a plane
        sb3_check_env(env)


def test_the_world_is_gymnasiums_cliff(world_page: Page) -> None:
    """Every step from every square, beside Gymnasium's own CliffWalking."""
    world, theirs = make_world("cliff"), gymnasium.make("CliffWalking-v1").unwrapped
    for square, action in np.ndindex(36, 4):  # on the bottom row one can only stand at the start
        for start in {square, 36}:
            state = world.init(np.zeros(1, np.uint64))
            state["y"], state["x"] = divmod(start, 12)
            world.step(state, np.array([action]))
            ((_, after, reward, terminated),) = theirs.P[start][action]
            ours = (state["y"][0] * 12 + state["x"][0], state["reward"][0], state["terminated"][0])
            assert ours == (after, reward, terminated)


def test_the_commands_of_the_world_work(world_page: Page, capsys: pytest.CaptureFixture[str]) -> None:
    assert world_page.commands
    for line in world_page.commands:
        run_command(line, capsys)
