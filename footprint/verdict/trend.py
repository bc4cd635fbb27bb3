"""Whether a number that is read again and again grows: slopes with their interval, and the rule of the blocks.

The slope is Theil's and Sen's, the median of all pairwise slopes (P. K. Sen, JASA 63, 1968). Its interval holds for
noise of the reading, Sen's own, and for chance in what a cycle leaves, Student's over the blocks.
The rule is CPython's refleak rule, twice: a leak grows in *every* block of two windows, as fast in the second
as in the first. What grows less than that, but grows, asks for a longer window rather than for a guess.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache
from itertools import pairwise

_NORMAL_95 = 1.959964
FADING = 0.8
"""A window that grows by less than this share of the one before it may be settling (psleak's rule: 20 %)."""
SURE = 0.6
"""Half the width of a rate's interval, as a share of the rate, up to which it is known well enough to see it fade: some
fifteen events in a window. A cache that is asked for its last free places now and then gives fewer."""
REMEMBERED = 256
"""Windows whose slope and course are: each is asked for again whenever a block is read."""
LEAST_STEPS = 3
"""Rises that make a staircase: memory that is taken in large pieces for many small ones."""


@dataclass(frozen=True, slots=True)
class Slope:
    """Units per cycle, with a 95 % interval [low, high]."""

    per_cycle: float
    low: float
    high: float

    def less(self, other: Slope) -> Slope:
        """What is left of this growth when `other` is taken off; the intervals add."""
        return Slope(self.per_cycle - other.per_cycle, self.low - other.high, self.high - other.low)


NONE = Slope(0.0, 0.0, 0.0)


class Course(Enum):
    """How a number went over a window."""

    GROWS = auto()
    """Up in every block."""
    STEPS = auto()
    """Never down, and up at least three times."""
    UNSURE = auto()
    """Higher at the end, and neither of both."""
    FLAT = auto()
    """None of these."""


class Decision(Enum):
    """What windows say of a metric."""

    LEAK = auto()
    CLEAN = auto()
    MORE = auto()
    """Another window would tell."""


@dataclass(frozen=True, slots=True)
class Series:
    """One number at the edges of blocks of cycles: `values[i]` was read after `cycles[i]` cycles of the window."""

    cycles: tuple[int, ...]
    values: tuple[float, ...]

    @property
    def slope(self) -> Slope:
        """Its growth per cycle; the interval is the hull of Sen's and of Student's."""
        return _slope(self)

    @property
    def mean(self) -> float:
        """What it grew by from its first edge to its last, per cycle."""
        return (self.values[-1] - self.values[0]) / (self.cycles[-1] - self.cycles[0])

    def less(self, per_cycle: float) -> Series:
        """The same without a growth of `per_cycle`."""
        return Series(
            self.cycles, tuple(value - per_cycle * at for at, value in zip(self.cycles, self.values, strict=True))
        )

    def joined(self, other: Series) -> Series:
        """Both, one after the other; what came between them is left out."""
        at, level = self.cycles[-1], self.values[-1] - other.values[0]
        return Series(
            (*self.cycles, *(at + cycles for cycles in other.cycles[1:])),
            (*self.values, *(level + value for value in other.values[1:])),
        )


@lru_cache(REMEMBERED)
def _slope(window: Series) -> Slope:
    middle, low, high = theil_sen(window.values, window.cycles)
    chance = _student(window)
    return Slope(middle, min(low, chance.low), max(high, chance.high))


def _student(window: Series) -> Slope:
    """The mean growth of a block, with the interval that independent blocks give it.

    Sen's interval takes the steps for noise around a line; what leaks by chance wanders off the line instead.
    """
    rates = [
        (window.values[n + 1] - window.values[n]) / (window.cycles[n + 1] - window.cycles[n])
        for n in range(len(window.values) - 1)
    ]
    mean = statistics.fmean(rates)
    if len(rates) < 2:
        return Slope(mean, mean, mean)
    deviation = math.sqrt(math.fsum((rate - mean) ** 2 for rate in rates) / (len(rates) - 1))
    half = student_95(len(rates) - 1) * deviation / math.sqrt(len(rates))
    return Slope(mean, mean - half, mean + half)


def student_95(freedom: int) -> float:
    """Student's two-sided 95 % quantile (Cornish and Fisher's expansion; within 1 % from four degrees on)."""
    z = _NORMAL_95
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / freedom + second / freedom**2 + third / freedom**3


@lru_cache(REMEMBERED)
def course(window: Series, floor: float) -> Course:
    """How the number went, where less than `floor` units per cycle are noise."""
    rises = [after - before for before, after in pairwise(window.values)]
    middle, low, _ = theil_sen(window.values, window.cycles)
    if window.mean <= floor:
        # A first reading that was high for a moment hides what all others show.
        rest = (window.values[-1] - window.values[1]) / max(1, window.cycles[-1] - window.cycles[1])
        return Course.UNSURE if min(low, rest) > floor else Course.FLAT
    if all(rise > 0 for rise in rises) and middle > floor:
        return Course.GROWS
    never_down = min(rises) >= 0
    if never_down and _is_staircase([n for n, rise in enumerate(rises) if rise > 0], len(rises)):
        return Course.STEPS
    return Course.UNSURE if never_down or low > 0 else Course.FLAT


def _is_staircase(rises: Sequence[int], blocks: int) -> bool:
    """Whether a number that rose in these of `blocks` blocks still rises: the last tread is no longer than another."""
    if len(rises) < LEAST_STEPS:
        return False
    return blocks - rises[-1] <= max(after - before for before, after in pairwise(rises))


def decide(windows: Sequence[Series], floor: float) -> Decision:
    """What the windows say; they are of one process, in their order.

    A leak grows in the last two windows, and in the last no more than 20 % slower than in the one before. Where its
    rate is not known well enough to see that, it has to do so in the last four.
    """
    if len(windows) < 2:
        return Decision.MORE
    last = windows[-1]
    if course(last, floor) == Course.FLAT:
        return Decision.CLEAN
    slope = last.slope
    sure = slope.high - slope.low <= 2 * SURE * last.mean
    looked_at = windows[-2:] if sure else windows[-4:]
    steady = all(after.mean >= FADING * before.mean for before, after in pairwise(looked_at))
    grows = all(course(window, floor) in (Course.GROWS, Course.STEPS) for window in looked_at)
    return Decision.LEAK if steady and grows and (sure or len(looked_at) == 4) else Decision.MORE


def growth(windows: Sequence[Series]) -> Slope:
    """The growth per cycle over the last two windows, or over the one there is."""
    if not windows:
        return NONE
    last = windows[-1]
    return (windows[-2].joined(last) if len(windows) > 1 else last).slope


def theil_sen(series: Sequence[float], at: Sequence[float] | None = None) -> tuple[float, float, float]:
    """The median of all pairwise slopes of `series` (one value a cycle, or `at` these), and its 95 % interval."""
    count = len(series)
    where = range(count) if at is None else at
    slopes = sorted((series[j] - series[i]) / (where[j] - where[i]) for i in range(count) for j in range(i + 1, count))
    if not slopes:
        return 0.0, 0.0, 0.0
    spread = _NORMAL_95 * math.sqrt(count * (count - 1) * (2 * count + 5) / 18)
    first = max(0, round((len(slopes) - spread) / 2) - 1)
    last = min(len(slopes) - 1, round((len(slopes) + spread) / 2))
    return statistics.median(slopes), slopes[first], slopes[last]
