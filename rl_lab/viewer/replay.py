"""What has been played, on the stage again: SGF files, games of a tournament's database, and recorded episodes.

All become a Stage of recorded players with all its frames, at the first of them. The actions are done again by today's
rules, so a file that does not fit them is found out, and nothing of a file reaches a kernel unchecked.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from gymnasium import spaces

from agents.agent import Decision
from envs.errors import LabError
from envs.games.game import Game
from envs.games.registry import GAMES
from envs.solo.registry import WORLDS
from envs.solo.world import World
from envs.spec import Spec
from rl_lab.arena.browse import stored_game
from rl_lab.arena.store import Filter, Store
from rl_lab.go_io.sgf import load_sgf
from rl_lab.viewer.episode_files import Action, Episode, load_episode
from rl_lab.viewer.frame import WINS, ForfeitReason, Frame, Player
from rl_lab.viewer.replay_sgf import sgf_thoughts
from rl_lab.viewer.row_stages import GameStage, WorldStage
from rl_lab.viewer.stage import Stage
from rl_lab.viewer.staging import make_env

SQLITE = b"SQLite format 3\0"
WAIT_SECONDS = 0.001  # between looks at whether an environment has answered
TOLERANCE = 1e-6  # of rewards, which sums in another order may round otherwise

SGF_REASONS: dict[str, ForfeitReason] = {"r": "resign", "resign": "resign", "t": "time", "time": "time", "f": "crash"}

GoOn = Callable[[int], bool]
"""Is told how many actions have been done again, and says whether to go on."""


@dataclass(frozen=True)
class Replay:
    """A record on the stage."""

    stage: Stage
    warning: str = ""
    """What people should know of it, in one sentence."""
    seed: int = 0
    """What its chance came from, if that is known."""


class RecordedGame(GameStage):
    """A game that may have ended in another way than by the rules: its last frame is over, and `ending` says how."""

    ending = ""

    def outcome_text(self, frame: Frame) -> str:
        return super().outcome_text(frame) if frame.state["terminated"] else self.ending


def open_replay(path: Path, number: int | None = None, go_on: GoOn = lambda done: True) -> Replay:
    """The record in a file, or game `number` (by default the first) in a tournament's database or folder.

    If `go_on` says no, the record ends there. Raises LabError for a file that is none of these or is damaged, and for
    a game that is not there.
    """
    head = b"" if path.is_dir() else _head(path)
    if path.is_dir() or head.startswith(SQLITE):
        return _tournament_game(path, number)
    if number is not None:
        raise LabError(f"{path} holds one game: leave out --game, which picks one of a tournament.")
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"{"):
        return replay_episode(load_episode(path), str(path), go_on)
    if text.startswith(b"(") or path.suffix.lower() == ".sgf":
        return _sgf_game(path)
    raise LabError(f"{path} is no record: it must be an SGF file, a tournament's database or a recorded episode.")


def replay_episode(episode: Episode, name: str = "The episode", go_on: GoOn = lambda done: True) -> Replay:
    """Does an episode again. Raises LabError, beginning with `name`, if it does not fit its environment."""
    try:
        env = make_env(_harmless(episode.env))
        seats = 2 if isinstance(env, Game) else 1
        if len(episode.players) != seats:
            raise LabError(f"{episode.env} has {seats} players, not {len(episode.players)}.")
        stage = _stage(env, [Player(player, recorded=True) for player in episode.players], episode.seed)
    except LabError as error:
        raise LabError(f"{name}: {error}") from None
    try:
        _perform(stage, [_fitting(env, stage, a) for a in episode.actions], episode.values, episode.policies, go_on)
    except LabError as error:
        raise LabError(f"{name}: {error}") from None
    finally:
        stage.close()  # all it is asked from now on is in its frames
    if episode.resigned is not None and isinstance(stage, RecordedGame):
        _end(stage, 1 - episode.resigned, WINS[episode.resigned_by])
    return Replay(stage, _difference(stage, episode), episode.seed)


def _harmless(env: str) -> str:
    """The environment that a file names; raises LabError where making it would load a module that the file chooses."""
    if Spec.parse(env).name not in {**GAMES, **WORLDS} and ":" in env:
        raise LabError(f"'{env}' names a module to load, which a file may not choose.")
    return env


def _tournament_game(path: Path, number: int | None) -> Replay:
    with Store(path, readonly=True) as store:
        game = stored_game(store)
        numbers = sorted(store.times())
        if not numbers:
            raise LabError(f"No game of {store.path} has ended yet.")
        number = numbers[0] if number is None else number
        if number not in numbers:
            raise LabError(f"There is no game {number} in {store.path}; it has {len(numbers)}: {_spans(numbers)}.")
        record = store.games(Filter(number=number))[0]
    stage = RecordedGame(game, [Player(agent, recorded=True) for agent in record.agents])
    try:
        _perform(stage, [_fitting(game, stage, action) for action in record.actions], record.values)
    except LabError as error:
        raise LabError(f"Game {number} of {path}: {error}") from None
    if record.reason != "score" and record.outcome:
        _end(stage, int(record.outcome < 0), WINS[record.reason])
    return Replay(stage, " ".join([record.detail, *record.events]).strip())


def _sgf_game(path: Path) -> Replay:
    read = load_sgf(path, allow_setup=True)
    game = read.game
    names = [name or seat for name, seat in zip(read.players, game.player_names, strict=True)]
    stage = RecordedGame(game, [Player(name, recorded=True) for name in names], read.start()[0])
    told = sgf_thoughts(path.read_bytes(), game)
    _perform(stage, read.actions, told.values, told.policies)
    stage.frames = [replace(f, comment=text) for f, text in zip(stage.frames, told.comments, strict=False)]
    winner, plus, margin = read.result.partition("+")
    if plus and winner.lower() in ("b", "w") and not stage.frames[-1].over:
        reason = SGF_REASONS.get(margin.lower())
        how = WINS[reason] if reason else f"by {margin}, as the file says" if margin else "as the file says"
        _end(stage, int(winner.lower() == "w"), how)
    return Replay(stage)


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(64)
    except (OSError, ValueError) as error:  # ValueError: a null byte in the name
        raise LabError(f"Cannot read {path}: {getattr(error, 'strerror', None) or error}.") from None


def _stage(env: Game | World | str, players: Sequence[Player], seed: int) -> Stage:
    if isinstance(env, Game):
        return RecordedGame(env, players)
    if isinstance(env, World):
        return WorldStage(env, players[0], seed)
    from rl_lab.viewer.gym_stage import GymStage  # loads torch, for which the lab's own records need not wait

    stage = GymStage(env, players[0], seed)
    stage.can_undo = True  # of a record nothing is lost
    return stage


def _perform(
    stage: Stage,
    actions: Sequence[Any],
    values: Sequence[float | None] = (),
    policies: Sequence[Sequence[float | None] | None] = (),
    go_on: GoOn = lambda done: True,
) -> None:
    """Does the actions one after the other, then goes back to the start; stops early where the episode ends."""
    for done, action in enumerate(actions):
        if stage.over or not go_on(done):
            break
        value = values[done] if done < len(values) else None
        policy = policies[done] if done < len(policies) else None
        try:
            stage.act(action, _decision(stage, action, value, policy))
        except LabError as error:
            raise LabError(f"action {done + 1}: {error}") from None
        while not stage.arrive():
            time.sleep(WAIT_SECONDS)
    stage.ply = 0


def _decision(stage: Stage, action: Any, value: float | None, policy: Sequence[float | None] | None) -> Decision | None:
    """What is known of a decision; None if that is nothing."""
    shares = np.zeros(stage.num_actions, np.float32)
    if policy is not None and len(policy) == stage.num_actions:
        shares = np.array([share or 0 for share in policy], np.float32).clip(0, 1)
    elif value is None:
        return None
    return Decision(np.array([action]), shares[None], np.array([value or 0], np.float32))


def _fitting(env: Game | World | str, stage: Stage, action: Action) -> Any:
    """The action as the environment takes it; raises LabError for one of another kind."""
    if stage.num_actions:
        if not isinstance(action, int):
            raise LabError(f"Actions of {stage.spec} are whole numbers, not {str(action)[:60]}.")
        return action
    space = env.action_space if isinstance(env, World) else getattr(stage, "action_space", None)
    assert isinstance(space, spaces.Box)
    if isinstance(action, int) or np.shape(action) != space.shape:
        raise LabError(f"An action of {stage.spec} is numbers of the shape {space.shape}, not {str(action)[:60]}.")
    return np.array(action, space.dtype)


def _end(stage: RecordedGame, winner: int, how: str) -> None:
    """Ends the game at its last frame, in which nobody has won by the rules."""
    last = stage.frames[-1]
    if last.over:
        return
    stage.ending = f"{stage.seats[winner]} wins {how}"
    rewards = (1.0, -1.0) if winner == 0 else (-1.0, 1.0)
    stage.frames[-1] = replace(last, over=True, rewards=rewards, returns=rewards)


def _difference(stage: Stage, episode: Episode) -> str:
    """A warning if the environment has answered otherwise than when the episode was recorded."""
    for number, (frame, row) in enumerate(zip(stage.frames[1:], episode.rewards, strict=False), 1):
        recorded = [np.nan if reward is None else reward for reward in row]
        found = [reward if np.isfinite(reward) else np.nan for reward in frame.rewards]
        if not np.allclose(found, recorded, TOLERANCE, TOLERANCE, equal_nan=True):
            return (
                f"From action {number} on the rewards are others than were recorded: {stage.spec} is not "
                "deterministic, or of another version."
            )
    done, recorded_actions = len(stage.frames) - 1, len(episode.actions)
    if stage.frames[-1].over and done < recorded_actions:
        return f"The episode ends after {done} of {recorded_actions} actions: {stage.spec} has changed."
    return ""


def _spans(numbers: Sequence[int]) -> str:
    """Ascending numbers in words: "1-24, 26", shortened if there are many gaps."""
    groups: list[list[int]] = []
    for number in numbers:
        if groups and number == groups[-1][-1] + 1:
            groups[-1].append(number)
        else:
            groups.append([number])
    words = [f"{group[0]}-{group[-1]}" if len(group) > 1 else str(group[0]) for group in groups]
    return ", ".join(words[:10]) + (", ..." if len(words) > 10 else "")
