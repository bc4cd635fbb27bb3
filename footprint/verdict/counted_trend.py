"""Whether a count without noise grows with every cycle: the rule for a real QEMU, whose heap is counted to the byte.

A leak leaves the same in every cycle, so in every block. What happens once, now and then (QEMU keeps a request and its
answer, some 33 blocks, longer than usual), moves one block of a window and not its median.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from itertools import pairwise

from footprint.verdict.trend import FADING, Decision, Series, Slope

RISING = 0.75
"""The share of the blocks in which a leak is seen."""
LIKE = 0.5
"""What a block must have of the median to be one of them."""


def block_rates(window: Series) -> list[float]:
    """What each block of the window grew by, per cycle."""
    edges = zip(window.cycles, window.values, strict=True)
    return [(after[1] - before[1]) / (after[0] - before[0]) for before, after in pairwise(edges)]


def decide_counted(windows: Sequence[Series], floor: float) -> Decision:
    """What windows of one process say, in their order: growth of less than `floor` per cycle is none."""
    if len(windows) < 2:
        return Decision.MORE
    before, last = (block_rates(window) for window in windows[-2:])
    if statistics.median(last) <= floor:
        return Decision.CLEAN
    rates = [*before, *last]
    middle = statistics.median(rates)
    rising = sum(rate > LIKE * middle for rate in rates) / len(rates)
    steady = statistics.median(last) >= FADING * statistics.median(before)
    return Decision.LEAK if rising >= RISING and steady and middle > floor else Decision.MORE


def counted_rate(windows: Sequence[Series]) -> Slope:
    """The median growth per cycle of the blocks of the last two windows, with its 95 % interval (order statistics)."""
    rates = sorted(rate for window in windows[-2:] for rate in block_rates(window))
    # Of n values the median lies between the k-th and the k-th from the end: n/2 - 0.98 √n, by the binomial law.
    outer = max(0, round(len(rates) / 2 - 0.98 * len(rates) ** 0.5 - 0.5))
    return Slope(statistics.median(rates), rates[outer], rates[-1 - outer])
