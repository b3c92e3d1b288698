"""A match that stops as soon as it is decided: the generalised sequential probability ratio test over pairs of games.

H0 says that agent A is elo0 above agent B, H1 that it is elo1. A unit is a pair of games from one opening with colours
swapped, whose mean score is 0, 1/4, 1/2, 3/4 or 1 (the pentanomial model): games of a pair are not independent, pairs
are. After each pair the log-likelihood ratio is that of the likeliest distributions of pair scores under H1 and under
H0 (Van den Bergh, "The GSPRT for multinomial outcomes"; the test of Stockfish's fishtest), so nobody has to know how
often games are drawn or how lopsided the openings are.

What is elo0 and elo1:

    logistic     s = 1 / (1 + 10^(-elo / 400)) is the expected score
    normalized   elo / (800 / ln 10) = (s - 1/2) / sigma, where sigma is the deviation of a game's score: sqrt(2) times
                 that of a pair's mean (Van den Bergh, "Normalized Elo"); what a test costs depends on this number alone

The bounds are log beta and log 1/alpha, for which Ville's inequality gives error rates of at most alpha and beta if the
ratio is one of two given distributions. Wald's, log beta/(1 - alpha) and log (1 - beta)/alpha, are a little nearer;
with distributions that are estimated as well, the error rates would lie about the rates asked for, and not below.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from envs.errors import LabError
from rl_lab.arena.pairs import PAIR_SCORES
from rl_lab.arena.ratings import Estimate
from rl_lab.arena.stopping import Motion

EloModel = Literal["logistic", "normalized"]
NORMALIZED_ELO = 800 / math.log(10)
LIMITS: dict[EloModel, int] = {"logistic": 1000, "normalized": 500}
"""How far from 0 elo0 and elo1 may be."""
LEAST_DIFFERENCE = 0.01  # between elo0 and elo1: to tell less takes more than ten thousand million games
NOT_SEEN = 1e-3  # what a score that no pair had counts as, so that every score is possible
PRIOR_PAIR = np.full(5, 0.2)  # one pair more, of which nothing is known, where the variance of pairs is estimated
BISECTIONS = 52  # as many as a float has bits
TANGENT_STEPS = 12

Floats = NDArray[np.float64]


def logistic_score(elo: float) -> float:
    """The expected score, in [0, 1], of a player so much above its opponent."""
    return 1 / (1 + 10 ** (-elo / 400))


def log_likelihood_ratio(counts: ArrayLike, elo0: float, elo1: float, model: EloModel = "logistic") -> Floats:
    """log(likelihood at elo1 / likelihood at elo0) of counts of pair scores [..., 5]. Shape [...]; 0 without a pair."""
    seen = np.asarray(counts, np.float64)
    filled = np.where(seen > 0, seen, NOT_SEEN)
    log_tilt = _logistic_tilt if model == "logistic" else _normalized_tilt
    ratio = (filled * (log_tilt(filled, elo0) - log_tilt(filled, elo1))).sum(-1)
    return np.where(seen.sum(-1) > 0, ratio, 0.0)


def logistic_elo(score: float) -> float:
    """The inverse of logistic_score; endless for scores of 0 or less and of 1 or more."""
    if not 0 < score < 1:
        return math.copysign(math.inf, score - 0.5)
    return 400 * math.log10(score / (1 - score))


class Sprt:
    """A test of H1 "elo1 or more" against H0 "elo0 or less", fed pair by pair."""

    def __init__(
        self, elo0: float, elo1: float, alpha: float = 0.05, beta: float = 0.05, model: EloModel = "logistic"
    ) -> None:
        """alpha bounds the chance to accept H1 when H0 is true, beta the chance to accept H0 when H1 is.

        Raises LabError unless elo0 + LEAST_DIFFERENCE <= elo1, both within the model's LIMITS, 0 < alpha, beta < 1/2,
        and the model exists.
        """
        if model not in LIMITS:
            raise LabError(f"The Elo model is 'logistic' or 'normalized', not '{model}'.")
        limit = LIMITS[model]
        if not (-limit <= elo0 <= limit and -limit <= elo1 <= limit and elo1 - elo0 >= LEAST_DIFFERENCE):
            raise LabError(
                f"elo0 must be below elo1 by {LEAST_DIFFERENCE:g} or more, both from -{limit} to {limit}, "
                f"not {elo0:g} and {elo1:g}."
            )
        for name, value in (("alpha", alpha), ("beta", beta)):
            if not 0 < value < 0.5:
                raise LabError(f"{name} must be above 0 and below 0.5, not {value:g}.")
        self.elo0, self.elo1, self.alpha, self.beta, self.model = elo0, elo1, alpha, beta, model
        self.lower, self.upper = math.log(beta), -math.log(alpha)
        self.counts = np.zeros(5, np.int64)
        """How many pairs had each of PAIR_SCORES."""
        self.llr = 0.0
        self.verdict: Literal["H0", "H1"] | None = None
        """The hypothesis accepted. With it the test is over: pairs that come later are not counted."""

    @property
    def pairs(self) -> int:
        """How many pairs were added."""
        return int(self.counts.sum())

    def add(self, score: float) -> None:
        """Adds a pair by A's mean score in it; raises LabError unless that is 0, 1/4, 1/2, 3/4 or 1."""
        if score not in PAIR_SCORES:
            raise LabError(f"The mean score of a pair is 0, 0.25, 0.5, 0.75 or 1, not {score:g}.")
        self.update(np.equal(PAIR_SCORES, score).astype(np.int64))

    def update(self, counts: Sequence[int] | NDArray[np.integer[Any]]) -> None:
        """Adds several pairs at once, by how many had each of PAIR_SCORES; the test looks once, after all of them.

        Raises LabError unless there are five whole numbers, none below 0.
        """
        more = np.asarray(counts)
        if more.shape != (5,) or more.dtype.kind not in "iu" or (more < 0).any():
            raise LabError(f"Counts of pairs are five whole numbers of 0 or more, not {list(counts)}.")
        if self.verdict is None:
            self.counts = self.counts + more
            self.llr = float(log_likelihood_ratio(self.counts, self.elo0, self.elo1, self.model))
            self.verdict = "H1" if self.llr >= self.upper else "H0" if self.llr <= self.lower else None

    def estimate(self) -> Estimate:
        """A's rating minus its opponent's in logistic Elo, with its 95% interval; both allow for the stopping.

        Without a pair the estimate is NaN and the interval endless. (rl_lab/arena/stopping.py)
        """
        if not self.pairs:
            return Estimate(math.nan, -math.inf, math.inf)
        middle, motion = self._motion()
        drifts = [motion.drift_where(p, -middle, 1 - middle) for p in (0.5, 0.975, 0.025)]
        return Estimate(*(logistic_elo(middle + drift) for drift in drifts))

    def _motion(self) -> tuple[float, Motion]:
        """(the score s between those of elo0 and elo1, the sum of pair scores minus s as Brownian motion).

        The log-likelihood ratio is (s1 - s0) / variance times that sum up to terms of higher order (Van den Bergh, "A
        practical introduction to the GSPRT"), which gives its bounds but for their scale: the end seen must be at the
        bound it passed, and a test that goes on must be between them.
        """
        share = (self.counts + PRIOR_PAIR) / (self.pairs + PRIOR_PAIR.sum())
        variance = float(share @ (PAIR_SCORES - share @ PAIR_SCORES) ** 2)
        if self.model == "logistic":
            s0, s1 = logistic_score(self.elo0), logistic_score(self.elo1)
        else:
            s0, s1 = (0.5 + math.sqrt(2 * variance) * elo / NORMALIZED_ELO for elo in (self.elo0, self.elo1))
        middle = (s0 + s1) / 2
        low, high = (bound * variance / (s1 - s0) for bound in (self.lower, self.upper))
        place = float(self.counts @ (PAIR_SCORES - middle))
        passed = place / (low if place < 0 else high)
        scale = passed if self.verdict and passed > 0 else max(1.0, passed)
        return middle, Motion(scale * low, scale * high, variance, self.pairs, place)


def _logistic_tilt(counts: Floats, elo: float) -> Floats:
    """log(empirical / likeliest probabilities) of each score, where the likeliest have the mean that elo says."""
    excess = np.broadcast_to(PAIR_SCORES - logistic_score(elo), counts.shape)
    return np.asarray(np.log1p(_multiplier(counts, excess) * excess))


def _normalized_tilt(counts: Floats, elo: float) -> Floats:
    """As _logistic_tilt, where (mean - 1/2) / deviation is what elo says.

    With d = score - 1/2 that is E[d] = k sqrt(E[d^2]), k = t / sqrt(1 + t^2). The tangent of the root at the last
    E[d^2] makes it linear, and the tangent point is found by iteration.
    """
    t = math.sqrt(2) * elo / NORMALIZED_ELO
    k = t / math.sqrt(1 + t * t)
    d = PAIR_SCORES - 0.5
    weights = np.ones_like(counts)  # where the tangent's equation has a solution, which it need not have at the counts
    for _ in range(TANGENT_STEPS):
        root = np.sqrt((weights * d**2).sum(-1, keepdims=True) / weights.sum(-1, keepdims=True))
        excess = d - k * (root + d**2 / root) / 2
        tilt = _multiplier(counts, excess) * excess
        weights = counts / (1 + tilt)
    return np.asarray(np.log1p(tilt))


def _multiplier(counts: Floats, excess: Floats) -> Floats:
    """The Lagrange multiplier m with sum counts excess / (1 + m excess) = 0, by bisection. Shape [..., 1].

    p / (1 + m excess) is then the distribution nearest to p in likelihood in which the excess has the mean 0 (Owen's
    empirical likelihood). `excess` has both signs.
    """
    low, high = -1 / excess.max(-1, keepdims=True), -1 / excess.min(-1, keepdims=True)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        above = (counts * excess / (1 + middle * excess)).sum(-1, keepdims=True) > 0
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return np.asarray((low + high) / 2)
