"""Agents that resign, cheat, crash or answer nonsense lose their games, and the others are played as they were."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from agents.agent import Agent, Decision, Forfeit
from agents.scripted import RandomAgent
from envs.chance import Seeds
from envs.errors import LabError
from envs.games.game import Game, States
from envs.games.go.game import Go
from envs.games.match import Match
from envs.games.tic_tac_toe import TicTacToe
from rl_lab.arena.play import GameRecord, play_games
from rl_lab.arena.statistics import standings
from rl_lab.arena.tournament import round_robin, warm_up

Answer = Callable[[Decision, States], Decision]


class Troubled(RandomAgent):
    """A random player whose answers are changed by `answer`."""

    def __init__(self, game: Game, name: str, answer: Answer) -> None:
        super().__init__(game)
        self.name, self.answer = name, answer

    def act(self, states: States, seeds: Seeds) -> Decision:
        return self.answer(super().act(states, seeds), states)


def late(states: States) -> Any:
    return states["ply"] >= 4


def gives_up(reason: Any) -> Answer:
    def answer(decision: Decision, states: States) -> Decision:
        decision.forfeits = [Forfeit(reason, f"It is {reason}.") if over else None for over in late(states)]
        decision.action[late(states)] = -1
        return decision

    return answer


def plays(action: int) -> Answer:
    def answer(decision: Decision, states: States) -> Decision:
        decision.action[late(states)] = action
        return decision

    return answer


def crashes(decision: Decision, states: States) -> Decision:
    if late(states).any():
        raise ValueError("too late\nfor this")
    return decision


def answers_with(**change: Any) -> Answer:
    def answer(decision: Decision, states: States) -> Decision:
        if late(states).any():
            for key, value in change.items():
                setattr(decision, key, value)
        return decision

    return answer


TROUBLES: dict[str, tuple[Answer, str, str, str]] = {
    "resigns": (gives_up("resign"), "resign", "It is resign.", "R"),
    "is late": (gives_up("time"), "time", "It is time.", "T"),
    "says that it crashed": (gives_up("crash"), "crash", "It is crash.", "F"),
    "raises": (crashes, "crash", "troubled raised ValueError: too late for this", "F"),
    "plays beyond the board": (plays(99), "illegal", "99 is no action", "F"),
    "plays a negative number": (plays(-1), "illegal", "-1 is no action", "F"),
    "answers for too few": (answers_with(action=np.zeros(0, np.int64)), "crash", "must be 1 integers", "F"),
    "answers with floats": (answers_with(action=np.zeros(1)), "crash", "must be 1 integers, not float64", "F"),
    "answers nothing": (answers_with(action=None), "crash", "must be 1 integers", "F"),
    "gives too few values": (answers_with(value=np.zeros(3)), "crash", "3 values", "F"),
}


def played(game: Game, agents: list[Agent], games: int = 12) -> list[GameRecord]:
    return play_games(game, agents, round_robin(game, agents, games))


@pytest.mark.parametrize("name", TROUBLES)
def test_who_gives_up_loses_and_the_game_is_kept(name: str) -> None:
    answer, reason, detail, letter = TROUBLES[name]
    game = Go(5)
    agents: list[Agent] = [Troubled(game, "troubled", answer), RandomAgent(game)]
    undisturbed = played(game, [Troubled(game, "troubled", lambda decision, states: decision), agents[1]])
    for record, whole in zip(played(game, agents), undisturbed, strict=True):
        loser = record.agents.index("troubled")
        assert (record.reason, record.outcome) == (reason, 1 if loser else -1)
        assert record.result == f"{'BW'[1 - loser]}+{letter}"
        assert detail in record.detail and "\n" not in record.detail
        assert record.plies == 4 + loser
        assert record.actions == whole.actions[: record.plies], "chance is as if nobody had given up"
        assert len(record.values) == record.plies
        assert sum(record.decisions) == record.plies - record.opening_plies


def test_an_occupied_point_is_illegal() -> None:
    game = TicTacToe()
    troubled = Troubled(game, "cheat", lambda d, states: Decision(np.zeros(len(states), np.int64), d.policy, d.value))
    for record in played(game, [troubled, RandomAgent(game)]):
        if record.reason == "score":
            continue
        match = Match(game)
        for action in record.actions:
            match.play(action)
        assert match.to_play == record.agents.index("cheat") and 0 not in match.legal_actions
        assert record.detail == "A3 is not legal in the position."


def test_a_crash_in_one_game_leaves_the_others_as_they_were() -> None:
    """Only the games in which the agent raises by itself are lost, and the others do not notice."""
    game = Go(5)

    def dislikes_a_corner(decision: Decision, states: States) -> Decision:
        if any(game.stones(state).ravel()[0] for state in states):
            raise RuntimeError("a stone in the corner")
        return decision

    calm: list[Agent] = [Troubled(game, "troubled", lambda d, states: d), RandomAgent(game)]
    records = played(game, [Troubled(game, "troubled", dislikes_a_corner), calm[1]], 40)
    lost = [record for record in records if record.reason == "crash"]
    assert 0 < len(lost) < len(records)
    for record, whole in zip(records, played(game, calm, 40), strict=True):
        assert record.actions == whole.actions[: record.plies]
        assert record.reason == "crash" or record.result == whole.result


def test_a_sentence_for_a_person_ends_the_tournament() -> None:
    game = TicTacToe()

    def complains(decision: Decision, states: States) -> Decision:
        raise LabError("The engine is not installed.")

    with pytest.raises(LabError, match="not installed"):
        played(game, [Troubled(game, "troubled", complains), RandomAgent(game)])


def test_warming_up_minds_no_crash() -> None:
    game = TicTacToe()
    warm_up(game, [Troubled(game, "troubled", lambda d, states: d.nothing)])


def test_forfeits_count_as_losses_in_the_standings() -> None:
    game = TicTacToe()
    agents: list[Agent] = [Troubled(game, "troubled", crashes), RandomAgent(game)]
    best, worst = standings(played(game, agents), ["troubled", "random"])
    assert (best.name, worst.name) == ("random", "troubled")
    assert worst.total.losses > 0


def test_remarks_of_the_players_are_kept() -> None:
    game = Go(3)

    class Counting(RandomAgent):
        def finished(self, states: States) -> list[str]:
            assert states["terminated"].all()
            return ["I count otherwise." if black else "" for black in states["outcome"] > 0]

    agents: list[Agent] = [Counting(game), RandomAgent(game)]
    agents[0].name = "counting"
    for record in played(game, agents):
        assert record.events == (["counting: I count otherwise."] if record.outcome > 0 else [])


@pytest.mark.parametrize("remarks", [None, [], ["one too many"] * 99])
def test_an_agent_that_fails_over_its_remarks_spoils_no_game(remarks: Any) -> None:
    """The games are over: they count as they were played, and say what went wrong."""
    game = TicTacToe()
    agents: list[Agent] = [RandomAgent(game), RandomAgent(game)]
    agents[0].name = "clumsy"
    fine = played(game, agents)
    agents[0].finished = lambda states: remarks
    for before, record in zip(fine, played(game, agents), strict=True):
        assert (record.actions, record.result, record.reason) == (before.actions, before.result, "score")
        assert record.events[0].startswith("clumsy: raised TypeError")


def test_forfeits_of_another_kind_are_a_crash() -> None:
    def answer(decision: Decision, states: States) -> Decision:
        decision.forfeits = ["resign"] * len(states)
        return decision

    game = TicTacToe()
    agents: list[Agent] = [Troubled(game, "troubled", answer), RandomAgent(game)]
    for record in played(game, agents):
        assert (record.reason, record.agents[record.outcome > 0]) == ("crash", "troubled")
        assert "must be Forfeit or None, not 'resign'" in record.detail


def test_what_an_exception_says_can_be_stored() -> None:
    def answer(decision: Decision, states: States) -> Decision:
        raise OSError("no such file: net\udcff")

    game = TicTacToe()
    agents: list[Agent] = [Troubled(game, "troubled", answer), RandomAgent(game)]
    for record in played(game, agents):
        assert record.detail.encode("utf-8") == b"troubled raised OSError: no such file: net\\udcff"
