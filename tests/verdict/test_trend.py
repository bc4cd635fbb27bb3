"""Whether a number grows: scripted series, chance with a known truth, and an independent library as oracle."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from footprint.verdict.trend import Course, Decision, Series, Slope, course, decide, growth, student_95, theil_sen


def window(*values, block=100):
    return Series(tuple(range(0, block * len(values), block)), tuple(values))


def line(rate, blocks=10, block=100, start=1_000_000):
    return window(*(start + rate * block * n for n in range(blocks + 1)), block=block)


FLAT = window(*[7] * 11)
LEAK = line(32)
JUMP = window(*[0] * 6, *[50_000] * 5)
FULL = window(*(min(n, 6) * 3200 for n in range(11)))
STAIRS = window(0, 0, 5000, 5000, 5000, 10_000, 10_000, 10_000, 15_000, 15_000, 15_000)
NOISE = window(*(random.Random(n).randrange(-5000, 5000) for n in range(11)))


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (FLAT, Course.FLAT),
        (LEAK, Course.GROWS),
        (JUMP, Course.UNSURE),
        (FULL, Course.UNSURE),
        (STAIRS, Course.STEPS),
        (line(-32), Course.FLAT),
    ],
    ids=["flat", "leak", "one jump", "fills, then full", "staircase", "falling"],
)
def test_a_window_has_a_course(one, expected):
    assert course(one, 0.3) == expected


def test_a_first_reading_that_was_high_for_a_moment_does_not_hide_what_grows():
    values = line(32).values
    assert course(window(values[0] + 90_000, *values[1:]), 0.3) == Course.UNSURE
    assert course(window(*values[:-1], values[0]), 0.3) == Course.FLAT


def test_growth_below_the_floor_is_flat():
    assert course(line(0.29), 0.3) == Course.FLAT
    assert course(line(0.31), 0.3) == Course.GROWS


def test_a_staircase_whose_last_tread_is_longer_than_all_others_is_not_one():
    assert course(window(0, 1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 8000, 8000), 0.3) == Course.UNSURE


@pytest.mark.parametrize(
    ("windows", "expected"),
    [
        ([LEAK], Decision.MORE),
        ([LEAK, LEAK], Decision.LEAK),
        ([STAIRS, STAIRS], Decision.MORE),
        ([STAIRS, STAIRS, STAIRS, STAIRS], Decision.LEAK),
        ([STAIRS, STAIRS, FLAT, STAIRS], Decision.MORE),
        ([FLAT, FLAT], Decision.CLEAN),
        ([NOISE, NOISE], Decision.CLEAN),
        ([LEAK, FLAT], Decision.CLEAN),
        ([FLAT, LEAK], Decision.MORE),
        ([FLAT, JUMP], Decision.MORE),
        ([FLAT, JUMP, FLAT], Decision.CLEAN),
        ([FLAT, LEAK, LEAK], Decision.LEAK),
        ([LEAK, line(24)], Decision.MORE),
        ([LEAK, line(24), line(23)], Decision.LEAK),
        ([LEAK, line(24), line(16), line(9), FLAT], Decision.CLEAN),
    ],
)
def test_a_leak_grows_in_two_windows_and_does_not_fade(windows, expected):
    assert decide(windows, 0.3) == expected


def test_a_cache_that_fills_ever_more_slowly_is_never_called_a_leak():
    """Keys at random: what is not in the cache yet gets rarer and rarer."""
    chance, seen, windows = random.Random(3), set(), []
    for _ in range(8):
        values = [len(seen)]
        for _ in range(10):
            seen.update(chance.randrange(3000) for _ in range(300))
            values.append(len(seen))
        windows.append(window(*values, block=300))
        assert decide(windows, 0.005) != Decision.LEAK
    assert decide(windows, 0.005) == Decision.CLEAN


def cache_with_places(chance, *, places=118, asked=0.24, size=1650, cycles=370):
    """numpy's cache of small blocks: now and then a cycle asks for one of its places, and takes it if it is free.

    Windows until it is decided; and where that is a leak, one that is ten times as long.
    """
    free, held, found, block = set(range(places)), 0, [], cycles // 10
    while True:
        values = [held]
        for _ in range(10):
            for _ in range(sum(chance.random() < asked for _ in range(block))):
                place = chance.randrange(places)
                held += size * (place in free)
                free.discard(place)
            values.append(held)
        found.append(window(*values, block=block))
        answer = decide(found, 0.3)
        if answer == Decision.CLEAN or (answer == Decision.LEAK and block >= cycles):
            return answer
        block *= 10 if answer == Decision.LEAK else 2 if len(found) > 1 else 1


def test_a_cache_whose_last_free_places_are_asked_for_now_and_then_is_no_leak():
    assert {cache_with_places(random.Random(seed)) for seed in range(200)} == {Decision.CLEAN}


def test_too_few_events_make_no_leak_however_steady_they_look():
    few = window(0, 1650, 1650, 1650, 3300, 3300, 4950, 4950, 4950, 6600, 6600, block=2000)
    assert course(few, 0.3) == Course.STEPS
    assert decide([few, few], 0.3) == Decision.MORE


def test_the_rate_is_that_of_the_last_two_windows_and_leaves_out_what_came_between():
    assert growth([line(5), line(32), line(32, start=99_000_000)]) == Slope(32, 32, 32)
    assert growth([]) == Slope(0, 0, 0)


def test_what_the_empty_target_grows_by_is_taken_off():
    assert line(32).less(2).slope == Slope(30, 30, 30)
    assert Slope(32, 31, 33).less(Slope(2, 1, 3)) == Slope(30, 28, 32)


def coverage(draw, truth, runs=400):
    """In how many of so many runs the interval holds the truth."""
    chance = random.Random(11)
    slopes = [draw(chance).slope for _ in range(runs)]
    return sum(one.low <= truth <= one.high for one in slopes) / runs


def rare(chance, blocks=20, cycles=1000, size=80):
    """A leak of `size` bytes in 1 % of the cycles."""
    values = [0]
    for _ in range(blocks):
        values.append(values[-1] + size * sum(chance.random() < 0.01 for _ in range(cycles)))
    return window(*values, block=cycles)


def noisy(chance, blocks=20, cycles=1000):
    """A leak of 32 bytes, read with an error of up to some thousands."""
    return window(*(32 * cycles * n + chance.gauss(0, 3000) for n in range(blocks + 1)), block=cycles)


def test_the_interval_holds_the_truth_in_95_of_100_runs_whether_cycles_or_readings_are_left_to_chance():
    assert coverage(rare, 0.8) >= 0.93
    assert coverage(noisy, 32) >= 0.95


def test_sens_interval_alone_would_promise_too_much_where_cycles_leak_by_chance():
    chance, held = random.Random(11), 0
    for _ in range(200):
        one = rare(chance)
        _, low, high = theil_sen(one.values, one.cycles)
        held += low <= 0.8 <= high
    assert held / 200 < 0.8


@given(
    st.lists(st.tuples(st.integers(1, 50), st.integers(-1000, 1000)), min_size=3, max_size=25),
)
def test_theil_and_sens_slope_is_that_of_an_independent_library(steps):
    at = [sum(step for step, _ in steps[: n + 1]) for n in range(len(steps))]
    series = [value for _, value in steps]
    theirs = stats.theilslopes(series, at, 0.95)
    assert theil_sen(series, at)[0] == pytest.approx(theirs.slope)


def test_students_quantile_is_that_of_an_independent_library():
    for freedom in range(4, 60):
        assert student_95(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), rel=0.004)
