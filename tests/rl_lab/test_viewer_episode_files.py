"""Episodes in files: what was played comes back from them, and what is no episode is one sentence."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from envs.chance import seed_states
from envs.errors import LabError
from rl_lab import cli
from rl_lab.viewer.episode_files import MAX_BYTES, Episode, episode_of, load_episode, read_episode, save_episode
from rl_lab.viewer.frame import Phase
from rl_lab.viewer.opening import close_all, open_sessions, saver
from rl_lab.viewer.replay import open_replay, replay_episode
from rl_lab.viewer.session import Session, chosen
from rl_lab.viewer.stage import Stage
from rl_lab.viewer.staging import Plan, make_env, make_stage

ENVIRONMENTS = {
    "connect_four": ("rollout:simulations=20", "greedy"),
    "hex:size=4,swap=true": ("random", "random"),
    "snake:size=6": ("hamiltonian",),
    "maze": ("random",),
    "skier:dims=2,actions=continuous": ("gd:lr=0.5",),
    "CartPole-v1": ("random",),
    "MountainCarContinuous-v0": ("random",),
}
MOST = 60  # actions of an episode


def played(env: str, seats: tuple[str, ...], seed: int = 3) -> Stage:
    """An episode that agents have played to its end, or for MOST actions."""
    stage = make_stage(make_env(env), seats, seed)
    while not stage.over and stage.ply < MOST:
        agent = stage.players[stage.to_play].agent
        assert agent is not None
        decision = agent.act(stage.question(stage.frame), seed_states([stage.ply]))
        stage.act(chosen(decision), decision)
        while not stage.arrive():
            time.sleep(0.001)
    stage.close()
    return stage


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_an_episode_comes_back_from_its_file(env: str, tmp_path: Path) -> None:
    stage = played(env, ENVIRONMENTS[env])
    path = save_episode(episode_of(stage, 3), tmp_path)
    found = open_replay(path)
    again = found.stage
    assert found.warning == "" and found.seed == 3 and again.is_record and again.ply == 0
    assert [player.name for player in again.players] == list(ENVIRONMENTS[env])
    assert len(again.frames) == len(stage.frames)
    for old, new in zip(stage.frames[1:], again.frames[1:], strict=True):
        assert np.array_equal(old.action, new.action) and old.rewards == new.rewards and old.over == new.over
        assert old.decision is not None and new.decision is not None
        assert new.decision.value[0] == pytest.approx(old.decision.value[0])
        np.testing.assert_allclose(new.decision.policy, old.decision.policy, atol=1e-6)
    assert again.scene(again.frames[-1]) == stage.scene(stage.frames[-1])
    assert save_episode(episode_of(stage, 3), tmp_path).name == "episode-2.json"
    assert load_episode(path) == episode_of(stage, 3)


def test_a_record_is_held_at_its_start_and_goes_to_its_end(tmp_path: Path) -> None:
    stage = played("connect_four", ("greedy", "random"))
    session = Session(open_replay(save_episode(episode_of(stage, 0), tmp_path)).stage, clock=lambda: 1e9)
    try:
        session.paused = True
        session.update()
        assert session.stage.ply == 0
        plies = []
        for _ in range(2 * len(stage.frames)):
            session.step()
            while session.update():
                pass
            plies.append(session.stage.ply)
        assert sorted(plies) == plies and set(plies) == set(range(len(stage.frames)))
        assert session.phase is Phase.OVER and session.stage.result_text == stage.result_text
        assert session.undo() and session.stage.ply == len(stage.frames) - 2
    finally:
        session.close()


@pytest.mark.parametrize(("env", "name"), [("go:size=5", "game-1.sgf"), ("snake", "episode-1.json")])
def test_the_window_saves_what_can_be_replayed(env: str, name: str, tmp_path: Path) -> None:
    sessions = open_sessions(Plan(env, ("random", "random")[: 2 if "go" in env else 1], seed=5))
    stage = sessions[0].stage
    sessions[0].new_game()  # another episode, from a seed of its own
    while stage.ply < 5 and not stage.over:
        sessions[0].turn_seconds = 0.0
        sessions[0].update()
    path = saver(sessions, tmp_path)(stage)
    close_all(sessions)
    again = open_replay(path)
    assert path.name == name and again.warning == ""
    actions = [frame.action for frame in stage.frames[1 : stage.ply + 1]]
    assert [frame.action for frame in again.stage.frames[1:]] == actions
    assert again.stage.scene(again.stage.frames[-1]) == stage.scene(stage.frame)


def test_a_forfeit_ends_the_record(tmp_path: Path) -> None:
    stage = make_stage(make_env("connect_four"), ["human", "human"])
    stage.act(3, None)
    assert stage.arrive()
    stage.forfeit(1, "time")
    again = open_replay(save_episode(episode_of(stage, 0), tmp_path)).stage
    assert not again.over
    again.ply = 1
    assert again.over and again.result_text == stage.result_text and again.rewards == (1.0, -1.0)


def test_a_file_loads_no_module() -> None:
    """Making "antigravity:Foo-v0" would import whatever installed module the file names."""
    with pytest.raises(LabError, match="names a module"):
        replay_episode(Episode("antigravity:Foo-v0", 0, ["random"], [], []))
    assert "antigravity" not in sys.modules


def test_another_environment_is_noticed() -> None:
    stage = played("CartPole-v1", ("random",))
    episode = episode_of(stage, 3)
    other = replace(episode, rewards=[*episode.rewards[:2], [0.5], *episode.rewards[3:]])
    assert "From action 3 on the rewards are others" in replay_episode(other).warning
    more = replace(episode, actions=[*episode.actions, 0], rewards=[*episode.rewards, [1.0]])
    assert f"ends after {len(episode.actions)} of {len(episode.actions) + 1} actions" in replay_episode(more).warning


def test_a_replay_can_be_stopped() -> None:
    episode = Episode("snake", 0, ["x"], [0, 1] * 20, [[0.0]] * 40)
    asked: list[int] = []
    stage = replay_episode(episode, go_on=lambda done: (asked.append(done), done < 1)[1]).stage
    assert len(stage.frames) == 2 and asked == [0, 1] and not stage.waiting


# Files that are no records


def good() -> dict[str, Any]:
    return {
        "format": "rl-lab episode", "version": 1, "env": "tic_tac_toe", "seed": 0, "players": ["a", "b"],
        "actions": [4, 0], "rewards": [[0, 0], [0, 0]], "resigned": None, "resigned_by": "resign",
    }  # fmt: skip


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "format": ({"format": "x"}, "holds no episode"),
    "version": ({"version": 2}, "version 2; this rl-lab reads version 1"),
    "environment": ({"env": "chess"}, "There is no environment 'chess'"),
    "no environment": ({"env": 7}, "'env' of the file must be"),
    "option": ({"env": "hex:size=99"}, "size must be"),
    "unknown id": (
        {"env": "Nothing-v9", "players": ["a"], "rewards": [[0], [0]]},
        "Gymnasium cannot make 'Nothing-v9'",
    ),
    "seed": ({"seed": -1}, "'seed' of the file must be 0 to"),
    "seed that is none": ({"seed": True}, "'seed' of the file must be 0 to"),
    "one player": ({"players": ["a"], "rewards": [[0], [0]]}, "has 2 players, not 1"),
    "players": ({"players": "ab"}, "'players' of the file must be a list of names"),
    "illegal": ({"actions": [4, 4]}, "action 2: "),
    "no action": ({"actions": [4, 9]}, "9 is no action"),
    "numbers": ({"actions": [4, [0.5]]}, "Actions of tic_tac_toe are whole numbers"),
    "text": ({"actions": [4, "0"]}, "'actions' of the file must be a list of"),
    "infinite": ({"actions": [4, [float("inf")]]}, "'actions' of the file must be a list of"),
    "huge": ({"actions": [4, 10**30]}, "'actions' of the file must be a list of"),
    "rewards": ({"rewards": [[0, 0]]}, "'rewards' must hold as many rows, one number a player"),
    "reward rows": ({"rewards": [[0], [0]]}, "'rewards' must hold as many rows, one number a player"),
    "values": ({"values": [1]}, "'values' must hold as many"),
    "policies": ({"policies": [[1], {}]}, "'policies' of the file must be"),
    "resigned": ({"resigned": 2}, "'resigned' of the file must be a seat"),
    "reason": ({"resigned_by": []}, "'resigned_by' of the file must be one of"),
    "shape": (
        {"env": "skier:actions=continuous", "players": ["a"], "actions": [[0, 0], 1], "rewards": [[0], [0]]},
        "numbers of the shape",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_wrong_episode_is_one_sentence(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    changes, message = BAD[name]
    path = tmp_path / "episode.json"
    path.write_text(json.dumps(good()))
    assert len(open_replay(path).stage.frames) == 3
    path.write_text(json.dumps(good() | changes))
    assert cli.main(["replay", str(path), "--headless", "--record", str(tmp_path / "x.png")]) == 2
    error = capsys.readouterr().err
    assert message in error and str(path) in error and error.count("\n") == 1 and error.startswith("rl-lab: ")


def test_rubbish_in_the_place_of_any_part_is_refused_or_harmless() -> None:
    for key in good():
        for rubbish in (None, -1, 1.5, "x", [], {}, [[]], [None], [[[1]]], True, 2**70, [1e308, "y"]):
            try:
                replay_episode(read_episode(json.dumps(good() | {key: rubbish}).encode()))
            except LabError as problem:
                assert "\n" not in str(problem)
    with pytest.raises(LabError, match="larger than"):
        read_episode(b" " * (MAX_BYTES + 1))
    for data in (b"", b"{", b"[]", b"\xff\xfe", b"[" * 100_000, b"null"):
        with pytest.raises(LabError):
            read_episode(data)
