"""Recordings: what they show, how large they are, and what becomes of them when something fails."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image

from agents.agent import Agent, Decision
from agents.scripted import RandomAgent
from envs.chance import Seeds
from envs.errors import LabError
from envs.games.registry import make_game
from rl_lab.viewer import record
from rl_lab.viewer.frame import Player
from rl_lab.viewer.layout import layout
from rl_lab.viewer.row_stages import GameStage
from rl_lab.viewer.session import Session
from rl_lab.viewer.stage import Stage
from rl_lab.viewer.staging import make_env, make_stage
from rl_lab.viewer.theme import DARK, LIGHT, Theme
from rl_lab.viewer.view import Look

LAB = [sys.executable, "-m", "rl_lab.cli"]
SMALL = (900, 600)


class Broken(Agent):
    def act(self, states: object, seeds: Seeds) -> Decision:
        raise ZeroDivisionError("no such luck")


def played(env: str, *seats: str, seed: int = 0) -> Stage:
    """An episode of that environment, at its end."""
    stage = make_stage(make_env(env), seats, seed)
    record.play_out(stage, seed)
    return stage


def picture(stage: Stage, size: tuple[int, int] = SMALL, boards: int = 1) -> record.Painter:
    return record.Painter(size, layout(*size, len(stage.seats), boards=boards, toolbar=False), Look())


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_gif_has_every_action_and_every_answer(tmp_path: Path) -> None:
    stage = played("tic_tac_toe", "greedy", "random", seed=3)
    record.record_stage(stage, tmp_path / "new" / "game.gif")
    with Image.open(tmp_path / "new" / "game.gif") as gif:
        assert gif.size == record.SIZE and gif.n_frames == 2 * stage.ply  # one less for the start, one more for the end
    assert files(tmp_path) == ["new"] and files(tmp_path / "new") == ["game.gif"]


def test_a_png_is_the_windows_last_picture(tmp_path: Path) -> None:
    stage = played("tic_tac_toe", "greedy", "random")
    record.record_stage(stage, tmp_path / "end.png", SMALL)
    with Image.open(tmp_path / "end.png") as png:
        assert np.array_equal(png.convert("RGB"), picture(stage).picture(record.recall(stage, stage.ply)))


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_the_colours_of_a_gif_are_the_windows(theme: Theme, tmp_path: Path) -> None:
    stage = played("go:size=5", "greedy", "random")
    record.record_stage(stage, tmp_path / "game.gif", SMALL, Look(theme))
    record.record_stage(stage, tmp_path / "game.png", SMALL, Look(theme))
    with Image.open(tmp_path / "game.gif") as gif, Image.open(tmp_path / "game.png") as png:
        gif.seek(gif.n_frames - 1)
        off = np.abs(np.asarray(gif.convert("RGB"), int) - np.asarray(png.convert("RGB"), int))
        drawn = np.asarray(png.convert("RGB"))
    own = (drawn[:, :, None] == np.array(sorted(theme.colors.values()))).all(axis=-1).any(axis=-1)
    assert own.mean() > 0.4 and off[own].max() < 4, "shades as close as that may share one"
    assert off.mean() < 2


def test_a_film_shows_the_pictures_in_order_and_the_last_one_long(tmp_path: Path) -> None:
    stage = played("tic_tac_toe", "greedy", "random")
    record.record_stage(stage, tmp_path / "game.mp4", (901, 601))
    shown = list(record.moments(stage))
    reader = imageio_ffmpeg.read_frames(str(tmp_path / "game.mp4"))
    assert next(reader)["size"] == (900, 600)
    frames = [np.frombuffer(frame, np.uint8).reshape(600, 900, 3) for frame in reader]
    assert len(frames) == sum(round(seconds * record.FPS) for _, seconds in shown)
    painter = picture(stage, (901, 601))
    for frame, (views, _) in ((frames[0], shown[0]), (frames[-1], shown[-1])):
        assert np.abs(frame.astype(int) - painter.picture(*views)[:600, :900]).mean() < 4


def test_moments_know_nothing_of_what_comes_later() -> None:
    stage = played("go:size=5", "rollout:simulations=8", "greedy", seed=1)
    for (view, *_), _ in record.moments(stage):
        assert len(view.frames) == view.index + 1
        assert len(view.track.values) == view.index + 1
        assert view.on_board or not np.isfinite(view.track.values[-1])


def test_a_long_episode_is_small_and_quick(tmp_path: Path) -> None:
    stage = played("snake", "hamiltonian")
    start = time.process_time()
    record.record_stage(stage, tmp_path / "snake.gif")
    assert stage.ply > 800 and time.process_time() - start < 30
    assert (tmp_path / "snake.gif").stat().st_size < 3_000_000
    with Image.open(tmp_path / "snake.gif") as gif:
        assert 100 < gif.n_frames <= record.MAX_PICTURES + 1
        durations = [gif.seek(i) or gif.info["duration"] for i in range(gif.n_frames)]
    assert sum(durations) / 1000 < 2 * record.FILM_SECONDS and durations[-1] == 1000 * record.END_SECONDS


def test_side_by_side_the_shorter_episode_waits(tmp_path: Path) -> None:
    one, two = played("catch", "random", seed=1), played("catch:rows=6", "random", seed=1)
    views = [views for views, _ in record.moments(one, two)]
    assert views[-1][0].index == one.ply > two.ply and {v[1].index for v in views} == set(range(two.ply + 1))
    record.record_stage(one, tmp_path / "both.gif", SMALL, beside=two)
    record.record_stage(one, tmp_path / "both.png", SMALL, beside=two)
    alone = picture(one).picture(views[-1][0])
    with Image.open(tmp_path / "both.png") as png:
        assert not np.array_equal(png.convert("RGB"), alone)


def test_a_recording_is_the_episode_that_the_window_shows() -> None:
    game = make_game("connect_four")
    recorded, live = (GameStage(game, [Player("a", RandomAgent(game)), Player("b", RandomAgent(game))]) for _ in "ab")
    record.play_out(recorded, 3)
    session = Session(live, seed=3)
    session.turn_seconds, end = 0.0, time.monotonic() + 5
    while not session.stage.over and time.monotonic() < end:
        session.update()
        time.sleep(0.0005)
    assert session.close() and session.stage.over and session.stage.history == recorded.history


def test_a_stage_may_go_on_while_it_is_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stage, plies = played("connect_four", "random", "random"), []

    def undo_and_paint(painter: record.Painter, *views: record.View) -> np.ndarray:
        stage.undo()
        plies.append(views[0].index)
        return np.zeros((2, 2, 3), np.uint8)

    length = stage.ply
    monkeypatch.setattr(record.Painter, "picture", undo_and_paint)
    record.record_stage(stage, tmp_path / "x.gif")
    assert stage.ply < length and plies[-1] == length


def test_an_endless_episode_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "MAX_STEPS", 7)
    assert played("snake", "hamiltonian").ply == 7


def test_a_gymnasium_id(tmp_path: Path) -> None:
    stage = make_stage("CartPole-v1", ["random"], 0)
    try:
        record.record_episode(stage, tmp_path / "pole.gif", size=SMALL)
    finally:
        stage.close()
    with Image.open(tmp_path / "pole.gif") as gif:
        assert gif.n_frames > 10


# What goes wrong


@pytest.mark.parametrize("name", ["game.avi", "game", "folder.gif", "file/game.gif"])
def test_a_bad_path_is_said_before_anything_is_played(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder.gif").mkdir()
    stage = make_stage(make_env("tic_tac_toe"), ["random", "random"])
    with pytest.raises(LabError, match=r"ends in \.mp4, \.gif or \.png|cannot be written"):
        record.record_episode(stage, tmp_path / name)
    assert stage.ply == 0 and files(tmp_path) == ["file", "folder.gif"]


def test_an_agent_that_fails_is_named(tmp_path: Path) -> None:
    stage = GameStage(make_game("go:size=5"), [Player("broken", Broken("broken")), Player("human")])
    with pytest.raises(LabError, match=r"^Black \(broken\) failed: ZeroDivisionError: no such luck$"):
        record.record_episode(stage, tmp_path / "x.gif")
    stage = GameStage(make_game("go:size=5"), [Player("human"), Player("human")])
    with pytest.raises(LabError, match="Black is a person"):
        record.record_episode(stage, tmp_path / "x.gif")
    assert files(tmp_path) == []


@pytest.mark.parametrize("kind", record.KINDS)
def test_a_full_disk_is_one_sentence(kind: str, tmp_path: Path) -> None:
    """The limit of a file's size stands for the disk: a process that reaches it cannot write any more."""
    words = ["watch", "go:size=5", "--agent", "random", "--headless", "--record", str(tmp_path / f"x{kind}")]
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000));"
        f"from rl_lab.cli import main; sys.exit(main({words}))"
    )
    done = subprocess.run([sys.executable, "-B", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr
    assert f"x{kind} cannot be written" in done.stderr and files(tmp_path) == []


@pytest.mark.parametrize("kind", [".gif", ".mp4"])
def test_ctrl_c_leaves_nothing(kind: str, tmp_path: Path) -> None:
    words = ["watch", "snake", "--agent", "hamiltonian", "--headless", "--record", str(tmp_path / f"x{kind}")]
    with subprocess.Popen([*LAB, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        end = time.monotonic() + 60
        while not files(tmp_path):  # the first byte is on the disk
            assert time.monotonic() < end and process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        told = process.communicate(timeout=30)[1]
    assert process.returncode == 130 and "Traceback" not in told
    assert files(tmp_path) == []


@pytest.mark.parametrize(("env", "agents"), [("tic_tac_toe", ["random"]), ("CartPole-v1", ["random"])])
def test_no_display_is_opened_and_nothing_printed(env: str, agents: list[str], tmp_path: Path) -> None:
    bare = {key: value for key, value in os.environ.items() if key not in ("SDL_VIDEODRIVER", "DISPLAY")}
    bare["DISPLAY"] = ":4711"  # whoever opens it fails
    code = (
        "import sys; from rl_lab.cli import main; rc = main(sys.argv[1:]);"
        "import pygame; sys.exit(rc or pygame.display.get_init() or 'SDL_VIDEODRIVER' in __import__('os').environ)"
    )
    words = ["watch", env, "--agent", *agents, "--headless", "--record", str(tmp_path / "x.mp4")]
    done = subprocess.run([sys.executable, "-c", code, *words], env=bare, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.replace("\n", "") == f"The episode is in {tmp_path / 'x.mp4'}."


def test_a_film_looks_as_the_window_does() -> None:
    stage = played("go:size=5", "rollout:simulations=30", "greedy", seed=1)
    view = record.recall(stage, 2)
    looks = [Look(), Look(panel="planes"), Look(layers=frozenset()), Look(layers=frozenset({"policy"})), Look(DARK)]
    drawn = {replace(picture(stage), look=look).picture(view).tobytes() for look in looks}
    assert len(drawn) == len(looks)
