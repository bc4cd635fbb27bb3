"""What "clean" is worth: the least growth that the same windows would not have passed.

It is asked of the judge itself: the windows that were measured, noise and all, with a growth planted on top.
"""

from __future__ import annotations

from collections.abc import Sequence

from footprint.verdict.trend import Course, Series, course

EVENTS = 12.0
"""Units that a leak must leave in a window, where it leaves one now and then, to be missed in less than 1 of 100."""
MARGIN = 2.0
"""Times what these very windows would have shown, and times the floor: the noise and the chance of others differ."""
DOUBLINGS = 60
STEPS = 12
"""Halvings of the interval in which the least visible growth lies."""


def visible(
    windows: Sequence[Series], floor: float, unit: float, events: float = EVENTS, margin: float = MARGIN
) -> float:
    """The least growth per cycle that shows in each of `windows`; at least twice `floor`, and `events` of `unit`."""
    cycles = min(window.cycles[-1] for window in windows)
    least = max(MARGIN * floor, events * unit / cycles)
    if all(_shows(window, least, floor) for window in windows):
        return least
    low, high = least, 2 * least
    for _ in range(DOUBLINGS):
        if all(_shows(window, high, floor) for window in windows):
            break
        low, high = high, 2 * high
    for _ in range(STEPS):
        middle = (low + high) / 2
        if all(_shows(window, middle, floor) for window in windows):
            high = middle
        else:
            low = middle
    return margin * high


def _shows(window: Series, rate: float, floor: float) -> bool:
    return course(window.less(-rate), floor * 0.999) == Course.GROWS
