"""Episodes of a single-agent world in a tournament's database: one row for each agent and each episode."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from envs.chance import Seeds
from envs.errors import LabError
from rl_lab.arena.claims import Claims
from rl_lab.arena.clock import utc_now
from rl_lab.arena.rows import read_episode
from rl_lab.arena.schema import readable_errors, transaction
from rl_lab.arena.store import Store
from rl_lab.evaluate import Evaluation

COLUMNS = "agent, episode, seed, return, length, outcome, info, seconds, finished"


class Episodes:
    """The episodes in a store that is open."""

    def __init__(self, store: Store) -> None:
        self._store, self._connection = store, store.connection

    def claim(self, claims: Claims, agent: str, numbers: Sequence[int], limit: int) -> list[int]:
        """Claims the first `limit` of those episodes that the agent has not played and nobody is playing for it."""
        number = self._number(agent)
        tasks = {f"episode {number} {episode}": episode for episode in numbers}
        with readable_errors(self._store.path):
            return [tasks[task] for task in claims.take(list(tasks), self._is_played, limit)]

    def add(self, claims: Claims, agent: str, numbers: Sequence[int], seeds: Seeds, found: Evaluation) -> None:
        """Stores episodes that have been claimed, each in a transaction of its own; seeds[i] is that of numbers[i]."""
        agent_number = self._number(agent)
        for i, episode in enumerate(numbers):
            info = {key: values[i].tolist() for key, values in found.info.items()}
            length = int(found.lengths[i])
            row = (
                *(agent_number, episode, str(int(seeds[i])), float(found.returns[i]), length, int(found.outcomes[i])),
                *(json.dumps(info), found.seconds_per_decision * length, utc_now()),
            )
            with readable_errors(self._store.path), transaction(self._connection):
                claims.finish(f"episode {agent_number} {episode}")
                self._connection.execute(
                    f"INSERT OR IGNORE INTO episodes ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row
                )

    def played(self, agent: str) -> list[int]:
        """The numbers of the agent's episodes, ascending."""
        query = "SELECT episode FROM episodes WHERE agent = ? ORDER BY episode"
        with readable_errors(self._store.path):
            return [row[0] for row in self._connection.execute(query, (self._number(agent),))]

    def results(self, agent: str, numbers: Sequence[int]) -> Evaluation:
        """What came of those episodes, one or more; raises LabError if one has not been played."""
        query = "SELECT episode, return, length, outcome, seconds, info FROM episodes WHERE agent = ?"
        with readable_errors(self._store.path):
            found = self._connection.execute(query, (self._number(agent),))
            rows = {number: row for number, *row in map(read_episode, found)}
        if missing := [number for number in numbers if number not in rows]:
            raise LabError(f"{agent} has not played episode {missing[0]}.")
        returns, lengths, outcomes, seconds, infos = zip(*(rows[number] for number in numbers), strict=True)
        with readable_errors(self._store.path):
            info = _columns(infos)
        return Evaluation(
            np.array(returns, np.float64),
            np.array(lengths, np.int64),
            np.array(outcomes, np.int8),
            info,
            sum(seconds) / max(1, sum(lengths)),
        )

    def _number(self, agent: str) -> int:
        row = self._connection.execute("SELECT id FROM agents WHERE name = ?", (agent,)).fetchone()
        if row is None:
            raise LabError(f"{agent} is not in {self._store.path}.")
        return int(row[0])

    def _is_played(self, task: str) -> bool:
        query = "SELECT 1 FROM episodes WHERE agent = ? AND episode = ?"
        return self._connection.execute(query, task.split()[1:]).fetchone() is not None


def _columns(infos: Sequence[dict[str, Any]]) -> dict[str, NDArray[Any]]:
    """The episodes' info, an array for each key; raises ValueError if they do not fit each other."""
    if any(info.keys() != infos[0].keys() for info in infos):
        raise ValueError("the info of its episodes differs")
    return {key: np.array([info[key] for info in infos]) for key in infos[0]}
