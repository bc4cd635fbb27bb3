"""The growth law of a series: the exponent of its power law, with an interval."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import NamedTuple

from footprint.verdict.trend import student_95


class PowerLaw(NamedTuple):
    """y grows as x to the `exponent`, which lies in [low, high] with 95 %."""

    exponent: float
    low: float
    high: float


def exponent(xs: Sequence[float], ys: Sequence[float]) -> float:
    """The slope of ln y over ln x, by least squares; at least two different x, everything above 0."""
    logs = [(math.log(x), math.log(y)) for x, y in zip(xs, ys, strict=True)]
    middle_x, middle_y = (statistics.fmean(column) for column in zip(*logs, strict=True))
    spread = sum((x - middle_x) ** 2 for x, _ in logs)
    return sum((x - middle_x) * (y - middle_y) for x, y in logs) / spread


def power_law(xs: Sequence[float], series: Sequence[Sequence[float]]) -> PowerLaw:
    """The exponent over repeated `series` of y at `xs`: their mean, with the interval that their scatter gives.

    The repeats are independent, the points of one are not: so each repeat gives one exponent. At least two.
    """
    exponents = [exponent(xs, ys) for ys in series]
    middle = statistics.fmean(exponents)
    half = student_95(len(exponents) - 1) * statistics.stdev(exponents) / math.sqrt(len(exponents))
    return PowerLaw(middle, middle - half, middle + half)
