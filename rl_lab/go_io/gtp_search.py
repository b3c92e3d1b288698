"""An agent that thinks in a thread of its own, for analysis: what it has found by now can be read at any time."""

from __future__ import annotations

import threading

from agents.agent import REPORT_SECONDS, Agent, Decision
from envs.chance import Seeds
from envs.games.game import States


class Thought:
    """A thought about one position, for as long as the `with` block lasts; `latest` is what it has found by now."""

    def __init__(self, agent: Agent, states: States, seeds: Seeds, interval: float) -> None:
        """There is something new after about `interval` seconds, a tenth of a second at most."""
        self.latest: Decision | None = None
        self.error: Exception | None = None
        """What the agent has raised, which has ended the thought."""
        self._stop, self._news = threading.Event(), threading.Event()
        arguments = (agent, states, seeds, min(interval, REPORT_SECONDS))
        self._thread = threading.Thread(target=self._think, args=arguments, daemon=True)

    def __enter__(self) -> Thought:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def first(self) -> Decision:
        """The first finding, waited for; raises what the agent has raised."""
        self._news.wait()
        if self.latest is None:
            assert self.error
            raise self.error
        return self.latest

    def _think(self, agent: Agent, states: States, seeds: Seeds, interval: float) -> None:
        try:
            self._tell(agent.think(states, seeds, self._tell, interval))
        except Exception as error:
            self.error = error
            self._news.set()

    def _tell(self, decision: Decision) -> bool:
        self.latest = decision
        self._news.set()
        return not self._stop.is_set()
