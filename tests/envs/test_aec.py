"""The PettingZoo face: its own tests, and the same games as PettingZoo's own environments."""

import copy
import warnings
from typing import Any

import numpy as np
import pytest
from gymnasium.error import ResetNeeded
from pettingzoo import AECEnv
from pettingzoo.classic.connect_four import connect_four as connect_four_v3
from pettingzoo.classic.go import go as go_v5
from pettingzoo.classic.tictactoe import tictactoe as tictactoe_v3
from pettingzoo.test import api_test, render_test, seed_test

from envs.errors import IllegalAction, LabError
from envs.faces.aec_env import GameAECEnv, aec_env
from envs.games.registry import GAMES, make_game

SPECS = [
    "tic_tac_toe",
    "connect_four",
    "hex:size=4",
    "hex:size=3,swap=true",
    "othello:size=6",
    "go:size=3",
    "go:size=5",
]


def legal(env: AECEnv) -> np.ndarray:
    return np.flatnonzero(env.observe(env.agent_selection)["action_mask"])


def play_random(env: AECEnv, rng: np.random.Generator) -> dict[str, float]:
    """What each agent earned in a game of random moves, as a user of PettingZoo plays it."""
    env.reset()
    earned = {}
    for agent in env.agent_iter():
        observation, earned[agent], terminated, truncated, _ = env.last()
        assert env.observation_space(agent).contains(observation) and not truncated
        env.step(None if terminated else int(rng.choice(np.flatnonzero(observation["action_mask"]))))
    assert env.agents == [] and set(earned) == {"player_0", "player_1"}
    return earned


def test_the_specs_cover_every_game() -> None:
    assert {spec.partition(":")[0] for spec in SPECS} == set(GAMES)


@pytest.mark.parametrize("spec", SPECS)
def test_pettingzoos_own_tests(spec: str, capsys: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings():
        # PettingZoo warns of every dictionary observation but those of its own environments, which it knows by name.
        warnings.filterwarnings("ignore", message="Observation ")
        api_test(aec_env(spec), num_cycles=1000)
        api_test(GameAECEnv(make_game(spec)), num_cycles=100)
    seed_test(lambda: aec_env(spec), num_cycles=100)
    assert capsys.readouterr().out.count("Passed API test") == 2


@pytest.mark.parametrize("spec", SPECS)
def test_random_games_end_as_the_game_says(spec: str) -> None:
    env, rng, ends = aec_env(spec), np.random.default_rng(1), set()
    for _ in range(500 if spec in ("tic_tac_toe", "connect_four") else 60):
        earned = play_random(env, rng)
        assert earned["player_0"] == -earned["player_1"] == env.unwrapped._match.state["outcome"]
        ends.add(earned["player_0"])
    assert {1.0, -1.0} <= ends


def test_an_agent_sees_the_board_from_its_own_side() -> None:
    env = aec_env("connect_four")
    env.reset()
    env.step(3)
    env.step(2)
    first, second = env.observe("player_0"), env.observe("player_1")
    assert first["action_mask"].sum() == 7 and second["action_mask"].sum() == 0
    for seen, own, other in ((first, 3, 2), (second, 2, 3)):
        assert seen["observation"][0, -1].tolist() == [column == own for column in range(7)]
        assert seen["observation"][1, -1].tolist() == [column == other for column in range(7)]


def test_who_must_pass_in_othello_is_asked_to() -> None:
    env, rng, asked = aec_env("othello:size=6"), np.random.default_rng(0), 0
    for _ in range(20):
        env.reset()
        while not env.terminations[env.agent_selection]:
            asked += legal(env).tolist() == [36]
            env.step(int(rng.choice(legal(env))))
    assert asked > 0


def both(ours: AECEnv, theirs: AECEnv, action: int) -> None:
    """Plays the action in both; they must agree on who is next, what is legal, the rewards and the end."""
    ours.step(action)
    theirs.step(action)
    a, b = ours.unwrapped, theirs.unwrapped
    assert a.agent_selection == AGENT_OF[b.agent_selection]
    assert list(a.rewards.values()) == [float(x) for x in b.rewards.values()]
    assert list(a._cumulative_rewards.values()) == [float(x) for x in b._cumulative_rewards.values()]
    assert list(a.terminations.values()) == list(b.terminations.values())
    assert list(a.truncations.values()) == list(b.truncations.values())


AGENT_OF = {"player_0": "player_0", "player_1": "player_1", "black_0": "player_0", "white_0": "player_1"}


@pytest.mark.parametrize(("name", "peer"), [("connect_four", connect_four_v3), ("tic_tac_toe", tictactoe_v3)])
def test_the_same_games_as_pettingzoos(name: str, peer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    if name == "tic_tac_toe":
        monkeypatch.setitem(AGENT_OF, "player_1", "player_0")  # theirs are player_1 and player_2
        monkeypatch.setitem(AGENT_OF, "player_2", "player_1")
    ours, theirs, rng = aec_env(name), peer.env(), np.random.default_rng(5)
    for _ in range(80):
        ours.reset()
        theirs.reset()
        while not ours.terminations["player_0"]:
            for one, other in zip(ours.possible_agents, theirs.possible_agents, strict=True):
                a, b = ours.observe(one), theirs.observe(other)
                assert np.array_equal(a["action_mask"], b["action_mask"]) and a["action_mask"].dtype == np.int8
                assert np.array_equal(a["observation"][:2], np.moveaxis(b["observation"], -1, 0))
            both(ours, theirs, int(rng.choice(legal(ours))))


@pytest.mark.parametrize("superko", ["simple", "positional"])
def test_go_as_pettingzoos_but_for_superko(superko: str) -> None:
    """go_v5 forbids the simple ko only. With superko="positional" nothing else is illegal here and legal there than
    what would bring a whole board back, and that must happen."""
    theirs = go_v5.env(board_size=4, komi=2.5)
    ours, rng, differed = aec_env("go", board_size=4, komi=2.5, superko=superko), np.random.default_rng(3), 0
    for _ in range(60):
        ours.reset()
        theirs.reset()
        boards = {board_of(theirs).tobytes()}
        while (
            not ours.terminations["player_0"] and ours.unwrapped._match.state["ply"] < 71
        ):  # the ply cap is ours alone
            planes = ours.observe("player_0")["observation"]
            assert np.array_equal(planes[0].astype(int) - planes[1], board_of(theirs))
            here, there = legal(ours), legal(theirs)
            assert set(here) <= set(there)
            for action in sorted(set(there) - set(here)):
                differed += 1
                assert board_of(theirs, after=action).tobytes() in boards
            both(ours, theirs, int(rng.choice(here)))
            boards.add(board_of(theirs).tobytes())
    assert (differed > 0) == (superko == "positional")


def board_of(env: AECEnv, after: int | None = None) -> np.ndarray:
    """The board of a go_v5, +1 black and -1 white, or what it would be after a move."""
    position = env.unwrapped._go
    if after is not None:
        position = position.play_move(divmod(int(after), 4))
    return np.asarray(position.board)


def test_an_illegal_action_loses_or_raises() -> None:
    env = aec_env("tic_tac_toe")
    env.reset()
    env.step(4)
    env.step(4)
    assert env.rewards == {"player_0": 0, "player_1": -1}
    assert all(env.terminations.values()) and all(env.truncations.values()), "as PettingZoo's wrapper does it"
    env.reset()
    assert len(legal(env)) == 9
    env = aec_env("tic_tac_toe", illegal="raise")
    env.reset()
    env.step(4)
    with pytest.raises(IllegalAction, match="not legal"):
        env.step(4)
    assert env.agent_selection == "player_1" and len(legal(env)) == 8


def test_what_is_no_action_at_all() -> None:
    env = aec_env("tic_tac_toe")
    env.reset()
    for action in (9, -1, 1.5, None, True, np.True_, np.array([4]), "4"):
        with pytest.raises(AssertionError):
            env.step(action)
    raw = GameAECEnv(make_game("tic_tac_toe"))
    raw.reset()
    with pytest.raises(IllegalAction, match="0 to 8"):
        raw.step(-1)
    for action in (None, 1.0, True, False, np.True_, np.array(True), np.array([4]), np.array(4.0), "4"):
        with pytest.raises(LabError, match="whole number"):
            raw.step(action)
    assert raw.observe("player_0")["action_mask"].sum() == 9


@pytest.mark.parametrize("action", [4, np.int64(4), np.uint8(4), np.array(4), np.array(4, np.int32)])
def test_whole_numbers_of_every_kind_are_actions(action: Any) -> None:
    for env in (aec_env("tic_tac_toe"), aec_env("tic_tac_toe", illegal="raise"), GameAECEnv(make_game("tic_tac_toe"))):
        env.reset()
        env.step(action)
        assert env.observe("player_0")["observation"][0, 1, 1] == 1 and env.agent_selection == "player_1"


def test_before_the_first_reset_there_is_nothing_to_do_or_see() -> None:
    env = GameAECEnv(make_game("tic_tac_toe"), "ansi")
    for attempt in (lambda: env.step(0), lambda: env.observe("player_0"), env.render):
        with pytest.raises(ResetNeeded, match="reset"):
            attempt()


def test_only_none_is_taken_from_who_has_lost_and_won() -> None:
    env = aec_env("tic_tac_toe", illegal="raise")
    env.reset()
    for action in (0, 3, 1, 4, 2):
        env.step(action)
    assert env.rewards == {"player_0": 1.0, "player_1": -1.0} and env.agent_selection == "player_1"
    assert not any(env.observe(agent)["action_mask"].any() for agent in env.agents)
    with pytest.raises(ValueError, match="None"):
        env.unwrapped.step(5)
    env.step(None)
    assert env.agents == ["player_0"] == list(env.rewards)
    env.step(None)
    assert env.agents == []


def test_games_and_options() -> None:
    assert aec_env("go", board_size=5, komi=24.5).unwrapped.game == make_game("go:size=5,komi=24.5")
    assert aec_env("go:size=5", superko="situational").unwrapped.game == make_game("go:size=5,superko=situational")
    assert aec_env("go", board_size=5, komi=None).unwrapped.game == make_game("go:size=5")
    with pytest.raises(LabError, match="size is given twice"):
        aec_env("go", board_size=5, size=5)
    env = aec_env(make_game("hex:size=5"))
    assert env.metadata["name"] == "hex_v0" == str(env) and not env.metadata["is_parallelizable"]
    for wrong, options in (
        ("go", {"sise": 5}),
        ("chess", {}),
        ("go:size=5", {"size": 5}),
        (env.unwrapped.game, {"size": 5}),
    ):
        with pytest.raises(LabError):
            aec_env(wrong, **options)
    with pytest.raises(LabError, match="lose, raise"):
        aec_env("go", illegal="random")


def test_a_copy_goes_on_by_itself() -> None:
    env = aec_env("connect_four", render_mode="ansi")
    env.reset()
    env.step(3)
    other = copy.deepcopy(env)
    other.step(3)
    assert env.agent_selection == "player_1" and other.agent_selection == "player_0"
    assert env.render() != other.render()


def test_every_render_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("envs.faces.render.RENDER_FPS", 1000)
    render_test(lambda render_mode: aec_env("hex:size=3", render_mode), {"svg": lambda text: text.startswith("<svg")})
