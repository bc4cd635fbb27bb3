"""Whether something grows from cycle to cycle: scripted series, and an independent library as oracle."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footprint.recording import Recording, Run, Sample
from footprint.verdict.scenario_growth import FLOOR, KEPT, growths, theil_sen


def recording(series, metric="process.rss", backend="qemu", mark="unplugged"):
    samples = [Sample("built", 0, {metric: 1})]
    samples += [Sample(mark, cycle, {metric: value}) for cycle, value in enumerate(series, 1)]
    return Recording("footprint.recording/1", "test", {}, backend, {}, (Run("r", {}, tuple(samples)),))


def verdict(series, metric="process.rss", backend="qemu"):
    (judged,) = growths(recording(series, metric, backend))
    return judged.verdict


NOISE = random.Random(1)
FLAT = [10_000_000 + NOISE.randrange(-8000, 8000) for _ in range(50)]


@pytest.mark.parametrize(
    ("series", "expected"),
    [
        ([5_000_000 + 2_900_000 * n for n in range(50)], "leak"),
        ([value + 14_000 * n for n, value in enumerate(FLAT)], "leak"),
        (FLAT, "clean"),
        ([1_000_000 + 100_000 * min(n, 12) for n in range(50)], "clean"),
        ([value + 1_000 * n for n, value in enumerate(FLAT)], "clean"),
        ([7] * 50, "clean"),
        ([5_000_000 + 2_900_000 * n for n in range(9)], "inconclusive"),
        ([7] * 9, "clean"),
    ],
    ids=["large", "small", "noise", "warm-up", "below the floor", "constant", "too few", "few and constant"],
)
def test_measured_memory_is_judged_by_what_comes_after_the_warm_up(series, expected):
    assert verdict(series) == expected


def test_growth_with_a_stretch_that_falls_back_is_inconclusive():
    series = [100_000 * n for n in range(25)] + [100_000 * (25 + n - 8 * (n >= 12)) for n in range(25)]
    assert verdict(series) == "inconclusive"


@pytest.mark.parametrize(
    ("series", "expected"),
    [([4, 5, 6, 7, 8], "leak"), ([4, 5, 5, 5, 5], "clean"), ([4] * 5, "clean"), ([4, 5, 6], "inconclusive")],
)
def test_exact_counts_have_no_floor_and_need_fewer_cycles(series, expected):
    assert verdict(series, "address_spaces", "model") == expected


def test_the_rate_and_its_interval_are_told():
    (judged,) = growths(recording([1000 + 14_000 * n for n in range(50)]))
    assert (judged.per_cycle, judged.low, judged.high) == (14_000, 14_000, 14_000)
    assert (judged.metric, judged.mark, judged.cycles, judged.rules) == ("process.rss", "unplugged", 50, "r")


def test_views_kept_are_those_created_and_not_freed():
    samples = [Sample("unplugged", n, {"flatviews.created": 50 * n, "flatviews.freed": 49 * n}) for n in range(1, 21)]
    run = Run("r", {}, tuple(samples))
    judged = growths(Recording("footprint.recording/1", "test", {}, "qemu", {}, (run,)))
    assert [(one.metric, one.per_cycle, one.verdict) for one in judged] == [(KEPT, 1, "leak")]


def test_the_memory_of_the_process_that_models_is_not_judged():
    assert growths(recording([10**6 * n for n in range(50)], backend="model")) == []


def test_without_cycles_there_is_nothing_to_judge():
    assert growths(recording([5])) == []


@given(st.lists(st.integers(-1000, 1000), min_size=5, max_size=40))
def test_the_slope_is_the_median_of_all_slopes_and_lies_in_its_interval(series):
    slope, low, high = theil_sen(series)
    assert low <= slope <= high


def test_the_slope_is_that_of_an_independent_library():
    from scipy import stats

    for seed in range(20):
        rnd = random.Random(seed)
        series = [rnd.gauss(0, 5) + rnd.choice([0, 1]) * n for n in range(30)]
        theirs = stats.theilslopes(series, range(30), 0.95)
        slope, low, high = theil_sen(series)
        assert slope == pytest.approx(theirs[0])
        assert low == pytest.approx(theirs[2], abs=1e-9)
        assert high == pytest.approx(theirs[3], abs=1e-9)


def test_the_floor_is_a_page():
    assert FLOOR == 4096
