"""Films of episodes: what they show, what becomes of them when something fails, and what a run leaves of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gymnasium as gym
import imageio_ffmpeg
import numpy as np
import pytest
from gymnasium import spaces
from PIL import Image
from rich.console import Console

from agents.registry import make_agent
from agents.sb3.config import DQNConfig, PPOConfig
from agents.sb3.gym_vec_env import GymVecEnv
from envs.chance import seed_of, seed_states
from envs.errors import LabError
from envs.faces.render import picture
from envs.faces.seated import Seated
from envs.games.registry import make_game
from envs.solo.registry import make_world
from rl_lab.cli import main
from rl_lab.evaluate import InSeat, evaluate
from rl_lab.evaluate_gym import decider_for, evaluate_gym
from rl_lab.film import Film, write_film
from rl_lab.runs import video
from rl_lab.runs.run import Run
from rl_lab.runs.video import BOARD_FPS, agent_film, gym_film, world_film
from rl_lab.train import train

SILENT = Console(quiet=True)
SMALL: dict[str, Any] = {"blocks": 0, "channels": 4, "hidden": 16, "num_envs": 10, "evaluation_steps": 500}


class Silent(gym.Env[Any, Any]):
    """Can be made with render_mode="rgb_array", and draws nothing."""

    metadata = {"render_modes": ["rgb_array"]}  # noqa: RUF012 - as Env has it
    observation_space, action_space = spaces.Box(-1, 1, (2,), np.float32), spaces.Discrete(2)

    def __init__(self, render_mode: str | None = None) -> None:
        self.render_mode = render_mode

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        return np.zeros(2, np.float32), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        return np.zeros(2, np.float32), 0.0, True, False, {}

    def render(self) -> Any:
        return None


gym.register("LabTestSilent-v0", Silent)


def read(path: Path) -> np.ndarray:
    """All frames of an .mp4."""
    frames = imageio_ffmpeg.read_frames(str(path))
    width, height = next(frames)["size"]
    return np.array([np.frombuffer(frame, np.uint8).reshape(height, width, 3) for frame in frames])


def test_a_film_of_a_world_is_the_episode_that_was_evaluated() -> None:
    world, seeds = make_world("snake:size=4"), seed_states([seed_of(3, 0)])
    agent = make_agent("random", world)
    frames = list(world_film(world, agent, seeds).frames)
    length = int(evaluate(world, agent, seeds).lengths[0])
    held = int(video.LAST_SECONDS * video.RENDER_FPS)
    assert len(frames) == length + 1 + held
    assert np.array_equal(frames[0], picture(world.scene(world.init(seeds)[0])))
    assert all(np.array_equal(frame, frames[length]) for frame in frames[length:])


def test_a_film_of_a_board_game_shows_every_move() -> None:
    game = make_game("tic_tac_toe")
    world = Seated(game, (make_agent("greedy", game),), "second")
    film = world_film(world, InSeat(make_agent("random", game)), seed_states([5]))
    frames = list(film.frames)[: -int(video.LAST_SECONDS * BOARD_FPS)]
    changed = [not np.array_equal(a, b) for a, b in zip(frames[1:], frames[:-1], strict=True)]
    assert all(changed) and 5 <= len(frames) <= 9, "the opponent's first move is on the board at the beginning"


@pytest.mark.parametrize("env_id", ["CartPole-v1", "FrozenLake-v1"])
def test_a_film_of_a_gymnasium_id_is_the_first_episode_that_was_evaluated(env_id: str) -> None:
    decider = decider_for("random", GymVecEnv(env_id))
    frames = list(gym_film(env_id, decider, 7).frames)
    length = int(evaluate_gym(env_id, decider, 1, 7).lengths[0])
    fps = gym.make(env_id).metadata["render_fps"]
    assert len(frames) == length + 1 + int(video.LAST_SECONDS * fps)
    assert all(frame.shape == frames[0].shape and not (set(np.array(frame.shape[:2]) % 2) - {0}) for frame in frames)


def test_what_is_written_is_what_was_drawn(tmp_path: Path) -> None:
    colours = [(250, 20, 20), (20, 250, 20), (20, 20, 250)]
    drawn = [np.full((64, 48, 3), colour, np.uint8) for colour in colours]
    write_film(Film(drawn, 5), tmp_path / "new" / "film.mp4")
    shown = read(tmp_path / "new" / "film.mp4")
    assert shown.shape == (3, 64, 48, 3)
    assert np.abs(shown.astype(int) - np.array(drawn)).mean() < 12  # a lossy code
    write_film(Film(drawn, 5), tmp_path / "film.gif")
    with Image.open(tmp_path / "film.gif") as image:
        assert image.n_frames == 3 and image.info["duration"] == 200
        assert [image.seek(i) or image.convert("RGB").getpixel((9, 9)) for i in range(3)] == colours
    assert sorted(path.name for path in tmp_path.iterdir()) == ["film.gif", "new"]


def test_long_episodes_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video, "MAX_FRAMES", 4)
    world = make_world("catch")
    film = world_film(world, make_agent("random", world), seed_states([1]))
    assert len(list(film.frames)) == 4 + int(video.LAST_SECONDS * film.fps)


@pytest.mark.parametrize("kind", ["mp4", "gif"])
def test_a_film_that_fails_half_way_leaves_nothing(kind: str, tmp_path: Path) -> None:
    def frames() -> Iterator[np.ndarray]:
        yield np.zeros((16, 16, 3), np.uint8)
        raise OSError(28, "No space left on device")

    (tmp_path / f"film.{kind}").write_text("an older film")
    with pytest.raises(LabError, match="No space left"):
        write_film(Film(frames(), 5), tmp_path / f"film.{kind}")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["an older film"]


@pytest.mark.parametrize(
    "config",
    [
        PPOConfig(env="catch", steps=1500, video=True, rollout_steps=25, **SMALL),
        DQNConfig(env="tic_tac_toe", steps=1000, video=True, learning_starts=100, opponents="random", **SMALL),
        PPOConfig(env="CartPole-v1", steps=1000, video=True, rollout_steps=25, **SMALL),
    ],
    ids=["world", "board game", "gymnasium"],
)
def test_a_run_films_its_evaluations(config: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rl_lab.runs.policy_scores.ANCHORS", ("random",))
    train(config, tmp_path / "run", console=SILENT)
    evaluated = [m["clock"] for m in Run(tmp_path / "run").metrics("evaluation")]
    films = sorted((tmp_path / "run" / "videos").iterdir())
    assert [film.name for film in films] == [f"{steps:09d}.mp4" for steps in evaluated] and evaluated
    assert all(len(read(film)) > 2 for film in films[:1])


def test_films_change_nothing_in_what_is_learned(tmp_path: Path) -> None:
    config = PPOConfig(env="catch", steps=1500, rollout_steps=25, **SMALL)
    for name, filmed in (("plain", False), ("filmed", True)):
        train(dataclasses.replace(config, video=filmed), tmp_path / name, console=SILENT)
    weights = [Run(tmp_path / n).checkpoints()[-1] / "policy.safetensors" for n in ("plain", "filmed")]
    assert weights[0].read_bytes() == weights[1].read_bytes()


def test_a_film_that_cannot_be_written_does_not_end_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(film: Film, path: Path) -> None:
        raise LabError(f"{path} cannot be written: No space left on device.")

    monkeypatch.setattr("rl_lab.runs.sb3.write_film", fail)
    console = Console(width=300, record=True, quiet=False, file=(tmp_path / "log").open("w"))
    train(PPOConfig(env="catch", steps=500, rollout_steps=25, video=True, **SMALL), tmp_path / "run", console=console)
    assert "no film of this evaluation" in console.export_text()
    assert Run(tmp_path / "run").metrics("evaluation")


def test_without_ffmpeg_films_are_gifs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rl_lab.film.has_ffmpeg", lambda: False)
    train(PPOConfig(env="catch", steps=500, rollout_steps=25, video=True, **SMALL), tmp_path / "run", console=SILENT)
    assert [film.suffix for film in (tmp_path / "run" / "videos").iterdir()] == [".gif"]
    with pytest.raises(LabError, match=r"pip install 'rl-lab\[video\]', or name a .gif"):
        write_film(Film([], 1), tmp_path / "x.mp4")


@pytest.mark.parametrize("words", ["snake:size=4 random", "tic_tac_toe random greedy", "CartPole-v1 random"])
def test_evaluate_records_the_first_agent(words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    film = tmp_path / "new" / "film.mp4"
    assert main(["evaluate", *words.split(), "--episodes", "2", "--record", str(film)]) == 0
    assert f"The film is {film}." in capsys.readouterr().out.replace("\n", "")
    env, agent, *_ = words.split()
    assert len(read(film)) == pytest.approx(len(list(agent_film(env, agent, 0).frames)), abs=1)


BAD = {
    "another kind": ("evaluate catch random --record {tmp}/x.avi", "ends in .mp4 or .gif"),
    "folder that cannot be": ("evaluate catch random --record {tmp}/file/x.gif", "cannot be written"),
    "a folder": ("evaluate catch random --record {tmp}/folder.gif", "cannot be written"),
    "no pictures": ("evaluate LabTestSilent-v0 random --record {tmp}/x.gif", "draws no pictures"),
    "no pictures of a run": ("train ppo --env LabTestSilent-v0 --video --out {tmp}/run", "draws no pictures"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_said_in_one_sentence(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words, message = BAD[name]
    (tmp_path / "file").write_text("")
    (tmp_path / "folder.gif").mkdir()
    assert main(words.format(tmp=tmp_path).split()) == 2
    error = capsys.readouterr().err
    assert message in error and error.startswith("rl-lab: ") and error.count("\n") == 1
    assert not (tmp_path / "run").exists()
