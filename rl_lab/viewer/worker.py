"""A thread in which agents think, so that nothing else ever waits for them.

Questions and answers carry the id of the position they belong to. Whoever asked throws away the answers to a position
that is no longer the current one; the worker does not even begin on such a question.
"""

from __future__ import annotations

import queue
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from agents.agent import Agent, Decision
from envs.chance import seed_states
from rl_lab.viewer.checks import check_decision

Purpose = Literal["move", "hint"]


@dataclass(frozen=True)
class Question:
    """What to decide: one state as a batch of one. With `seed` the answer depends on nothing but the question."""

    position: int
    purpose: Purpose
    agent: Agent
    states: Any
    seed: int
    num_actions: int = 0
    """0 where actions are continuous."""
    reset: bool = False
    """The agent must first forget the games it remembers."""


@dataclass(frozen=True)
class Answer:
    """What came of a question: a decision, or an error in words."""

    position: int
    purpose: Purpose
    decision: Decision | None
    error: str = ""
    final: bool = True
    """False for what an agent has found so far, which goes on thinking."""


class Worker:
    """One thread, one question at a time. An agent that cannot be stopped thinks an abandoned thought to its end."""

    def __init__(self, on_answer: Callable[[], None] = lambda: None) -> None:
        """`on_answer` is called in the worker's thread whenever an answer is ready."""
        self.on_answer = on_answer
        self.current = 0  # the only position whose questions are worth beginning
        self._hurried = -1  # the position whose agent must answer with the best it has
        self._questions: queue.SimpleQueue[Question | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[Answer] = queue.SimpleQueue()
        # A daemon, so that an agent that thinks for minutes cannot keep a closed program alive.
        self._thread = threading.Thread(target=self._run, name="rl-lab-thinker", daemon=True)
        self._thread.start()

    def ask(self, question: Question) -> None:
        """Queues a question; returns at once."""
        self._hurried = -1  # haste was for what was asked before
        self._questions.put(question)

    def hurry(self) -> None:
        """An agent that thinks about the current position must answer at once; one that cannot be stopped runs on."""
        self._hurried = self.current

    def answers(self) -> list[Answer]:
        """The answers that have arrived since the last call, those to abandoned positions left out."""
        found: list[Answer] = []
        while True:
            try:
                answer = self._answers.get_nowait()
            except queue.Empty:
                return found
            if answer.position == self.current:
                found.append(answer)

    def close(self, timeout: float = 5.0) -> bool:
        """Ends the thread after the thought it is in; False if that takes longer than `timeout` seconds."""
        self.current = -1
        self.on_answer = lambda: None
        self._questions.put(None)
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (question := self._questions.get()) is not None:
            if question.position == self.current:
                _use_one_core()
                self._tell(self._answer(question))
            elif question.reset:
                _reset(question.agent)

    def _tell(self, answer: Answer) -> None:
        self._answers.put(answer)
        self.on_answer()

    def _answer(self, question: Question) -> Answer:
        """Asks the agent. Whatever it raises becomes words: a broken agent must not take the window with it."""

        def watch(so_far: Decision) -> bool:
            check_decision(so_far, question.num_actions)
            self._tell(Answer(question.position, question.purpose, so_far, final=False))
            return question.position == self.current and question.position != self._hurried

        try:
            if question.reset:
                question.agent.reset()
            decision = question.agent.think(question.states, seed_states([question.seed]), watch)
            check_decision(decision, question.num_actions)
        except BaseException as problem:  # an agent that calls sys.exit must not end this thread in silence
            error = f"{type(problem).__name__}: {problem}" if str(problem) else type(problem).__name__
            return Answer(question.position, question.purpose, None, error)
        return Answer(question.position, question.purpose, decision)


def _use_one_core() -> None:
    """One state is too little for a net to share between cores: on one it is several times quicker where other things
    run as well, and the window keeps its own. Threads of torch are counted by the thread that asks for them."""
    torch = sys.modules.get("torch")  # agents that need it have loaded it
    if torch is not None:
        torch.set_num_threads(1)


def _reset(agent: Agent) -> None:
    """Makes an agent forget its games; one that cannot will say so when it is next asked to act."""
    with suppress(Exception):
        agent.reset()
