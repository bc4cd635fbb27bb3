"""The rule for counts without noise."""

import random

import pytest

from footprint.verdict.counted_trend import counted_rate, decide_counted
from footprint.verdict.trend import Decision, Series

FLOOR = 0.1
EDGES = tuple(range(0, 42, 6))


def window(rate, *, once=0.0, at=3, start=0.0):
    """A window in which each cycle leaves `rate`, and `once` is left in one block."""
    return Series(EDGES, tuple(start + rate * cycle + (once if cycle >= 6 * at else 0) for cycle in EDGES))


@pytest.mark.parametrize("rate", [1, 3, 27])
@pytest.mark.parametrize("once", [0, 33, -33])
def test_a_leak_of_every_cycle_is_one_whatever_happens_once(rate, once):
    windows = [window(rate), window(rate, once=once)]
    assert decide_counted(windows, FLOOR) == Decision.LEAK
    assert counted_rate(windows).per_cycle == rate


@pytest.mark.parametrize("once", [0, 33, -33])
def test_what_happens_once_is_no_leak(once):
    assert decide_counted([window(0, once=once), window(0, once=once)], FLOOR) == Decision.CLEAN


def test_what_fades_is_looked_at_longer():
    assert decide_counted([window(4), window(2)], FLOOR) == Decision.MORE


def test_one_window_decides_nothing():
    assert decide_counted([window(4)], FLOOR) == Decision.MORE


def test_noise_of_the_allocator_is_no_leak_and_hides_none():
    noise = random.Random(17)
    for rate, decision in ((0, Decision.CLEAN), (32, Decision.LEAK)):
        for _ in range(200):
            windows = [
                Series(EDGES, tuple(rate * cycle + noise.choice((-32, -16, 0, 16, 32)) for cycle in EDGES))
                for _ in "ab"
            ]
            assert decide_counted(windows, 8.0) in (decision, *((Decision.MORE,) if rate else ()))
