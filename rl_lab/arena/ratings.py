"""Ratings of the agents of a tournament in Elo, with intervals that hold.

The estimate is the mode of the posterior of Davidson's model (rl_lab/arena/davidson.py, where the prior is given). A
difference of 400 Elo means odds of 10 to 1 where there are no draws. Ratings are about the games as they were played:
openings that decide games by themselves press them together, as they press the scores.

An interval ends where the posterior, at best over all other parameters, has fallen too far (a profile; Venzon and
Moolgavkar 1988). Other than "estimate +- 2 standard errors" that is right for an agent that wins nearly always.

The model takes games for independent, but those from one opening are not: with colours swapped a lopsided opening lets
the agents split, and what one agent does not understand may cost it games against all others. So the fall that is
allowed is measured by how much the games vary from opening to opening: for each contrast (one agent's rating minus
the anchor's) the sandwich estimator of its variance (Liang and Zeger 1986; openings are the clusters) over the model's
own is the `spread`, by which the fall is divided (Rotnitzky and Jewell 1990). Where few openings tell, the spread is
drawn towards 1 as if PRIOR_OPENINGS more openings had varied as the model says, and quantiles are those of Student's t.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.stats import t as student

from envs.errors import LabError
from rl_lab.arena.davidson import DRAW, ELO_PER_NAT, OUTCOME_SCORES, Games, Mode, Posterior, Profile, Vector, solve
from rl_lab.arena.play import GameRecord
from rl_lab.arena.statistics import distinct_games

PRIOR_OPENINGS = 3.0
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Estimate:
    """A number, and the ends of its 95% interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Ratings:
    """The ratings of n agents. Arrays are in the order of `names`."""

    names: list[str]
    anchor: str | None
    """Whose rating is 0 by definition; without one the mean of all ratings is 0."""
    elo: Vector
    """[n]"""
    low: Vector
    """[n], the lower ends of the 95% intervals of each rating minus the anchor's, or minus the mean."""
    high: Vector
    """[n]"""
    covariance: Vector
    """[n, n], in squared Elo: from the Hessian of the log posterior, stretched by the spreads."""
    first_move: Estimate
    """The advantage of moving first, in Elo."""
    draws: float
    """nu: the share of draws between equals is nu / (2 + nu)."""
    games: int
    """How many games were rated; one that is repeated counts once."""
    _inference: Inference = field(repr=False, compare=False)

    @property
    def order(self) -> list[int]:
        """The agents' numbers, the highest rating first."""
        return sorted(range(len(self.names)), key=lambda i: -self.elo[i])

    def superiority(self, a: str, b: str) -> float:
        """The likelihood that agent a is better than agent b, in [0, 1]. Raises LabError for one who was not rated."""
        i, j = (_number(self.names, name) for name in (a, b))
        if i == j:
            return 0.5
        contrast = np.zeros(len(self._inference.mode.theta))
        contrast[[i, j]] = 1, -1
        return self._inference.probability_positive(contrast)


def rate(records: Sequence[GameRecord], agents: Sequence[str], anchor: str | None = None) -> Ratings:
    """Rates the agents by their games among themselves; games with others are left out.

    An agent without games is rated by the prior alone. Games of one pair number are from one opening. A game that
    repeats an earlier one does not count: agents that play without chance would repeat it for ever. Raises LabError for
    an agent given twice, for fewer than two, and for an anchor that is not among them.
    """
    names = list(agents)
    if len(names) < 2 or len(set(names)) < len(names):
        raise LabError(f"Ratings need two agents or more, each named once, not: {', '.join(names) or 'none'}.")
    number = None if anchor is None else _number(names, anchor)
    known = [record for record in records if set(record.agents) <= set(names) and len(set(record.agents)) == 2]
    distinct = distinct_games(known)
    inference = Inference(names, distinct)
    contrasts = _contrasts(len(names), len(inference.mode.theta), number)
    ratings = [inference.estimate(contrast) for contrast in contrasts]
    elo, low, high = (np.array([getattr(r, end) for r in ratings]) for end in ("value", "low", "high"))
    advantage = np.zeros(len(inference.mode.theta))
    advantage[len(names)] = 1
    return Ratings(
        names=names,
        anchor=anchor,
        elo=elo,
        low=low,
        high=high,
        covariance=inference.covariance(contrasts),
        first_move=inference.estimate(advantage),
        draws=inference.posterior.nu(inference.mode),
        games=len(distinct),
        _inference=inference,
    )


class Inference:
    """The posterior of a set of games, and how far it can be trusted along each contrast."""

    def __init__(self, names: Sequence[str], records: Sequence[GameRecord]) -> None:
        place = {name: i for i, name in enumerate(names)}
        seats = np.array([[place[name] for name in record.agents] for record in records], np.int64).reshape(-1, 2)
        outcome = np.array([record.outcome for record in records], np.int64) + 1
        self._games = Games(seats[:, 0], seats[:, 1], outcome)
        pairs = np.array([record.pair for record in records], np.int64)
        self._clusters = np.unique(pairs, return_inverse=True)[1]
        self.posterior = Posterior(self._games, len(names))
        self.mode: Mode = self.posterior.mode()
        self._probabilities = self.posterior.probabilities(self.mode.theta, seats[:, 0], seats[:, 1])

    def estimate(self, contrast: Vector) -> Estimate:
        """The contrast's value in Elo with its interval."""
        if not contrast.any():
            return Estimate(0.0, 0.0, 0.0)
        spread, freedom = self.spread(contrast)
        profile = Profile(self.posterior, self.mode, contrast)
        low, high = profile.bounds(student.ppf((1 + CONFIDENCE) / 2, freedom) * np.sqrt(spread))
        return Estimate(profile.estimate * ELO_PER_NAT, low * ELO_PER_NAT, high * ELO_PER_NAT)

    def probability_positive(self, contrast: Vector) -> float:
        """How likely the contrast is above 0."""
        spread, freedom = self.spread(contrast)
        root = Profile(self.posterior, self.mode, contrast).signed_root(0.0)
        return float(student.cdf(root / np.sqrt(spread), freedom))

    def covariance(self, contrasts: Vector) -> Vector:
        """The covariance of several contrasts (rows) in squared Elo."""
        scale = np.sqrt([self.spread(contrast)[0] for contrast in contrasts])
        inverse = contrasts @ solve(self.mode.precision, contrasts.T)
        return np.asarray(inverse * np.outer(scale, scale) * ELO_PER_NAT**2)

    def spread(self, contrast: Vector) -> tuple[float, float]:
        """(the variance of the contrast's estimate over what the model says, the degrees of freedom of that ratio).

        What a game adds to the estimate is its influence. The sum over an opening has the variance that the model
        gives if its games are independent; its fourth moment says how much a sum's square tells about the variance
        (little, where all comes from rare losses; Satterthwaite 1946).
        """
        influence, variance, excess = self._influences(contrast)
        observed = np.bincount(self._clusters, influence) if len(influence) else np.zeros(1)
        expected = np.bincount(self._clusters, variance) if len(influence) else np.zeros(1)
        total = expected.sum()
        if total <= 0:
            return 1.0, PRIOR_OPENINGS
        squares = (expected**2).sum()
        openings = total**2 / squares
        told = 2 * total**2 / (2 * squares + excess.sum())
        # One opening's worth is lost to the estimate itself, which makes the sum over all openings small.
        freedom = PRIOR_OPENINGS + told * (1 - 1 / openings)
        return float((PRIOR_OPENINGS + told * (observed**2).sum() / total) / freedom), float(freedom)

    def _influences(self, contrast: Vector) -> tuple[Vector, Vector, Vector]:
        """For each game: its influence on the contrast's estimate, and that number's variance and fourth cumulant."""
        if not len(self._games.first):
            return np.zeros(0), np.zeros(0), np.zeros(0)
        weights = solve(self.mode.precision, contrast)
        by_score = (
            weights[self._games.first]
            - weights[self._games.second]
            + weights[len(weights) - 1 - self.posterior.has_draws]
        )
        by_outcome = by_score[:, None] * OUTCOME_SCORES
        if self.posterior.has_draws:
            by_outcome[:, DRAW] += weights[-1]
        p = self._probabilities
        by_outcome -= (p * by_outcome).sum(axis=1, keepdims=True)
        variance = (p * by_outcome**2).sum(axis=1)
        excess = (p * by_outcome**4).sum(axis=1) - 3 * variance**2
        return by_outcome[np.arange(len(p)), self._games.outcome], variance, excess


def _contrasts(players: int, parameters: int, anchor: int | None) -> Vector:
    """One row a player, [players, parameters]: its rating minus the anchor's, or minus the mean without an anchor."""
    rows = np.zeros((players, parameters))
    rows[:, :players] = np.eye(players)
    if anchor is None:
        rows[:, :players] -= 1 / players
    else:
        rows[:, anchor] -= 1
    return rows


def _number(names: Sequence[str], name: str) -> int:
    if name not in names:
        raise LabError(f"'{name}' was not rated; there are: {', '.join(names)}.")
    return list(names).index(name)
