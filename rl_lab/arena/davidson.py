"""The model behind the ratings: Davidson's paired comparisons with draws, and its posterior.

A game between a first player of rating a and a second player of rating b, in natural units, has x = a - b + h, where h
is the advantage of moving first, and

    P(first wins) : P(draw) : P(second wins)  =  e^(x/2) : nu : e^(-x/2)

(Davidson 1970; with nu = 0 it is Bradley and Terry 1952; the advantage as in Davidson and Beaver 1977, but for draws,
which are most likely at x = 0). The model is an exponential family in the ratings, h and log nu, so its log-likelihood
is concave, and with the normal priors below the posterior has one mode, even if an agent wins every game or two agents
have never met:

    ratings  ~  N(0, 1000^2) Elo, each       h  ~  N(0, 1000^2) Elo       log nu  ~  N(0, 5^2)

Without a draw among the games nu is 0 and no parameter.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import brentq

ELO_PER_NAT = 400 / math.log(10)
PRIOR_ELO = 1000.0
PRIOR_LOG_NU = 5.0
STEP_TOLERANCE = 1e-6  # the length of a step of Newton's method, in standard errors, after which it stops
TILT_TOLERANCE = 1e-4  # relative; the end of an interval is as exact
LOSS, DRAW, WIN = 0, 1, 2
"""The outcomes of a game from its first player's side, and the columns of counts and probabilities."""

OUTCOME_SCORES = np.array([0.0, 0.5, 1.0])
"""What the outcomes are worth to the first player."""

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Games:
    """Games as arrays of length N: the players by number, and the outcome for the first."""

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    outcome: NDArray[np.int64]


@dataclass(frozen=True)
class Mode:
    """A point, such as where a (tilted) posterior is highest."""

    theta: Vector
    log_posterior: float
    """Without the tilt, up to a constant."""
    precision: Vector
    """Minus the Hessian, [P, P]."""


class Posterior:
    """What games tell of n players. Parameters theta are the n ratings, h and, if there are draws, log nu, in nats."""

    def __init__(self, games: Games, players: int) -> None:
        self.players = players
        cells, place = np.unique(games.first * players + games.second, return_inverse=True)
        self._first, self._second = cells // players, cells % players
        self._counts = np.zeros((len(cells), 3))
        np.add.at(self._counts, (place, games.outcome), 1.0)
        self._games = self._counts.sum(axis=1)
        self._scores = self._counts @ OUTCOME_SCORES
        self._seen = self._counts > 0
        self.has_draws = bool(self._counts[:, DRAW].any())
        ratings = np.full(players + 1, (ELO_PER_NAT / PRIOR_ELO) ** 2)
        self.prior_precision = np.append(ratings, [PRIOR_LOG_NU**-2] if self.has_draws else [])

    def probabilities(self, theta: Vector, first: NDArray[np.int64], second: NDArray[np.int64]) -> Vector:
        """The probabilities of the three outcomes for each pair of players, [M, 3]."""
        return np.exp(self._log_probabilities(theta, first, second))

    def nu(self, mode: Mode) -> float:
        """Davidson's draw parameter."""
        return float(np.exp(mode.theta[-1])) if self.has_draws else 0.0

    def mode(self, tilt: Vector | None = None, start: Vector | None = None) -> Mode:
        """The maximum of log posterior + tilt . theta, by Newton's method with halved steps where it overshoots."""
        tilt = np.zeros(len(self.prior_precision)) if tilt is None else tilt
        theta = np.zeros(len(tilt)) if start is None else start
        here, gradient = self.at(theta)
        while True:
            slope = gradient + tilt
            step = solve(here.precision, slope)
            if slope @ step < STEP_TOLERANCE**2:
                return here
            there, gradient = self.at(here.theta + step)
            while there.log_posterior + tilt @ there.theta < here.log_posterior + tilt @ here.theta:
                step /= 2
                if np.abs(step).max() < STEP_TOLERANCE:  # as high as floating point can tell
                    return here
                there, gradient = self.at(here.theta + step)
            here = there

    def at(self, theta: Vector) -> tuple[Mode, Vector]:
        """The log posterior at a point, and its gradient there."""
        n, first, second = self.players, self._first, self._second
        logs = self._log_probabilities(theta, first, second)
        p = np.exp(logs)
        # The score of the first player and the draw are sufficient: their moments give all derivatives.
        mean = p[:, WIN] + p[:, DRAW] / 2
        score = self._scores - self._games * mean
        variance = self._games * (p[:, WIN] + p[:, DRAW] / 4 - mean**2)

        gradient = -self.prior_precision * theta
        gradient[:n] += _sums(first, score, n) - _sums(second, score, n)
        gradient[n] += score.sum()
        precision = np.diag(self.prior_precision)
        crossed = _sums(first * n + second, variance, n * n).reshape(n, n)
        by_first, by_second = crossed.sum(axis=1), crossed.sum(axis=0)
        precision[:n, :n] += np.diag(by_first + by_second) - crossed - crossed.T
        precision[:n, n] += by_first - by_second
        precision[n, n] += variance.sum()
        if self.has_draws:
            gradient[-1] += self._counts[:, DRAW].sum() - self._games @ p[:, DRAW]
            covariance = self._games * p[:, DRAW] * (0.5 - mean)
            precision[:n, -1] += _sums(first, covariance, n) - _sums(second, covariance, n)
            precision[n, -1] += covariance.sum()
            precision[-1, -1] += self._games @ (p[:, DRAW] * (1 - p[:, DRAW]))
        precision[n:, :n] = precision[:n, n:].T
        precision[-1, n] = precision[n, -1]
        likelihood = np.sum(self._counts * np.where(self._seen, logs, 0.0))  # 0 draws of probability 0 are certain
        height = float(likelihood - 0.5 * self.prior_precision @ theta**2)
        return Mode(theta, height, precision), gradient

    def _log_probabilities(self, theta: Vector, first: NDArray[np.int64], second: NDArray[np.int64]) -> Vector:
        half = (theta[first] - theta[second] + theta[self.players]) / 2
        log_nu = np.full(len(half), theta[-1] if self.has_draws else -np.inf)
        logits = np.stack([-half, log_nu, half], axis=1)
        return logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)


class Profile:
    """The profile of a posterior along one contrast of its parameters: how far it falls, at best, to get there.

    Points of the profile are the modes of the posterior tilted along the contrast, which always exist.
    """

    def __init__(self, posterior: Posterior, mode: Mode, contrast: Vector) -> None:
        self._posterior, self._mode, self._contrast = posterior, mode, contrast
        self._direction = solve(mode.precision, contrast)
        self._near = (0.0, mode.theta)  # a tilt and its mode, from where the next one is found
        self.estimate = float(contrast @ mode.theta)
        self.variance = float(contrast @ self._direction)
        """Of the posterior's normal approximation at its mode."""

    def signed_root(self, value: float) -> float:
        """The root of twice the fall to where the contrast has that value, positive for values below the estimate.

        About a standard normal number if that is the true value.
        """
        sign = math.copysign(1.0, self.estimate - value)
        tilt = self._search(lambda at, fall: sign * (value - at), -sign * abs(self.estimate - value) / self.variance)
        return sign * self._point(tilt)[1]

    def bounds(self, root: float) -> tuple[float, float]:
        """The two values at which the signed root is `root` and -root: the ends of an interval."""
        guess = root / math.sqrt(self.variance)
        low, high = (self._point(self._search(lambda at, fall: fall - root, tilt))[0] for tilt in (-guess, guess))
        return low, high

    def _point(self, tilt: float) -> tuple[float, float]:
        """The contrast's value at the tilted mode, and the root of twice the fall there."""
        if tilt == 0:
            return self.estimate, 0.0
        near, theta = self._near
        mode = self._posterior.mode(tilt * self._contrast, theta + (tilt - near) * self._direction)
        self._near = tilt, mode.theta
        self._direction = solve(mode.precision, self._contrast)
        fall = max(0.0, self._mode.log_posterior - mode.log_posterior)
        return float(self._contrast @ mode.theta), math.sqrt(2 * fall)

    def _search(self, excess: Callable[[float, float], float], guess: float) -> float:
        """The tilt at which the excess is 0, which is not positive without a tilt and rises with it."""
        inner, outer = 0.0, guess
        while excess(*self._point(outer)) < 0:
            inner, outer = outer, 1.5 * outer
        if excess(*self._point(inner)) >= 0:
            return inner
        return float(brentq(lambda tilt: excess(*self._point(tilt)), inner, outer, rtol=TILT_TOLERANCE))


def solve(precision: Vector, right: Vector) -> Vector:
    """precision^-1 right, by Cholesky's method; unlike numpy's `solve` as fast while other processes want the cores."""
    return np.asarray(cho_solve(cho_factor(precision, check_finite=False), right, check_finite=False))


def _sums(index: NDArray[np.int64], weights: Vector, length: int) -> Vector:
    return np.bincount(index, weights, length).astype(np.float64)
