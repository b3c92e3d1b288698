"""Who meets whom: a tournament is rounds of pairings, and the results of one round decide the next.

    round robin   one round: everyone against everyone
    gauntlet      one round: the challengers against everyone else
    swiss         each round pairs neighbours in the standing who have not met; for many agents (Monrad's system)
    ladder        neighbours on a ladder meet, in turns from its top and from its second rung; who scores more than half
                  against the one above takes its place. That is odd-even transposition sort, so n rounds put n agents
                  in order if the better one always wins.

A pairing is a match: `games` games, two from each opening with the colours swapped. Each round has openings of its own,
so agents who meet again play other games. A schedule is a function of the rounds played so far and nothing else: two
processes, or one that is started again, go on alike.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations

from envs.chance import seed_of
from envs.errors import LabError
from rl_lab.arena.openings import Opening
from rl_lab.arena.play import Fixture

Pairing = tuple[str, str]
Round = Mapping[Pairing, float]
"""The pairings of a round that has been played, with the mean score of the first of the two, in [0, 1]."""
Schedule = Callable[[Sequence[Round]], list[Pairing]]
"""The pairings of the next round, none when the tournament is over."""

SEARCH_STEPS = 20_000  # after so many tries a Swiss round without rematches is not looked for any more


def round_robin(agents: Sequence[str]) -> Schedule:
    """Everyone against everyone."""
    return lambda rounds: [] if rounds else list(combinations(agents, 2))


def gauntlet(agents: Sequence[str], challengers: Sequence[str]) -> Schedule:
    """Each challenger against everyone else, challengers included."""
    pairings = [(a, b) for a, b in combinations(agents, 2) if a in challengers or b in challengers]
    return lambda rounds: [] if rounds else pairings


def swiss(agents: Sequence[str], rounds: int) -> Schedule:
    """So many rounds between neighbours in the standing who have not met; raises LabError for too many.

    The standing is by points, the scores of all matches so far; at first, and among equals, by the order of `agents`,
    whose upper half meets the lower in the first round. With an odd number of agents the last one who has not been left
    out yet is left out, for a full point.
    """
    most = len(agents) - 1 + len(agents) % 2
    if rounds > most:
        raise LabError(f"{len(agents)} agents can meet in {most} rounds without meeting twice, not {rounds}.")

    def next_round(played: Sequence[Round]) -> list[Pairing]:
        if len(played) >= rounds:
            return []
        points = dict.fromkeys(agents, 0.0)
        left_out = []
        for past in played:
            for (a, b), score in past.items():
                points[a] += score
                points[b] += 1 - score
            left_out += [agent for agent in agents if all(agent not in pairing for pairing in past)]
        for agent in left_out:
            points[agent] += 1
        order = sorted(agents, key=lambda agent: -points[agent])  # a stable sort: equals keep their order
        if len(order) % 2:
            order.remove(min(reversed(order), key=left_out.count))
        if not played:
            half = len(order) // 2
            return list(zip(order[:half], order[half:], strict=True))
        return _neighbours(order, {frozenset(pairing) for past in played for pairing in past})

    return next_round


def ladder(agents: Sequence[str], rounds: int) -> Schedule:
    """So many rounds between neighbours on a ladder; `agents` are its rungs from the top."""

    def next_round(played: Sequence[Round]) -> list[Pairing]:
        order = climbed(agents, played)
        return [] if len(played) >= rounds else _rungs(order, len(played))

    return next_round


def climbed(agents: Sequence[str], played: Sequence[Round]) -> list[str]:
    """The ladder, from its top, after those rounds."""
    order = list(agents)
    for number, past in enumerate(played):
        for upper, lower in _rungs(order, number):
            if past[upper, lower] < 0.5:
                i = order.index(upper)
                order[i : i + 2] = [lower, upper]
    return order


def fixtures(
    agents: Sequence[str], pairings: Sequence[Pairing], openings: Sequence[Opening], first: int, seed: int
) -> list[Fixture]:
    """The games of those pairings: two from each of the openings, which are the tournament's number `first` and on.

    Ordered by opening, then by pairing, then by colours, so that a part of them is a fair tournament as well. A game's
    seed depends on the tournament's, on the opening's number and on who plays which colour: not on the other agents.
    """
    index = {name: i for i, name in enumerate(agents)}
    return [
        Fixture((index[a], index[b]), opening, pair, seed_of(seed, pair, _key(a), _key(b)))
        for pair, opening in enumerate(openings, first)
        for pairing in pairings
        for a, b in (pairing, pairing[::-1])
    ]


def _key(name: str) -> int:
    """A whole number for a name."""
    return int.from_bytes(hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()[:7], "big")


def _rungs(order: Sequence[str], number: int) -> list[Pairing]:
    """Who meets in that round of a ladder, the upper one first."""
    start = number % 2 if len(order) > 2 else 0
    return list(zip(order[start::2], order[start + 1 :: 2], strict=False))


def _neighbours(order: Sequence[str], met: set[frozenset[str]]) -> list[Pairing]:
    """Pairs off an even number of agents, each with the nearest possible below, with as few rematches as possible."""
    for rematches in range(len(order)):
        steps = SEARCH_STEPS
        stack: list[tuple[list[Pairing], list[str], int]] = [([], list(order), rematches)]
        while stack and steps:
            steps -= 1
            pairs, waiting, left = stack.pop()
            if not waiting:
                return pairs
            first, *others = waiting
            for other in reversed(others):  # the nearest is pushed last, so it is tried first
                again = frozenset((first, other)) in met
                if left >= again:
                    rest = [agent for agent in others if agent != other]
                    stack.append(([*pairs, (first, other)], rest, left - again))
    raise AssertionError("with as many rematches as pairs any pairing will do")
