"""The law that a cost follows: which, how sure, with what exponent, and what it says of larger machines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

from footprint.recording.model import Number
from footprint.recording.sweep import Prediction, Term
from footprint.verdict.laws import CONSTANT, LAWS, Fitted, band, fitted, profile
from footprint.verdict.trend import student_95

if TYPE_CHECKING:
    from footprint.verdict.laws import Vector

LEAST_POINTS = 3
POLYNOMIALS = ("constant", "linear", "quadratic", "cubic")
SIMPLER = 2.0
"""A simpler law is chosen while it predicts at most this many times worse than the best."""
CLEAR = 3.0
"""A law is clear when every other that does not contain it predicts at least this many times worse."""
_STUDENT_95 = {1: 12.706, 2: 4.303, 3: 3.182}
"""Student's quantile where the expansion of `student_95` is not good enough."""
_NOTHING = 1e-9
"""Relative errors below this are those of the arithmetic."""


@dataclass(frozen=True, slots=True)
class GrowthLaw:
    """The law of some points (n, value). The fields are those of :class:`footprint.recording.sweep.Fit`."""

    law: str
    sure: str
    exponent: float
    low: float | None
    high: float | None
    terms: tuple[Term, ...]
    error: float
    runner_up: str
    predictions: tuple[Prediction, ...]


def growth_law(
    points: Sequence[tuple[float, Number]], *, exact: bool, predict: Sequence[float] = ()
) -> GrowthLaw | None:
    """The law of `points`, and what it says for each n of `predict`; None for fewer than LEAST_POINTS of them.

    `exact`: the values are counts. If a polynomial that gives whole numbers for whole n goes through every point, and
    at least one point more than it needs, then it is the law.
    """
    points = sorted(dict(points).items())
    if len(points) < LEAST_POINTS:
        return None
    most = points[-1][0]
    if exact and (terms := polynomial(points)) is not None:
        degree = len(terms) - 1
        predictions = tuple(_exactly(terms, n, most) for n in predict)
        return GrowthLaw(POLYNOMIALS[degree], "exact", degree, degree, degree, terms, 0.0, "", predictions)
    return _approximate(points, predict)


def polynomial(points: Sequence[tuple[float, Number]]) -> tuple[Term, ...] | None:
    """The polynomial, of at most degree 3, through all `points`, one of which at least confirms it; else None.

    It must give a whole number for every whole n, as a count does.
    """
    if not all(float(x).is_integer() and float(y).is_integer() for x, y in points):
        return None
    xs, column = [Fraction(x) for x, _ in points], [Fraction(y) for _, y in points]
    newton: list[Fraction] = []
    for order in range(len(points)):
        if not any(column):
            break
        newton.append(column[0])
        column = [(right - left) / (xs[i + order + 1] - xs[i]) for i, (left, right) in enumerate(pairwise(column))]
    degree = max(len(newton) - 1, 0)
    if degree >= len(POLYNOMIALS) or degree > len(points) - 2:
        return None
    coefficients = _expanded(newton or [Fraction(0)], xs)
    whole = [sum(c * n**power for power, c in enumerate(coefficients)) for n in range(degree + 1)]
    if any(value.denominator != 1 for value in map(Fraction, whole)):
        return None
    return tuple(Term(float(coefficient), float(power)) for power, coefficient in enumerate(coefficients))


def _expanded(newton: Sequence[Fraction], xs: Sequence[Fraction]) -> list[Fraction]:
    """The coefficients by power of the polynomial in Newton's form."""
    coefficients = [Fraction(0)] * len(newton)
    for order in range(len(newton) - 1, -1, -1):
        shifted = [Fraction(0), *coefficients[:-1]]
        coefficients = [up - xs[order] * down for up, down in zip(shifted, coefficients, strict=True)]
        coefficients[0] += newton[order]
    return coefficients


def _exactly(terms: tuple[Term, ...], n: float, most: float) -> Prediction:
    value = sum(term.at(n) for term in terms)
    return Prediction(n, value, value, value, n / most if most else math.inf)


def _approximate(points: Sequence[tuple[float, Number]], predict: Sequence[float]) -> GrowthLaw:
    import numpy as np

    ns, ys = np.array([float(x) for x, _ in points]), np.array([float(y) for _, y in points])
    rises = ys[-1] > ys[0]
    fits = [fitted(law, ns, ys) for law in LAWS if law.parameters < len(points)]
    # What rises does not turn down for want of a better law.
    fits = [fit for fit in fits if not (rises and len(fit.terms) > 1 and fit.leads_down)] or fits[:1]
    least = max(min(fit.error for fit in fits), _NOTHING)
    chosen = next(fit for fit in fits if fit.error <= SIMPLER * least)
    others = sorted((fit for fit in fits if not fit.law.contains(chosen.law)), key=lambda fit: fit.error)
    clear = bool(others) and others[0].error >= CLEAR * max(chosen.error, _NOTHING)
    exponent, low, high = _exponent(chosen, ns, ys)
    return GrowthLaw(
        chosen.law.name,
        "clear" if clear else "weak",
        exponent, low, high,
        chosen.terms,
        chosen.error,
        others[0].law.name if others else "",
        tuple(_predicted(chosen, ns, ys, n) for n in predict),
    )  # fmt: skip


def _exponent(fit: Fitted, ns: Vector, ys: Vector) -> tuple[float, float | None, float | None]:
    """The leading power that fits best beside the law's lower terms, and the powers that the points do not exclude."""
    if fit.law.terms == CONSTANT.terms:
        return _slope(ns, ys)
    powers, squares = profile(fit.law, ns, ys)
    best = float(powers[int(squares.argmin())])
    freedom = len(ns) - len(fit.law.terms) - 1
    if freedom < 1:
        return best, None, None
    inside = powers[squares <= squares.min() * (1 + _quantile(freedom) ** 2 / freedom) + _NOTHING**2]
    return best, float(inside.min()), float(inside.max())


def _slope(ns: Vector, ys: Vector) -> tuple[float, float | None, float | None]:
    """Of what does not grow: the slope of its logarithm over that of n."""
    import numpy as np

    use = (ns > 0) & (ys > 0)
    if use.sum() < LEAST_POINTS:
        return 0.0, None, None
    x, y = np.log(ns[use]), np.log(ys[use])
    x = x - x.mean()
    slope = float((x @ y) / (x @ x))
    freedom = int(use.sum()) - 2
    rest = y - y.mean() - slope * x
    error = float(np.sqrt((rest @ rest) / freedom / (x @ x))) * _quantile(freedom)
    return slope, slope - error, slope + error


def _quantile(freedom: int) -> float:
    return _STUDENT_95.get(freedom) or student_95(freedom)


def _predicted(fit: Fitted, ns: Vector, ys: Vector, n: float) -> Prediction:
    value, most = sum(term.at(n) for term in fit.terms), float(ns.max())
    reach = n / most if most else math.inf
    known = band(fit, ns, ys, n)
    if known is None:
        return Prediction(n, value, None, None, reach)
    error = known[0] * _quantile(int(known[1]))
    return Prediction(n, value, value - error, value + error, reach)
